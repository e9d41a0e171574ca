"""Erasing a member: nothing names the person any more, anywhere, and every count stays as it was."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as project
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activities.imports import steps
from activities.models import ActivityImport, Attendance, SignIn
from activities.rules import attendance, needing
from activities.rules.participation import participation
from feedback.models import Answer, Delivery, FeedEvent, RecordCard, Replay, Slip
from feedback.models.counterparts import Counterpart
from feedback.models.replays import Reply
from feedback.rules import issuing, receiving, slips_closing
from feedback.rules.receiving import By
from louzu.models import OwnFile
from louzu.rules import own_file_handing
from louzu.rules.figures import count_days
from louzu.rules.monthly_counts import counts_of
from members.ground import audit
from members.ground.access import PostKind
from members.ground.atomic import atomic_write
from members.ground.sealing import decrypt_packed, digest
from members.ground.states import Conflict
from members.models import (
    Area,
    AuditEntry,
    Consent,
    CorrectionRequest,
    Duty,
    Member,
    Residence,
    RosterImport,
    Transfer,
    User,
    journal,
)  # fmt: skip
from members.rules import erasing, moving, putting_right, registering, trail, transferring
from members.rules.coverage import coverage
from tests import factories
from tests.activities import books
from tests.cards import PERIOD, agreed, draft, issued, webhook
from tests.members.uploads import cells, preview, sheet, write
from tests.racing import raced
from tests.slips import accepted, from_unit

NAME, FORMER, PHONE, NUMBER = "欧阳建国", "欧阳健国", "19900005678", factories.id_number("19780512", 431)
TODAY = timezone.localdate()
YESTERDAY, YEAR_AGO = TODAY - timedelta(days=1), TODAY - timedelta(days=365)


@pytest.fixture
def filled(member: Member, group: Area, other_group: Area, far_group: Area, street_officer: User) -> Member:
    """The member with something of everything that a street records."""
    registering.revise(member, name=FORMER)
    registering.revise(member, name=NAME, skills="书法", remark="爱下棋", employer_number="A77")
    member.refresh_from_db()
    assert member.employer
    hook = webhook(member.employer, member.street, is_active=False)
    Delivery.objects.create(webhook=hook, cursor="c", outcome="200")
    _was_active(member, group, street_officer)
    _has_papers(member, group, street_officer)
    _asked_for_their_own(member, street_officer)
    _moved(member, group, other_group, far_group.parent.parent.parent, street_officer)
    _stands_in_files(group, street_officer)
    return member


def _was_active(member: Member, group: Area, user: User) -> None:
    held = factories.activity(group, held_on=YESTERDAY)
    struck = factories.activity(group, title="读报", held_on=YESTERDAY)
    other = factories.person("邻居", group, room="303")
    for event in (held, struck):
        attendance.enrol(event, [member.pk, other.pk], user=user, source="tick")
    attendance.strike(struck, [member.pk], user=user)
    SignIn.objects.create(activity=held, name=NAME, phone_end=PHONE[-4:], is_seen=True)
    Duty.objects.create(member=member, kind="helper", since=YEAR_AGO)
    done, claimed = factories.need(group), factories.need(group, text="修水管")
    for need in (done, claimed):
        needing.claim(need, members=[member.pk], user=user)
    done.refresh_from_db()
    done.finish()


def _has_papers(member: Member, group: Area, user: User) -> None:
    assert member.employer
    factories.consent(member, by=user)
    out = issued(member, period=PERIOD.previous, sentence=f"{NAME}热心")
    receiving.receive(out, digest=out.digest)
    receiving.answer(out, text=f"感谢{NAME}", thanks=True, by=By())
    agreed(member)
    draft(member, period=PERIOD.next)
    slip = from_unit(member.street, NAME, phone=PHONE, unit=member.employer)
    accepted(slip, user, member=member)
    doubled = from_unit(member.street, NAME, phone=PHONE, home="仓场公寓2号楼501室", unit=factories.employer("别的厂"))
    slips_closing.decline(doubled, text=f"{NAME}不住这里", by=user)
    reply = Reply(200, json.dumps({"number": out.number, "name": NAME}).encode())
    with atomic_write():
        ours = Counterpart(member.employer.pk, member.street.pk)
        Replay.objects.once(lambda: reply, counterpart=ours, key="k", request="r")


def _asked_for_their_own(member: Member, user: User) -> None:
    own_file_handing.make(member, means="link", reason=f"{NAME}来要", by=user)
    putting_right.ask(member, about="home", text=f"{NAME}不住302", means="desk", by=user)


def _moved(member: Member, group: Area, other_group: Area, far_street: Area, user: User) -> None:
    moving.settle(member, to=other_group, room="501", by=user, on=YESTERDAY)
    moving.settle(member, to=group, room="302", by=user, on=TODAY, joined_on=TODAY)
    own, neighbour = factories.household(group, "302", name="欧阳家"), factories.household(group, "305")
    pair = factories.pairing(own, neighbour, since=TODAY)
    factories.visit(pair, on=TODAY)
    sent = transferring.send(member, to_street=far_street, home_text=f"{NAME}的新家", means="paper", by=user)
    transferring.withdraw(sent, by=user)
    transferring.send(member, to_street=far_street, home_text=f"{NAME}的新家", means="paper", by=user)


def _stands_in_files(group: Area, user: User) -> None:
    place = group.parent.parent
    preview(sheet(cells("欧阳 建国", 室号="302"), cells("新人甲")), place, user)
    preview(sheet(cells("新人乙")), place, user)
    write(
        preview(sheet(cells(NAME, 室号="302", 身份证号=NUMBER, 特长="唱歌"), cells("新人丙", 性别="")), place),
        only_good=True,
    )
    book = books.book([books.activity()], [books.came()])
    upload = ActivityImport(area=place, user=user, file_name=f"{NAME}.xlsx")
    upload.file = book
    upload.save()
    steps.read_step(upload)


# A search through everything ------------------------------------------------------------------------------------------
def needles(member: Member) -> set[str]:
    """What tells of the person, also as JSON writes it."""
    found = {
        NAME,
        FORMER,
        member.pinyin,
        PHONE,
        member.phone_digest,
        member.id_digest,
        NUMBER,
        "爱下棋",
        "A77",
        "欧阳家",
    }
    return found | {json.dumps(each)[1:-1] for each in found} | {digest(PHONE, purpose="phone")}


def found_in_the_database(words: set[str]) -> set[str]:
    """The tables and columns in which one of the words stands, sealed or not."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        return {place for table in tables for place in _places(cursor, table, words)}


