"""Issuing in the background: by whom, what became of each card, and a worker that comes too late."""

from typing import Any

import pytest

from feedback.models import FeedEvent, IssueRun, RecordCard
from feedback.rules import issuing
from members.models import Area, User
from tests.cards import agreed, fresh, in_post, shown


@pytest.fixture
def rows(group: Area) -> list[RecordCard]:
    return [agreed(in_post(f"工{name}", group, room=name)) for name in "甲乙"]


def run(area: Area, user: User, rows: list[RecordCard]) -> IssueRun:
    """A run that waits for its worker."""
    made = IssueRun.objects.create(area=area, user=user, cards=[card.pk for card in rows])
    RecordCard.objects.filter(pk__in=made.cards, status="agreed").update(leaving=made)
    return made


def test_every_card_is_accounted_for(
    community: Area, secretary: User, rows: list[RecordCard], group: Area, other_group: Area
) -> None:
    """Issued, or not: one that nobody agreed to, one that is not the user's."""
    silent, foreign = shown(in_post("工丙", group, room="3")), agreed(in_post("邻社区人", other_group))
    made = run(community, secretary, [*rows, silent, foreign])
    issuing.run_issue.call(made.pk)
    made.refresh_from_db()
    assert (made.status, made.issued, made.skipped, made.progress) == ("done", 2, 2, 100)
    assert [fresh(card).status for card in (silent, foreign)] == ["shown", "agreed"]


def test_a_run_that_was_said_to_have_stopped_issues_nothing_more(
    community: Area, secretary: User, rows: list[RecordCard]
) -> None:
    """The queue was long: the office was told to press again before the worker came to it."""
    made = run(community, secretary, rows)
    IssueRun.objects.update(status="stopped")
    issuing.run_issue.call(made.pk)
    made.refresh_from_db()
    assert (made.status, made.issued) == ("stopped", 0)
    assert {fresh(card).status for card in rows} == {"agreed"}


def test_a_run_begins_when_its_worker_comes(community: Area, secretary: User, rows: list[RecordCard]) -> None:
    made = run(community, secretary, rows)
    assert made.beat_at is None
    issuing.run_issue.call(made.pk)
    made.refresh_from_db()
    assert made.beat_at is not None


def test_a_run_left_half_way_goes_on_behind_its_last_part(
    community: Area, secretary: User, rows: list[RecordCard], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker was killed after the first part: nothing is issued twice, and every card counts once."""
    made = run(community, secretary, rows)
    monkeypatch.setattr(issuing, "AT_ONCE", 1)
    issue_all = issuing.issue_all

    def killed(pks: list[int], **run: Any) -> Any:
        if fresh(rows[0]).status == "issued":
            raise SystemExit
        return issue_all(pks, **run)

    monkeypatch.setattr(issuing, "issue_all", killed)
    with pytest.raises(SystemExit):
        issuing.run_issue.call(made.pk)
    monkeypatch.setattr(issuing, "issue_all", issue_all)
    made.refresh_from_db()
    assert (made.status, made.issued, made.skipped) == ("running", 1, 0)
    issuing.run_issue.call(made.pk)
    made.refresh_from_db()
    assert (made.status, made.issued, made.skipped) == ("done", 2, 0)
    assert FeedEvent.objects.filter(card__in=rows).count() == 2


def test_whoever_holds_no_post_any_more_issues_nothing(
    community: Area, secretary: User, rows: list[RecordCard]
) -> None:
    made = run(community, secretary, rows)
    secretary.roles.all().delete()
    issuing.run_issue.call(made.pk)
    made.refresh_from_db()
    assert (made.issued, made.skipped) == (0, 2)
