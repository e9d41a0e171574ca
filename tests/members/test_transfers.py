"""A member goes to another street: sent, accepted or not, and nothing of what was done goes along."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import timezone

from activities.models import Attendance
from feedback.models import RecordCard
from louzu.views.desk import waiting_lines
from members.ground.access import PostKind
from members.ground.states import Conflict
from members.models import Area, AreaRole, AuditEntry, Consent, Member, Pairing, Residence, Transfer, User
from members.rules import moving, transferring
from members.rules.own_writes import acts_of
from tests import cards, factories
from tests.factories import id_number
from tests.parity.asking import rolled_back
from tests.racing import raced

TODAY = timezone.localdate()
TEXT = "嘉富丽苑 9号楼101室"


def sent(member: Member, to: Area, by: User, **values: Any) -> Transfer:
    values = {"home_text": TEXT, "means": "phone"} | values
    return transferring.send(member, to_street=to, by=by, **values)


@pytest.fixture
def transfer(member: Member, other_street: Area, secretary: User) -> Transfer:
    return sent(member, other_street, secretary, end=["pairings", "duties", "posts", "claims"])


def accepted(transfer: Transfer, by: User, **values: Any) -> Member:
    group = Area.objects.get(name="9号楼", path__startswith=transfer.to_street.path)
    return transferring.accept(Transfer.objects.get(pk=transfer.pk), **{"to": group, "room": "101", "by": by} | values)


def test_until_it_is_accepted_nothing_changes(transfer: Transfer, member: Member, far_officer: User) -> None:
    assert member.home
    assert member.home.until is None
    assert not Member.objects.for_user(far_officer).filter(name=member.name).exists()
    consent = Consent.objects.in_force("transfer").get()
    assert (consent.member, consent.means, consent.given_on) == (member, "phone", TODAY)


def test_the_other_street_sees_what_it_needs_and_no_more(
    transfer: Transfer, member: Member, logged_in: Any, far_officer: User
) -> None:
    client = logged_in(far_officer)
    for address in ("/transfers/", f"/transfers/{transfer.pk}/accept/", f"/transfers/{transfer.pk}/decline/"):
        page = client.get(address).content.decode()
        assert "欧阳建国" in page
        assert TEXT in page
        assert "上海嘉定仪表厂" in page
        assert not [each for each in ("5678", "1978", "迎晖苑 1号楼") if each in page]
    assert "等您接收的党员：1 人" in client.get("/").content.decode()
    assert client.get(f"/members/{member.pk}/").status_code == 404


def test_accepted_there_is_a_home_there_and_none_here(
    transfer: Transfer, member: Member, far_officer: User, far_group: Area
) -> None:
    record = accepted(transfer, far_officer, joins=True)
    old = Member.objects.get(pk=member.pk)
    assert old.home
    assert old.home.until == TODAY
    home = record.home
    assert home
    assert (home.area, home.room, home.since, home.joined_on) == (far_group, "101", TODAY, TODAY)
    same = ("name", "sex", "birth_date", "affiliation", "standing", "employer", "id_digest", "phone")
    assert [getattr(record, name) for name in same] == [getattr(old, name) for name in same]
    assert record.street == transfer.to_street
    now = Transfer.objects.get()
    assert (now.status, now.settled) == ("accepted", record)
    assert now.accepted_at


def test_what_was_done_stays_with_its_street(
    member: Member, group: Area, other_street: Area, secretary: User, far_officer: User
) -> None:
    event = factories.activity(group)
    Attendance.objects.create(activity=event, member=member, source="tick")
    factories.consent(member)
    cards.issued(member)
    member.skills, member.remark = "书法", "上半年值班"
    member.save()
    record = accepted(sent(member, other_street, secretary), far_officer)
    assert not record.attendances.exists()
    assert not RecordCard.objects.filter(member=record).exists()
    assert not record.consents.exists()
    assert (record.skills, record.remark) == ("", "")
    assert Attendance.objects.for_user(secretary).count() == 1
    assert not Attendance.objects.for_user(far_officer).exists()


def test_what_hangs_on_the_home_ends_when_it_is_accepted(
    member: Member, group: Area, other_street: Area, secretary: User, far_officer: User
) -> None:
    factories.pairing(factories.household(group, "302"), factories.household(group, "303"))
    holder = factories.user("louzhang", member=member)
    factories.post(holder, PostKind.LEADER, group)
    member.duties.create(kind="helper", since=date(2024, 1, 1))
    factories.need(group).claim(members=[member])
    transfer = sent(member, other_street, secretary, end=["pairings", "posts", "claims"])
    assert Pairing.objects.get().until is None
    accepted(transfer, far_officer)
    assert Pairing.objects.get().until == TODAY
    assert AreaRole.objects.get(user=holder).until == TODAY
    assert not member.needs.exists()
    assert member.duties.get().until is None


def test_what_is_to_end_cannot_where_the_sender_s_post_is_over(
    transfer: Transfer, member: Member, secretary: User, far_officer: User, logged_in: Any, far_group: Area
) -> None:
    AreaRole.objects.filter(user=secretary).update(until=TODAY - timedelta(days=1))
    with pytest.raises(Conflict, match="请原街道撤回，重新转出"):
        accepted(transfer, far_officer)
    answer = logged_in(far_officer).post(f"/transfers/{transfer.pk}/accept/", {"to": far_group.pk, "room": "101"})
    assert "请原街道撤回，重新转出" in answer.content.decode()
    assert member.residences.get().until is None
    Transfer.objects.update(end=[])
    assert accepted(transfer, far_officer).home


def test_a_move_away_is_not_undone_once_the_other_street_has_the_member(
    transfer: Transfer, member: Member, street_officer: User, far_officer: User
) -> None:
    moving.leave(member, by=street_officer)
    move = moving.undoable_of(member, by=street_officer)
    assert move
    accepted(transfer, far_officer)
    with pytest.raises(Conflict, match="菊园新区已经接收了"):
        moving.undo(move, by=street_officer)
    assert Residence.objects.filter(until=None, member__name=member.name).count() == 1


def test_a_number_goes_along_with_its_employer_alone(
    transfer: Transfer, member: Member, far_group: Area, far_officer: User
) -> None:
    Member.objects.filter(pk=member.pk).update(employer_number="A-17")
    values = {"id_number": id_number("19780512", 431), "affiliation": "in_post"}
    known = factories.person("欧阳建国", far_group, employer=factories.employer("嘉定自来水厂"), **values)
    record = accepted(transfer, far_officer, known=known)
    assert record.employer
    assert (record.employer.name, record.employer_number) == ("嘉定自来水厂", "")


def test_one_who_is_known_there_is_not_doubled(
    transfer: Transfer, member: Member, far_group: Area, far_officer: User, logged_in: Any
) -> None:
    known = factories.person(
        "欧阳建国", far_group, room="202", id_number=id_number("19780512", 431), affiliation=Member.Affiliation.LOCAL
    )
    with pytest.raises(ValidationError, match="就是已登记的"):
        accepted(transfer, far_officer)
    assert "就是已登记的：欧阳建国" in logged_in(far_officer).get(f"/transfers/{transfer.pk}/accept/").content.decode()
    body = {"to": far_group.pk, "room": "101"}
    again = logged_in(far_officer).post(f"/transfers/{transfer.pk}/accept/", body)
    assert "请选一个" in again.content.decode()
    record = accepted(transfer, far_officer, known=known)
    assert record.pk == known.pk
    assert Member.objects.filter(name="欧阳建国").count() == 2
    assert record.phone == member.phone
    assert record.affiliation == "local"
    assert record.home
    assert record.home.room == "101"


def test_one_who_lives_there_already_stays(transfer: Transfer, far_group: Area, far_officer: User) -> None:
    known = factories.person("欧阳建国", far_group, room="101")
    accepted(transfer, far_officer, known=known)
    assert [home.since for home in known.residences.all()] == [factories.EARLY]


def test_somebody_else_is_not_taken_for_the_person(
    transfer: Transfer, far_group: Area, far_member: Member, far_officer: User, other_member: Member
) -> None:
    namesake = factories.person("欧阳建国", far_group, id_number=id_number("19900101", 433))
    assert transferring.matches(transfer) == []
    for stranger in (namesake, far_member, other_member):
        with pytest.raises(ValidationError, match="不是同一个人"):
            accepted(transfer, far_officer, known=stranger)


def test_only_the_street_that_got_it_accepts(
    transfer: Transfer, group: Area, far_officer: User, far_secretary: User, street_officer: User
) -> None:
    for user in (street_officer, far_secretary):
        with pytest.raises(PermissionDenied):
            accepted(transfer, user)
        with pytest.raises(PermissionDenied):
            transferring.decline(transfer, sentence="不住这里", by=user)
    with pytest.raises(PermissionDenied):
        transferring.withdraw(transfer, by=far_officer)
    with pytest.raises(ValidationError, match="菊园新区"):
        accepted(transfer, far_officer, to=group)


def test_declined_with_a_sentence(
    transfer: Transfer, member: Member, far_officer: User, secretary: User, logged_in: Any, other_street: Area
) -> None:
    with pytest.raises(ValidationError, match="请写明"):
        transferring.decline(transfer, sentence=" ", by=far_officer)
    transferring.decline(transfer, sentence="9号楼没有这个人", by=far_officer)
    assert "9号楼没有这个人" in logged_in(secretary).get("/transfers/").content.decode()
    assert member.home
    assert member.home.until is None
    assert not Consent.objects.in_force("transfer").exists()
    assert sent(member, other_street, secretary).status == "sent"


def test_withdrawn_it_is_gone_for_the_other_street(
    transfer: Transfer, far_officer: User, secretary: User, logged_in: Any
) -> None:
    transferring.withdraw(transfer, by=secretary)
    assert not Transfer.objects.for_user(far_officer).exists()
    assert "欧阳建国" not in logged_in(far_officer).get("/transfers/").content.decode()
    assert not Consent.objects.in_force("transfer").exists()
    with pytest.raises(Conflict):
        accepted(transfer, far_officer)
    with pytest.raises(Conflict):
        transferring.withdraw(Transfer.objects.get(), by=secretary)


def test_a_consent_taken_back_takes_the_transfer_back(transfer: Transfer) -> None:
    Consent.objects.in_force("transfer").get().withdraw()
    assert Transfer.objects.get().status == "withdrawn"


def test_a_consent_taken_back_later_changes_nothing(transfer: Transfer, far_officer: User) -> None:
    accepted(transfer, far_officer)
    Consent.objects.in_force("transfer").get().withdraw()
    assert Transfer.objects.get().status == "accepted"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"home_text": " "}, "home_text"),
        ({"given_on": TODAY + timedelta(days=1)}, "不能晚于今天"),
    ],
)
def test_what_is_wrong_is_not_sent(
    member: Member, other_street: Area, secretary: User, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError, match=sentence):
        sent(member, other_street, secretary, **values)
    assert not Transfer.objects.exists()
    assert not Consent.objects.exists()


def test_who_is_not_here_or_waits_is_not_sent(
    transfer: Transfer, member: Member, moved_away: Member, street: Area, other_street: Area, secretary: User
) -> None:
    with pytest.raises(Conflict, match="正等着对方接收"):
        sent(member, other_street, secretary)
    with pytest.raises(ValidationError, match="没有住址"):
        sent(moved_away, other_street, secretary)
    with pytest.raises(ValidationError, match="请选别的街道"):
        sent(factories.person("新来人", Area.objects.get(name="1号楼")), street, secretary)


def test_both_streets_have_it_in_their_trails(transfer: Transfer, far_officer: User) -> None:
    accepted(transfer, far_officer)
    entries = AuditEntry.objects.filter(model="members.Transfer")
    streets = {(entry.action, entry.area_path[:4]) for entry in entries}
    here, there = transfer.member.street.path, transfer.to_street.path
    assert streets == {("create", here), ("create", there), ("change", here), ("change", there)}
    assert not [entry for entry in entries if TEXT in str(entry.changes) or "member_id" in entry.changes]


def test_the_sender_s_own_page_says_how_it_is_taken_back(
    member: Member, other_street: Area, secretary: User, far_officer: User, logged_in: Any, far_group: Area
) -> None:
    body = {"to_street": other_street.pk, "home_text": TEXT, "means": "paper", "given_on": TODAY.isoformat()}
    page = logged_in(secretary).post(f"/members/{member.pk}/transfer/", body, follow=True).content.decode()
    assert "已转给菊园新区，等对方接收" in page
    [act] = acts_of(secretary)[0]
    assert act.writes[0].way.label == "撤回"
    assert "等对方接收" in logged_in(secretary).get(f"/members/{member.pk}/").content.decode()
    transfer = Transfer.objects.get()
    done = logged_in(far_officer).post(
        f"/transfers/{transfer.pk}/accept/", {"address": TEXT, "to": "", "room": ""}, follow=True
    )
    assert "接收以后不能撤销" in done.content.decode()
    assert transfer.member.residences.get().until == TODAY
    [act] = acts_of(far_officer)[0]
    assert "接收以后不能撤销" in act.writes[0].way.why_not
    assert "等对方接收" not in logged_in(secretary).get(f"/members/{member.pk}/").content.decode()


def test_the_address_proposes_the_door(transfer: Transfer, far_officer: User, far_group: Area, logged_in: Any) -> None:
    form = logged_in(far_officer).get(f"/transfers/{transfer.pk}/accept/").context["form"]
    assert (form["to"].initial, form["room"].initial) == (far_group, "101")


WHO = (
    "street_officer",
    "secretary",
    "other_secretary",
    "liaison",
    "leader",
    "instructor",
    "far_officer",
    "far_secretary",
)
MATRIX = {
    "GET transfers/": (200, 200, 200, 403, 403, 403, 200, 200),
    "GET members/{member}/transfer/": (200, 200, 404, 403, 403, 404, 404, 404),
    "POST members/{newcomer}/transfer/": (302, 302, 404, 403, 403, 404, 404, 404),
    "GET transfers/{transfer}/accept/": (403, 403, 404, 404, 404, 404, 200, 404),
    "POST transfers/{transfer}/accept/": (403, 403, 404, 404, 404, 404, 302, 404),
    "GET transfers/{transfer}/decline/": (403, 403, 404, 404, 404, 404, 200, 404),
    "POST transfers/{transfer}/decline/": (403, 403, 404, 404, 404, 404, 302, 404),
    "POST transfers/{transfer}/withdraw/": (302, 302, 404, 404, 404, 404, 403, 404),
    "GET admin/members/transfer/": (200, 200, 200, 403, 403, 403, 200, 200),
    "GET admin/members/transfer/{transfer}/change/": (200, 200, 404, 403, 403, 403, 200, 404),
    "GET api/v1/transfers": (200, 200, 200, 200, 200, 403, 200, 200),
    "GET api/v1/transfers/{transfer}": (200, 200, 404, 404, 404, 403, 200, 404),
    "POST api/v1/transfers/{transfer}/accept": (403, 403, 404, 404, 404, 403, 200, 404),
    "POST api/v1/transfers/{transfer}/decline": (403, 403, 404, 404, 404, 403, 200, 404),
    "POST api/v1/transfers/{transfer}/withdraw": (200, 200, 404, 404, 404, 403, 403, 404),
}


@pytest.mark.parametrize("call", MATRIX)
def test_who_may_do_what_on_both_sides(
    call: str, transfer: Transfer, far_group: Area, group: Area, request: Any, logged_in: Any
) -> None:
    rows = {"member": transfer.member_id, "transfer": transfer.pk, "newcomer": factories.person("新来人", group).pk}
    body = {
        "to": far_group.pk, "area": far_group.pk, "room": "101", "sentence": "不住这里", "home_text": TEXT,
        "means": "paper", "given_on": TODAY.isoformat(), "to_street": transfer.to_street_id,
    }  # fmt: skip
    method, address = call.format(**rows).split()
    found = []
    for who in WHO:
        client = logged_in(request.getfixturevalue(who))
        kind = {"content_type": "application/json"} if address.startswith("api") else {}
        with rolled_back():
            answer = client.post(f"/{address}", body, **kind) if method == "POST" else client.get(f"/{address}")
        found.append(answer.status_code)
    assert tuple(found) == MATRIX[call]


def test_the_api_names_each_side_its_own_record(
    transfer: Transfer, member: Member, far_officer: User, secretary: User, far_group: Area, api: Any
) -> None:
    address = f"/api/v1/transfers/{transfer.pk}"
    assert api(secretary).get(address).data["record"] == member.pk
    theirs = api(far_officer).get(address).data
    assert theirs["record"] is None
    assert theirs["name"] == "欧阳建国"
    assert "phone" not in theirs
    done = api(far_officer).post(f"{address}/accept", {"address": TEXT})
    assert done.status_code == 200, done.data
    assert done.data["record"] == Transfer.objects.get().settled_id
    assert api(secretary).get(address).data["record"] == member.pk
    assert api(far_officer).post(f"{address}/accept", {"address": TEXT}).status_code == 409


def test_the_list_costs_no_more_with_many(
    transfer: Transfer, group: Area, far_officer: User, secretary: User, logged_in: Any,
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    for number in range(12):
        name = "甲乙丙丁戊己庚辛壬癸子丑"[number] * 2
        sent(factories.person(f"王{name}", group, room=f"{number}01"), transfer.to_street, secretary)
    for user in (far_officer, secretary):
        client = logged_in(user)
        client.get("/transfers/")
        with django_assert_max_num_queries(10):
            client.get("/transfers/")
    assert [line.sentence for line in waiting_lines(far_officer, TODAY)] == ["别的街道转来、等您接收的党员：13 人"]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite writes one after the other")
@pytest.mark.parametrize("_", range(3))
@pytest.mark.parametrize("other", ["withdraw", "accept", "decline", "consent"])
def test_of_two_at_once_one_wins(transactional_db: None, other: str, _: int) -> None:
    here, there = factories.area("新成路街道"), factories.area("菊园新区")
    groups = [
        factories.building("9号楼", factories.area("嘉富丽苑", factories.area("第一社区", street)))
        for street in (here, there)
    ]
    officer, far_officer = (factories.official(f"j{at.pk}", PostKind.STREET, at) for at in (here, there))
    transfer = sent(factories.person("欧阳建国", groups[0]), there, officer)

    def row() -> Transfer:
        return Transfer.objects.select_related("member", "to_street", "sent_by").get(pk=transfer.pk)

    seconds: dict[str, Callable[[], Any]] = {
        "withdraw": lambda: transferring.withdraw(row(), by=officer),
        "accept": lambda: accepted(transfer, far_officer),
        "decline": lambda: transferring.decline(row(), sentence="不住这里", by=far_officer),
        "consent": lambda: Consent.objects.in_force("transfer").get().withdraw(),
    }
    ends = raced(lambda: accepted(transfer, far_officer), seconds[other])
    lost = [end for end in ends if isinstance(end, Conflict)]
    assert [end for end in ends if isinstance(end, Exception)] == lost
    is_accepted = Transfer.objects.get().status == "accepted"
    assert len(lost) == (0 if other == "consent" and is_accepted else 1)
    assert Member.objects.filter(street=there).count() == is_accepted
    assert Member.objects.get(street=here).residences.filter(until=None).exists() != is_accepted
