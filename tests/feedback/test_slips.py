"""Sending slips, and the ways they go until they are over."""

import json
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.models import FeedEvent, NumberSeries, Slip, SlipCode
from feedback.rules import slips_asking, slips_closing, slips_coding, slips_forwarding
from feedback.rules.receiving import By
from feedback.rules.slips_counting import slip_figures, waiting_over
from feedback.rules.slips_sending import send_slips
from members.ground.dependents import uses_of
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Employer, Member, User
from members.rules import merging
from tests import factories
from tests.slips import (
    FAR,
    HERE,
    THERE,
    UNKNOWN,
    Origin,
    Status,
    accepted,
    code,
    fresh,
    from_unit,
    phone,
    reported,
    row,
    sent_by_unit,
)

EVERYBODY = By()


def events(slip: Slip) -> list[str]:
    return list(FeedEvent.objects.filter(slip=slip).order_by("seq").values_list("type", flat=True))


def told(slip: Slip) -> list[dict[str, Any]]:
    rows = FeedEvent.objects.filter(slip=slip).order_by("seq")
    return [json.loads(text)["slip"] for text in rows.values_list("told", flat=True)]


# Sending ------------------------------------------------------------------------------------------------------------


def test_an_employers_slip_finds_its_home(street: Area, group: Area, community: Area) -> None:
    slip = from_unit(street, skills="书法", wishes="教孩子写字", employer_number="A7")
    assert (slip.area, slip.home, slip.room, slip.is_certain) == (community, group, "302", True)
    assert (slip.status, slip.phone, slip.skills, slip.employer_number) == (Status.SENT, "19900008765", "书法", "A7")
    assert slip.number.startswith("310114001B-2026-00001")
    assert events(slip) == ["slip.sent"]
    entry = AuditEntry.objects.get(model="feedback.Slip", action="create")
    assert (entry.area_path, entry.changes["slips"]) == (community.path, [slip.pk])


@pytest.mark.parametrize("home", [UNKNOWN, "北京市朝阳区迎晖苑1号楼302室", "江苏省苏州市迎晖苑1号楼302室"])
def test_an_unknown_home_goes_to_the_street_office(
    street: Area, group: Area, secretary: User, street_officer: User, home: str
) -> None:
    slip = from_unit(street, home=home)
    assert (slip.area, slip.home, slip.is_certain) == (None, None, False)
    assert slip in Slip.objects.for_user(street_officer).unplaced()
    assert slip not in Slip.objects.for_user(secretary)


def test_a_poster_says_the_community_of_an_address_that_does_not(street: Area, group: Area, community: Area) -> None:
    slip = reported(street, home=UNKNOWN, code=code(community))
    assert (slip.area, slip.home, slip.is_certain) == (community, None, False)
    assert reported(street, "王强", home="北京市朝阳区新华路99弄3号", code=code(community)).area is None


def test_the_address_goes_before_the_poster(
    street: Area, community: Area, other_group: Area, other_community: Area
) -> None:
    assert reported(street, home=THERE, code=code(community)).area == other_community


def test_numbers_of_slips_are_a_series_of_their_own(street: Area, other_street: Area, group: Area) -> None:
    first, second = from_unit(street), from_unit(street, "王强", phone=phone(1))
    there = from_unit(other_street, home=FAR)
    assert [each.number.split("-")[2][:5] for each in (first, second, there)] == ["00001", "00002", "00001"]
    assert NumberSeries.take(street, 2026, 1)[0].startswith("310114001-2026-00001")
    assert NumberSeries.go_on_behind(["310114001B.2026.7", "310114001.2026.1"]) == 1
    assert NumberSeries.take(street, 2026, 1, NumberSeries.Kind.SLIP)[0].startswith("310114001B-2026-00008")


