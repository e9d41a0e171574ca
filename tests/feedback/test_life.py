"""The life of a card: consent, the frozen body, the employer's receipt, answer and return, the feed."""

import base64
import hashlib
import json
import re
from datetime import date
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedback.feed import feed, receipts
from feedback.models import Answer, FeedEvent, Receipt, RecordCard, Sender
from feedback.rules import agreeing, issuing, making, receiving, withdrawing
from feedback.rules.receiving import By
from members.ground.atomic import atomic_write
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Consent, Member, User
from tests import factories
from tests.cards import LINE, PERIOD, agreed, draft, fresh, in_post, issued, shown
from tests.parity.asking import rolled_back

Status = RecordCard.Status


@pytest.fixture
def worker(group: Area) -> Member:
    return in_post("郁建平", group, room="402")


def answered(card: RecordCard, text: str = "谢谢社区。", *, thanks: bool = True) -> tuple[Answer, bool]:
    with atomic_write():
        return receiving.answer(card, text=text, thanks=thanks, by=By())


def received(card: RecordCard) -> Receipt:
    with atomic_write():
        return receiving.receive(card, digest=card.digest)


def returned(card: RecordCard, code: str = "left_unit") -> RecordCard:
    with atomic_write():
        return receiving.give_back(card, digest=card.digest, code=code, text="上个月调走了")


def events(card: RecordCard) -> list[tuple[int, str]]:
    return list(FeedEvent.objects.filter(feed__employer=card.employer).values_list("seq", "type"))


# Consent ------------------------------------------------------------------------------------------------------------


def test_a_signature_on_paper_is_a_consent_for_this_employer(worker: Member, secretary: User) -> None:
    card = shown(worker)
    moved = agreeing.agree_all([card.pk], how="paper", by=secretary, given_on=date(2026, 7, 2))
    card = fresh(card)
    consent = Consent.objects.get()
    assert (moved.done, card.status, card.agreed_by, card.consent) == (1, "agreed", secretary, consent)
    assert (consent.purpose, consent.employer, consent.means) == ("cards", worker.employer, "paper")
    assert (consent.recorded_by, consent.given_on, consent.is_in_force) == (secretary, date(2026, 7, 2), True)
    assert (consent.notice, consent.version) == (agreeing.NOTICE, agreeing.VERSION)


def test_a_consent_that_stands_is_the_one_that_is_meant(worker: Member) -> None:
    agreed(worker)
    agreed(worker, period=PERIOD.next)
    assert Consent.objects.count() == 1


@pytest.mark.parametrize("make", [draft, shown], ids=["draft", "shown"])
def test_without_consent_no_card_leaves(worker: Member, make: Any) -> None:
    card = make(worker)
    with pytest.raises(Conflict, match="本人同意以后才能发出"):
        issuing.issue(card)
    assert (fresh(card).status, FeedEvent.objects.exists()) == (card.status, False)


def test_the_database_lets_none_leave_without_consent(worker: Member) -> None:
    card = agreed(worker)
    with pytest.raises(IntegrityError, match="card_out_has_consent"), transaction.atomic():
        RecordCard.objects.filter(pk=card.pk).update(
            status="issued", number="x", body="{}", digest="y", issued_at=timezone.now(), consent=None
        )
    with pytest.raises(IntegrityError, match="card_issued_is_frozen"), transaction.atomic():
        RecordCard.objects.filter(pk=card.pk).update(status="issued")


def test_a_consent_taken_back_in_between_holds_the_card(worker: Member) -> None:
    card = agreed(worker)
    Consent.objects.update(withdrawn_at=timezone.now())  # past `withdraw`, which would have withdrawn the card as well
    assert issuing.issue_all([card.pk]).skipped == 1
    assert fresh(card).status == Status.AGREED


def test_taking_consent_back_withdraws_what_is_out_and_what_was_to_go(worker: Member, group: Area) -> None:
    out, waiting = issued(worker), agreed(worker, period=PERIOD.next)
    other = issued(in_post("解正华", group, room="403"))
    agreeing.take_back(out)
    assert [fresh(card).status for card in (out, waiting, other)] == ["withdrawn", "withdrawn", "issued"]
    assert (fresh(out).body, fresh(out).withdrawal) == ("", "consent")
    assert events(out) == [(1, "issued"), (2, "issued"), (3, "withdrawn")]
    assert not Consent.objects.in_force("cards").filter(member=worker).exists()
    with pytest.raises(ValidationError, match="没有在生效的同意"):
        agreeing.take_back(out)


