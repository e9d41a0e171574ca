"""Two people with one card at the same moment: exactly one wins, and the feed has no gap."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from feedback.models import Answer, CardCode, FeedEvent, IssueRun, Receipt, RecordCard
from feedback.rules import agreeing, issuing, making, receiving, withdrawing
from feedback.rules.asking import ask_with_code, find_cards
from feedback.rules.receiving import By
from members.ground.access import PostKind
from members.ground.atomic import atomic_write
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Consent, Member
from tests import factories
from tests.cards import PERIOD, agreed, draft, fresh, in_post, issued, shown
from tests.racing import raced

NAMES = "甲乙丙丁戊己庚辛"


@pytest.fixture
def building(transactional_db: None) -> Area:
    """A building that several connections see."""
    street = factories.area("新成路街道", division_code="310114001")
    return factories.building("1号楼", factories.area("迎晖苑", factories.area("第一社区", street)))


@pytest.fixture
def worker(building: Area) -> Member:
    return in_post("郁建平", building, room="402")


def won(ends: list[Any]) -> list[Any]:
    lost = [end for end in ends if isinstance(end, Exception)]
    assert {type(end) for end in lost} <= {Conflict}, lost
    return [end for end in ends if not isinstance(end, Exception)]


def acted(act: Callable[[], Any]) -> Any:
    with atomic_write():
        return act()


def sequence(card: RecordCard) -> list[int]:
    return list(FeedEvent.objects.filter(feed__employer=card.employer).values_list("seq", flat=True))


def test_one_card_is_issued_once(worker: Member) -> None:
    card = agreed(worker)
    ends = raced(*[lambda: issuing.issue_all([card.pk]).done] * 6)
    assert sorted(ends) == [0, 0, 0, 0, 0, 1]
    assert sequence(card) == [1]


def test_issue_against_the_consent_taken_back(worker: Member) -> None:
    """Either it left and was withdrawn, or it never left; never is it out without a consent."""
    card = agreed(worker)
    raced(lambda: issuing.issue_all([card.pk]), lambda: Consent.objects.get().withdraw())
    assert fresh(card).status == RecordCard.Status.WITHDRAWN
    told = list(FeedEvent.objects.values_list("type", flat=True))
    assert told in ([], ["issued", "withdrawn"])
    assert (fresh(card).number is None) == (told == [])


def test_the_consent_taken_back_while_cards_go_other_ways(worker: Member) -> None:
    """What is sent back, withdrawn or corrected at that moment does not keep the consent in force."""
    out, back = issued(worker), issued(worker, period=PERIOD.previous)
    draft_again = agreed(worker, period=PERIOD.next)

    def give_back() -> Any:
        try:
            return acted(lambda: receiving.give_back(back, digest=back.digest, code="left_unit", text=""))
        except receiving.Withdrawn:
            return None

    ends = raced(
        lambda: agreeing.take_back(out),
        lambda: withdrawing.withdraw(out, RecordCard.Withdrawal.MISTAKE),
        give_back,
        lambda: acted(lambda: agreeing.correct(fresh(draft_again))),
    )
    assert not isinstance(ends[0], Exception), ends
    assert not Consent.objects.in_force().exists()
    assert {fresh(card).status for card in (out, back)} == {"withdrawn"}
    assert fresh(draft_again).status == ("withdrawn" if isinstance(ends[3], Exception) else "draft")
    assert sequence(out) == [1, 2, 3, 4]


def test_a_receipt_against_the_withdrawal(worker: Member) -> None:
    card = issued(worker)

    def receive() -> Any:
        try:
            return acted(lambda: receiving.receive(card, digest=card.digest))
        except receiving.Withdrawn:
            return None

    raced(receive, lambda: withdrawing.withdraw(card, RecordCard.Withdrawal.MISTAKE))
    assert fresh(card).status == RecordCard.Status.WITHDRAWN
    assert sequence(card) == [1, 2]


def test_a_receipt_against_a_return(worker: Member) -> None:
    card = issued(worker)

    def give_back() -> RecordCard:
        return acted(lambda: receiving.give_back(card, digest=card.digest, code="other", text="再看看"))

    raced(give_back, lambda: acted(lambda: receiving.receive(card, digest=card.digest)))
    assert fresh(card).status in ("returned", "received")
    assert Receipt.objects.count() <= 1


def test_acknowledged_by_many_there_is_one_receipt(worker: Member) -> None:
    card = issued(worker)
    ends = raced(*[lambda: acted(lambda: receiving.receive(card, digest=card.digest)).pk] * 6)
    assert len(set(won(ends))) == 1
    assert Receipt.objects.count() == 1


def test_answers_at_once_are_versions(worker: Member) -> None:
    card = issued(worker)
    acted(lambda: receiving.receive(card, digest=card.digest))
    ends = raced(
        *(
            lambda text=text: acted(lambda: receiving.answer(card, text=text, thanks=True, by=By()))
            for text in ("谢谢", "很好", "收到")
        )
    )
    assert [is_first for _, is_first in won(ends)].count(True) == 1
    assert sorted(Answer.objects.values_list("version", flat=True)) == [1, 2, 3]


def test_stopped_against_the_worker_that_issues(building: Area, settings: Any) -> None:
    """Either all are out and the stop is refused, or none is; a run is never half of both."""
    settings.ISSUE_DELAY = timedelta(minutes=10)
    office = factories.official("jiedao", PostKind.STREET, Area.objects.get(level=Area.Level.STREET))
    pks = [agreed(in_post(f"工{name}", building, room=name)).pk for name in NAMES]
    issuing.send_all(pks, user=office)
    IssueRun.objects.update(leaves_at=timezone.now() - timedelta(seconds=1))
    ends = raced(lambda: issuing.stop_all(pks).done, issuing.begin_due.call, issuing.begin_due.call)
    run = IssueRun.objects.get()
    states = set(RecordCard.objects.values_list("status", "leaving"))
    if ends[0]:
        assert (ends[0], run.status, states, FeedEvent.objects.count()) == (8, "held", {("agreed", None)}, 0)
    else:
        assert (run.status, run.issued, states, FeedEvent.objects.count()) == ("done", 8, {("issued", None)}, 8)


def test_a_receipt_taken_back_against_an_answer(worker: Member) -> None:
    card = issued(worker)
    receiving.receive(card, digest=card.digest)
    won(
        raced(
            lambda: acted(lambda: receiving.take_back(card, digest=card.digest)),
            lambda: acted(lambda: receiving.answer(card, text="谢谢", thanks=True, by=By())),
        )
    )
    is_answered = fresh(card).status == "answered"
    assert (Answer.objects.count(), Receipt.objects.count()) == ((1, 1) if is_answered else (0, 2))
    assert (fresh(card).received_at is not None, sequence(card)) == (is_answered, [1] if is_answered else [1, 2])


def test_received_and_answered_by_many_at_once_the_chain_is_whole(building: Area) -> None:
    rows = [issued(in_post(f"工{name}", building, room=name)) for name in NAMES]
    digests = {card.pk: card.digest for card in rows}
    raced(
        lambda: receiving.answer_all(digests, text="已阅", thanks=False, by=By()),
        lambda: receiving.answer_all(digests, text="收到", thanks=True, by=By()),
        lambda: receiving.receive_all(digests),
    )
    told = list(Receipt.objects.order_by("pk").values_list("previous", "hash"))
    assert [previous for previous, _ in told] == ["", *(own for _, own in told[:-1])]
    assert (len(told), Answer.objects.count()) == (8, 8)


def test_the_member_says_yes_and_no_at_once(worker: Member) -> None:
    card = shown(worker)

    def refuse() -> None:
        acted(lambda: agreeing.object_to(fresh(card), reason="那天我不在"))

    raced(lambda: agreeing.agree(card, how="link"), refuse)
    assert fresh(card).status in ("agreed", "objected")
    if fresh(card).status == "objected":
        assert fresh(card).consent is None


@pytest.mark.parametrize(
    ("deal", "status"),
    [(agreeing.correct, "draft"), (lambda card: withdrawing.withdraw(card, "dropped"), "withdrawn")],
    ids=["corrected", "dropped"],
)
def test_an_objection_taken_back_while_the_secretary_deals_with_it(worker: Member, deal: Any, status: str) -> None:
    """The secretary's step stands either way; the objection is over, or was not taken back, never half of both."""
    card = shown(worker)
    agreeing.object_to(card, reason="那天我不在")
    member, secretary = fresh(card), fresh(card)
    ends = raced(lambda: agreeing.unsay(member), lambda: deal(secretary))
    assert ends[1] is None, ends
    left = fresh(card)
    was_taken_back = not isinstance(ends[0], Exception)
    assert (left.status, left.objection, left.objected_at is None) == (
        status, "" if was_taken_back else "那天我不在", was_taken_back,
    )  # fmt: skip


