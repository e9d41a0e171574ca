"""Two streets and an employer that both write to: what each gives the employer opens its own cards and nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.signing import Signer
from django.test import Client
from rest_framework.test import APIClient

from feedback.models import (
    Answer,
    Contact,
    EmployerKey,
    Feed,
    FeedEvent,
    NumberSeries,
    Offer,
    Receipt,
    RecordCard,
    Replay,
)
from members.models import Area, AuditEntry, Member, User
from tests import cards, factories
from tests.feedback.test_inbox import names, text

API = "/api/v1"


@pytest.fixture
def card(member: Member, street: Area) -> RecordCard:
    """Our street's card for the employer."""
    return cards.issued(member)


@pytest.fixture
def far_card(far_member: Member) -> RecordCard:
    """The other street's card for the same employer."""
    return cards.issued(far_member)


@pytest.fixture
def far_system(far_card: RecordCard, other_street: Area) -> APIClient:
    """The employer's system with the key that the other street gave it."""
    _, text_ = cards.key(far_card.employer, other_street)
    return APIClient(headers={"Authorization": f"Bearer {text_}"})


def trail(user: User, action: str = "pull") -> list[str]:
    """The paths of what a user may read in the trail."""
    return list(AuditEntry.objects.for_user(user).filter(action=action).values_list("area_path", flat=True))


def test_a_card_is_of_the_street_whose_office_issues_it(member: Member, street: Area, other_street: Area) -> None:
    """0.3.0 let a member of one street live in another."""
    Member.objects.filter(pk=member.pk).update(street=other_street)
    member.refresh_from_db()
    card = cards.issued(member)
    assert (card.street, card.counterpart.street) == (street, street.pk)
    assert Feed.objects.get().street == street


# By key --------------------------------------------------------------------------------------------------------------
def test_a_key_pulls_its_own_street_s_cards_alone(
    far_system: APIClient, card: RecordCard, far_card: RecordCard
) -> None:
    events = far_system.get(f"{API}/feed").json()["events"]
    assert [(event["seq"], event["card"]["number"]) for event in events] == [(1, far_card.number)]
    assert [each["number"] for each in far_system.get(f"{API}/cards").json()["cards"]] == [far_card.number]
    assert far_system.get(f"{API}/cards/{card.number}").status_code == 404


@pytest.mark.parametrize("act", ["receipt", "answer", "return"])
def test_a_key_does_nothing_to_another_street_s_card(
    far_system: APIClient, card: RecordCard, far_card: RecordCard, act: str
) -> None:
    body = {"digest": card.digest, "text": "收到", "reason_code": "left_unit"}
    answer = far_system.post(f"{API}/cards/{card.number}/{act}", body, headers={"Idempotency-Key": "k1"})
    assert (answer.status_code, answer.data["type"]) == (404, "/problems/not-found")
    assert cards.fresh(card).status == "issued"
    assert [model.objects.count() for model in (Receipt, Answer, Replay)] == [0, 0, 0]


def test_a_key_knows_the_places_of_its_street_alone(
    far_system: APIClient, community: Area, other_street: Area, far_community: Area
) -> None:
    me = far_system.get(f"{API}/me").json()
    assert me["street"] == {"id": other_street.pk, "name": "菊园新区"}
    assert [area["name"] for area in me["areas"]] == ["菊园新区", "平城社区"]
    body = {"area": community.pk, "kind": "venue", "title": "会议室"}
    assert far_system.post(f"{API}/offers", body, headers={"Idempotency-Key": "k1"}).status_code == 422
    made = far_system.post(f"{API}/offers", body | {"area": far_community.pk}, headers={"Idempotency-Key": "k1"})
    assert (made.status_code, Offer.objects.get().area) == (201, far_community)


def test_a_key_neither_lists_nor_changes_what_is_offered_elsewhere(
    far_system: APIClient, far_card: RecordCard, community: Area, far_community: Area
) -> None:
    ours, theirs = (cards.offer(far_card.employer, place) for place in (community, far_community))
    assert [each["id"] for each in far_system.get(f"{API}/offers").json()["offers"]] == [theirs.pk]
    assert far_system.patch(f"{API}/offers/{ours.pk}", {"title": "大厅"}).status_code == 404


def test_an_idempotency_key_is_of_one_street(
    far_system: APIClient, far_card: RecordCard, street: Area, community: Area, far_community: Area
) -> None:
    ours = APIClient(headers={"Authorization": f"Bearer {cards.key(far_card.employer, street)[1]}"})
    for system, place in ((far_system, far_community), (ours, community)):
        body = {"area": place.pk, "kind": "venue", "title": "会议室"}
        answer = system.post(f"{API}/offers", body, headers={"Idempotency-Key": "one"})
        assert (answer.status_code, "Idempotent-Replayed" in answer.headers) == (201, False)


def test_each_pull_is_in_its_own_street_s_trail(
    far_system: APIClient, card: RecordCard, street_officer: User, far_officer: User, other_street: Area
) -> None:
    far_system.get(f"{API}/feed")
    far_system.get(f"{API}/cards/{card.number}")
    assert (trail(far_officer), trail(street_officer)) == ([other_street.path], [])


