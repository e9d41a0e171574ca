"""Accepting slips: who is meant, the member, the consents, the receipt, what falls when a consent is taken back."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from feedback.documents.slip_receipts import receipt_paper
from feedback.feed import feed, receipts
from feedback.feed.body import canonical
from feedback.feed.slips import facts, signed
from feedback.models import FeedEvent, Sender, Slip
from feedback.rules import slips_accepting, slips_closing, slips_forwarding
from feedback.rules.receiving import By
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Consent, Employer, Member, Residence, User
from members.rules import moving, registering
from tests import factories
from tests.cards import in_post, issued
from tests.slips import THERE, UNKNOWN, Origin, Status, accepted, fresh, from_unit, phone, reported

BY = By()


def means(member: Member) -> set[tuple[str, str | None]]:
    """The purposes that the member agrees to, each with its employer's name."""
    return set(Consent.objects.in_force().filter(member=member).values_list("purpose", "employer__name"))


# One slip -----------------------------------------------------------------------------------------------------------


def test_a_new_member_is_registered(street: Area, group: Area, community: Area, secretary: User) -> None:
    slip = accepted(from_unit(street, skills="书法", employer_number="A7"), secretary)
    member = slip.member
    assert member
    assert (member.name, member.phone, member.pinyin) == ("郁建平", "19900008765", "yujianping")
    assert (member.affiliation, member.employer, member.employer_number, member.skills, member.sex) == (
        "in_post", slip.employer, "A7", "书法", "",
    )  # fmt: skip
    home = Residence.objects.get(member=member)
    assert (home.area, home.room, home.since, home.is_since_known) == (group, "302", timezone.localdate(), False)
    assert (slip.status, slip.area, slip.was_known) == (Status.ACCEPTED, community, False)
    assert member.history.count() == home.history.count() == 1
    assert AuditEntry.objects.filter(model="members.Member", row=str(member.pk), action="create").exists()
    assert means(member) == {("passed_on", "上海嘉定仪表厂")}
    consent = slip.consent
    assert consent
    assert (consent.means, consent.given_on, consent.recorded_by) == ("paper", slip.agreed_on, secretary)


def test_accepting_again_changes_nothing(street: Area, group: Area, secretary: User) -> None:
    slip = accepted(from_unit(street), secretary)
    entries = AuditEntry.objects.count()
    assert accepted(slip, secretary) == slip
    assert (Member.objects.count(), AuditEntry.objects.count()) == (1, entries)


def test_a_member_of_unknown_sex_is_corrected_in_parts(street: Area, group: Area, secretary: User) -> None:
    member = accepted(from_unit(street), secretary).member
    assert member
    assert registering.revise(member, skills="国画").skills == "国画"
    with pytest.raises(ValidationError):
        registering.revise(member, sex="")


def test_the_secretary_says_the_home_and_the_sex(street: Area, group: Area, secretary: User, other_group: Area) -> None:
    slip = from_unit(street, home="迎晖苑")
    Slip.objects.filter(pk=slip.pk).update(area=group.parent.parent)
    with pytest.raises(ValidationError, match="请选楼组"):
        accepted(slip, secretary)
    with pytest.raises(ValidationError, match="您负责的楼组"):
        accepted(slip, secretary, home=other_group)
    with pytest.raises(ValidationError, match="男或女"):
        accepted(slip, secretary, home=group, sex="x")
    done = accepted(slip, secretary, home=group, room="５０１", sex="female")
    assert (done.home, done.room, done.member.sex) == (group, "501", "female")  # type: ignore[union-attr]


def test_already_registered(street: Area, group: Area, secretary: User) -> None:
    known = in_post("郁建平", group, room="101", phone="")
    slip = from_unit(street, skills="书法")
    (candidate,) = slips_accepting.candidates(slip)
    assert (candidate.member, candidate.is_same) == (known, False)
    done = accepted(slip, secretary, member=known)
    assert (done.member, done.was_known, done.room) == (known, True, "101")
    known.refresh_from_db()
    assert (known.phone, known.skills, Member.objects.count()) == ("19900008765", "书法", 1)
    assert "was_known" not in json.dumps(facts(done))


