"""The landing page: what waits for each post, the figures beside it, and the auditor's verification."""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activities.models import Visit
from louzu.models import FiguresOfDay
from louzu.rules import desk
from louzu.rules.desk import DeskFigure, desk_figures
from louzu.views.desk import waiting_lines
from members.models import Area, AuditEntry, Member, User
from members.rules import trail
from members.rules.coverage import CoverageFigures
from tests import cards, factories
from tests.week import lived

TODAY = timezone.localdate()
OLD = TODAY - timedelta(days=100)
Login = Callable[[User], Client]


def lines_of(user: User) -> list[str]:
    return [line.sentence for line in waiting_lines(user, TODAY)]


def landing(client: Client) -> str:
    return re.sub(r"\s+", " ", client.get("/").content.decode())


def test_the_street_sees_what_is_thin_and_what_waits(
    logged_in: Login, street_officer: User, group: Area, other_group: Area, member: Member
) -> None:
    factories.need(group, opened_on=OLD)
    factories.need(other_group, opened_on=TODAY - timedelta(days=1))
    cards.draft(member)
    page = landing(logged_in(street_officer))
    assert "本月还没有活动的社区：2 个" in page
    assert "本季度还没有活动或走访的楼组：2 个" in page
    assert "提出 14 天还没有人认领的需求：1 件" in page
    assert "还没有请本人确认的记录卡：1 张" in page
    assert f'<a href="/activities/add/?area={group.pk}">1号楼</a>' in page


def test_what_was_recorded_is_not_thin(logged_in: Login, secretary: User, community: Area, group: Area) -> None:
    for area in (community, Area.objects.get(name="迎晖苑"), group):
        factories.activity(area)
    assert "先照上面一步一步做" in landing(logged_in(secretary))
    factories.person("张建国", group)
    page = landing(logged_in(secretary))
    assert "还没有活动" not in page
    assert "现在没有缺的，都办了。" in page
    assert "本月社区自己的活动 1 场。" in page


def test_the_week_ahead_is_shown_nearest_first(
    logged_in: Login, secretary: User, group: Area, other_group: Area
) -> None:
    for place, title, days in ((group, "后天", 2), (group, "明天", 1), (group, "下周", 9), (other_group, "别处", 1)):
        factories.activity(place, title=title, held_on=TODAY + timedelta(days=days), is_held=False)
    page = landing(logged_in(secretary))
    assert page.index("明天</a>") < page.index("后天</a>")
    assert "下周" not in page
    assert "别处" not in page


def test_nobody_sees_what_waits_elsewhere(
    secretary: User, far_officer: User, other_group: Area, far_group: Area, far_member: Member
) -> None:
    factories.need(other_group, opened_on=OLD)
    factories.need(far_group, opened_on=OLD)
    cards.draft(far_member)
    assert lines_of(secretary) == []
    assert lines_of(far_officer) == ["还没有请本人确认的记录卡：1 张", "提出 14 天还没有人认领的需求：1 件"]


def test_who_only_reads_is_asked_to_do_nothing(instructor: User, auditor: User, group: Area, member: Member) -> None:
    factories.need(group, opened_on=OLD)
    cards.draft(member)
    assert lines_of(instructor) == lines_of(auditor) == []


def test_a_leader_records_a_visit_on_the_landing_page(
    logged_in: Login, leader: User, group: Area, member: Member
) -> None:
    home = factories.household(group, "302")
    pairs = [factories.pairing(home, factories.household(group, room), since=OLD) for room in ("601", "602")]
    factories.visit(pairs[0], on=TODAY - timedelta(days=3))
    client = logged_in(leader)
    page = landing(client)
    assert page.index(f"pairing-{pairs[1].pk}") < page.index(f"pairing-{pairs[0].pk}")
    assert "本季度楼组自己的活动 0 场、走访 1 次。" in page
    assert "90 天没有走访的结对：1 对" in page
    client.post("/visits/", {"pairing": pairs[1].pk, "kind": Visit.Kind.DOOR})
    assert Visit.objects.filter(pairing=pairs[1]).count() == 1
    assert [
        title for title in re.findall(r'<span class="[^"]*">(首页|走访|活动|群众需求|单位)</span>', page) if title
    ] or page


