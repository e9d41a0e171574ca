"""Between the office's word and the moment at which cards leave: what is stopped was never out."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback.models import Feed, FeedEvent, IssueRun, NumberSeries, RecordCard
from feedback.rules import agreeing, issuing
from members.ground import queue
from members.models import Area, Consent, Member, User, journal
from tests import factories
from tests.cards import agreed, draft, fresh, in_post, shown

STATES = ("draft", "shown", "agreed")


@pytest.fixture(autouse=True)
def delay(settings: Any) -> None:
    settings.ISSUE_DELAY = timedelta(minutes=10)


@pytest.fixture
def rows(group: Area) -> list[RecordCard]:
    return [agreed(in_post(f"工{name}", group, room=name)) for name in "甲乙丙"]


def later() -> None:
    """Let the time of all runs be up, and the worker come."""
    IssueRun.objects.filter(status="waiting").update(leaves_at=timezone.now() - timedelta(seconds=1))
    issuing.begin_due.call()


def state() -> Any:
    """All that may not change: the cards, feeds, events, numbers; runs aside."""
    return [
        list(RecordCard.objects.order_by("pk").values()),
        list(Feed.objects.order_by("pk").values()),
        list(FeedEvent.objects.order_by("pk").values()),
        list(NumberSeries.objects.order_by("pk").values()),
    ]


def test_cards_leave_when_the_time_is_up(secretary: User, rows: list[RecordCard]) -> None:
    pks = [card.pk for card in rows]
    assert issuing.send_all(pks, user=secretary).done == 3
    run = IssueRun.objects.get()
    assert (run.status, IssueRun.objects.next_at()) == ("waiting", run.leaves_at)
    assert issuing.begin_due in [each.task for each in queue._waiting]
    issuing.begin_due.call()  # too early
    assert {fresh(card).status for card in rows} == {"agreed"}
    assert (FeedEvent.objects.count(), issuing.send_all(pks, user=secretary).left) == (0, {issuing.IS_LEAVING: 3})
    later()
    run.refresh_from_db()
    assert (run.status, run.issued, run.skipped) == ("done", 3, 0)
    assert {(fresh(card).status, fresh(card).leaving_id) for card in rows} == {("issued", None)}
    assert "已经开始发出" in str(issuing.stop_all(pks))


def test_what_changed_meanwhile_does_not_leave(secretary: User, rows: list[RecordCard]) -> None:
    """One consent is taken back, one card is corrected and agreed to again, one member changes the employer."""
    issuing.send_all([card.pk for card in rows], user=secretary)
    Consent.objects.get(member=rows[0].member).withdraw()
    agreeing.correct(fresh(rows[1]))
    agreeing.show_all([rows[1].pk])
    agreeing.agree(fresh(rows[1]), how="paper")
    Member.objects.filter(pk=rows[2].member_id).update(employer=factories.employer("上海嘉定电机厂"))
    later()
    assert [fresh(card).status for card in rows] == ["withdrawn", "agreed", "agreed"]
    assert [fresh(card).leaving for card in rows] == [None] * 3
    run = IssueRun.objects.get()
    assert (run.status, run.issued, run.skipped, FeedEvent.objects.count()) == ("done", 0, 3, 0)


def test_one_is_stopped_the_others_leave(secretary: User, rows: list[RecordCard]) -> None:
    issuing.send_all([card.pk for card in rows], user=secretary)
    issuing.stop(fresh(rows[1]))
    later()
    assert [fresh(card).status for card in rows] == ["issued", "agreed", "issued"]
    assert issuing.send_all([rows[1].pk], user=secretary).done == 1


def test_on_the_pages(logged_in: Any, secretary: User, street_officer: User, rows: list[RecordCard]) -> None:
    """Asked, answered, stopped by a colleague, sent again, stopped too late."""
    client: Client = logged_in(secretary)
    body = {"period": rows[0].period.code, "show": "agreed", "card": [card.pk for card in rows]}
    Member.objects.filter(pk=rows[2].member_id).update(employer=factories.employer("上海嘉定电机厂"))
    asked = client.post("/cards/issue/", body).content.decode()
    assert ("<b>1</b> 家单位 <b>2</b> 张" in asked, "另有 1 张不发" in asked) == (True, True)
    again = client.post("/cards/issue/", body | {"count": "3"}).content.decode()
    assert "刚才要发的卡又有变化" in again
    told = client.post("/cards/issue/", body | {"count": "2"}, follow=True).content.decode()
    assert ("停止发出" in told, "<b>2</b> 张将在" in told) == (True, True)
    run = IssueRun.objects.get()
    for address in ("/cards/", f"/cards/{rows[0].pk}/"):
        assert "停止发出" in client.get(address).content.decode()
    stop = f"/cards/runs/{run.pk}/stop/"
    assert "已停止发出 2 张" in logged_in(street_officer).post(stop, follow=True).content.decode()
    assert "这一批已经停止发出" in client.post(stop, follow=True).content.decode()
    sent = client.post(f"/cards/{rows[0].pk}/issue/", follow=True).content.decode()
    assert "1 张将在 10 分钟后发给单位" in sent
    later()
    assert "已经开始发出，停不下来了" in client.post(f"/cards/{rows[0].pk}/stop/", follow=True).content.decode()
    stop = f"/cards/runs/{IssueRun.objects.latest('pk').pk}/stop/"
    assert "这一批已经发出，停不下来了" in client.post(stop, follow=True).content.decode()
    assert [fresh(card).status for card in rows] == ["issued", "agreed", "agreed"]


def test_the_api_says_when(logged_in: Any, secretary: User, rows: list[RecordCard]) -> None:
    client, url = logged_in(secretary), f"/api/v1/record-cards/{rows[0].pk}"
    sent = client.post(f"{url}/issue").json()
    assert (sent["status"], sent["number"], bool(sent["leaves_at"])) == ("agreed", None, True)
    stopped = client.post(f"{url}/stop").json()
    assert (stopped["status"], stopped["leaves_at"]) == ("agreed", None)
    assert client.post(f"{url}/stop").status_code == 409


def test_a_dead_worker_loses_no_run(secretary: User, rows: list[RecordCard], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody works for hours; and one that died in the middle gives the cards back, to be sent again."""
    issuing.send_all([card.pk for card in rows], user=secretary)
    IssueRun.objects.update(leaves_at=timezone.now() - timedelta(hours=9))
    assert queue.next_moment() < timezone.now()  # type: ignore[operator]
    monkeypatch.setattr(issuing, "enqueue", lambda *args: None)
    issuing.begin_due.call()
    IssueRun.objects.update(beat_at=timezone.now() - timedelta(minutes=5))
    assert IssueRun.objects.all().bury_the_silent() == 1
    assert {(fresh(card).status, fresh(card).leaving_id) for card in rows} == {("agreed", None)}
    assert issuing.send_all([card.pk for card in rows], user=secretary).done == 3


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ticked=st.lists(st.integers(0, 5), min_size=1, unique=True), parts=st.integers(1, 3))
def test_what_is_sent_and_stopped_is_as_it_was(
    community: Area, group: Area, secretary: User, ticked: list[int], parts: int
) -> None:
    RecordCard.objects.update(leaving=None)
    if not RecordCard.objects.exists():
        makers = (draft, shown, agreed) * 2
        for number, make in enumerate(makers):
            make(in_post(f"工{number}号", group, room=str(number)))
    every = list(RecordCard.objects.order_by("pk").values_list("pk", flat=True))
    pks, before = [every[number] for number in ticked], state()
    moved = issuing.send_all(pks, user=secretary)
    assert moved.done + moved.skipped == len(pks)
    for start in range(parts):
        issuing.stop_all(pks[start::parts])
    assert state() == before
    later()
    assert state() == before
    assert set(IssueRun.objects.values_list("status", flat=True)) <= {"held"}