def test_a_consent_withdrawn_by_any_other_door_does_the_same(worker: Member) -> None:
    card = issued(worker)
    Consent.objects.get().withdraw()
    assert fresh(card).status == Status.WITHDRAWN


def test_a_card_that_came_back_falls_with_the_consent_too(worker: Member) -> None:
    """The employer that sent it back could read it still."""
    card = returned(issued(worker))
    agreeing.take_back(fresh(card))
    card = fresh(card)
    assert (card.status, card.body, card.withdrawal) == ("withdrawn", "", "consent")
    assert card.returned_at
    assert events(card) == [(1, "issued"), (2, "withdrawn")]


def test_a_card_is_withdrawn_at_the_member_s_word_by_the_office(worker: Member) -> None:
    """Whoever comes in person after the link has expired: the consent ends, and all that rests on it."""
    out, waiting = issued(worker), agreed(worker, period=PERIOD.next)
    withdrawing.withdraw(out, RecordCard.Withdrawal.CONSENT)
    assert [fresh(card).withdrawal for card in (out, waiting)] == ["consent", "consent"]
    assert not Consent.objects.in_force("cards").exists()


@pytest.mark.parametrize("employer", ["嘉定自来水厂", ""], ids=["another", "none"])
def test_a_card_for_an_employer_that_the_member_left_does_not_leave(worker: Member, employer: str) -> None:
    card = agreed(worker)
    worker.employer = factories.employer(employer) if employer else None
    worker.affiliation = Member.Affiliation.IN_POST if employer else Member.Affiliation.LOCAL
    worker.save()
    with pytest.raises(Conflict, match="现在的单位"):
        issuing.issue(card)
    assert issuing.issue_all([card.pk]).skipped == 1
    assert (fresh(card).status, FeedEvent.objects.exists()) == (Status.AGREED, False)


def test_consents_that_come_with_cards_are_on_record(worker: Member, group: Area, street: Area) -> None:
    """How many, in the street: with whose card went on, an entry would tell more."""
    pks = [shown(worker).pk, shown(in_post("解正华", group, room="403")).pk]
    agreeing.agree_all(pks, how="paper")
    entry = AuditEntry.objects.get(model="members.Consent")
    assert (entry.action, entry.area_path, entry.changes) == ("create", street.path, {"rows": 2, "means": "paper"})


def test_the_trail_does_not_say_whose_card_was_objected_to(worker: Member) -> None:
    card = issued(worker)
    returned(card)
    new = making.remake(fresh(card))
    RecordCard.objects.filter(pk=new.pk).update(lines=[LINE])
    agreeing.show_all([new.pk])
    with atomic_write():
        agreeing.object_to(fresh(new), reason="那天我不在")
    told = AuditEntry.objects.filter(model="feedback.RecordCard", row=new.pk)
    assert {entry.action for entry in told} == {"create", "change"}
    assert not any("member_id" in entry.changes for entry in told)


# Before it leaves ---------------------------------------------------------------------------------------------------


def test_an_objection_leads_back_to_a_draft(worker: Member) -> None:
    card = shown(worker)
    with atomic_write():
        agreeing.object_to(card, reason="那天我不在")
    assert (fresh(card).status, fresh(card).objection) == ("objected", "那天我不在")
    with atomic_write():
        agreeing.correct(card)
    again = fresh(card)
    assert (again.status, again.said, again.shown_at, again.consent) == ("draft", "那天我不在", None, None)


def test_it_stands_until_the_secretary_has_settled_it(worker: Member) -> None:
    card = shown(worker)
    agreeing.object_to(card, reason="那天我不在")
    agreeing.correct(card)
    assert agreeing.show_all([card.pk]) == agreeing.MovedOn(0, {agreeing.UNSETTLED: 1})
    agreeing.show(fresh(card))
    assert (fresh(card).status, fresh(card).said, fresh(card).objected_at) == ("shown", "", None)


