"""What an employer offers, by its system."""

from datetime import date
from typing import Any

import pytest
from rest_framework.test import APIClient

from feedback.models import Offer
from members.models import Area, AuditEntry, Employer
from tests import cards

URL = "/api/v1/offers"


def offer(client: APIClient, place: Area, key: str = "k1", **more: Any) -> Any:
    body = {"area": place.pk, "kind": "venue", "title": "会议室", "text": "周末可用。"} | more
    return client.post(URL, body, headers={"Idempotency-Key": key})


def test_offered_once(system: APIClient, community: Area, street: Area, key: Any) -> None:
    first = offer(system, community)
    assert first.status_code == 201
    assert first.json() | {"id": 0, "created_at": ""} == {
        "id": 0, "area": community.pk, "kind": "venue", "title": "会议室", "text": "周末可用。", "status": "open",
        "created_at": "", "closed_at": None,
    }  # fmt: skip
    again = offer(system, community)
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (201, first.content, "true")
    assert offer(system, street, "k2", text="").status_code == 201
    assert [(each.employer, each.area) for each in Offer.objects.order_by("pk")] == [
        (key[0].employer, community),
        (key[0].employer, street),
    ]
    entry = AuditEntry.objects.filter(model="feedback.Offer").earliest("pk")
    assert (entry.user, entry.reason, entry.area_path) == (None, f"密钥 lz_{key[0].prefix}…", community.path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("area", 999_999), ("area", 10**25), ("area", -1), ("area", "x"), ("area", None), ("area", True), ("area", []),
        ("kind", "gold"), ("title", ""), ("title", "字" * 61), ("title", None), ("title", "a\0"), ("text", "字" * 501),
        ("text", {"a": 1}),
    ],
)  # fmt: skip
def test_what_cannot_be_offered(system: APIClient, community: Area, field: str, value: Any) -> None:
    reply = offer(system, community, **{field: value})
    assert (reply.status_code, reply.json()["type"]) == (422, "/problems/validation")
    assert list(reply.json()["errors"]) == ([field] if value != "a\0" else ["non_field_errors"])
    assert not Offer.objects.exists()


def test_only_open_streets_and_communities_can_be_named(
    system: APIClient, station: Area, group: Area, other_community: Area
) -> None:
    other_community.close(on=date(2026, 1, 1))
    for place in (station, group, other_community):
        assert list(offer(system, place).json()["errors"]) == ["area"]


def test_the_list_is_the_employer_s_own_page_by_page(
    system: APIClient, other_employer: Employer, community: Area, key: Any
) -> None:
    cards.offer(other_employer, community)
    own = [cards.offer(key[0].employer, community, title=f"会议室{number}").pk for number in "一二三"]
    Offer.objects.get(pk=own[0]).close(Offer.Status.WITHDRAWN)
    first = system.get(URL, {"limit": 2}).json()
    rest = system.get(URL, {"limit": 2, "cursor": first["next"]}).json()
    assert [each["id"] for each in first["offers"] + rest["offers"]] == own
    assert rest["next"] is None
    assert [each["id"] for each in system.get(URL, {"status": "withdrawn"}).json()["offers"]] == own[:1]
    assert system.get(URL, {"status": "x"}).status_code == 422


def test_changed_taken_back_and_offered_again(system: APIClient, community: Area, key: Any) -> None:
    pk = offer(system, community).json()["id"]
    changed = system.patch(f"{URL}/{pk}", {"title": "礼堂", "kind": "other", "text": ""}).json()
    assert (changed["title"], changed["kind"], changed["text"]) == ("礼堂", "other", "")
    gone = system.patch(f"{URL}/{pk}", {"status": "withdrawn"}).json()
    assert (gone["status"], bool(gone["closed_at"])) == ("withdrawn", True)
    assert system.patch(f"{URL}/{pk}", {"status": "withdrawn"}).json() == gone
    back = system.patch(f"{URL}/{pk}", {"status": "open", "title": "大礼堂"}).json()
    assert (back["status"], back["closed_at"], back["title"]) == ("open", None, "大礼堂")


def test_what_was_used_up_cannot_be_taken_back(system: APIClient, community: Area) -> None:
    pk = offer(system, community).json()["id"]
    Offer.objects.get().close(Offer.Status.USED)
    reply = system.patch(f"{URL}/{pk}", {"status": "withdrawn", "title": "礼堂"})
    assert (reply.status_code, reply.json()["type"], reply.json()["offer_status"]) == (
        409,
        "/problems/wrong-state",
        "used",
    )
    assert Offer.objects.get().title == "会议室"


@pytest.mark.parametrize("body", [{"status": "open"}, {"title": "礼堂"}], ids=["open", "title"])
def test_what_was_used_up_is_the_office_s_to_offer_again(system: APIClient, community: Area, body: Any) -> None:
    pk = offer(system, community).json()["id"]
    Offer.objects.get().close(Offer.Status.USED)
    reply = system.patch(f"{URL}/{pk}", body)
    assert (reply.status_code, reply.json()["offer_status"]) == (409, "used")
    assert (Offer.objects.get().status, Offer.objects.get().title) == ("used", "会议室")


def test_what_was_taken_back_is_not_written_anew(system: APIClient, community: Area) -> None:
    pk = offer(system, community).json()["id"]
    system.patch(f"{URL}/{pk}", {"status": "withdrawn"})
    reply = system.patch(f"{URL}/{pk}", {"title": "礼堂"})
    assert (reply.status_code, reply.json()["offer_status"]) == (409, "withdrawn")
    assert Offer.objects.get().title == "会议室"


@pytest.mark.parametrize("body", [{"status": "used"}, {"title": ""}, {"kind": "x"}, {"title": None}, []])
def test_a_change_that_cannot_be(system: APIClient, community: Area, body: Any) -> None:
    pk = offer(system, community).json()["id"]
    reply = system.patch(f"{URL}/{pk}", body)
    assert (reply.status_code, reply.json()["type"]) == (422, "/problems/validation")


@pytest.mark.parametrize("pk", ["9" * 25, "9" * 5000, "x", "1.5", "-1", "１"])
def test_no_such_offer(system: APIClient, pk: str) -> None:
    assert system.patch(f"{URL}/{pk}", {"title": "礼堂"}).status_code == 404
