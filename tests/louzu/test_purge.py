"""What is kept for a time goes when it is over: counted first, carried out with --yes, on record."""

import io
from datetime import date, datetime, time, timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from activities.models import ActivityImport, Attendance, Need, SignIn, StruckAttendance
from activities.models.needs import EMPTIED
from feedback.models import Delivery, RecordCard, Replay, Slip, Webhook
from feedback.rules import slips_closing
from feedback.rules.receiving import By
from louzu.models import OwnFile
from louzu.rules import retention
from members.models import Area, AuditEntry, CorrectionRequest, LoginAttempts, Member, Move, RosterImport, Transfer
from members.models.audit import AuditHead
from members.rules import putting_right, trail
from tests import cards, factories
from tests.cards import in_post, issued
from tests.members.uploads import cells, preview, sheet
from tests.slips import from_unit, phone
from tests.week import handed

NOW = timezone.now()


def purge(*options: str) -> list[str]:
    out = io.StringIO()
    call_command("purge", *options, stdout=out)
    return out.getvalue().splitlines()


def ended(group: Area, *, days: int, by: str = "withdraw") -> Need:
    """A need that ended so many days ago."""
    need = factories.need(group, text=f"{days} 天前的事")
    with transaction.atomic():
        if by == "finish":
            need.claim(employer=factories.employer())
        getattr(need, by)()
    moment = {"finish": "done_at", "withdraw": "withdrawn_at"}[by]
    Need.objects.filter(pk=need.pk).update(**{moment: NOW - timedelta(days=days, seconds=1)})
    return need


def finished(*, days: int) -> DBTaskResult:
    """A background task that ended so many days ago."""
    moment = NOW - timedelta(days=days)
    values = {"args_kwargs": {"args": [1], "kwargs": {}}, "task_path": "members.roster.job.read_roster_import"}
    return DBTaskResult.objects.create(status="SUCCESSFUL", finished_at=moment, run_after=NOW, **values)


def _own(someone: Member, group: Area) -> None:
    office = factories.user("zijin")
    for number, days in enumerate((30, 29)):
        file = handed(factories.person(f"要看的{number}", group, room=f"80{number}"), by=office)
        OwnFile.objects.filter(pk=file.pk).update(made_at=NOW - timedelta(days=days))
        said = putting_right.ask(someone, about="home", text=f"不对{number}", means="desk", by=office)
        putting_right.keep(said, reply="核对过了", by=office)
        CorrectionRequest.objects.filter(pk=said.pk).update(settled_at=NOW - timedelta(days=days + 60, seconds=1))


def _tried(street: Area) -> None:
    for name in ("试完的", "在试的"):
        tried, _ = cards.key_to_try(factories.employer(name), street)
        if name == "试完的":
            tried.revoke()


@pytest.fixture
def old_rows(group: Area, community: Area) -> dict[str, int]:
    """Of each kind something past its time and something that is not."""
    event = factories.activity(group, is_held=False)
    SignIn.objects.create(activity=event, name="旧的", phone_end="1234", typed_at=NOW - timedelta(days=31))
    SignIn.objects.create(activity=event, name="新的", phone_end="1234", typed_at=NOW - timedelta(days=29))
    for number, days in enumerate((8, 6), start=1):
        one = factories.person(f"去掉{number}", group, room=f"90{number}")
        StruckAttendance.objects.create(
            attendance=number, activity=event, member=one, source=Attendance.Source.TICK, recorded_at=NOW,
            struck_at=NOW - timedelta(days=days),
        )  # fmt: skip
    unit = factories.employer("通知厂")
    theirs = {"employer": unit, "street": group.parent.parent.parent}
    Replay.objects.create(**theirs, key="旧的", request="r", created_at=NOW - timedelta(days=31))
    Replay.objects.create(**theirs, key="新的", request="r", created_at=NOW - timedelta(days=29))
    hook = Webhook.objects.create(**theirs, url="https://hooks.example/")
    for days in (91, 89):
        Delivery.objects.create(webhook=hook, cursor="c", created_at=NOW - timedelta(days=days))
    for days in (15, 13):
        finished(days=days)
    unfinished = finished(days=15)
    DBTaskResult.objects.filter(pk=unfinished.pk).update(status="READY", finished_at=None)
    LoginAttempts.objects.create(name="a" * 64, since=NOW - timedelta(days=2))
    LoginAttempts.objects.create(name="b" * 64, since=NOW)
    for at, days in enumerate((181, 179)):
        slip = from_unit(group.parent.parent.parent, f"报到{'甲乙'[at]}", phone=phone(at))
        slips_closing.withdraw(slip, withdrawer="sender", by=By())
        Slip.objects.filter(pk=slip.pk).update(withdrawn_at=NOW - timedelta(days=days))
    _tried(theirs["street"])
    someone = factories.person("搬家人", group)
    for days in (8, 6):
        Move.objects.create(member=someone, kind="back", at=NOW - timedelta(days=days))
    _own(someone, group)
    for days in (91, 89):
        Transfer.objects.create(
            member=someone, to_street=theirs["street"], home_text="那边", sent_by=factories.user(f"zhuanchu{days}"),
            status="withdrawn", withdrawn_at=NOW - timedelta(days=days),
        )  # fmt: skip
    old, new = (preview(sheet(cells(name)), community) for name in ("新人甲", "新人乙"))
    RosterImport.objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=31))
    both = [ActivityImport.objects.create(area=community, content=b"x") for _ in range(2)]
    ActivityImport.objects.filter(pk=both[0].pk).update(created_at=NOW - timedelta(days=31))
    ActivityImport.objects.filter(pk=both[1].pk).update(status="refused")
    elsewhere = factories.area("别的街道")
    for label in ("别的社区", "别的小区", "7号楼"):
        elsewhere = factories.area(label, elsewhere)
    for name, days in (("早已迁出", 1099), ("刚刚迁出", 1097)):
        factories.person(name, elsewhere, room="906", on=date(2020, 1, 1)).leave(
            on=timezone.localdate() - timedelta(days=days)
        )
    needs = {"done": ended(group, days=90, by="finish"), "withdrawn": ended(group, days=90)}
    needs |= {"fresh": ended(group, days=89), "open": factories.need(group, text="还开着")}
    return {"old": old.pk, "new": new.pk} | {name: need.pk for name, need in needs.items()}