def test_figures_stand_beside_those_of_a_month_and_a_year_ago(street: Area, group: Area) -> None:
    today = date(2026, 3, 31)
    FiguresOfDay.objects.bulk_create([
        FiguresOfDay(area=street, day=date(2026, 2, 28), members=7, activities=2),
        FiguresOfDay(area=street, day=date(2026, 2, 3), members=6, activities=1),
        FiguresOfDay(area=street, day=date(2025, 3, 31), members=3, visits=4),
        FiguresOfDay(area=street, day=date(2025, 3, 1), members=2, visits=1),
        FiguresOfDay(area=group, day=date(2026, 2, 28), members=99),
    ])  # fmt: skip
    factories.activity(group, held_on=date(2026, 3, 2))
    factories.activity(group, title="又一次", held_on=date(2026, 2, 27))
    with CaptureQueriesContext(connection) as asked:
        found = {each.name: each for each in desk_figures(street, CoverageFigures(members=9, taking_part=8), today)}
    assert len(asked) == 3
    assert found["members"] == DeskFigure("members", 9, None, 7, 3)
    assert found["taking_part"] == DeskFigure("taking_part", 8, 9, 0, 0)
    assert found["activities"] == DeskFigure("activities", 1, None, 3, 0)
    assert found["visits"] == DeskFigure("visits", 0, None, 0, 5)


def test_the_last_of_february_has_a_day_a_year_ago(street: Area) -> None:
    FiguresOfDay.objects.create(area=street, day=date(2027, 2, 28), members=5)
    figures = desk_figures(street, CoverageFigures(members=6), date(2028, 2, 29))
    assert figures[0].year_ago == 5


def test_nothing_kept_is_not_shown_as_nothing(logged_in: Login, street_officer: User, group: Area) -> None:
    page = landing(logged_in(street_officer))
    assert "比上月底" not in page
    last = TODAY.replace(day=1) - timedelta(days=1)
    FiguresOfDay.objects.create(area=Area.objects.get(name="新成路街道"), day=last, members=2)
    assert "比上月底 -2" in landing(logged_in(street_officer))


@pytest.mark.parametrize(("who", "most"), [("street_officer", 32), ("secretary", 32), ("leader", 31), ("auditor", 14)])
def test_the_landing_page_asks_few_questions(
    request: Any,
    logged_in: Login,
    member: Member,
    other_member: Member,
    other_street: Area,
    secretary: User,
    who: str,
    most: int,
) -> None:
    lived(member, other_member, by=secretary)
    client = logged_in(request.getfixturevalue(who))
    client.get("/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/")
    assert len(asked) <= most


# The trail -----------------------------------------------------------------------------------------------------------
def test_the_auditor_verifies_the_trail(logged_in: Login, auditor: User, group: Area, member: Member) -> None:
    client = logged_in(auditor)
    assert "还没有校验过" in landing(client)
    client.post("/trail/verify/")
    assert "首尾相接，没有改动" in landing(client)
    assert trail.last_good_run() == trail.last_run()


def test_a_broken_trail_is_said_on_the_landing_page(logged_in: Login, auditor: User, member: Member) -> None:
    trail.verify_all.call()
    good = trail.last_good_run()
    AuditEntry.objects.filter(model="members.Member").update(reason="改过")
    trail.verify_all.call()
    page = landing(logged_in(auditor))
    assert "条链对不上" in page
    assert trail.last_good_run() == good != trail.last_run()


@pytest.mark.parametrize("who", ["street_officer", "secretary", "outsider", "superuser"])
def test_nobody_else_verifies_it(request: Any, logged_in: Login, who: str, group: Area) -> None:
    answer = logged_in(request.getfixturevalue(who)).post("/trail/verify/")
    assert answer.status_code == 403
    assert trail.last_run() is None


def test_todays_entries_are_counted(auditor: User, group: Area, member: Member) -> None:
    before = desk.audited_today(auditor, TODAY)
    moment = timezone.make_aware(datetime.combine(TODAY, time.min))
    assert before == {}
    AuditEntry.objects.extend([
        AuditEntry(action=action, at=at, area_path=group.path, request_id="x")
        for action, at in (("export", moment), ("reveal", timezone.now()), ("export", moment - timedelta(seconds=1)))
    ])  # fmt: skip
    assert desk.audited_today(auditor, TODAY) == {"export": 1, "reveal": 1}