def test_the_same_name_and_phone_is_no_new_member(
    street: Area, group: Area, other_group: Area, secretary: User, street_officer: User
) -> None:
    factories.person("郁建平", group, phone="19900008765")
    with pytest.raises(ValidationError, match="就是已登记的"):
        accepted(from_unit(street), secretary)
    factories.person("王强", other_group, phone=phone(1))
    elsewhere = from_unit(street, "王强", phone=phone(1))
    with pytest.raises(ValidationError, match="别的社区"):
        accepted(elsewhere, secretary)
    assert slips_accepting.candidates(elsewhere, by=secretary) == []
    assert len(slips_accepting.candidates(elsewhere, by=street_officer)) == 1


def test_who_may_be_meant(street: Area, group: Area, other_group: Area, far_group: Area, secretary: User) -> None:
    factories.person("钱一", group, phone="19900008765")  # the phone, another name
    factories.person("郁建平", group, room="9", phone=phone(2))  # the name and the building
    factories.person("郁建平", other_group, phone=phone(3))  # a namesake with another phone elsewhere
    factories.person("郁建平", far_group, phone="19900008765")  # another street's
    gone = factories.person("郁建平", group, room="7")
    gone.leave()
    whys = [each.why for each in slips_accepting.candidates(from_unit(street))]
    assert whys == ["电话是这一位的，姓名不同", "姓名一致，住同一个楼组", "姓名一致，已经迁出"]


def test_who_moved_away_comes_back(street: Area, group: Area, secretary: User) -> None:
    gone = factories.person("郁建平", group, room="7", affiliation="in_post")
    gone.leave()
    slip = accepted(from_unit(street), secretary, member=gone)
    assert Residence.objects.get(member=gone, until=None).room == "302" == slip.room


def test_a_member_elsewhere_is_not_the_secretarys(
    street: Area, group: Area, other_member: Member, far_member: Member, secretary: User
) -> None:
    for someone in (other_member, far_member):
        with pytest.raises(ValidationError, match="不在您负责的范围里"):
            accepted(from_unit(street), secretary, member=someone)
    assert Slip.objects.get().status == Status.SENT


def test_an_unknown_employer_is_registered(street: Area, group: Area, secretary: User) -> None:
    slip = reported(street, employer_name="没听过的厂", tells_employer=True)
    done = accepted(slip, secretary)
    unit = Employer.objects.get(name="没听过的厂")
    assert (done.employer, done.member.employer) == (unit, unit)  # type: ignore[union-attr]
    assert means(done.member) == {("receive", None), ("tell_employer", "没听过的厂")}  # type: ignore[arg-type]
    assert FeedEvent.objects.get().feed.employer == unit


def test_an_employers_slip_keeps_its_employer(street: Area, group: Area, secretary: User) -> None:
    with pytest.raises(ValidationError, match="不能改成别的单位"):
        accepted(from_unit(street), secretary, employer=factories.employer("另一家"))


def test_of_a_denied_slip_the_unit_is_named(
    street: Area, group: Area, secretary: User, logged_in: Callable[[User], Client]
) -> None:
    factories.employer()
    slip = reported(street, tells_employer=True)
    slips_closing.ours(slip, is_ours=False, by=BY)
    for employer in (None, slip.employer):
        with pytest.raises(ValidationError, match="说不是他们的人"):
            slips_accepting.accept(slip, employer=employer, by=secretary)
    client = logged_in(secretary)
    shown = client.get(f"/slips/{slip.pk}/").content.decode()
    assert "说不是他们的人，请选这位党员实际的单位" in shown
    assert "是谁" not in shown  # nobody registered may be meant: there is nothing to choose
    body = {"who": "new", "home": group.pk, "room": "302"}
    assert "说不是他们的人" in client.post(f"/slips/{slip.pk}/accept/", body).content.decode()
    other = factories.employer("嘉定自来水厂")
    client.post(f"/slips/{slip.pk}/accept/", body | {"employer": other.pk})
    assert Member.objects.get(name=slip.name).employer == other