def test_guesses_at_once_all_count(building: Area, worker: Member) -> None:
    draft(worker)
    code, _ = ask_with_code(building, None, PERIOD, ends_on=timezone.localdate())
    guesses = [lambda end=f"000{number}": find_cards(code, name="郁建平", phone_end=end) for number in range(8)]
    assert raced(*guesses) == [[]] * 8
    assert RecordCard.objects.get().wrong_tries == agreeing.MOST_TRIES
    assert CardCode.objects.get().wrong == 8
    assert find_cards(code, name="郁建平", phone_end="5678") == []


def test_asked_by_two_at_once_there_is_one_code(building: Area, worker: Member) -> None:
    draft(worker)
    made = raced(*[lambda: ask_with_code(building, None, PERIOD, ends_on=timezone.localdate())] * 4)
    assert len({code.pk for code, _ in won(made)}) == 1
    assert sorted(moved.done for _, moved in made) == [0, 0, 0, 1]


def test_one_signature_recorded_by_two_is_one_consent(worker: Member) -> None:
    card = shown(worker)
    ends = raced(*[lambda: agreeing.agree_all([card.pk], how="paper").done] * 4)
    assert sorted(ends) == [0, 0, 0, 1]
    assert Consent.objects.count() == 1


def test_made_by_two_at_once_each_member_has_one_card(building: Area, worker: Member) -> None:
    event = factories.activity(building, held_on=PERIOD.first)
    for name in NAMES:
        event.attendances.create(member=in_post(f"工{name}", building, room=name), source="tick")
    community = Area.objects.get(level=Area.Level.COMMUNITY)
    ends = raced(*[lambda: making.make(community, PERIOD).new] * 3)
    assert sorted(ends) == [0, 0, len(NAMES)]
    assert RecordCard.objects.count() == len(NAMES)


