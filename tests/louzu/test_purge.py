"""What is kept for a time goes when it is over: counted first, carried out with --yes, on record."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from activities.models import ActivityImport, Attendance, Need, SignIn, StruckAttendance
from activities.models.needs import EMPTIED
from feedback.models import Delivery, Replay, Slip, Webhook
from feedback.rules import slips_closing
from feedback.rules.receiving import By
from louzu.models import OwnFile
from members.models import Area, AuditEntry, CorrectionRequest, LoginAttempts, Move, RosterImport, Transfer
from members.rules import putting_right
from tests import factories
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
    someone = factories.person("搬家人", group)
    for days in (8, 6):
        Move.objects.create(member=someone, kind="back", at=NOW - timedelta(days=days))
    office = factories.user("zijin")
    for number, days in enumerate((30, 29)):
        file = handed(factories.person(f"要看的{number}", group, room=f"80{number}"), by=office)
        OwnFile.objects.filter(pk=file.pk).update(made_at=NOW - timedelta(days=days))
        said = putting_right.ask(someone, about="home", text=f"不对{number}", means="desk", by=office)
        putting_right.keep(said, reply="核对过了", by=office)
        CorrectionRequest.objects.filter(pk=said.pk).update(settled_at=NOW - timedelta(days=days + 60, seconds=1))
    for days in (91, 89):
        Transfer.objects.create(
            member=someone, to_street=theirs["street"], home_text="那边", sent_by=factories.user(f"zhuanchu{days}"),
            status="withdrawn", withdrawn_at=NOW - timedelta(days=days),
        )  # fmt: skip
    old, new = (preview(sheet(cells(name)), community) for name in ("新人甲", "新人乙"))
    RosterImport.objects.filter(pk=old.pk).update(created_at=NOW - timedelta(days=31))
    both = [ActivityImport.objects.create(area=community, content=b"x") for _ in range(2)]
    ActivityImport.objects.filter(pk=both[0].pk).update(created_at=NOW - timedelta(days=31))
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
        "到期的给本人的资料 1 份，加 --yes 清除。",
        "到期的办结的更正请求 1 条，加 --yes 清除。",
        "到期的单位通知 1 条，加 --yes 清除。",
        "到期的后台任务的结果 1 条，加 --yes 清除。",
    ]
    assert (texts(), SignIn.objects.count(), AuditEntry.objects.count()) == (before, 2, written)
    assert RosterImport.objects.get(pk=old_rows["old"]).content is not None


def test_what_is_past_its_time_goes(old_rows: dict[str, int]) -> None:
    before = texts()
    assert [line.endswith("已清除。") for line in purge("--yes")] == [True] * 14
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
    told = AuditEntry.objects.filter(action="purge").values_list("model", "changes")
    assert dict(told) == {
        "members.RosterImport": {"uploads": 1}, "activities.ActivityImport": {"activity_uploads": 1},
        "activities.Need": {"texts": 2}, "activities.SignIn": {"sign_ins": 1},
        "activities.StruckAttendance": {"struck": 1},
        "feedback.Replay": {"replays": 1}, "feedback.Delivery": {"deliveries": 1},
        "feedback.Slip": {"slips_emptied": 1},
        "django_tasks_database.DBTaskResult": {"tasks": 1},
        "members.LoginAttempts": {"login_attempts": 1}, "members.Move": {"moves": 1},
        "members.Transfer": {"transfers": 1},
        "louzu.OwnFile": {"own_files": 1}, "members.CorrectionRequest": {"corrections": 1},
    }  # fmt: skip
    assert AuditEntry.objects.first_broken() is None


def test_a_second_run_finds_nothing(old_rows: dict[str, int]) -> None:
    purge("--yes")
    written = AuditEntry.objects.count()
    assert purge("--yes")[2] == "到期的群众需求内容 0 条，已清除。"
    assert AuditEntry.objects.count() == written


def test_how_long_is_a_setting(old_rows: dict[str, int], settings) -> None:
    settings.RETENTION = {
        "upload": 1000,
        "need_text": 1000,
        "sign_in": 1000,
        "delivery": 1000,
        "task": 1000,
        "slip": 1000,
    }
    assert [line.split()[1] for line in purge()] == [
        "0",
        "0",
        "0",
        "0",
        "1",
        "1",
        "1",
        "1",
        "1",
        "0",
        "1",
        "1",
        "0",
        "0",
    ]