WRONG = [
    ({"agreed_how": ""}, "agreed_how", "本人同意了才能报到"),
    ({"agreed_how": "guess"}, "agreed_how", "怎样同意"),
    ({"agreed_on": None}, "agreed_on", "哪一天同意"),
    ({"agreed_on": date(2050, 1, 1)}, "agreed_on", "不能晚于今天"),
    ({"agreed_on": date(1900, 1, 1)}, "agreed_on", "太早"),
    ({"name": "王"}, "name", "2 到 30 个字"),
    ({"name": ""}, "name", "请写姓名"),
    ({"name": "王\ufffd"}, "name", "丢失"),
    ({"phone": "123"}, "phone", "电话号码不对"),
    ({"phone": ""}, "phone", "请写电话"),
    ({"home": " "}, "home", "请写住址"),
    ({"home": "弄" * 101}, "home", "100 个字"),
    ({"skills": "会" * 201}, "skills", "200 个字"),
    ({"employer_number": "9" * 31}, "employer_number", "30 个字"),
]


@pytest.mark.parametrize(("values", "where", "why"), WRONG)
def test_a_bad_row_says_why_and_the_others_are_sent(
    street: Area, group: Area, values: dict[str, Any], where: str, why: str
) -> None:
    good, bad = sent_by_unit(street, row(), row(**{"name": "王强", "phone": phone(1)} | values))
    assert good.slip
    assert bad.slip is None
    assert why in "".join(bad.errors[where])
    assert Slip.objects.count() == 1


def test_what_shows_nothing_is_not_kept(street: Area, group: Area) -> None:
    assert from_unit(street, "郁 建\u200b平", skills="书\x00法\n国画").skills == "书法 国画"


def test_a_member_names_an_employer(street: Area, group: Area) -> None:
    unit = factories.employer("上海嘉定仪表厂有限公司")
    known = reported(street, employer_name="上海嘉定仪表厂有限责任公司")
    unknown = reported(street, "王强", phone=phone(1), employer_name="没听过的厂")
    assert (known.employer, unknown.employer, unknown.unit) == (unit, None, "没听过的厂")
    (answer,) = send_slips([row()], street=street, origin=Origin.MEMBER, by=EVERYBODY)
    assert "请写单位" in answer.errors["employer_name"][0]


def test_more_than_500_are_refused(street: Area) -> None:
    with pytest.raises(ValidationError, match="一次最多发 500 张"):
        sent_by_unit(street, *[row()] * 501)


def test_a_sender_and_an_open_street_are_needed(street: Area, community: Area) -> None:
    with pytest.raises(ValidationError, match="哪个单位"):
        send_slips([row()], street=street, origin=Origin.EMPLOYER, by=EVERYBODY)
    Area.objects.filter(path__startswith=street.path).update(until=timezone.localdate() - timedelta(days=1))
    with pytest.raises(ValidationError, match="在用的街道"):
        sent_by_unit(street)


def test_the_same_slip_again_is_the_first_one(street: Area, group: Area, secretary: User) -> None:
    first, twice = sent_by_unit(street, row(), row())
    (again,) = sent_by_unit(street, row(home=UNKNOWN))
    assert (first.is_new, twice.is_new, again.is_new) == (True, False, False)
    assert first.slip == twice.slip == again.slip
    accepted(fresh(again.slip), secretary)  # type: ignore[arg-type]
    assert sent_by_unit(street)[0].slip == first.slip
    assert Slip.objects.count() == 1
    slips_closing.withdraw(first.slip, withdrawer="sender", by=EVERYBODY)  # type: ignore[arg-type]
    assert sent_by_unit(street)[0].is_new


def test_an_employer_learns_nothing_of_what_a_member_sent(street: Area, group: Area) -> None:
    unit = factories.employer()
    mine = reported(street)
    theirs = from_unit(street, unit=unit)
    assert (mine.employer, theirs.employer) == (unit, unit)
    assert mine != theirs
    assert list(Slip.objects.of_counterpart(theirs.counterpart)) == [theirs]  # type: ignore[arg-type]
    assert (events(mine), events(theirs)) == ([], ["slip.sent"])