def test_a_draft_is_written_to_or_shown(worker: Member) -> None:
    card = draft(worker)
    ends = raced(
        lambda: acted(lambda: fresh(card).write(sentence="谢谢参加。", left_out=[])),
        lambda: agreeing.show_all([card.pk]).done,
    )
    assert fresh(card).status == "shown"
    assert (fresh(card).sentence == "谢谢参加。") == (not isinstance(ends[0], Exception))


def test_the_feed_has_no_gap_whatever_happens_at_once(building: Area) -> None:
    """Cards of one employer issued and withdrawn by several: a reader who follows misses nothing."""
    cards = [agreed(in_post(f"工{name}", building, room=name)) for name in NAMES]
    early = [issued(in_post(f"早{name}", building, room=f"2{name}")) for name in NAMES[:3]]
    raced(
        *(lambda card=card: issuing.issue_all([card.pk]) for card in cards[:5]),
        lambda: issuing.issue_all([card.pk for card in cards[5:]]),
        *(lambda card=card: withdrawing.withdraw(card, RecordCard.Withdrawal.MISTAKE) for card in early),
    )
    assert sequence(cards[0]) == list(range(1, 3 + 8 + 3 + 1))
    numbers = sorted(int(number[-7:-2]) for number in RecordCard.objects.values_list("number", flat=True))
    assert numbers == list(range(1, 12))
    assert AuditEntry.objects.first_broken() is None