def test_a_wrongly_read_unit_is_put_right(
    street: Area, group: Area, secretary: User, logged_in: Callable[[User], Client]
) -> None:
    read, other = factories.employer(), factories.employer("嘉定自来水厂")
    slip = reported(street)
    assert slip.employer == read
    body = {"who": "new", "home": group.pk, "room": "302", "employer": other.pk}
    logged_in(secretary).post(f"/slips/{slip.pk}/accept/", body)
    assert Member.objects.get(name=slip.name).employer == other


def test_a_number_at_the_former_employer_is_not_the_new_one_s(street: Area, group: Area, secretary: User) -> None:
    member = in_post("郁建平", group, room="302", employer_number="A-17")
    assert accepted(from_unit(street), secretary, member=member).member == member
    member.refresh_from_db()
    assert member.employer_number == "A-17"
    accepted(from_unit(street, unit=factories.employer("嘉定自来水厂")), secretary, member=member)
    member.refresh_from_db()
    assert member.employer
    assert (member.employer.name, member.employer_number) == ("嘉定自来水厂", "")


def test_one_live_slip_a_member_employer_and_community(street: Area, group: Area, secretary: User) -> None:
    theirs = accepted(from_unit(street), secretary)
    mine = reported(street)
    with pytest.raises(Conflict, match=theirs.number):
        accepted(mine, secretary, member=theirs.member)
    other = reported(street, tells_employer=True, phone=phone(5))
    done = accepted(other, secretary, member=theirs.member)
    assert (fresh(theirs).status, fresh(theirs).ended_code, done.status) == (Status.ENDED, "replaced", Status.ACCEPTED)
    with pytest.raises(IntegrityError), transaction.atomic():
        Slip.objects.filter(pk=theirs.pk).update(status="accepted", ended_at=None, ended_code="")


def test_what_is_over_cannot_be_accepted(street: Area, group: Area, secretary: User) -> None:
    slip = from_unit(street)
    slips_closing.withdraw(slip, withdrawer="sender", by=BY)
    with pytest.raises(Conflict, match="已撤回"):
        accepted(slip, secretary)
    assert not Member.objects.exists()


# The receipt --------------------------------------------------------------------------------------------------------


def verified(proof: dict[str, Any]) -> bool:
    keys = {key["id"]: key["public"] for key in receipts.public_keys()}
    text = canonical(proof["receipt"]).encode()
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(keys[proof["receipt"]["key"]]))
    public.verify(base64.b64decode(proof["signature"]), text)
    return hashlib.sha256(text).hexdigest() == proof["hash"]


def test_receipts_are_signed_in_the_feeds_chain(street: Area, group: Area, community: Area, secretary: User) -> None:
    Sender.objects.create(area=community, contact="张三，电话 69980000")
    first = accepted(from_unit(street), secretary)
    second = accepted(from_unit(street, "王强", phone=phone(1), home="迎晖苑1号楼303室"), secretary)
    one, two = signed(first.receipt), signed(second.receipt)
    assert verified(one)
    assert verified(two)
    assert (one["receipt"]["previous"], two["receipt"]["previous"]) == (None, one["hash"])
    assert one["receipt"]["telephone"] == "张三，电话 69980000"
    assert (one["receipt"]["number"], one["receipt"]["community"]) == (first.number, "第一社区")
    event = json.loads(FeedEvent.objects.filter(type="slip.accepted").earliest("seq").told)
    assert event["slip"]["receipt"] == one
    assert "郁建平" not in json.dumps(event, ensure_ascii=False)


def test_cards_and_slips_share_a_chain_and_a_feed(street: Area, group: Area, secretary: User) -> None:
    worker = in_post("王强", group, room="303", phone=phone(1))
    slip = from_unit(street, unit=worker.employer)
    card = issued(worker)
    with transaction.atomic():
        receipts_of = accepted(slip, secretary).receipt
    page = json.loads(feed.read(card.counterpart, "").events)
    assert [(event["seq"], event["type"]) for event in page] == [(1, "slip.sent"), (2, "issued"), (3, "slip.accepted")]
    assert [set(event) - {"seq", "type", "at"} for event in page] == [{"slip"}, {"version", "card"}, {"slip"}]
    assert receipts_of.chain == FeedEvent.objects.first().feed.epoch  # type: ignore[union-attr]