def test_who_is_registered_does_not_change_what_the_sender_gets(street: Area, group: Area) -> None:
    """Made-up and registered names: the same answer after the same queries."""
    factories.person("郁建平", group, phone=phone(1))
    reported(street, "毛先到", phone=phone(3))
    with CaptureQueriesContext(connection) as of_known:
        known = reported(street, "郁建平", phone=phone(1))
    with CaptureQueriesContext(connection) as of_made_up:
        made_up = reported(street, "毛有才", phone=phone(2))
    asked = [[re.sub(r"\d+", "", each["sql"])[:40] for each in some] for some in (of_known, of_made_up)]
    assert asked[0] == asked[1]
    kept = {f.name for f in Slip._meta.fields} - {"id", "number", "name", "phone_sealed", "phone_digest", "sent_at"}
    assert [getattr(known, name) for name in sorted(kept)] == [getattr(made_up, name) for name in sorted(kept)]


def test_500_slips_take_few_queries(street: Area, group: Area, django_assert_max_num_queries: Any) -> None:
    rows = [row(f"王{chr(0x4E00 + number)}", phone=phone(number)) for number in range(500)]
    unit = factories.employer()
    with django_assert_max_num_queries(30):
        answers = sent_by_unit(street, *rows, unit=unit)
    assert sum(answer.is_new for answer in answers) == 500
    assert FeedEvent.objects.count() == 500
    with django_assert_max_num_queries(30):
        assert not any(answer.is_new for answer in sent_by_unit(street, *rows, unit=unit))


def test_two_streets_do_not_see_each_others_slips(
    street: Area, group: Area, other_street: Area, street_officer: User, far_officer: User
) -> None:
    here, there = from_unit(street, home=UNKNOWN), from_unit(other_street, home=UNKNOWN)
    assert here.pk != there.pk
    assert list(Slip.objects.for_user(street_officer)) == [here]
    assert list(Slip.objects.for_user(far_officer)) == [there]
    assert list(Slip.objects.inside(street)) == [here]
    assert list(Slip.objects.of_counterpart(here.counterpart)) == [here]  # type: ignore[arg-type]
    assert AuditEntry.objects.filter(model="feedback.Slip", chain=street.path).count() == 1


def test_posts_without_cards_see_no_slip(
    street: Area, group: Area, liaison: User, leader: User, instructor: User, auditor: User, outsider: User
) -> None:
    from_unit(street)
    for user in (liaison, leader, instructor, auditor, outsider):
        assert not Slip.objects.for_user(user).exists()


# Asking and placing -------------------------------------------------------------------------------------------------


def test_a_question_is_answered_with_another_address(
    street: Area, group: Area, community: Area, secretary: User, street_officer: User
) -> None:
    slip = from_unit(street, home="迎晖苑")
    slips_asking.place(slip, community, by=street_officer)
    slips_asking.ask(slip, code="home", text="几号楼？", by=secretary)
    assert slips_asking.ask(slip, code="home", text="几号楼？", by=secretary).status == Status.ASKED
    answered = slips_asking.answer_question(slip, text="写漏了", home=HERE, by=EVERYBODY)
    assert (answered.status, answered.home, answered.room, answered.is_certain) == (Status.SENT, group, "302", True)
    slips_asking.answer_question(slip, text="写漏了", home=HERE, by=EVERYBODY)
    assert events(slip) == ["slip.sent", "slip.asked", "slip.sent"]
    assert told(slip)[1]["asked"] == {"code": "home"}


def test_an_answer_may_be_another_phone(street: Area, group: Area, secretary: User) -> None:
    slip = slips_asking.ask(from_unit(street), code="phone", by=secretary)
    slips_asking.answer_question(slip, phone="199 0000 4321", by=EVERYBODY)
    assert fresh(slip).phone == "19900004321"
    assert "19900004321" not in json.dumps(list(AuditEntry.objects.values_list("changes", flat=True)))


