"""Record cards through the staff's API: the rules of the pages, and nothing outside the scope."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from feedback.models import FeedEvent, RecordCard
from members.models import Area, AuditEntry, Consent, Member, User
from tests import factories
from tests.cards import PERIOD, agreed, draft, fresh, in_post, issued, shown

URL = "/api/v1/record-cards"


@pytest.fixture
def client(api: Any, secretary: User) -> APIClient:
    return api(secretary)


@pytest.fixture
def worker(group: Area) -> Member:
    return in_post("郁建平", group, room="402")


def do(client: APIClient, card: RecordCard, call: str, body: dict[str, Any] | None = None) -> Any:
    return client.post(f"{URL}/{card.pk}/{call}", body or {})


def test_cards_are_made_and_made_again(client: APIClient, worker: Member, group: Area, community: Area) -> None:
    factories.activity(group, held_on=PERIOD.first).attendances.create(member=worker, source="tick")
    body = {"area": community.pk, "period": "2026H1"}
    assert client.post(f"{URL}/make", body).json() == {"new": 1, "refreshed": 0, "same": 0}
    assert client.post(f"{URL}/make", body).json() == {"new": 0, "refreshed": 0, "same": 1}
    (row,) = client.get(f"{URL}?period=2026H1&inside={community.pk}").json()["results"]
    assert (row["name"], row["employer_name"], row["period"], row["status"]) == (
        "郁建平", "上海嘉定仪表厂", "2026H1", "draft",
    )  # fmt: skip
    assert [line["title"] for line in row["lines"]] == ["楼道大扫除"]


def test_the_way_of_a_card(client: APIClient, worker: Member, secretary: User) -> None:
    card = draft(worker)
    changed = client.patch(f"{URL}/{card.pk}", {"sentence": "谢谢参加。"})
    assert (changed.status_code, changed.data["sentence"]) == (200, "谢谢参加。")
    assert do(client, card, "show").data["status"] == "shown"
    assert do(client, card, "agree", {"given_on": "2026-07-02"}).data["agreed_how"] == "paper"
    sent = do(client, card, "issue")
    assert (sent.data["status"], sent.data["number"]) == ("issued", fresh(card).number)
    assert Consent.objects.get().recorded_by == secretary
    gone = do(client, card, "withdraw", {"reason": "mistake"})
    assert (gone.data["status"], FeedEvent.objects.count()) == ("withdrawn", 2)
    assert do(client, card, "remake").status_code == 201
    assert RecordCard.objects.get(supersedes=card).status == "draft"


def test_a_consent_is_taken_back_at_the_member_s_word(client: APIClient, worker: Member) -> None:
    out, waiting = issued(worker), agreed(worker, period=PERIOD.next)
    gone = do(client, out, "withdraw", {"reason": "consent"})
    assert (gone.data["status"], gone.data["withdrawal"]) == ("withdrawn", "consent")
    assert (fresh(waiting).status, Consent.objects.in_force().exists()) == ("withdrawn", False)
    early = do(client, draft(worker, period=PERIOD.previous), "withdraw", {"reason": "consent"})
    assert (early.status_code, early.data["type"]) == (409, "/problems/conflict")


@pytest.mark.parametrize("make", [draft, shown], ids=["draft", "shown"])
def test_without_consent_no_card_leaves(client: APIClient, worker: Member, make: Any) -> None:
    card = make(worker)
    refused = do(client, card, "issue")
    assert (refused.status_code, refused.data["type"]) == (409, "/problems/conflict")
    assert "本人同意以后才能发出" in refused.data["detail"]
    assert not FeedEvent.objects.exists()


@pytest.mark.parametrize(
    ("make", "call", "body"),
    [
        (shown, "show", {}), (draft, "agree", {}), (draft, "correct", {}), (agreed, "agree", {}),
        (issued, "correct", {}), (issued, "issue", {}), (draft, "remake", {}),
    ],
)  # fmt: skip
def test_a_move_that_the_state_does_not_allow_is_a_conflict(
    client: APIClient, worker: Member, make: Any, call: str, body: dict[str, Any]
) -> None:
    card = make(worker)
    refused = do(client, card, call, body)
    assert refused.status_code in (400, 409), refused.data
    assert (fresh(card).status, RecordCard.objects.count()) == (card.status, 1)


@pytest.mark.parametrize(
    "body",
    [
        {"period": "2026H1"}, {"period": "2026H3"}, {"period": "2999"}, {"period": 2026.5}, {"area": 9_999_999},
        {"area": "x", "period": "2026H1"}, [],
    ],
)  # fmt: skip
def test_what_cannot_be_made_is_said(client: APIClient, community: Area, body: Any) -> None:
    told = (
        {"area": community.pk} | body
        if isinstance(body, dict) and "area" not in body and "2026H1" not in str(body)
        else body
    )
    assert client.post(f"{URL}/make", told).status_code == 400


def test_a_draft_takes_no_other_words(client: APIClient, worker: Member) -> None:
    card = draft(worker)
    assert client.patch(f"{URL}/{card.pk}", {"status": "issued", "number": "x"}).data["status"] == "draft"
    assert client.patch(f"{URL}/{card.pk}", {"sentence": "长" * 201}).status_code == 400
    assert client.patch(f"{URL}/{shown(worker, period=PERIOD.next).pk}", {"sentence": "另"}).status_code == 409


def test_scope(api: Any, worker: Member, other_secretary: User, street_officer: User, liaison: User) -> None:
    card = shown(worker)
    assert api(street_officer).get(f"{URL}/{card.pk}").status_code == 200
    other = api(other_secretary)
    assert other.get(URL).json()["results"] == []
    for call in ("show", "agree", "correct", "issue", "withdraw", "remake"):
        assert do(other, card, call).status_code == 404, call
        assert do(api(liaison), card, call).status_code == 403, call
    assert other.get(f"{URL}/{card.pk}").status_code == 404
    assert other.post(f"{URL}/make", {"area": card.area_id, "period": "2026H1"}).status_code == 400
    assert fresh(card).status == "shown"


def test_who_agreed_to_cards_is_for_those_who_handle_cards(
    api: Any, worker: Member, secretary: User, street_officer: User, liaison: User, leader: User, other_secretary: User
) -> None:
    """Neither a liaison officer nor a group leader learns who let a card go to the employer, or took it back."""
    agreed(worker)
    Consent.objects.get().withdraw()
    told = {user: len(api(user).get("/api/v1/consents").json()["results"]) for user in (secretary, street_officer)}
    assert set(told.values()) == {1}
    for user in (liaison, leader, other_secretary):
        assert api(user).get("/api/v1/consents").json()["results"] == []


def test_reading_many_is_an_export_in_few_queries(
    client: APIClient, group: Area, django_assert_max_num_queries: Any
) -> None:
    for name in "甲乙丙丁":
        issued(in_post(f"工{name}", group, room=name))
    with django_assert_max_num_queries(14):
        assert len(client.get(URL).json()["results"]) == 4
    entry = AuditEntry.objects.filter(action="export").get()
    assert (entry.model, entry.changes["rows"]) == ("feedback.RecordCard", 4)
