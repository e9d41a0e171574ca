"""Cards of a period: who gets one, what stands on it, and that making them again changes drafts alone."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from activities.models import Attendance, Need
from feedback.models import RecordCard
from feedback.rules import agreeing, making, withdrawing
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Duty, Employer, Member
from tests import factories
from tests.cards import PERIOD, agreed, draft, fresh, in_post, issued

MARCH = date(2026, 3, 12)


@pytest.fixture
def worker(group: Area) -> Member:
    return in_post("郁建平", group, room="402")


def came(member: Member, place: Area, **fields: Any) -> Attendance:
    event = factories.activity(place, **({"held_on": MARCH} | fields))
    return Attendance.objects.create(activity=event, member=member, source="tick")


def made(area: Area) -> tuple[int, int, int]:
    result = making.make(area, PERIOD)
    return result.new, result.refreshed, result.same


def titles(card: RecordCard) -> list[str]:
    return [line["title"] for line in card.lines]


def test_a_card_says_what_was_done_and_nothing_of_others(worker: Member, group: Area, community: Area) -> None:
    pair = factories.pairing(factories.household(group, "402"), factories.household(group, "501", name="邬阿婆家"))
    came(worker, community, title="社区读书会", field="culture")
    factories.visit(pair, on=MARCH + timedelta(days=1), note="问了平安")
    need = factories.need(group, text="邬阿婆家的灯坏了", skill="水电维修", opened_on=MARCH)
    need.claim(members=[worker])
    need.finish()
    Need.objects.update(done_at=timezone.make_aware(datetime(2026, 4, 1, 9)))
    Duty.objects.create(member=worker, kind="mediator", since=date(2025, 1, 1))
    assert made(community) == (1, 0, 0)
    card = RecordCard.objects.get()
    assert (card.member, card.employer, card.area, card.status) == (worker, worker.employer, community, "draft")
    told = [(line["kind"], line["day"], line["title"], line["tier"]) for line in card.lines]
    assert told == [
        ("duty", "2026-01-01", "调解员", ""),
        ("activity", "2026-03-12", "社区读书会", "社区"),
        ("visit", "2026-03-13", "走访结对家庭（上门）", "楼组"),
        ("need", "2026-04-01", "帮助办好群众需求（水电维修）", "楼组"),
    ]
    assert not any(word in str(card.lines) for word in ("邬阿婆", "501", "402", "灯坏了", "问了平安"))


def test_who_is_local_or_did_nothing_on_record_has_no_card(
    worker: Member, group: Area, community: Area, other_member: Member
) -> None:
    local = factories.person("单秀兰", group, room="601")
    came(local, community)
    came(other_member, community)
    factories.activity(group, title="没有来的", held_on=MARCH)
    assert made(community) == (0, 0, 0)
    assert not RecordCard.objects.exists()
    assert not AuditEntry.objects.filter(model="feedback.RecordCard").exists()


@pytest.mark.parametrize(
    "fields",
    [{"held_on": date(2025, 12, 31)}, {"held_on": date(2026, 7, 1)}, {"is_held": False}],
    ids=["before", "after", "planned"],
)
def test_only_what_was_held_in_the_period_counts(
    worker: Member, group: Area, community: Area, fields: dict[str, Any]
) -> None:
    came(worker, group, **fields)
    assert made(community) == (0, 0, 0)


def test_the_first_and_the_last_day_count(worker: Member, group: Area, community: Area) -> None:
    came(worker, group, title="头一天", held_on=PERIOD.first)
    came(worker, group, title="最后一天", held_on=PERIOD.last)
    making.make(community, PERIOD)
    assert titles(RecordCard.objects.get()) == ["头一天", "最后一天"]


def test_made_again_drafts_are_refreshed_and_nothing_else(worker: Member, group: Area, community: Area) -> None:
    came(worker, group, title="大扫除")
    colleague = in_post("解正华", group, room="403")
    came(colleague, group, title="读报")
    assert made(community) == (2, 0, 0)
    assert made(community) == (0, 0, 2)
    mine, theirs = RecordCard.objects.get(member=worker), RecordCard.objects.get(member=colleague)
    mine.write(sentence="谢谢参加。", left_out=[mine.lines[0]["key"]])
    assert agreeing.show_all([theirs.pk]).done == 1
    for member in (worker, colleague):
        came(member, group, title="植树")
    assert made(community) == (0, 1, 1)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (titles(mine), mine.sentence, len(mine.left_out)) == (["大扫除", "植树"], "谢谢参加。", 1)
    assert titles(theirs) == ["读报"]


def test_a_card_that_was_withdrawn_or_dropped_is_not_made_again(worker: Member, group: Area, community: Area) -> None:
    came(worker, group)
    making.make(community, PERIOD)
    withdrawing.withdraw(RecordCard.objects.get(), RecordCard.Withdrawal.DROPPED)
    assert made(community) == (0, 0, 1)


def test_a_new_employer_is_told_by_a_new_card(worker: Member, group: Area, community: Area) -> None:
    came(worker, group)
    making.make(community, PERIOD)
    worker.employer = Employer.objects.create(name="嘉定自来水厂")
    worker.save()
    assert made(community) == (1, 0, 1)


def test_the_card_is_of_the_community_where_one_lives(
    worker: Member, group: Area, other_group: Area, community: Area, other_community: Area
) -> None:
    came(worker, group)
    worker.move(to=other_group)
    assert made(community) == (0, 0, 0)
    assert made(other_community) == (1, 0, 0)
    assert RecordCard.objects.get().area == other_community


def test_making_asks_the_same_number_of_queries_for_many(
    worker: Member, group: Area, community: Area, django_assert_max_num_queries: Any
) -> None:
    came(worker, group)
    for number in range(12):
        came(in_post(f"工{'甲乙丙丁戊己庚辛壬癸子丑'[number]}", group, room=f"{number}01"), group)
    with django_assert_max_num_queries(18):
        assert making.make(community, PERIOD).new == 13


def test_a_new_draft_takes_the_place_of_a_card_that_came_back(worker: Member, group: Area) -> None:
    came(worker, group, title="植树")
    card = issued(worker, sentence="谢谢。")
    RecordCard.objects.filter(pk=card.pk).update(
        status="returned", return_code="wrong_period", returned_at=timezone.now()
    )
    card.refresh_from_db()
    new = making.remake(card)
    assert (new.status, new.supersedes, new.sentence, titles(new)) == ("draft", card, "谢谢。", ["植树"])


def test_a_successor_that_was_dropped_hands_on_what_it_stood_for(worker: Member, group: Area) -> None:
    """The employer is told that the third corrects the first."""
    came(worker, group, title="植树")
    card = issued(worker)
    RecordCard.objects.filter(pk=card.pk).update(
        status="returned", return_code="unreadable", returned_at=timezone.now()
    )
    second = making.remake(fresh(card))
    withdrawing.withdraw(second, RecordCard.Withdrawal.DROPPED)
    third = making.remake(fresh(second))
    assert (third.supersedes, fresh(second).supersedes) == (card, None)


def test_of_a_card_that_has_a_successor_none_is_made_again(worker: Member, group: Area) -> None:
    came(worker, group, title="植树")
    card = issued(worker)
    withdrawing.withdraw(card, RecordCard.Withdrawal.MISTAKE)
    withdrawing.withdraw(making.remake(fresh(card)), RecordCard.Withdrawal.DROPPED)
    with pytest.raises(ValidationError, match="已经重新生成过"):
        making.remake(fresh(card))


def test_one_live_card_a_member_employer_and_period(worker: Member) -> None:
    first = agreed(worker)
    with pytest.raises(Conflict, match="退回或撤回以后才能重新生成"):
        making.remake(first)
    assert RecordCard.objects.get() == first


def test_each_making_is_one_entry_in_the_trail(worker: Member, group: Area, community: Area) -> None:
    came(worker, group)
    making.make(community, PERIOD)
    entry = AuditEntry.objects.get(model="feedback.RecordCard")
    assert (entry.action, entry.area_path, entry.changes) == (
        "create", community.path, {"period": "2026H1", "new": 1, "changed": 0},
    )  # fmt: skip


def test_an_empty_draft_is_not_put_before_anybody(worker: Member) -> None:
    card = draft(worker, lines=[])
    assert (agreeing.show_all([card.pk]).done, agreeing.show_all([card.pk]).skipped) == (0, 1)