def texts() -> dict[int, str]:
    return dict(Need.objects.values_list("pk", "text"))


def test_a_dry_run_counts(old_rows: dict[str, int]) -> None:
    before, written = texts(), AuditEntry.objects.count()
    assert purge() == [
        "到期的上传文件 1 份，加 --yes 清除。",
        "到期的活动表 1 份，加 --yes 清除。",
        "到期的群众需求内容 2 条，加 --yes 清除。",
        "到期的扫码签到 1 条，加 --yes 清除。",
        "到期的活动里去掉的人 1 位，加 --yes 清除。",
        "到期的接口重复提交的底稿 1 份，加 --yes 清除。",
        "到期的登录尝试的计数 1 条，加 --yes 清除。",
        "到期的迁居迁出的撤销 1 次，加 --yes 清除。",
        "到期的有结果的转接 1 次，加 --yes 清除。",
        "到期的报到单的个人信息 1 张，加 --yes 清除。",
        "到期的记录卡的内容 0 张，加 --yes 清除。",
        "到期的停用的测试密钥的测试资料 1 家，加 --yes 清除。",
        "到期的给本人的资料 1 份，加 --yes 清除。",
        "到期的办结的更正请求 1 条，加 --yes 清除。",
        "到期的单位通知 1 条，加 --yes 清除。",
        "到期的后台任务的结果 1 条，加 --yes 清除。",
        "到期的迁出的党员的个人信息 1 名，加 --yes 清除。",
        "到期的操作记录 0 条，加 --yes 清除。",
    ]
    assert (texts(), SignIn.objects.count(), AuditEntry.objects.count()) == (before, 2, written)
    assert RosterImport.objects.get(pk=old_rows["old"]).content is not None


def test_what_is_past_its_time_goes(old_rows: dict[str, int]) -> None:
    before = texts()
    assert [line.endswith("已清除。") for line in purge("--yes")] == [True] * 18
    emptied = {old_rows["done"]: EMPTIED, old_rows["withdrawn"]: EMPTIED}
    assert texts() == before | emptied
    assert [row.name for row in SignIn.objects.all()] == ["新的"]
    assert DBTaskResult.objects.count() == 2
    assert ([row.key for row in Replay.objects.all()], Delivery.objects.count()) == (["新的"], 1)
    assert sorted(row.content is None for row in OwnFile.objects.all()) == [False, True]
    said = {(row.text, row.reply, row.emptied_at is None) for row in CorrectionRequest.objects.all()}
    assert said == {("", "", False), ("不对1", "核对过了", True)}
    kept = {row.pk: row.content is not None for row in RosterImport.objects.all()}
    assert kept == {old_rows["old"]: False, old_rows["new"]: True}
    files = [row.content and bytes(row.content) for row in ActivityImport.objects.order_by("pk")]
    assert files == [None, b"x"]
    told = AuditEntry.objects.filter(action="purge", area_path="").values_list("model", "changes")
    counts = dict(told)
    run = counts.pop("")
    assert run == {name: count for each in counts.values() for name, count in each.items()}
    last = retention.last_done()
    assert last
    assert last.counts == run
    assert counts == {
        "members.RosterImport": {"uploads": 1}, "activities.ActivityImport": {"activity_uploads": 1},
        "activities.Need": {"texts": 2}, "activities.SignIn": {"sign_ins": 1},
        "activities.StruckAttendance": {"struck": 1},
        "feedback.Replay": {"replays": 1}, "feedback.Delivery": {"deliveries": 1},
        "feedback.Slip": {"slips_emptied": 1}, "feedback.Feed": {"practice_units": 1},
        "django_tasks_database.DBTaskResult": {"tasks": 1},
        "members.LoginAttempts": {"login_attempts": 1}, "members.Move": {"moves": 1},
        "members.Transfer": {"transfers": 1}, "members.Member": {"members_erased": 1},
        "louzu.OwnFile": {"own_files": 1}, "members.CorrectionRequest": {"corrections": 1},
    }  # fmt: skip
    assert list(Member.objects.filter(name__endswith="迁出").values_list("name", flat=True)) == ["刚刚迁出"]
    assert AuditEntry.objects.first_broken() is None


