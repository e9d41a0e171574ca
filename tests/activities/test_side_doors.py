"""Side doors of a secretary's week: whatever is posted or looked up by hand, nothing outside the posts is had or told.

What pages, lists and files tell is read by `tests.test_what_pages_tell`, who may do what is in the matrices.
"""

import re
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from members.ground.access import PostKind
from members.models import Area, AuditEntry, Member, User
from tests import factories
from tests.matrix import written
from tests.week import EXPORTED, lived, read

TODAY = timezone.localdate().isoformat()
NOBODY, TOKEN = 9_999_999, re.compile(r'name="csrfmiddlewaretoken" value="\w+"|"request_id":"\w+"')
SINCE = {"since": TODAY}
ACTIVITY = {
    "title": "读书会", "held_on": TODAY, "field": "culture", "regularity": "regular", "visibility": "open",
    "support": "cultural",
}  # fmt: skip
NEED = {"text": "换灯泡", "opened_on": TODAY}
HONOUR = {"year": "2024", "kind": "commended", "deeds": "楼道干净。", "awarded_on": TODAY}

# Who posts what where, "@" standing for the row (the last word) that is not theirs.
FOREIGN: list[tuple[str, str, dict[str, Any], str]] = [
    ("leader", "buildings/{group}/", SINCE | {"household": "{door}", "neighbour": "@"}, "near_free"),
    ("leader", "buildings/{group}/", SINCE | {"household": "@", "neighbour": "{free}"}, "near_door"),
    ("leader", "buildings/{group}/?with=@&made=@", {}, "near_free"),
    ("leader", "pairings/propose/{group}/", SINCE | {"pick": "@", "household-@": "{door}"}, "near_free"),
    ("leader", "pairings/propose/{group}/", SINCE | {"pick": "{free}", "household-{free}": "@"}, "near_door"),
    ("leader", "pairings/end/?pick=@", {"on": TODAY}, "near_pairing"),
    ("leader", "activities/add/", ACTIVITY | {"area": "@"}, "near_group"),
    ("leader", "activities/add/?again=@", ACTIVITY | {"area": "{group}"}, "near_activity"),
    ("leader", "activities/{activity}/edit/", ACTIVITY | {"area": "@"}, "near_group"),
    ("leader", "activities/{activity}/tick/", {"was": "", "member": "@"}, "near_member"),
    ("leader", "activities/{activity}/tick/", {"was": "@", "member": "{member}"}, "near_member"),
    ("leader", "activities/{activity}/came/", {"gone": "@", "duty-@": "helper"}, "near_member"),
    ("leader", "activities/{activity}/paste/", {"names": "欧阳建国", "who-1": "@", "save": ""}, "near_member"),
    ("leader", "activities/{signing}/signed/", {"who-{sign_in}": "@"}, "near_member"),
    ("leader", "visits/", {"pairing": "@", "kind": "phone"}, "near_pairing"),
    ("leader", "visits/overdue/?recorded=@", {"pairing": "@", "kind": "phone"}, "near_pairing"),
    ("leader", "needs/add/", NEED | {"area": "@"}, "near_group"),
    ("leader", "needs/{need}/edit/", NEED | {"area": "@"}, "near_group"),
    ("leader", "needs/{need}/", {"members": "@"}, "near_member"),
    ("secretary", "honours/add/", HONOUR | {"area": "@"}, "other_group"),
    ("secretary", "honours/{honour}/", HONOUR | {"area": "@"}, "other_group"),
    ("secretary", "consents/?area={group}", {"means": "paper", "given_on": TODAY, "answer-@": "yes"}, "other_member"),
    ("secretary", "admin/members/household/add/", {"room": "999", "area": "@"}, "other_group"),
    ("secretary", "admin/activities/activity/{activity}/change/", ACTIVITY | {"area": "@"}, "other_group"),
]


@pytest.fixture
def rows(member: Member, other_member: Member, other_street: Area, secretary: User) -> dict[str, int]:
    return lived(member, other_member, by=secretary)