def test_asking_and_answering_are_checked(street: Area, group: Area, secretary: User, far_secretary: User) -> None:
    slip = from_unit(street)
    for values, where in [({"code": "who"}, "code"), ({"code": "other"}, "text")]:
        with pytest.raises(ValidationError) as caught:
            slips_asking.ask(slip, by=secretary, **values)
        assert list(caught.value.message_dict) == [where]
    with pytest.raises(Conflict, match="转给了别的社区或街道"):
        slips_asking.ask(slip, code="home", by=far_secretary)
    with pytest.raises(Conflict, match="已发出"):
        slips_asking.answer_question(slip, text="？", by=EVERYBODY)
    slips_asking.ask(slip, code="home", by=secretary)
    with pytest.raises(ValidationError, match="请写一句回答"):
        slips_asking.answer_question(slip, by=EVERYBODY)
    with pytest.raises(ValidationError, match="200 个字"):
        slips_asking.answer_question(slip, text="长" * 201, by=EVERYBODY)


def test_a_home_is_corrected_by_who_is_responsible(
    street: Area, group: Area, other_group: Area, secretary: User, street_officer: User
) -> None:
    slip = from_unit(street, home=UNKNOWN)
    with pytest.raises(Conflict):
        slips_asking.correct_home(slip, home=group, room="302", by=secretary)
    slips_asking.correct_home(slip, home=group, room="３０２", by=street_officer)
    assert (fresh(slip).home, fresh(slip).room, fresh(slip).is_certain) == (group, "302", True)
    with pytest.raises(ValidationError, match="您负责的楼组"):
        slips_asking.correct_home(slip, home=other_group, by=secretary)


def test_the_street_office_places_an_unknown_home(
    street: Area, group: Area, community: Area, far_community: Area, secretary: User, street_officer: User
) -> None:
    slip = from_unit(street, home=UNKNOWN)
    with pytest.raises(ValidationError, match="本街道在用的社区"):
        slips_asking.place(slip, far_community, by=street_officer)
    slips_asking.place(slip, community, by=street_officer)
    assert slip in Slip.objects.for_user(secretary)
    assert slip.pk not in Slip.objects.unplaced().values_list("pk", flat=True)


def test_showing_the_phone_is_on_record(street: Area, group: Area) -> None:
    assert slips_asking.reveal_phone(from_unit(street)) == "19900008765"
    assert AuditEntry.objects.filter(action="reveal", model="feedback.Slip").exists()


# Over ---------------------------------------------------------------------------------------------------------------


def test_declining(street: Area, group: Area, secretary: User) -> None:
    slip = slips_closing.decline(from_unit(street), text="没有这一户", by=secretary)
    slips_closing.decline(slip, by=secretary)
    assert (slip.status, fresh(slip).declined_text) == (Status.DECLINED, "没有这一户")
    assert events(slip) == ["slip.sent", "slip.declined"]
    assert "没有这一户" not in FeedEvent.objects.get(type="slip.declined").told
    with pytest.raises(Conflict):
        slips_closing.withdraw(slip, withdrawer="sender", by=EVERYBODY)


def test_declining_a_flood(
    street: Area, group: Area, other_group: Area, secretary: User, django_assert_max_num_queries: Any
) -> None:
    pks = [reported(street, f"王{name}", phone=phone(at)).pk for at, name in enumerate("甲乙丙丁")]
    other = reported(street, "王戊", phone=phone(9), home=THERE)
    assert slips_closing.decline_all([*pks, other.pk, pks[0]], by=secretary) == (4, 1)
    assert fresh(other).status == Status.SENT


def test_withdrawing_a_slip_that_waits(street: Area, group: Area) -> None:
    slip = from_unit(street)
    for _ in range(2):
        assert slips_closing.withdraw(slip, withdrawer="sender", by=EVERYBODY).withdrawn_by == "sender"
    assert events(slip) == ["slip.sent", "slip.withdrawn"]


def test_a_forgotten_withdrawal_is_done_again(street: Area, group: Area) -> None:
    slip = from_unit(street)
    assert slips_closing.withdraw_again([slip.number, "310114001B-2026-99999XX"]) == 1
    assert fresh(slip).status == Status.WITHDRAWN
    assert slips_closing.withdraw_again([slip.number]) == 0