def test_whoever_refuses_needs_no_reason(worker: Member) -> None:
    card = shown(worker)
    agreeing.refuse(card)
    assert (fresh(card).status, fresh(card).objection, fresh(card).said) == ("objected", "", "本人不同意发")
    with pytest.raises(Conflict, match="现在是“本人有异议”"):
        agreeing.agree(fresh(card), how="link")
    assert not Consent.objects.exists()
    withdrawing.withdraw(fresh(card), RecordCard.Withdrawal.DROPPED)
    assert (fresh(card).status, fresh(card).said) == ("withdrawn", "")


@given(
    reasons=st.lists(st.text(st.characters(exclude_categories=["C"]), max_size=200), max_size=3),
    sentence=st.text(st.characters(exclude_categories=["C"]), max_size=200),
    wrong_tries=st.integers(0, agreeing.MOST_TRIES),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_taken_back_it_was_never_said(worker: Member, reasons: list[str], sentence: str, wrong_tries: int) -> None:
    with rolled_back():
        card = shown(worker, sentence=sentence)
        RecordCard.objects.update(wrong_tries=wrong_tries)
        before = list(RecordCard.objects.values())
        for reason in reasons:
            if reason.strip():
                agreeing.object_to(fresh(card), reason=reason)
            else:
                agreeing.refuse(fresh(card))
            agreeing.unsay(fresh(card))
        assert list(RecordCard.objects.values()) == before


@pytest.mark.parametrize("deal", [agreeing.correct, lambda card: withdrawing.withdraw(card, "dropped")])
def test_what_the_secretary_dealt_with_is_not_taken_back(worker: Member, deal: Any) -> None:
    card = shown(worker)
    agreeing.object_to(card, reason="那天我不在")
    read = fresh(card)
    deal(fresh(card))
    left = fresh(card)
    with pytest.raises(Conflict, match="不能再做这一步"):
        agreeing.unsay(read)
    assert (fresh(card).status, fresh(card).objected_at) == (left.status, left.objected_at)


def test_an_objection_to_a_card_shown_anew_is_not_taken_back_by_the_old_link(worker: Member) -> None:
    card = shown(worker)
    agreeing.object_to(card, reason="那天我不在")
    read = fresh(card)
    agreeing.correct(fresh(card))
    agreeing.show(fresh(card))
    agreeing.refuse(fresh(card))
    with pytest.raises(Conflict, match="请用新的链接"):
        agreeing.unsay(read)
    assert fresh(card).status == Status.OBJECTED


def test_an_objection_says_what_is_wrong(worker: Member) -> None:
    with pytest.raises(ValidationError, match="请写一句"):
        agreeing.object_to(shown(worker), reason="  ")


def test_what_was_shown_is_not_changed_behind_the_member(worker: Member) -> None:
    card = shown(worker)
    with pytest.raises(Conflict, match="待本人确认"), atomic_write():
        card.write(sentence="另一句", left_out=[])
    assert fresh(card).sentence == ""


def test_lines_left_out_do_not_leave(worker: Member) -> None:
    other = LINE | {"key": "a2", "title": "楼道植绿"}
    card = issued(worker, lines=[LINE, other], left_out=["x1"])
    assert [line["title"] for line in json.loads(card.body)["lines"]] == ["楼道植绿"]
    assert json.loads(card.body)["counts"] == {"activities": 1, "visits": 0, "needs": 0}


# The frozen body ----------------------------------------------------------------------------------------------------


def test_the_body_is_canonical_and_says_no_more_than_it_must(worker: Member, street: Area, community: Area) -> None:
    Sender.objects.create(area=street, contact="党建办 69980000")
    Sender.objects.create(area=community, contact="社区 69980001")
    worker.employer_number = "G-0042"
    worker.save()
    card = issued(worker, sentence="谢谢参加。")
    body = orjson.loads(card.body)
    assert card.body == orjson.dumps(body, option=orjson.OPT_SORT_KEYS).decode()
    assert card.digest == hashlib.sha256(card.body.encode()).hexdigest()
    assert body["number"] == card.number
    assert re.fullmatch(rf"310114001-{timezone.localdate().year}-00001[A-HJ-NP-Z]{{2}}", str(card.number))
    assert body["member"] == {"name": "郁建平", "employer_number": "G-0042"}
    assert body["from"] == {
        "street": "新成路街道", "street_contact": "党建办 69980000",
        "community": "第一社区", "community_contact": "社区 69980001",
    }  # fmt: skip
    assert body["period"] == {"code": "2026H1", "first": "2026-01-01", "last": "2026-06-30"}
    assert (body["sentence"], body["supersedes"]) == ("谢谢参加。", None)
    assert not any(word in card.body for word in ("402", "1990000", "5678", "迎晖苑", "x1"))


def test_numbers_follow_each_other_without_a_gap(worker: Member, group: Area) -> None:
    cards = [agreed(in_post(f"工{name}", group, room=room)) for name, room in zip("甲乙丙", "123", strict=True)]
    still = shown(in_post("工丁", group, room="4"))
    moved = issuing.issue_all([card.pk for card in [*cards, still]])
    assert (moved.done, moved.skipped) == (3, 1)
    numbers = sorted(RecordCard.objects.ever_issued().values_list("number", flat=True))
    assert [number[-7:-2] for number in numbers] == ["00001", "00002", "00003"]
    assert issuing.issue_all([card.pk for card in cards]).skipped == 3


def test_issuing_many_asks_few_queries(worker: Member, group: Area, django_assert_max_num_queries: Any) -> None:
    cards = [agreed(in_post(f"工{name}", group, room=name)) for name in "甲乙丙丁戊己庚辛"]
    with django_assert_max_num_queries(21):
        assert issuing.issue_all([card.pk for card in cards]).done == 8


# With the employer --------------------------------------------------------------------------------------------------


def test_a_receipt_is_given_once_and_is_signed(worker: Member) -> None:
    card = issued(worker)
    receipt = received(card)
    assert received(card) == receipt
    assert (fresh(card).status, receipt.digest) == ("received", card.digest)
    told = receipts.signed(receipt)
    (public,) = [key["public"] for key in receipts.public_keys() if key["id"] == told["receipt"]["key"]]
    said = orjson.dumps(told["receipt"], option=orjson.OPT_SORT_KEYS)
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public))
    key.verify(base64.b64decode(told["signature"]), said)
    assert told["hash"] == hashlib.sha256(said).hexdigest()


