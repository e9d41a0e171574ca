"""Every URL of the project, filled in with existing rows."""

import re
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from activities.models import Activity, Attendance, Honour, Need, Reminder, Visit
from feedback.models import (
    CardCode,
    Contact,
    Delivery,
    EmployerKey,
    IssueRun,
    Offer,
    RecordCard,
    Slip,
    SlipCode,
    Webhook,
)
from feedback.rules.agreeing import link_token
from louzu.models import MonthlyReport, OwnFile
from louzu.rules import own_file_handing
from members.models import (
    Area,
    AreaRole,
    AuditEntry,
    Consent,
    CorrectionRequest,
    Employer,
    Household,
    Member,
    Move,
    Pairing,
    Residence,
    RosterImport,
    StaffToken,
    Transfer,
    User,
)

KEYS = r"<int:pk>/<str:month>|<[^>]+>"  # the first of them stand for one row together
GROUPS = Area.objects.filter(level=Area.Level.BUILDING_GROUP)
# The rows to fill a route with, by the first key that is part of the route.
ROWS: dict[str, QuerySet] = {
    "o/<str:token>": OwnFile.objects.filled(),
    "own-files": OwnFile.objects.all(),
    "corrections/<": CorrectionRequest.objects.all(),
    "correction-requests": CorrectionRequest.objects.all(),
    "members/<int:pk>/transfer/": Member.objects.all(),
    "transfer": Transfer.objects.all(),
    "<str:month>": MonthlyReport.objects.all(),
    "monthly-reports": MonthlyReport.objects.all(),
    "monthly/": Area.objects.filter(level__lte=Area.Level.COMMUNITY),
    "c/<str": RecordCard.objects.filter(status="shown"),
    "<slip:": Slip.objects.values_list("number", flat=True),
    "reporting-slips/": Slip.objects.all(),
    "<number": RecordCard.objects.exclude(number=None).values_list("number", flat=True),
    "verify/<": RecordCard.objects.exclude(number=None).values_list("number", flat=True),
    "ask/<str": CardCode.objects.values_list("secret_code", flat=True),
    "cards/codes/": CardCode.objects.all(),
    "slip-codes/": SlipCode.objects.all(),
    "slips-report": Area.objects.all(),
    "slip-report": Area.objects.all(),
    "cards/runs/": IssueRun.objects.all(),
    "inbox/keys/": EmployerKey.objects.all(),
    "employer-keys/": EmployerKey.objects.all(),
    "employerkey": EmployerKey.objects.all(),
    "contact": Contact.objects.all(),
    "webhook": Webhook.objects.all(),
    "deliver": Delivery.objects.all(),
    "offer": Offer.objects.all(),
    "recordcard": RecordCard.objects.all(),
    "inbox/slips/": Slip.objects.exclude(receipt=None),
    "slips/<int:pk>/receipt": Slip.objects.exclude(receipt=None),
    "slips/<": Slip.objects.all(),
    "r/<str": SlipCode.objects.values_list("secret_code", flat=True),
    "inbox/": RecordCard.objects.ever_issued(),
    "cards/": RecordCard.objects.all(),
    "s/<str": Activity.objects.exclude(sign_in_code="").values_list("sign_in_code", flat=True),
    "<int:year>": Honour.objects.values_list("year", flat=True),
    "buildings/": GROUPS,
    "/sheet/": GROUPS,
    "propose/": GROUPS,
    "compounds/": Area.objects.filter(level=Area.Level.STATION),
    "unvisited-pairings": Pairing.objects.all(),
    "visits/pairings/": Pairing.objects.all(),
    "coverage": Area.objects.all(),
    "district/<": Area.objects.filter(level=Area.Level.STREET),
    "targets/<": Area.objects.filter(level=Area.Level.STREET),
    "rhythm": Area.objects.all(),
    "thin/": Area.objects.all(),
    "participation": Area.objects.all(),
    "cards-report": Area.objects.all(),
    "card-report": Area.objects.all(),
    "balance": Area.objects.all(),
    "area/": Area.objects.all(),
    "areas": Area.objects.all(),
    "household": Household.objects.all(),
    "pairing": Pairing.objects.all(),
    "consent": Consent.objects.all(),
    "visit": Visit.objects.all(),
    "need": Need.objects.all(),
    "reminder": Reminder.objects.all(),
    "honour": Honour.objects.all(),
    "attendance": Attendance.objects.all(),
    "activities/activity/": Activity.objects.all(),
    "activities/<": Activity.objects.all(),
    "v1/activities": Activity.objects.all(),
    "employer": Employer.objects.all(),
    "moves/": Move.objects.all(),
    "residence": Residence.objects.all(),
    "roster": RosterImport.objects.all(),
    "token": StaffToken.objects.all(),
    "user": User.objects.all(),
    "arearole": AreaRole.objects.all(),
    "auditentry": AuditEntry.objects.all(),
    "member": Member.objects.all(),
}


def routes(resolver: Any = None, before: str = "") -> Iterator[str]:
    """Yield the route of every URL pattern, including nested ones."""
    for each in (resolver or get_resolver()).url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each, route)
        elif isinstance(each, URLPattern):
            yield route if not isinstance(each.pattern, RegexPattern) else before + plain(str(each.pattern))


def plain(regex: str) -> str:
    """Return a regular expression of the admin as a route."""
    return re.sub(
        r"\((?:\?P<\w+>)?(\w+|[^()]*)\)", lambda group: group[1] if group[1].isalpha() else "<id>", regex
    ).strip("^$")


def addresses(route: str, *, most: int | None = None) -> list[str]:
    """Return the URLs of the existing rows, oldest first, at most `most`."""
    return list(by_row(route, most=most).values())


def by_row(route: str, *, most: int | None = None) -> dict[tuple[str, Any], str]:
    """Return the URLs of the existing rows by model and key, oldest first, at most `most`."""
    if "<" not in route:
        return {("", route): f"/{route}"}
    rows = next((rows for sign, rows in ROWS.items() if sign in route), Member.objects.all())
    values = [_named(row, route) for row in rows.order_by("pk")[:most]]
    assert values, route
    return {(rows.model.__name__, value): f"/{re.sub(KEYS, str(value), route)}" for value in values}


def filled(route: str) -> str:
    """Return the URL of an existing row."""
    return addresses(route, most=1)[0]


def _named(row: Any, route: str) -> Any:
    """Return the row's value in a URL: its id, its link token, or the row itself where it is a plain value."""
    if "<str:month>" in route:
        return f"{row.area_id}/{row.code}"
    if "<str:token>" in route:
        return own_file_handing.link_token(row) if isinstance(row, OwnFile) else link_token(row)
    return getattr(row, "pk", row)