def test_a_second_run_finds_nothing(old_rows: dict[str, int]) -> None:
    purge("--yes")
    written = AuditEntry.objects.count()
    assert purge("--yes")[2] == "到期的群众需求内容 0 条，已清除。"
    assert AuditEntry.objects.count() == written + 1, "but that there was a run"


def test_how_long_is_a_setting(old_rows: dict[str, int], settings) -> None:
    settings.RETENTION = {
        "upload": 1000,
        "need_text": 1000,
        "sign_in": 1000,
        "delivery": 1000,
        "task": 1000,
        "slip": 1000,
        "moved_away": 2000,
        "trail": 1000,
        "card_body": 1000,
    }
    assert [line.split()[1] for line in purge()] == [
        "0", "0", "0", "0", "1", "1", "1", "1", "1", "0", "0", "1", "1", "1", "0", "0", "0", "0",
    ]  # fmt: skip


# Cards ---------------------------------------------------------------------------------------------------------------
def test_the_text_of_cards_goes_by_the_street_s_word(group: Area, settings) -> None:
    old, new = issued(in_post("郁建平", group)), issued(in_post("郁建安", group, room="402"))
    RecordCard.objects.filter(pk=old.pk).update(issued_at=NOW - timedelta(days=400))
    purge("--yes")
    assert RecordCard.objects.with_body().count() == 2, "without a word it stays"
    settings.RETENTION = settings.RETENTION | {"card_body": 365}
    purge("--yes")
    assert list(RecordCard.objects.with_body()) == [new]
    old.refresh_from_db()
    assert (old.status, old.body, old.lines, bool(old.digest)) == ("issued", "", [], True)


# The trail -----------------------------------------------------------------------------------------------------------
def aged(count: int) -> None:
    """Let the trail's first entries of the street be four years old, bound as if they had been written then."""
    chain = AuditEntry.objects.exclude(chain="").latest("pk").chain
    entries, head = list(AuditEntry.objects.in_chain(chain)), AuditHead.objects.get(chain=chain)
    for entry in entries[:count]:
        entry.at = NOW - timedelta(days=1500)
    head.number, head.hash = 0, ""
    head.bind(entries)
    AuditEntry.objects.bulk_update(entries, ["at", "previous", "hash"])
    head.save()


def test_the_trail_is_cut_and_still_verified(member: Member, group: Area) -> None:
    aged(3)
    first = trail.heads()
    assert not any(each.fault for each in trail.verified(first))
    assert trail.forget_expired() == 3
    assert trail.forget_expired() == 0
    chain = member.street.path
    assert AuditEntry.objects.in_chain(chain).__next__().number == 4
    assert AuditEntry.objects.first_broken() is None
    assert not any(each.fault for each in trail.verified(first)), "heads from outside still fit"
    factories.person("新来的", group, room="909")
    assert not any(each.fault for each in trail.verified())


def test_a_cut_that_nobody_sealed_shows(member: Member) -> None:
    chain = member.street.path
    last = AuditEntry.objects.filter(chain=chain, number__lte=3).order_by("number").last()
    assert last
    AuditEntry.objects.filter(chain=chain, number__lte=3).delete()
    AuditHead.objects.filter(chain=chain).update(cut_number=3, cut_hash=last.hash, cut_seal="0" * 64)
    assert AuditEntry.objects.first_broken() is not None
    assert any(each.fault for each in trail.verified())


def test_a_broken_entry_is_not_cut_away(member: Member) -> None:
    aged(3)
    second = AuditEntry.objects.get(chain=member.street.path, number=2)
    AuditEntry.objects.filter(pk=second.pk).update(reason="改过")
    assert trail.forget_expired() == 1
    assert AuditEntry.objects.first_broken() == second


# Each night ----------------------------------------------------------------------------------------------------------
def test_it_is_carried_out_once_a_night(street: Area, settings) -> None:
    due = timezone.make_aware(datetime.combine(timezone.localdate(), time(0, 40)))
    assert retention.next_night() == due + timedelta(days=1), "the installation is of today"
    AuditEntry.objects.update(at=NOW - timedelta(days=1))
    assert retention.next_night() == due
    retention.carry_out_nightly.call()
    assert retention.next_night() == due + timedelta(days=1)
    runs = AuditEntry.objects.filter(action="purge").count()
    retention.carry_out_nightly.call()
    assert AuditEntry.objects.filter(action="purge").count() == runs
    settings.PURGE_NIGHTLY = False
    assert retention.next_night() is None


def test_an_installation_without_a_street_has_nothing_to_do(db: None) -> None:
    assert retention.next_night() is None