def test_forwarding_to_another_street(
    street: Area, group: Area, far_group: Area, far_community: Area, street_officer: User, far_secretary: User
) -> None:
    other_street = Area.objects.get(path=far_group.street_path)
    slip = from_unit(street, home=FAR)
    there = slips_forwarding.forward(slip, other_street, by=street_officer)
    assert slips_forwarding.forward(slip, other_street, by=street_officer) == there
    assert (fresh(slip).status, there.street, there.area, there.home) == (
        Status.FORWARDED,
        other_street,
        far_community,
        far_group,
    )
    assert there.number.startswith("310114002B-2026-00001")
    assert there.phone == slip.phone
    assert there in Slip.objects.for_user(far_secretary)
    assert told(slip)[-1]["forwarded_to"] == {"street": "菊园新区", "number": there.number}
    accepted(there, far_secretary)
    assert [event["status"] for event in told(there)] == ["sent", "accepted"]
    assert told(there)[0]["continues"] == slip.number
    feeds = set(FeedEvent.objects.values_list("feed__street__name", flat=True))
    assert feeds == {"新成路街道"}
    assert there in Slip.objects.of_counterpart(slip.counterpart)  # type: ignore[arg-type]
    with pytest.raises(Conflict, match=there.number):
        slips_closing.withdraw(slip, withdrawer="sender", by=EVERYBODY)
    assert sent_by_unit(street, row(home=FAR))[0].slip == there


def test_forwarding_is_checked(
    street: Area, group: Area, other_street: Area, secretary: User, street_officer: User
) -> None:
    slip = from_unit(street)
    with pytest.raises(PermissionDenied):
        slips_forwarding.forward(slip, other_street, by=secretary)
    with pytest.raises(ValidationError, match="另一个在用的街道"):
        slips_forwarding.forward(slip, street, by=street_officer)
    slips_closing.withdraw(slip, withdrawer="sender", by=EVERYBODY)
    with pytest.raises(Conflict):
        slips_forwarding.forward(slip, other_street, by=street_officer)


def test_the_second_tick_and_not_ours(street: Area, group: Area, secretary: User) -> None:
    factories.employer()
    slip = reported(street, tells_employer=True)
    assert events(slip) == ["slip.sent"]
    slips_closing.ours(slip, is_ours=False, by=EVERYBODY)
    assert slips_closing.ours(slip, is_ours=False, by=EVERYBODY).employer_says == "not_ours"
    assert told(slip)[-1]["status"] == "withdrawn"
    with pytest.raises(Conflict, match="已经答复过"):
        slips_closing.ours(slip, is_ours=True, by=EVERYBODY)
    accepted(slip, secretary, employer=factories.employer("另一家厂"))
    assert events(slip) == ["slip.sent", "slip.withdrawn"]
    with pytest.raises(Conflict, match="自己发来的"):
        slips_closing.ours(from_unit(street, "王强", phone=phone(1)), is_ours=True, by=EVERYBODY)


def test_ours(street: Area, group: Area) -> None:
    factories.employer()
    slip = slips_closing.ours(reported(street, tells_employer=True), is_ours=True, by=EVERYBODY)
    assert (slip.employer_says, slip.counterpart is None) == ("ours", False)


# Constraints --------------------------------------------------------------------------------------------------------

IMPOSSIBLE = [
    ("slip_has_agreement", {"agreed_how": ""}),
    ("slip_asked_has_reason", {"status": "asked"}),
    ("slip_forwarded_has_moment", {"status": "forwarded"}),
    ("slip_accepted_has_member", {"status": "accepted"}),
    ("slip_declined_has_moment", {"status": "declined"}),
    ("slip_withdrawn_has_sender", {"status": "withdrawn"}),
    ("slip_ended_has_reason", {"ended_at": timezone.now()}),
    ("slip_home_in_community", {"area": None}),
]


@pytest.mark.parametrize(("name", "values"), IMPOSSIBLE, ids=[name for name, _ in IMPOSSIBLE])
def test_the_database_refuses(street: Area, group: Area, name: str, values: dict[str, Any]) -> None:
    slip = from_unit(street)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Slip.objects.filter(pk=slip.pk).update(**values)