def _places(cursor: Any, table: str, words: set[str]) -> Iterator[str]:
    cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        for name, value in zip(names, row, strict=True):
            if any(word in text for text in _texts(value) for word in words):
                yield f"{table}.{name}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, bytes | memoryview):
        yield bytes(value).decode(errors="replace")
        try:
            yield decrypt_packed(value).decode()
        except Exception:  # whatever else is sealed, or is not
            return
    else:
        yield str(value)


def found_in_files(words: set[str], log: pytest.LogCaptureFixture) -> set[str]:
    paths = [Path(each) for each in (project.JOURNAL, project.CALLS_FILE) if each and Path(each).exists()]
    texts = {str(path): path.read_bytes().decode(errors="replace") for path in paths} | {"log": log.text}
    return {name for name, text in texts.items() for word in words if word in text}


def figures(street: Area) -> dict[str, Any]:
    """The counts of every report, up to yesterday; of today those that an erasure does not end."""
    areas = Area.objects.all()
    first = date(YEAR_AGO.year, 1, 1)
    return {
        "coverage": [coverage(street, areas=areas, day=day).as_dict() for day in (YESTERDAY, YEAR_AGO)],
        "participation": participation(street, areas=areas, first=YEAR_AGO, last=TODAY).as_dict(),
        "days": count_days(street, first, YESTERDAY),
        "month": counts_of(street, YESTERDAY.replace(day=1), YESTERDAY, today=TODAY),
        "came": Attendance.objects.count(),
    }


def test_the_street_has_a_row_of_everything_that_points_at_a_member(filled: Member) -> None:
    """A new model that names members is erased with them: it belongs into `filled`."""
    models = apps.get_models(include_auto_created=True)
    fields = [field for model in models for field in model._meta.concrete_fields if field.related_model is Member]
    missing = {
        f"{field.model._meta.label}.{field.name}"
        for field in fields
        if not field.model._base_manager.filter(**{field.name: filled}).exists()
    }
    assert missing == {"members.User.member", "members.Transfer.settled"}, "have tests of their own"


