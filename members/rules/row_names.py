"""What the rows of this app are called where only ids are known; people only as the reader may see them."""

from typing import Any

from django.db.models import Case, F, QuerySet, Value, When

from members.ground import access
from members.ground.access import PostKind, Resource
from members.ground.row_names import joined, register, register_list, register_words, shown
from members.models import (
    Area,
    AreaName,
    AreaRole,
    Consent,
    CorrectionRequest,
    Duty,
    Employer,
    EmployerName,
    Household,
    Member,
    Move,
    Pairing,
    Residence,
    RosterColumns,
    RosterImport,
    StaffToken,
    Transfer,
    User,
)
from members.rules.erasing import Why

TWO_DOORS = joined("household__area__label", "household__room", Value("—"), "neighbour__room")

REFUSED, WITHDRAWN = "refused", "withdrawn"
ANSWER = Case(When(is_agreed=False, then=Value(REFUSED)), When(withdrawn_at__isnull=False, then=Value(WITHDRAWN)))

UNDONE = Case(When(undone_at__isnull=False, then=Value("undone")))


def register_all() -> None:
    register(Area, "label", rows=_places)
    register(AreaName, "text")
    register(AreaRole, joined("user__name", "area__label", shown("kind", PostKind.choices)))
    register(Consent, shown("purpose", Consent.Purpose.choices), state=ANSWER, rows=_own_answers)
    register(
        CorrectionRequest, joined("member__name", shown("about", CorrectionRequest.About.choices)), state=F("status")
    )
    register(Duty, joined("member__name", shown("kind", Duty.Kind.choices)))
    register(Employer, "name")
    register(EmployerName, "name")
    register(Household, joined("area__label", "room"))
    register(Member, "name")
    register(Move, joined("member__name", shown("kind", Move.Kind.choices)), state=UNDONE)
    register(Pairing, TWO_DOORS, state=F("until"))
    register(Residence, joined("member__name", "area__label", "room"))
    register(RosterColumns, "headings")
    register(RosterImport, "file_name", state=F("status"))
    register(StaffToken, "label")
    register(Transfer, joined("member__name", Value("转到"), "to_street__name"), state=F("status"))
    register(User, "name")
    register_words("means", Consent.Means.choices)
    register_words("why", Why.choices)
    register_words("level", Area.Level.choices)
    register_list("members", Member)
    register_list("attendances", Member)
    register_list("duties", Member)
    register_words("duties", Duty.Kind.choices)


def _places(user: Any) -> QuerySet[Area]:
    """Return the places whose names the user may read: where a post of theirs opens places or the trail, and above."""
    ranges = [*access.reach(user, Resource.AREA), *access.reach(user, Resource.AUDIT)]
    return Area.objects.filter(access.within("path", ranges)) | Area.objects.filter(path__in=access.paths_above(ranges))


def _own_answers(user: Any) -> QuerySet[Consent]:
    """Return the answers that the user recorded; of others', named or not would tell who refused."""
    return Consent.objects.filter(recorded_by=user)