def test_cursors_receipts_and_numbers_are_each_street_s_own(
    far_system: APIClient, card: RecordCard, far_card: RecordCard, street: Area
) -> None:
    ours = APIClient(headers={"Authorization": f"Bearer {cards.key(card.employer, street)[1]}"})
    cursor = ours.get(f"{API}/feed").json()["next"]
    assert far_system.get(f"{API}/feed", {"after": cursor}).json()["type"] == "/problems/bad-cursor"
    told = [
        system.post(f"{API}/cards/{each.number}/receipt", {"digest": each.digest}).json()["receipt"]
        for system, each in ((ours, card), (far_system, far_card))
    ]
    assert [each["previous"] for each in told] == [None, None], "each street begins a chain of its own"
    assert {each["chain"] for each in told} == set(Feed.objects.values_list("epoch", flat=True))
    assert sorted(NumberSeries.objects.values_list("last", flat=True)) == [1, 1]
    assert list(FeedEvent.objects.values_list("seq", flat=True)) == [1, 1]


def test_a_cursor_of_when_streets_shared_a_feed_begins_anew(far_system: APIClient, far_card: RecordCard) -> None:
    old = Signer(salt=f"feedback.feed.{far_card.employer_id}").sign("1.1")
    answer = far_system.get(f"{API}/feed", {"after": old})
    assert (answer.status_code, answer.data["type"]) == (410, "/problems/cursor-reset")
    other = Signer(salt=f"feedback.feed.{far_card.employer_id + 1}").sign("1.1")
    assert far_system.get(f"{API}/feed", {"after": other}).status_code == 400


def test_a_cursor_of_an_empty_feed_goes_on_in_the_first_epoch(far_member: Member, other_street: Area) -> None:
    system = APIClient(headers={"Authorization": f"Bearer {cards.key(factories.employer(), other_street)[1]}"})
    nothing = system.get(f"{API}/feed").json()
    assert (nothing["events"], nothing["more"]) == ([], False)
    card = cards.issued(far_member)
    after = system.get(f"{API}/feed", {"after": nothing["next"]}).json()
    assert [event["card"]["number"] for event in after["events"]] == [card.number]


# By hand -------------------------------------------------------------------------------------------------------------
def test_a_contact_of_one_street_reads_its_cards_alone(
    logged_in: Callable[[User], Client], card: RecordCard, far_card: RecordCard, other_street: Area
) -> None:
    client = logged_in(cards.contact("waijie", far_card.employer, other_street))
    assert names(client.get("/inbox/")) == [far_card.member.name]
    for page in ("", "receive/", "answer/", "return/", "take-back/", "print/", "receipt.json", "receipt.pdf"):
        ask = client.post if page in ("receive/", "answer/", "take-back/") else client.get
        assert ask(f"/inbox/{card.pk}/{page}").status_code == 404, page
    client.post("/inbox/receive/", {"card": f"{card.pk}.{card.digest}"})
    assert cards.fresh(card).status == "issued"


def test_a_contact_of_both_streets_chooses_the_street(
    logged_in: Callable[[User], Client], card: RecordCard, far_card: RecordCard, street: Area, other_street: Area
) -> None:
    user = cards.contact("liangjie", card.employer, street)
    far = user.contacts.create(employer=card.employer, street=other_street)
    client = logged_in(user)
    assert names(client.get("/inbox/")) == [card.member.name]
    assert names(client.get("/inbox/", {"unit": far.pk})) == [far_card.member.name]
    assert "上海嘉定仪表厂（菊园新区）" in text(client.get("/inbox/"))
    body = {"kind": "venue", "title": "会议室", "text": "", "area": street.pk}
    assert client.post(f"/our-offers/add/?unit={far.pk}", body).status_code == 200
    assert not Offer.objects.exists(), "what is offered to a street is offered as its contact"
    client.post(f"/our-offers/add/?unit={far.pk}", body | {"area": other_street.pk})
    assert Offer.objects.get().area == other_street


# The office ----------------------------------------------------------------------------------------------------------
LISTS = (
    "/cards/", "/offers/", "/admin/feedback/recordcard/", "/admin/feedback/offer/", "/admin/feedback/employerkey/",
    "/admin/feedback/contact/", "/admin/feedback/webhook/", "/admin/feedback/delivery/", f"{API}/record-cards",
    f"{API}/employer-offers", "/cards/?period=2026H1&show=issued", "/admin/members/auditentry/",
)  # fmt: skip


@pytest.mark.parametrize("address", LISTS)
def test_no_list_of_the_other_street_tells_of_ours(
    logged_in: Callable[[User], Client], card: RecordCard, street: Area, far_officer: User, address: str
) -> None:
    cards.key(card.employer, street)
    cards.contact("womende", card.employer, street)
    cards.offer(card.employer, street, title="只给新成路")
    page = text(logged_in(far_officer).get(address))
    for ours in ("欧阳建国", str(card.number), "womende", "只给新成路", "新成路街道"):
        assert ours not in page, ours


def test_a_street_gives_keys_for_itself_alone(
    logged_in: Callable[[User], Client], card: RecordCard, street: Area, far_officer: User
) -> None:
    body: dict[str, Any] = {
        "employer": card.employer_id, "street": street.pk, "label": "x", "scopes": ["cards:read"], "life": "180",
    }  # fmt: skip
    for model, more in (("employerkey", {}), ("contact", {"name": "甲", "username": "jia"})):
        answer = logged_in(far_officer).post(f"/admin/feedback/{model}/add/", body | more)
        assert "street" in answer.context["adminform"].form.errors
    assert [EmployerKey.objects.count(), Contact.objects.count()] == [0, 0]