MOVES = {
    "sent": {"asked", "forwarded", "accepted", "declined", "withdrawn"},
    "asked": {"sent", "forwarded", "accepted", "declined", "withdrawn"},
    "accepted": {"ended", "withdrawn"},
    "ended": {"accepted"},
}


def test_the_life_of_a_slip() -> None:
    assert {str(at): set(map(str, to)) for at, to in Slip.TRANSITIONS.items()} == MOVES


# Codes --------------------------------------------------------------------------------------------------------------


def test_a_place_has_one_open_code(street: Area, community: Area) -> None:
    today, unit = timezone.localdate(), factories.employer()
    first = code(community)
    assert code(community, ends_on=today + timedelta(days=30)) == first
    assert slips_coding.code_of(first.secret_code) == first
    assert slips_coding.code_of("nothing") is None
    first.close()
    with pytest.raises(Conflict):
        first.close()
    assert code(community) != first
    assert code(street, employer=unit).employer == unit
    for place, ends_on, of in [(street, today, None), (community, today, unit), (community, date(2020, 1, 1), None)]:
        with pytest.raises(ValidationError):
            slips_coding.open_code(place, ends_on=ends_on, employer=of)


def test_an_employers_link_names_the_employer(street: Area, group: Area) -> None:
    link = code(street, employer=factories.employer("手表厂"))
    slip = reported(street, code=link, employer_name="", tells_employer=True)
    assert (slip.unit, slip.code) == ("手表厂", link)
    assert SlipCode.objects.of_employer(link.employer_id, street.pk).get() == link  # type: ignore[arg-type]


# Counts -------------------------------------------------------------------------------------------------------------


def test_counts_by_employer_and_by_community(
    street: Area, group: Area, other_group: Area, secretary: User, django_assert_max_num_queries: Any
) -> None:
    today, unit = timezone.localdate(), factories.employer("甲厂")
    slips = [from_unit(street, f"王{name}", unit=unit, phone=phone(at)) for at, name in enumerate("甲乙丙丁")]
    from_unit(street, "李甲", unit=factories.employer("乙厂"), phone=phone(9), home=THERE)
    Slip.objects.update(sent_at=timezone.now() - timedelta(days=8))
    for slip in slips[:3]:
        accepted(slip, secretary)
    slips_closing.end(slips[0], code="retired", by=EVERYBODY)
    event = factories.activity(group, held_on=today)
    event.attendances.create(member=fresh(slips[1]).member)
    with django_assert_max_num_queries(8):
        figures = slip_figures(street, today - timedelta(days=30), today)
    first = next(each for each in figures.units if each.unit == "甲厂")
    assert (first.sent, first.accepted, first.waiting, first.ended, first.days) == (4, 2, 1, 1, 8.0)
    assert [(each.community.name, each.reported, each.came) for each in figures.communities] == [("第一社区", 3, 1)]
    assert [slip.pk for slip in waiting_over(secretary)] == [slips[3].pk]


# The rest -----------------------------------------------------------------------------------------------------------


def test_an_employer_merged_takes_its_slips_along(
    street: Area, group: Area, street_officer: User, secretary: User
) -> None:
    gone, into = factories.employer("旧厂"), factories.employer("新厂")
    waiting = from_unit(street, unit=gone)
    done = accepted(from_unit(street, "王强", unit=gone, phone=phone(1)), secretary)
    link, theirs = code(street, employer=gone), code(street, employer=into)
    merging.merge(gone, into=into, by=street_officer)
    assert {fresh(waiting).employer, fresh(done).employer} == {into}
    link.refresh_from_db()
    assert (link.employer, link.closed_at is None, theirs.is_open) == (into, False, True)
    news = FeedEvent.objects.filter(feed__employer=into).order_by("seq").values_list("type", flat=True)
    assert list(news) == ["slip.sent", "slip.accepted"]


def test_an_employer_with_slips_is_in_use(street: Area, group: Area, member: Member) -> None:
    unit = factories.employer("丙厂")
    from_unit(street, unit=unit)
    assert uses_of(Employer, [unit.pk], street_path=street.path, but={})[unit.pk] == "已有 1 个卡片流、1 张报到单"