def test_without_an_employer_that_hears_the_receipt_stands_alone(street: Area, group: Area, secretary: User) -> None:
    slip = accepted(reported(street, origin=Origin.PAPER), secretary)
    assert (slip.receipt.chain, slip.receipt.previous, FeedEvent.objects.exists()) == ("", "", False)
    assert verified(signed(slip.receipt))


def test_the_receipt_on_paper(street: Area, group: Area, secretary: User) -> None:
    receipt = accepted(from_unit(street), secretary).receipt
    assert receipt_paper(receipt, title="报到回执", address="http://testserver/v/1").startswith(b"%PDF")
    assert receipt_paper(receipt, title="报到回执").startswith(b"%PDF")


# Many at once -------------------------------------------------------------------------------------------------------


def test_200_certain_slips_are_accepted_by_few_queries(
    street: Area, group: Area, secretary: User, django_assert_max_num_queries: Any
) -> None:
    unit = factories.employer()
    rows = [(f"王{chr(0x4E00 + at)}", at) for at in range(200)]
    pks = [from_unit(street, name, unit=unit, phone=phone(at), home=f"迎晖苑1号楼{at + 101}室").pk for name, at in rows]
    with django_assert_max_num_queries(70):
        done = slips_accepting.accept_all(pks, by=secretary)
    assert (len(done.accepted), done.left) == (200, {})
    assert Member.objects.count() == Residence.objects.count() == Consent.objects.count() == 200
    assert FeedEvent.objects.filter(type="slip.accepted").count() == 200
    assert slips_accepting.accept_all(pks, by=secretary).accepted == []
    assert AuditEntry.objects.first_broken() is None


def test_only_certain_ones_are_accepted_in_bulk(street: Area, group: Area, other_group: Area, secretary: User) -> None:
    factories.person("钱一", group, phone=phone(3))
    factories.employer()
    unplaced = from_unit(street, "孙甲", phone=phone(1), home=UNKNOWN)
    other = from_unit(street, "孙乙", phone=phone(2), home=THERE)
    doubtful = from_unit(street, "孙丙", phone=phone(3))
    unit_unknown = reported(street, "孙丁", phone=phone(4), employer_name="没听过的厂")
    not_ours = reported(street, "孙戊", phone=phone(5), tells_employer=True)
    slips_closing.ours(not_ours, is_ours=False, by=BY)
    one, twin = from_unit(street, phone=phone(6)), reported(street, phone=phone(6))
    unsure = from_unit(street, "孙己", phone=phone(7))
    Slip.objects.filter(pk=unsure.pk).update(is_certain=False)
    chosen = [unplaced, other, doubtful, unit_unknown, not_ours, one, twin, unsure]
    done = slips_accepting.accept_all([slip.pk for slip in chosen], by=secretary)
    assert [slip.pk for slip in done.accepted] == [one.pk]
    assert {pk: why[:6] for pk, why in done.left.items()} == {
        unplaced.pk: "现在不是待接", other.pk: "现在不是待接", doubtful.pk: "可能是已经登",
        unit_unknown.pk: "单位还没有登", not_ours.pk: "单位说不是他",
        twin.pk: "这一批里有两", unsure.pk: "住址还看不准",
    }  # fmt: skip


# What falls ---------------------------------------------------------------------------------------------------------


def test_the_consent_taken_back_withdraws_the_slip(street: Area, group: Area, secretary: User) -> None:
    slip = accepted(from_unit(street), secretary)
    slip.consent.withdraw()  # type: ignore[union-attr]
    assert (fresh(slip).status, fresh(slip).withdrawn_by) == (Status.WITHDRAWN, "member")
    assert FeedEvent.objects.last().type == "slip.withdrawn"  # type: ignore[union-attr]
    assert Member.objects.filter(pk=slip.member_id).exists()


def test_telling_ends_alone(street: Area, group: Area, secretary: User) -> None:
    factories.employer()
    slip = accepted(reported(street, tells_employer=True), secretary)
    slip.consent_to_tell.withdraw()  # type: ignore[union-attr]
    assert (fresh(slip).status, fresh(slip).counterpart) == (Status.ACCEPTED, None)
    assert facts(fresh(slip))["status"] == "withdrawn"
    slips_closing.end(slip, code="retired", by=BY)
    assert list(FeedEvent.objects.values_list("type", flat=True)) == ["slip.sent", "slip.accepted", "slip.withdrawn"]