def test_receipts_of_an_employer_are_a_chain(worker: Member, group: Area) -> None:
    first, second = issued(worker), issued(in_post("解正华", group, room="403"))
    assert received(first).previous == ""
    assert received(second).previous == Receipt.objects.get(card=first).hash


def test_another_text_is_not_acknowledged(worker: Member) -> None:
    card = issued(worker)
    with pytest.raises(receiving.WrongDigest), atomic_write():
        receiving.receive(card, digest="0" * 64)
    assert fresh(card).status == Status.ISSUED


def test_an_answer_follows_the_receipt_and_may_be_amended(worker: Member) -> None:
    card = issued(worker)
    with pytest.raises(Conflict, match="已发出"):
        answered(card)
    received(card)
    assert answered(card)[1] is True
    assert answered(card)[1] is False, "the same again is no new version"
    amended, is_first = answered(card, "谢谢，我们会表扬。")
    assert (amended.version, is_first, fresh(card).status) == (2, False, "answered")
    assert list(Answer.objects.values_list("text", flat=True)) == ["谢谢社区。", "谢谢，我们会表扬。"]


def test_after_the_next_period_an_answer_stands(worker: Member) -> None:
    card = issued(worker, period=PERIOD.previous.previous)
    received(card)
    answered(card)
    with pytest.raises(receiving.Closed, match="2025-12-31"):
        answered(card, "改一改")


def test_a_card_is_returned_with_a_reason_and_corrected_by_a_new_one(worker: Member) -> None:
    card = issued(worker)
    assert returned(card).return_code == returned(card).return_code == "left_unit"
    with pytest.raises(Conflict, match="单位退回"):
        returned(card, "unreadable")
    new = making.remake(fresh(card))
    RecordCard.objects.filter(pk=new.pk).update(lines=[LINE])
    agreeing.show_all([new.pk])
    agreeing.agree(fresh(new), how="paper")
    issuing.issue(fresh(new))
    assert events(card) == [(1, "issued"), (2, "corrected")]
    assert json.loads(fresh(new).body)["supersedes"] == card.number