@pytest.fixture
def client(logged_in: Any, secretary: User) -> Client:
    return logged_in(secretary)


def posted(client: Client, url: str, body: dict[str, Any], *, rows: dict[str, int], number: int) -> tuple[int, str]:
    """Post with this number in place of the row, without effect; return the status and what is told."""

    def filled(text: str) -> str:
        return text.format(**rows).replace("@", str(number))

    before = written()
    with transaction.atomic():
        answer = client.post(f"/{filled(url)}", {filled(name): filled(value) for name, value in body.items()})
        page = answer.headers.get("Location") or answer.content.decode()
        assert written() == before
        transaction.set_rollback(True)
    return answer.status_code, TOKEN.sub("", page)


@pytest.mark.parametrize(("who", "url", "body", "row"), FOREIGN)
def test_a_row_of_others_is_answered_as_one_that_is_not_there(
    rows: dict[str, int], request: Any, logged_in: Any, who: str, url: str, body: dict[str, Any], row: str
) -> None:
    client = logged_in(request.getfixturevalue(who))
    status, page = posted(client, url, body, rows=rows, number=NOBODY)
    assert posted(client, url, body, rows=rows, number=rows[row]) == (status, page.replace(str(NOBODY), str(rows[row])))


@pytest.mark.parametrize("name", ["近邻人", "单秀英", "外街道人", "无此人"])
def test_a_pasted_name_of_others_is_nobody_s(rows: dict[str, int], logged_in: Any, leader: User, name: str) -> None:
    client = logged_in(leader)
    page = client.post(f"/activities/{rows['activity']}/paste/", {"names": name, "wider": "on"}).content.decode()
    assert "没有找到" in page
    assert not {"3号楼", "2号楼", "9号楼", "201", "901"} & set(re.findall(r"\w+", page))


def test_a_room_of_others_is_none_here(rows: dict[str, int], logged_in: Any, leader: User) -> None:
    """There is a 201 next door and none here; a 299 is nowhere."""
    client = logged_in(leader)
    told = [
        client.post("/needs/add/", NEED | {"area": rows["group"], "room": room}).content.decode().count("没有登记")
        for room in ("201", "299")
    ]
    assert told == [1, 1]


# Lookups -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "query",
    [
        "activities/activity/?sign_in_code__startswith=a",
        "activities/activity/?area__path__startswith=0001",
        "activities/activity/?attendances__member__name=欧阳建国",
        "activities/activity/?attendances__member__phone_digest__startswith=a",
        "activities/activity/?sign_ins__name=无名氏",
        "activities/attendance/?member__id_digest__startswith=a",
        "activities/attendance/?member__phone_digest__startswith=a",
        "activities/attendance/?member__consents__is_agreed=0",
        "activities/visit/?pairing__neighbour__name__startswith=邬",
        "activities/visit/?pairing__household__room=302",
        "activities/need/?household__name__startswith=邬",
        "activities/need/?household__room=2317",
        "activities/need/?members__name=欧阳建国",
        "activities/honour/?area__households__name=邬阿婆家",
        "members/household/?pairings__neighbour__name=邬阿婆家",
        "members/household/?area__path__startswith=0001",
        "members/pairing/?neighbour__name__startswith=邬",
        "members/consent/?is_agreed__exact=0",
        "members/consent/?is_agreed=0",
        "members/consent/?recorded_by__password__startswith=md5",
        "members/consent/?member__phone_digest__startswith=a",
    ],
)
def test_hidden_columns_are_not_looked_up(rows: dict[str, int], client: Client, query: str) -> None:
    for address in (f"/admin/{query}", f"/admin/{query.replace('/?', '/export/?')}"):
        assert client.get(address).status_code in (302, 400, 404)


# Exports -------------------------------------------------------------------------------------------------------------
EXPORTS = [
    *(f"admin/{model}/export/" for model in EXPORTED),
    *(f"pairings/export/?show={tab}" for tab in ("current", "paired", "unpaired", "neighbours")),
]