@pytest.mark.parametrize("withdrawer", ["sender", "member"])
def test_withdrawing_takes_the_consents_along(street: Area, group: Area, secretary: User, withdrawer: str) -> None:
    factories.employer()
    slip = accepted(reported(street, tells_employer=True), secretary)
    slips_closing.withdraw(slip, withdrawer=withdrawer, by=BY)
    assert means(slip.member) == set()  # type: ignore[arg-type]
    assert fresh(slip).withdrawn_by == withdrawer
    assert FeedEvent.objects.filter(type="slip.withdrawn").count() == 1


def test_a_consent_that_another_slip_rests_on_stays(street: Area, group: Area, secretary: User) -> None:
    first = accepted(reported(street, employer_name="甲厂"), secretary)
    second = accepted(reported(street, employer_name="乙厂"), secretary, member=first.member)
    assert first.consent == second.consent
    slips_closing.withdraw(first, withdrawer="sender", by=BY)
    assert fresh(second).status == Status.ACCEPTED
    assert means(first.member) == {("receive", None)}  # type: ignore[arg-type]


def test_ending(street: Area, group: Area, secretary: User) -> None:
    slip = from_unit(street)
    with pytest.raises(Conflict):
        slips_closing.end(slip, code="retired", by=BY)
    accepted(slip, secretary)
    for code in ("replaced", "tired"):
        with pytest.raises(ValidationError):
            slips_closing.end(slip, code=code, by=BY)
    for _ in range(2):
        done = slips_closing.end(slip, code="left_unit", text="调到外地", by=BY)
    assert (done.status, done.ended_code) == (Status.ENDED, "left_unit")
    assert FeedEvent.objects.filter(type="slip.ended").count() == 1
    assert facts(fresh(slip))["ended"] == {"code": "left_unit", "text": "调到外地"}


def test_moving_away_may_end_the_slip_and_undoing_it_resumes(street: Area, group: Area, secretary: User) -> None:
    slip = accepted(from_unit(street), secretary)
    assert slip.member
    assert "slips" in {held.tie.key for held in moving.held_by(slip.member, by=secretary)}
    move = moving.leave(slip.member, by=secretary, end=["slips"])
    assert (fresh(slip).status, fresh(slip).ended_code) == (Status.ENDED, "moved_away")
    moving.undo(move, by=secretary)
    assert fresh(slip).status == Status.ACCEPTED
    kinds = list(FeedEvent.objects.order_by("seq").values_list("type", flat=True))
    assert kinds == ["slip.sent", "slip.accepted", "slip.ended", "slip.accepted"]


def test_old_withdrawn_slips_are_emptied(street: Area, group: Area, secretary: User) -> None:
    old, new = accepted(from_unit(street), secretary), from_unit(street, "王强", phone=phone(1))
    for slip in (old, new):
        slips_closing.withdraw(slip, withdrawer="sender", by=BY)
    Slip.objects.filter(pk=old.pk).update(withdrawn_at=timezone.now() - timedelta(days=181))
    assert Slip.objects.all().empty_expired() == 1
    emptied = fresh(old)
    assert (emptied.name, emptied.phone, emptied.home_text, emptied.member, emptied.consent) == ("", "", "", None, None)
    assert (emptied.number, emptied.employer, fresh(new).name) == (old.number, old.employer, "王强")


def test_a_forwarded_slip_is_emptied_and_the_one_that_continues_it_stays(
    street: Area, group: Area, other_street: Area, street_officer: User, logged_in: Callable[[User], Client]
) -> None:
    slip = from_unit(street, home=UNKNOWN)
    there = slips_forwarding.forward(slip, other_street, by=street_officer)
    Slip.objects.filter(pk=slip.pk).update(forwarded_at=timezone.now() - timedelta(days=181))
    assert Slip.objects.all().empty_expired() == 1
    assert (fresh(slip).name, fresh(slip).status, fresh(there).name) == ("", Status.FORWARDED, "郁建平")
    assert logged_in(street_officer).get(f"/slips/{slip.pk}/").status_code == 200