@pytest.mark.parametrize("act", [received, answered, returned], ids=lambda act: act.__name__)
def test_a_withdrawn_card_is_gone(worker: Member, act: Any) -> None:
    card = issued(worker)
    withdrawing.withdraw(card, RecordCard.Withdrawal.MISTAKE)
    with pytest.raises(receiving.Withdrawn):
        act(card)
    assert fresh(card).body == ""


def test_every_move_is_on_record_without_what_was_said(worker: Member) -> None:
    card = issued(worker, sentence="这句话不进操作记录")
    received(card)
    answered(card, "这句也不进")
    with atomic_write():
        withdrawing.withdraw(card, RecordCard.Withdrawal.MISTAKE)
    trail = AuditEntry.objects.filter(model__startswith="feedback.")
    assert {"RecordCard", "Receipt", "Answer"} == {entry.model.split(".")[1] for entry in trail}
    assert not any(word in str(list(trail.values_list("changes"))) for word in ("不进", "楼道大扫除"))
    assert AuditEntry.objects.first_broken() is None


# The feed -----------------------------------------------------------------------------------------------------------


def test_the_feed_goes_on_behind_a_cursor(worker: Member, group: Area) -> None:
    cards = [issued(in_post(f"工{name}", group, room=name)) for name in "甲乙丙"]
    ours = cards[0].counterpart
    first = feed.read(ours, "", limit=2)
    rest = feed.read(ours, first.next, limit=2)
    assert (first.size, first.more, rest.size, rest.more) == (2, True, 1, False)
    told = orjson.loads(first.events) + orjson.loads(rest.events)
    assert [event["seq"] for event in told] == [1, 2, 3]
    assert [event["card"]["body"]["member"]["name"] for event in told] == ["工甲", "工乙", "工丙"]
    assert [event["card"]["digest"] for event in told] == [fresh(card).digest for card in cards]
    assert feed.read(ours, rest.next).size == 0
    withdrawing.withdraw(cards[0], RecordCard.Withdrawal.MISTAKE)
    (tombstone,) = orjson.loads(feed.read(ours, rest.next).events)
    assert (tombstone["type"], tombstone["version"], tombstone["card"]["body"]) == ("withdrawn", 2, None)


def test_the_bytes_in_the_feed_are_those_of_the_body(worker: Member) -> None:
    card = issued(worker)
    assert card.body.encode() in feed.read(card.counterpart, "").events


def test_a_cursor_is_one_employer_s_and_one_epoch_s(worker: Member, group: Area, other_group: Area) -> None:
    card = issued(worker)
    other = issued(in_post("单位外人", other_group, at=factories.employer("嘉定自来水厂")))
    cursor = feed.read(card.counterpart, "").next
    for bad in ("x", "1.1", cursor[:-1] + ("A" if cursor[-1] != "A" else "B")):
        with pytest.raises(feed.BadCursor):
            feed.read(card.counterpart, bad)
    with pytest.raises(feed.BadCursor):
        feed.read(other.counterpart, cursor)
    assert len(feed.start_over()) == 2
    with pytest.raises(feed.CursorReset):
        feed.read(card.counterpart, cursor)
    assert feed.read(card.counterpart, "").size == 1


def test_a_cursor_from_the_future_is_of_a_lost_day(worker: Member) -> None:
    """A backup was restored and nobody said so: what the reader has seen is not there any more."""
    card = issued(worker)
    ahead = feed.cursor_at(feed.Feed.objects.get(employer=card.employer_id), 9)
    with pytest.raises(feed.CursorReset):
        feed.read(card.counterpart, ahead)


def test_a_page_costs_the_same_at_any_depth(worker: Member, group: Area, django_assert_num_queries: Any) -> None:
    for name in "甲乙丙丁戊己":
        last = issued(in_post(f"工{name}", group, room=name))
    cursor = feed.read(last.counterpart, "", limit=4).next
    for after in ("", cursor):
        with django_assert_num_queries(2):
            assert feed.read(last.counterpart, after, limit=2).size == 2