def test_nothing_names_the_person_and_no_count_changes(
    filled: Member, street_officer: User, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    words, before = needles(filled), figures(filled.street)
    places = found_in_the_database(words)
    assert {"members_member.name", "members_historicalmember.name", "feedback_recordcard.body"} <= places
    assert {"members_auditentry.changes", "members_rosterimport.plan", "feedback_replay.answer"} <= places
    with transaction.atomic():
        with caplog.at_level(logging.DEBUG), django_capture_on_commit_callbacks(execute=True):
            erasing.erase(filled, why="request", by=street_officer)
        assert found_in_the_database(words) == set()
        assert found_in_files(words, caplog) == set()
        assert figures(filled.street) == before
        assert [each.fault for each in trail.verified()] == [""] * len(list(trail.verified()))
        transaction.set_rollback(True)
    # The database is as a backup has it that was made before; only the journal knows.
    assert found_in_the_database(words) == places
    with django_capture_on_commit_callbacks(execute=True):
        assert journal.apply(project.JOURNAL) > 0
    assert found_in_the_database(words) == set()
    assert figures(filled.street) == before
    assert not any(each.fault for each in trail.verified())
    assert journal.apply(project.JOURNAL) == 0


def test_the_shell_is_in_no_list_and_the_trail_has_its_number(filled: Member, street_officer: User) -> None:
    filled.refresh_from_db()
    with audit.acting(street_officer):
        erasing.erase(filled, why="moved", by=street_officer)
    assert not Member.objects.filter(pk=filled.pk).exists()
    assert not Residence.objects.for_user(street_officer).filter(member=filled).exists()
    shell = Member.with_erased.get(pk=filled.pk)
    assert (shell.name, shell.phone, shell.employer, shell.affiliation) == (
        "已删除的党员",
        "",
        None,
        filled.affiliation,
    )
    assert {str(row.member) for row in Attendance.objects.filter(member=filled)} == {"已删除的党员"}
    entry = AuditEntry.objects.get(action="erase")
    assert (entry.model, entry.row, entry.user) == ("members.Member", str(filled.pk), street_officer)
    assert entry.changes == {"why": "moved", "entries": entry.changes["entries"]}
    others = AuditEntry.objects.filter(model="members.Member", row=str(filled.pk)).exclude(pk=entry.pk)
    assert {json.dumps(each.changes) for each in others} == {"{}"}


def test_the_employer_hears_of_the_cards_first(filled: Member, street_officer: User) -> None:
    out = RecordCard.objects.exclude(number=None).get()
    erasing.erase(filled, why="consent", by=street_officer)
    told = FeedEvent.objects.filter(card=out).order_by("seq").values_list("type", flat=True)
    assert list(told) == ["issued", "withdrawn"]
    cards = RecordCard.objects.filter(member=filled)
    assert {(card.status, card.body, card.sentence) for card in cards} == {("withdrawn", "", "")}
    assert Answer.objects.get().text == ""
    assert set(Slip.objects.values_list("name", "status")) == {("", "withdrawn"), ("", "declined")}
    assert FeedEvent.objects.filter(slip__isnull=False, type="slip.withdrawn").count() == 1
    assert not Consent.objects.in_force().exists()
    assert not Transfer.objects.exists()


def test_what_ends_is_said_before(filled: Member) -> None:
    assert erasing.endings(filled) == [
        "在第一社区 迎晖苑 1号楼 302的居住（从今天起不再计入这里的党员数）", "1 对结对", "1 项六员",
        "1 次正等着对方接收的转接", "4 项本人的同意", "1 条认领", "1 张已发给单位的记录卡（通知单位撤回）",
        "2 张还没有发的记录卡", "1 张报到单",
    ]  # fmt: skip


def test_files_of_others_stay(filled: Member, street_officer: User) -> None:
    erasing.erase(filled, why="request", by=street_officer)
    kept = RosterImport.objects.order_by("pk").values_list("status", "content")
    assert [(status, content is not None) for status, content in kept] == [
        ("discarded", False), ("review", True), ("applied", False),
    ]  # fmt: skip


def test_a_login_comes_first(member: Member, leader: User, street_officer: User) -> None:
    User.objects.filter(pk=leader.pk).update(member=member)
    with pytest.raises(Conflict, match=f"有登录账号“{leader.username}”"):
        erasing.erase(member, why="request", by=street_officer)
    leader.roles.all().delete()
    User.objects.filter(pk=leader.pk).update(is_active=False)
    erasing.erase(member, why="request", by=street_officer)
    leader.refresh_from_db()
    assert leader.member is None


def test_the_other_street_s_way_to_the_record_goes(
    member: Member, far_group: Area, street_officer: User, far_officer: User
) -> None:
    far_street = far_group.parent.parent.parent
    sent = transferring.send(member, to_street=far_street, home_text="9号楼", means="paper", by=street_officer)
    record = transferring.accept(sent, to=far_group, by=far_officer)
    erasing.erase(record, why="request", by=far_officer)
    assert not Transfer.objects.exists()
    assert Member.objects.get(name=NAME) == member, "each street erases its own"


def test_an_upload_at_work_comes_first(member: Member, community: Area, street_officer: User) -> None:
    upload = RosterImport(area=community, file_name="花名册.csv")
    upload.file = sheet(cells(NAME))
    upload.save()
    with pytest.raises(Conflict, match="有一份花名册正在处理"):
        erasing.erase(member, why="request", by=street_officer)


def test_only_the_office_of_the_street(
    member: Member, secretary: User, superuser: User, far_officer: User, leader: User
) -> None:
    for user in (secretary, superuser, far_officer, leader):
        with pytest.raises(PermissionDenied):
            erasing.erase(member, why="request", by=user)


def test_a_reason_is_asked_and_twice_is_once(member: Member, street_officer: User) -> None:
    with pytest.raises(ValidationError, match="请选删除的原因"):
        erasing.erase(member, why="", by=street_officer)
    erasing.erase(member, why="request", by=street_officer)
    with pytest.raises(PermissionDenied):
        erasing.erase(member, why="request", by=street_officer)


def test_without_a_phone_a_namesake_keeps_what_they_signed_in_with(group: Area, street_officer: User) -> None:
    gone, namesake = (
        factories.person("王伟", group, room="501"),
        factories.person("王伟", group, room="502", phone=PHONE),
    )
    alone = factories.person("郁建平", group, room="503")
    held = factories.activity(group, held_on=YESTERDAY)
    for name in ("王伟", "郁建平"):
        SignIn.objects.create(activity=held, name=name, phone_end=PHONE[-4:])
    for member in (gone, alone):
        erasing.erase(member, why="request", by=street_officer)
    assert list(SignIn.objects.values_list("name", flat=True)) == [namesake.name]


def test_no_late_file_or_request_is_kept(member: Member, street_officer: User) -> None:
    late = Member.objects.select_related("street", "employer").get(pk=member.pk)
    erasing.erase(member, why="request", by=street_officer)
    with pytest.raises(Conflict, match="刚刚被删除"):
        putting_right.ask(late, about="person", text="名字不对", means="desk")
    with pytest.raises(Conflict, match="刚刚被删除"):
        late.move(to=factories.building("5号楼", Area.objects.get(name="迎晖苑")), room="101")
    assert not CorrectionRequest.objects.exists()


def test_no_late_write_brings_it_back(member: Member, street_officer: User) -> None:
    late = Member.objects.get(pk=member.pk)
    erasing.erase(member, why="request", by=street_officer)
    with pytest.raises(ValidationError, match="去掉了"):
        registering.revise(late, name=NAME)
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.with_erased.filter(pk=member.pk).update(name=NAME)


def test_the_same_person_may_come_again(member: Member, group: Area, street_officer: User) -> None:
    erasing.erase(member, why="request", by=street_officer)
    again = factories.person(NAME, group, room="302", phone=PHONE, id_number=NUMBER)
    assert list(Member.objects.filter(name=NAME)) == [again]
    assert Member.with_erased.get(pk=member.pk).token != again.token


# The trail -----------------------------------------------------------------------------------------------------------
def test_an_emptied_entry_cannot_be_rewritten(member: Member, street_officer: User) -> None:
    erasing.erase(member, why="request", by=street_officer)
    assert AuditEntry.objects.first_broken() is None
    emptied = AuditEntry.objects.exclude(redaction="").first()
    assert emptied
    AuditEntry.objects.filter(pk=emptied.pk).update(changes={"name": ["", "别人"]})
    assert AuditEntry.objects.first_broken() == emptied


def test_a_fault_from_before_stays_to_be_seen(member: Member, street_officer: User) -> None:
    entry = AuditEntry.objects.filter(model="members.Member").latest("pk")
    AuditEntry.objects.filter(pk=entry.pk).update(changes={"name": ["", "别人"]})
    erasing.erase(member, why="request", by=street_officer)
    assert AuditEntry.objects.first_broken() == entry
    assert AuditEntry.objects.get(pk=entry.pk).changes == {}


# The page ------------------------------------------------------------------------------------------------------------
def test_the_page_asks_and_the_old_one_is_gone(
    filled: Member, street_officer: User, logged_in: Callable[[User], Client]
) -> None:
    browser, address = logged_in(street_officer), reverse("members:erase", args=[filled.pk])
    assert address in browser.get(reverse("person", args=[filled.pk])).content.decode()
    asked = browser.get(address).content.decode()
    assert "1 张已发给单位的记录卡（通知单位撤回）" in asked
    assert "删除个人信息" in asked
    assert browser.post(address, {"why": ""}).status_code == 200
    done = browser.post(address, {"why": "request"}, follow=True)
    assert f"已删除这位党员（编号 {filled.pk}）的个人信息" in done.content.decode()
    assert NAME not in done.content.decode()
    gone = browser.get(reverse("person", args=[filled.pk]))
    assert (gone.status_code, "按规定删除" in gone.content.decode()) == (410, True)
    for name in ("members:erase", "members:move", "members:phone", "admin:members_member_change"):
        assert browser.get(reverse(name, args=[filled.pk]), follow=True).status_code in (200, 404), name
    assert browser.get(f"/api/v1/members/{filled.pk}").status_code == 404


def test_the_pages_of_what_stays_still_open(
    filled: Member, street_officer: User, logged_in: Callable[[User], Client]
) -> None:
    erasing.erase(filled, why="request", by=street_officer)
    browser = logged_in(street_officer)
    event = Attendance.objects.filter(member=filled).latest("pk").activity
    page = browser.get(reverse("activities:activity", args=[event.pk]))
    assert "已删除的党员" in page.content.decode()
    for card in RecordCard.objects.all():
        page = browser.get(reverse("feedback:card", args=[card.pk]))
        assert (page.status_code, NAME in page.content.decode()) == (200, False)
    for slip in Slip.objects.all():
        assert browser.get(reverse("feedback:slip", args=[slip.pk])).status_code == 200
    for address in ("admin/members/auditentry/", "mine/", "admin/activities/attendance/", "slips/", "cards/"):
        assert browser.get(f"/{address}").status_code == 200, address


# At the same moment --------------------------------------------------------------------------------------------------
@pytest.fixture
def building(transactional_db: None) -> Area:
    street = factories.area("新成路街道", division_code="310114001")
    return factories.building("1号楼", factories.area("迎晖苑", factories.area("第一社区", street)))


@pytest.fixture
def worker(building: Area) -> Member:
    return factories.person("郁建平", building, room="402", phone=PHONE, affiliation="in_post")


def _erased(member: Member) -> None:
    erasing.erase(member, why="request", by=User.objects.get(username="jiedao"))


def test_erasing_against_issuing(worker: Member, building: Area) -> None:
    """Either the card left and was withdrawn, or it never left; nothing of it is kept."""
    factories.official("jiedao", PostKind.STREET, Area.objects.get(path=building.street_path))
    card = agreed(worker)
    ends = raced(lambda: issuing.issue_all([card.pk]).done, lambda: _erased(worker))
    assert ends[1] is None
    stored = RecordCard.objects.get(pk=card.pk)
    assert (stored.status, stored.body, stored.lines) == ("withdrawn", "", [])
    assert list(FeedEvent.objects.values_list("type", flat=True)) in ([], ["issued", "withdrawn"])
    assert found_in_the_database({"郁建平"}) == set()


def test_erasing_against_an_attendance(worker: Member, building: Area) -> None:
    officer = factories.official("jiedao", PostKind.STREET, Area.objects.get(path=building.street_path))
    event = factories.activity(building)
    ends = raced(
        lambda: attendance.enrol(event, [worker.pk], user=officer, source="tick").total, lambda: _erased(worker)
    )
    assert ends[1] is None
    assert Attendance.objects.count() == (0 if isinstance(ends[0], ValidationError) else 1)
    assert found_in_the_database({"郁建平"}) == set()
    assert AuditEntry.objects.first_broken() is None


def test_erasing_against_a_correction(worker: Member, building: Area) -> None:
    factories.official("jiedao", PostKind.STREET, Area.objects.get(path=building.street_path))
    ends = raced(lambda: registering.revise(worker, skills="郁建平会书法"), lambda: _erased(worker))
    assert ends[1] is None
    assert found_in_the_database({"郁建平"}) == set()


def test_erasing_against_a_file_of_their_own(worker: Member, building: Area) -> None:
    officer = factories.official("jiedao", PostKind.STREET, Area.objects.get(path=building.street_path))
    made = lambda: own_file_handing.make(worker, means="link", reason="本人要求", by=officer)[0].pk  # noqa: E731
    ends = raced(made, lambda: _erased(worker))
    assert ends[1] is None
    assert not OwnFile.objects.exists()
    assert found_in_the_database({"郁建平"}) == set()


def test_erased_twice_at_once(worker: Member, building: Area) -> None:
    factories.official("jiedao", PostKind.STREET, Area.objects.get(path=building.street_path))
    raced(*[lambda: _erased(Member.with_erased.select_related("street").get(pk=worker.pk))] * 3)
    assert AuditEntry.objects.filter(action="erase").count() == 1
