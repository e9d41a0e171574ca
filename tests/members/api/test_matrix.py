"""Who × call → status: the table of docs/design/privacy.md, at the API."""

from datetime import date
from typing import Any

import orjson
import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from activities.models import Attendance, Visit
from activities.rules import attendance, voiding
from members.models import Area, Consent, Employer, Member, Residence, User
from tests import factories
from tests.matrix import HERE
from tests.week import LAST_MONTH, handed, handed_up, reminded, said

WHO = ("superuser", "street_officer", "secretary", "liaison", "leader", "instructor", "auditor", "outsider", None)
CALLS: dict[tuple[str, str], tuple[int, ...]] = {
    # Own rows are 1号楼 and who lives there; other rows lie in the other community of the street.
    ("GET", "areas"): (200, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "areas/{group}"): (200, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "areas/{other_group}"): (200, 200, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "areas"): (201, 201, 201, 403, 403, 403, 403, 403, 401),
    ("PATCH", "areas/{group}"): (200, 200, 200, 403, 403, 403, 403, 403, 401),
    ("PATCH", "areas/{community}"): (200, 200, 403, 404, 404, 403, 403, 403, 401),
    ("PATCH", "areas/{other_group}"): (200, 200, 404, 404, 404, 404, 403, 403, 401),
    ("GET", "members"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "members/{member}"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "members/{other_member}"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "members"): (403, 201, 201, 403, 403, 403, 403, 403, 401),
    ("PATCH", "members/{member}"): (403, 200, 200, 403, 403, 403, 403, 403, 401),
    ("PATCH", "members/{other_member}"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "members/{member}/phone"): (403, 200, 200, 200, 403, 403, 403, 403, 401),
    ("POST", "members/{other_member}/phone"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "members/{member}/move"): (403, 200, 200, 403, 403, 403, 403, 403, 401),
    ("POST", "members/{member}/leave"): (403, 200, 200, 403, 403, 403, 403, 403, 401),
    ("POST", "members/{other_member}/leave"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "members/{member}/erase"): (403, 204, 403, 403, 403, 403, 403, 403, 401),
    ("POST", "members/{other_member}/erase"): (403, 204, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "members/{member}/undo-move"): (403, 409, 409, 403, 403, 403, 403, 403, 401),
    ("POST", "members/{other_member}/undo-move"): (403, 409, 404, 404, 404, 403, 403, 403, 401),
    ("GET", "correction-requests"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "correction-requests/{correction}"): (403, 200, 200, 404, 404, 403, 403, 403, 401),
    ("GET", "correction-requests/{other_correction}"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "correction-requests"): (403, 201, 201, 403, 403, 403, 403, 403, 401),
    ("POST", "correction-requests/{correction}/put-right"): (403, 200, 200, 404, 404, 403, 403, 403, 401),
    ("POST", "correction-requests/{other_correction}/put-right"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "correction-requests/{correction}/keep"): (403, 200, 200, 404, 404, 403, 403, 403, 401),
    ("POST", "correction-requests/{other_correction}/keep"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    # No community holds all of a member.
    ("GET", "own-files"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "own-files/{own_file}"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "own-files"): (403, 201, 403, 403, 403, 403, 403, 403, 401),
    ("GET", "residences"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "residences/{residence}"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "residences/{other_residence}"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("PATCH", "residences/{residence}"): (403, 200, 200, 403, 403, 403, 403, 403, 401),
    ("PATCH", "residences/{other_residence}"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("GET", "employers"): (200, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "employers/{employer}"): (200, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "employers"): (201, 201, 201, 403, 403, 403, 403, 403, 401),
    ("PATCH", "employers/{employer}"): (200, 200, 200, 403, 403, 403, 403, 403, 401),
    ("GET", "coverage/{group}"): (403, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "coverage/{other_group}"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("GET", "search?q=1"): (200, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "district"): (403, 403, 403, 403, 403, 403, 403, 403, 401),
    ("GET", "district/{street}"): (403, 403, 403, 403, 403, 403, 403, 403, 401),
    ("GET", "targets/{community}"): (403, 200, 200, 403, 403, 200, 403, 403, 401),
    ("GET", "targets/{street}"): (403, 200, 404, 403, 403, 404, 403, 403, 401),
    ("PUT", "targets/{community}"): (403, 200, 403, 403, 403, 403, 403, 403, 401),
    ("PUT", "targets/{street}"): (403, 200, 403, 403, 403, 403, 403, 403, 401),
    ("GET", "households"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "households/{door}"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "households/{other_door}"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "households"): (403, 201, 201, 201, 201, 403, 403, 403, 401),
    ("PATCH", "households/{door}"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("PATCH", "households/{other_door}"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "households/lay-out"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "pairings"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "pairings/{pairing}"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "pairings/{other_pairing}"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "pairings"): (403, 201, 201, 201, 201, 403, 403, 403, 401),
    ("POST", "pairings/{pairing}/end"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "pairings/{other_pairing}/end"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("GET", "unvisited-pairings"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "visits"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "visits/{visit}"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "visits/{other_visit}"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "visits"): (403, 201, 201, 201, 201, 403, 403, 403, 401),
    ("GET", "consents"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "consents/{consent}"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "consents/{other_consent}"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("GET", "consents/{refusal}"): (403, 404, 200, 404, 404, 403, 403, 403, 401),
    ("POST", "consents"): (403, 201, 201, 403, 403, 403, 403, 403, 401),
    ("POST", "consents/{consent}/withdraw"): (403, 200, 200, 403, 403, 403, 403, 403, 401),
    ("POST", "consents/{other_consent}/withdraw"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("POST", "consents/{refusal}/withdraw"): (403, 404, 409, 404, 404, 403, 403, 403, 401),
    # An instructor reads what happens, and numbers of people alone.
    ("GET", "activities"): (403, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "activities/{held}"): (403, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "activities/{other_activity}"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "activities"): (403, 201, 201, 201, 201, 403, 403, 403, 401),
    ("PATCH", "activities/{held}"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("PATCH", "activities/{other_activity}"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "activities/{planned}/hold"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "activities/{planned}/cancel"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "activities/{cancelled}/reopen"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "activities/{held}/reopen"): (403, 409, 409, 409, 409, 403, 403, 403, 401),
    ("POST", "activities/{held}/hold"): (403, 409, 409, 409, 409, 403, 403, 403, 401),
    ("POST", "activities/{other_activity}/hold"): (403, 409, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "activities/{held}/enrol"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "activities/{other_activity}/enrol"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "activities/{held}/strike"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "activities/{other_activity}/strike"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "activities/{struck}/put-back"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "activities/{other_activity}/put-back"): (403, 400, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "activities/{held}/void"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "activities/{other_activity}/void"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "activities/{voided}/unvoid"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "activities/{other_activity}/unvoid"): (403, 409, 404, 404, 404, 404, 403, 403, 401),
    ("GET", "activities/{voided}"): (403, 404, 404, 404, 404, 404, 403, 403, 401),
    ("GET", "attendances"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "attendances/{attendance}"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "attendances/{other_attendance}"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("PATCH", "attendances/{attendance}"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("PATCH", "attendances/{other_attendance}"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    ("GET", "needs"): (403, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "needs/{need}"): (403, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "needs/{other_need}"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "needs"): (403, 201, 201, 201, 201, 403, 403, 403, 401),
    ("PATCH", "needs/{need}"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("PATCH", "needs/{other_need}"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "needs/{need}/claim"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "needs/{other_need}/claim"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "needs/{claimed}/unclaim"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "needs/{claimed}/finish"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "needs/{need}/finish"): (403, 409, 409, 409, 409, 403, 403, 403, 401),
    ("POST", "needs/{claimed}/withdraw"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("POST", "needs/{other_need}/withdraw"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "needs/{need}/resume"): (403, 409, 409, 409, 409, 403, 403, 403, 401),
    ("GET", "needs/{need}/suggestions"): (403, 200, 200, 200, 200, 403, 403, 403, 401),
    ("GET", "needs/{other_need}/suggestions"): (403, 200, 404, 404, 404, 403, 403, 403, 401),
    # The street alone reminds; a secretary does not remind themselves.
    ("GET", "reminders"): (403, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "reminders/{reminder}"): (403, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "reminders/{other_reminder}"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "reminders"): (403, 201, 403, 403, 400, 403, 403, 403, 401),
    ("PATCH", "reminders/{reminder}"): (403, 405, 405, 405, 405, 403, 403, 403, 401),
    ("GET", "thin/{group}"): (403, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "thin/{other_group}"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("GET", "honours"): (403, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "honours/{honour}"): (403, 200, 200, 200, 200, 200, 403, 403, 401),
    ("GET", "honours/{other_honour}"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("POST", "honours"): (403, 201, 201, 403, 403, 403, 403, 403, 401),
    ("PATCH", "honours/{honour}"): (403, 200, 200, 403, 403, 403, 403, 403, 401),
    ("POST", "honours/{honour}/withdraw"): (403, 200, 200, 403, 403, 403, 403, 403, 401),
    ("POST", "honours/{other_honour}/withdraw"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("PATCH", "honours/{other_honour}"): (403, 200, 404, 404, 404, 404, 403, 403, 401),
    ("GET", "monthly-reports"): (403, 200, 200, 403, 403, 200, 403, 403, 401),
    ("GET", "monthly-reports/{report}"): (403, 200, 200, 403, 403, 200, 403, 403, 401),
    ("GET", "monthly-reports/{other_report}"): (403, 200, 404, 403, 403, 404, 403, 403, 401),
    ("GET", "monthly-reports/{report}/files/pdf"): (403, 200, 200, 403, 403, 200, 403, 403, 401),
    ("GET", "monthly-reports/{other_report}/files/pdf"): (403, 200, 404, 403, 403, 404, 403, 403, 401),
    ("POST", "monthly-reports"): (403, 201, 201, 403, 403, 403, 403, 403, 401),
    ("POST", "monthly-reports/{report}/text"): (403, 200, 200, 403, 403, 403, 403, 403, 401),
    ("POST", "monthly-reports/{other_report}/text"): (403, 200, 404, 403, 403, 404, 403, 403, 401),
    ("POST", "monthly-reports/{report}/close"): (403, 200, 200, 403, 403, 403, 403, 403, 401),
    ("POST", "monthly-reports/{other_report}/close"): (403, 200, 404, 403, 403, 404, 403, 403, 401),
    ("GET", "schema"): (200, 200, 200, 200, 200, 200, 200, 200, 401),
    ("GET", "nothing"): (404, 404, 404, 404, 404, 404, 404, 404, 401),
    # Never there: nothing is deleted or replaced, and OPTIONS would describe the forms.
    ("DELETE", "members/{member}"): (403, 405, 405, 403, 403, 403, 403, 403, 401),
    ("PUT", "areas/{group}"): (405, 405, 405, 403, 403, 403, 403, 403, 401),
    ("OPTIONS", "members"): (403, 405, 405, 405, 405, 403, 403, 403, 401),
    ("POST", "residences"): (403, 405, 405, 403, 403, 403, 403, 403, 401),
    ("POST", "attendances"): (403, 405, 405, 405, 405, 403, 403, 403, 401),
    ("DELETE", "attendances/{attendance}"): (403, 405, 405, 405, 405, 403, 403, 403, 401),
    ("PATCH", "pairings/{pairing}"): (403, 405, 405, 405, 405, 403, 403, 403, 401),
    ("PATCH", "visits/{visit}"): (403, 405, 405, 405, 405, 403, 403, 403, 401),
    ("PATCH", "consents/{consent}"): (403, 405, 405, 403, 403, 403, 403, 403, 401),
    ("DELETE", "needs/{need}"): (403, 405, 405, 405, 405, 403, 403, 403, 401),
    ("POST", "unvisited-pairings"): (403, 405, 405, 405, 405, 403, 403, 403, 401),
}


@pytest.fixture
def rows(member: Member, other_member: Member, secretary: User) -> dict[str, Any]:
    group = Area.objects.get(name="1号楼")
    voided, struck = (factories.activity(group, title=title) for title in ("记错了的", "多记了人的"))
    voiding.void(voided, user=secretary)
    Attendance.objects.create(activity=struck, member=member, source="tick")
    attendance.strike(struck, [member.pk], user=secretary)
    return {
        **happened(member, by=secretary),
        "voided": voided.pk,
        "struck": struck.pk,
        **{f"other_{name}": pk for name, pk in happened(other_member, by=secretary).items()},
        "planned": factories.activity(member.home.area, is_held=False).pk,  # type: ignore[union-attr]
        "refusal": answered(member, is_agreed=False, recorded_by=secretary),
        "street": Area.objects.get(name="新成路街道").pk,
        "report": handed_up(Area.objects.get(name="第一社区"), by=secretary).pk,
        "other_report": handed_up(Area.objects.get(name="第二社区"), by=secretary).pk,
        "community": Area.objects.get(name="第一社区").pk,
        "group": Area.objects.get(name="1号楼").pk,
        "other_group": Area.objects.get(name="2号楼").pk,
        "member": member.pk,
        "other_member": other_member.pk,
        "residence": Residence.objects.get(member=member).pk,
        "other_residence": Residence.objects.get(member=other_member).pk,
        "employer": Employer.objects.get().pk,
    }


def happened(member: Member, *, by: User) -> dict[str, int]:
    """Return the ids of what a week brings to the group where the member lives."""
    home = member.home
    assert home
    door, next_door = factories.household(home.area, home.room), factories.household(home.area, "999")
    pairing = factories.pairing(door, next_door)
    held, cancelled = (factories.activity(home.area, is_held=is_held) for is_held in (True, False))
    cancelled.cancel()
    claimed = factories.need(home.area)
    claimed.claim(members=[member])
    return {
        "door": door.pk,
        "pairing": pairing.pk,
        "visit": factories.visit(pairing, on=date(2026, 1, 5)).pk,
        "consent": answered(member, is_agreed=True),
        "activity": held.pk,
        "held": held.pk,
        "cancelled": cancelled.pk,
        "attendance": Attendance.objects.create(activity=held, member=member, source="tick").pk,
        "need": factories.need(home.area).pk,
        "claimed": claimed.pk,
        "honour": factories.honour(home.area).pk,
        "reminder": reminded(home.area, by).pk,
        "correction": said(member).pk,
        "own_file": handed(member, by=by).pk,
    }


def answered(member: Member, **fields: Any) -> int:
    return Consent.objects.create(member=member, means="paper", **fields).pk


@pytest.fixture
def bodies(rows: dict[str, Any], station: Area, group: Area) -> dict[tuple[str, str], dict[str, Any]]:
    alone = factories.household(group, "777")
    newly_here = factories.person("曾爱国", group, room="888")
    aim = {"area": rows["community"], "kind": "groups", "value": 3}
    newcomer = {"name": "翟建军", "sex": "male", "affiliation": "local", "home": {"area": rows["group"], "room": "101"}}
    return {
        ("POST", "areas"): {"name": "8号楼", "parent": station.pk},
        ("POST", "members"): newcomer,
        ("POST", "employers"): {"name": "嘉定区实验小学"},
        ("POST", "erase"): {"why": "request"},
        ("POST", "move"): {"area": rows["group"], "room": "601"},
        ("PATCH", "areas"): {"division_code": "310114001"},
        ("PATCH", "members"): {"skills": "书法"},
        ("POST", "correction-requests"): {
            "member": rows["member"],
            "about": "home",
            "text": "不住302室",
            "means": "desk",
        },
        ("POST", "keep"): {"reply": "核对过，没有错"},
        ("POST", "own-files"): {"member": rows["member"], "means": "in_person", "reason": "本人来要"},
        ("PATCH", "residences"): {"room": "303"},
        ("PATCH", "employers"): {"name": "嘉定仪表厂"},
        ("PUT", "targets"): {"year": timezone.localdate().year, "targets": [aim]},
        ("POST", "households"): {"area": group.pk, "room": "888"},
        ("PATCH", "households"): {"name": "王阿姨家"},
        ("POST", "lay-out"): {"area": group.pk, "floors": 6, "doors": 2},
        ("POST", "pairings"): {"household": rows["door"], "neighbour": alone.pk},
        ("POST", "visits"): {"pairing": rows["pairing"], "kind": "phone"},
        ("POST", "consents"): {"member": newly_here.pk, "is_agreed": True, "means": "paper"},
        ("POST", "activities"): {"area": group.pk, "title": "读书会", "field": "culture"},
        ("PATCH", "activities"): {"residents_reached": 12},
        ("POST", "enrol"): {"members": [{"member": newly_here.pk}]},
        ("POST", "strike"): {"members": [rows["member"]]},
        ("POST", "put-back"): {"members": [rows["member"]]},
        ("PATCH", "attendances"): {"duty": "helper"},
        ("POST", "needs"): {"area": group.pk, "text": "换灯泡"},
        ("PATCH", "needs"): {"skill": "水电维修"},
        ("POST", "claim"): {"members": [rows["member"]]},
        ("POST", "reminders"): {"area": station.pk},
        ("POST", "honours"): {"area": group.pk, "year": 2024, "kind": "commended", "deeds": "楼道干净。"},
        ("POST", "monthly-reports"): {"area": Area.objects.get(name="第一社区").pk, "month": f"{LAST_MONTH:%Y-%m}"},
        ("POST", "text"): {"text": "本月办了不少事。"},
        ("POST", "withdraw"): {"reason": "选错了楼组"},
        ("PATCH", "honours"): {"deeds": "楼道干净，邻里互助。"},
    }


@pytest.fixture
def clients(request: pytest.FixtureRequest, api: Any) -> dict[str | None, APIClient]:
    users = {who: request.getfixturevalue(who) for who in WHO if who}  # all are there before any logs in
    return {who: api(users[who]) if who else APIClient() for who in WHO}


@pytest.mark.parametrize("noun", sorted({path.split("/", 1)[0] for _, path in CALLS}))
def test_status(rows: Any, bodies: Any, clients: Any, noun: str) -> None:
    found, kinds = {}, set()
    for method, path in (call for call in CALLS if call[1].split("/", 1)[0] == noun):
        body = bodies.get((method, path.rsplit("/", 1)[-1])) or bodies.get((method, noun), {})
        answers = [undone(client, method, f"/api/v1/{path.format(**rows)}", body) for client in clients.values()]
        found[method, path] = tuple(answer.status_code for answer in answers)
        kinds |= {answer["Content-Type"] for answer in answers if answer.status_code >= 400}
    assert found == {call: CALLS[call] for call in found}
    assert kinds == {"application/problem+json"}


@pytest.mark.parametrize("who", ["far_officer", "far_secretary"])
def test_the_other_street_reaches_nothing_here(
    request: Any, api: Any, rows: Any, bodies: Any, other_street: Area, who: str
) -> None:
    """Each row answers as one that nobody has, and no list names a place or a person of this street."""
    client, nowhere, found = api(request.getfixturevalue(who)), dict.fromkeys(rows, 9_999_999), []
    for method, path in CALLS:
        noun, name = path.split("/", 1)[0], path.rsplit("/", 1)[-1]
        body = bodies.get((method, name)) or bodies.get((method, noun), {})
        answer = undone(client, method, f"/api/v1/{path.format(**rows)}", body)
        if "{" in path and "{employer}" not in path:
            unknown = undone(client, method, f"/api/v1/{path.format(**nowhere)}", body).status_code
            if answer.status_code != unknown or unknown < 400:
                found.append((method, path, answer.status_code))
        elif told := [word for word in HERE if word in answer.content.decode()]:
            found.append((method, path, told))
        elif method == "POST" and answer.status_code < 400 and noun != "employers":
            found.append((method, path, answer.status_code))
    assert found == []


def undone(client: APIClient, method: str, url: str, body: dict[str, Any]) -> Any:
    """Return the answer to a call whose effects are taken back, so that the next in line finds the same rows."""
    with transaction.atomic():
        answer = client.generic(method, url, orjson.dumps(body), "application/json")
        transaction.set_rollback(True)
    return answer


def test_lists_hold_only_the_scope(api: Any, rows: Any, secretary: Any, moved_away: Member, other_street: Area) -> None:
    client = api(secretary)
    names = [area["name"] for area in client.get("/api/v1/areas").data["results"]]
    people = [member["name"] for member in client.get("/api/v1/members").data["results"]]
    homes = [home["label"] for home in client.get("/api/v1/residences").data["results"]]
    assert names == ["第一社区", "迎晖苑", "1号楼"]
    assert people == ["欧阳建国", "曾国强"]
    assert set(homes) == {"第一社区 迎晖苑 1号楼"}


@pytest.mark.parametrize(
    ("noun", "row"),
    [
        ("households", "door"),
        ("pairings", "pairing"),
        ("unvisited-pairings", "pairing"),
        ("visits", "visit"),
        ("consents", "consent"),
        ("activities", "activity"),
        ("attendances", "attendance"),
        ("needs", "need"),
        ("honours", "honour"),
        ("reminders", "reminder"),
        ("monthly-reports", "report"),
    ],
)
def test_so_does_the_list_of(api: Any, rows: Any, secretary: User, street_officer: User, noun: str, row: str) -> None:
    Visit.objects.filter(pairing=rows["pairing"]).update(visited_on=factories.EARLY)
    Visit.objects.filter(pairing=rows["other_pairing"]).update(visited_on=factories.EARLY)
    seen = {
        user: {each["id"] for each in api(user).get(f"/api/v1/{noun}").data["results"]}
        for user in (secretary, street_officer)
    }
    assert seen[secretary] & {rows[row], rows[f"other_{row}"]} == {rows[row]}
    assert seen[street_officer] >= {rows[row], rows[f"other_{row}"]}


def test_a_post_that_ended_opens_nothing(api: Any, rows: Any, liaison: Any) -> None:
    role = liaison.roles.get()
    role.until = factories.EARLY
    role.save()
    assert api(liaison).get("/api/v1/members").status_code == 403