@pytest.mark.parametrize("url", EXPORTS)
def test_an_export_has_its_reason_and_its_entry(
    rows: dict[str, int], client: Client, secretary: User, url: str
) -> None:
    before = AuditEntry.objects.filter(action="export").count()
    for reason in ({}, {"reason": ""}, {"reason": " "}):
        assert client.post(f"/{url}", {"format": "0"} | reason).status_code == 200
    assert AuditEntry.objects.filter(action="export").count() == before
    client.post(f"/{url}", {"format": "0", "reason": "核对三月名单"})
    entry = AuditEntry.objects.filter(action="export").latest("pk")
    assert (entry.user, entry.reason) == (secretary, "核对三月名单")
    assert entry.area_path == Area.objects.get(name="第一社区").path


@pytest.mark.parametrize("url", EXPORTS)
def test_with_two_posts_only_what_may_go_out_goes(
    rows: dict[str, int], logged_in: Any, secretary: User, other_group: Area, url: str
) -> None:
    """Secretary here, leader of a building there: what is read there stays there."""
    factories.post(secretary, PostKind.LEADER, other_group)
    there = read(logged_in(secretary).post(f"/{url}", {"format": "0", "reason": "核对三月名单"}))
    assert ("1号楼" in there, "2号楼" in there) == (True, False)


# Refusals ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["superuser", "street_officer", "liaison", "leader", "instructor", "auditor"])
def test_a_refusal_changes_nothing_for_anybody_else(
    rows: dict[str, int], request: Any, logged_in: Any, secretary: User, group: Area, who: str
) -> None:
    """Whoever did not record it finds every page as it was before."""
    asked = factories.person("未问人", group, room="2707")
    pages = [
        "consents/", f"consents/?area={group.pk}", f"consents/{group.pk}/sheet/", "admin/members/consent/",
        f"admin/members/member/{asked.pk}/change/", "api/v1/consents", f"api/v1/consents?member={asked.pk}",
        f"api/v1/members/{asked.pk}", f"buildings/{group.pk}/plate.pdf", f"participation/{group.pk}/",
    ]  # fmt: skip
    client = logged_in(request.getfixturevalue(who))

    def seen() -> list[tuple[int, str]]:
        answers = [client.get(f"/{page}") for page in pages]
        return [(answer.status_code, TOKEN.sub("", read(answer))) for answer in answers]

    before = seen()
    refusal = factories.consent(asked, is_agreed=False, by=secretary)
    assert seen() == before
    assert client.get(f"/admin/members/consent/{refusal.pk}/change/").status_code in (403, 404)
    assert client.get(f"/api/v1/consents/{refusal.pk}").status_code in (403, 404)


# Two posts -----------------------------------------------------------------------------------------------------------
def test_an_instructor_with_a_building_elsewhere_knows_no_more(
    rows: dict[str, int], logged_in: Any, instructor: User, other_group: Area
) -> None:
    """What a post opens, it opens in its own area alone."""
    factories.post(instructor, PostKind.LEADER, other_group)
    client = logged_in(instructor)
    pages = [
        f"activities/{rows['activity']}/", f"needs/{rows['claimed']}/", f"needs/{rows['need']}/", "needs/",
        "admin/activities/attendance/", "admin/activities/visit/", "admin/members/household/", "admin/members/pairing/",
        "admin/members/consent/", "visits/", "pairings/", "pairings/?show=paired", "consents/", "api/v1/attendances",
        "api/v1/needs", "api/v1/households",
    ]  # fmt: skip
    for page in pages:
        answer = client.get(f"/{page}")
        assert answer.status_code == 200, page
        assert not re.search(r"欧阳建国|近邻人|邬阿婆家|柳阿姨家", read(answer)), page
    assert "单秀英" in client.get("/pairings/").content.decode()
    for page in (f"buildings/{rows['group']}/", f"households/{rows['door']}/", f"activities/{rows['activity']}/came/"):
        assert client.get(f"/{page}").status_code in (403, 404), page