def test_a_restored_backup_sends_nothing_that_was_held_back(
    secretary: User,
    group: Area,
    rows: list[RecordCard],
    settings: Any,
    tmp_path: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Each is held back in another way; the fourth still waited when the backup was made, and waits no more."""
    settings.JOURNAL = tmp_path / "journal.log"
    cards = [*rows, agreed(in_post("工丁", group, room="丁"))]
    issuing.send_all([card.pk for card in cards], user=secretary)
    waiting = dict(RecordCard.objects.values_list("pk", "leaving"))
    with django_capture_on_commit_callbacks(execute=True):
        issuing.stop(fresh(cards[0]))
        agreeing.object_to(fresh(cards[1]), reason="日期不对")
        agreeing.correct(fresh(cards[2]))
    RecordCard.objects.update(
        status="agreed", leaving=waiting[cards[0].pk], objected_at=None, objection="",
        agreed_at=timezone.now(), agreed_how="paper", shown_at=timezone.now(), consent=cards[0].consent,
    )  # fmt: skip
    assert journal.apply(settings.JOURNAL) == 3
    later()
    assert not FeedEvent.objects.exists()
    assert set(RecordCard.objects.values_list("status", "leaving")) == {("agreed", None)}
    assert issuing.send_all([cards[3].pk], user=secretary).done == 1
