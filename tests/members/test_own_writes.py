"""我今天做的, and the trail in words."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.models import Attendance
from activities.rules import attendance, visiting, voiding
from members.ground import audit
from members.models import Area, AuditEntry, Household, Member, Pairing, Residence, User
from members.rules import moving, pairing
from members.rules.own_writes import AT_ONCE, acts_of
from members.rules.trail_words import lines
from tests import factories

TRAIL = "/admin/members/auditentry/"


@pytest.fixture
def doors(member: Member, group: Area) -> tuple[Household, Household]:
    return factories.household(group, "302"), factories.household(group, "303")


def ways(user: User) -> list[tuple[str, str]]:
    """Return the user's writes, oldest first, with the button or the reason why there is none."""
    acts, _ = acts_of(user)
    writes = [write for act in acts for write in act.writes]
    return [(write.line.text, write.way.label or write.way.why_not) for write in reversed(writes)]


def wrote(user: User, *acts: Callable[[], Any]) -> None:
    for act in acts:
        with audit.acting(user):
            act()


def test_each_write_has_a_way_back_or_a_reason(
    member: Member, doors: tuple[Household, Household], group: Area, secretary: User
) -> None:
    activity = factories.activity(group)
    need = factories.need(group, text="修灯")
    wrote(secretary, lambda: factories.pairing(*doors))
    pair = Pairing.objects.get()
    wrote(
        secretary,
        lambda: visiting.record(pair, kind="door"),
        lambda: need.claim(members=[member]),
        lambda: attendance.enrol(activity, [member.pk], user=secretary, source=Attendance.Source.TICK),
        lambda: factories.consent(member, by=secretary),
        lambda: factories.consent(factories.person("不愿意", group), by=secretary, is_agreed=False),
        lambda: pair.end(),
    )
    home = "第一社区 迎晖苑 1号楼"
    found = ways(secretary)
    assert found[:2] == [
        (f"新增 结对，{home} 302 — 303", "这一对已经结束了。"),
        (f"新增 走访，{home} 302 — 303 {timezone.localdate()}", "撤销"),
    ]
    assert ("修改 群众需求，修灯", "取消认领") in found
    assert ("修改 活动，楼道大扫除", "撤销") in found
    assert ("新增 本人意见，楼道公示姓名", "撤回同意") in found
    assert ("新增 本人意见，楼道公示姓名", "不同意的意见不用撤回：本人改了主意，请登记同意。") in found
    assert ("新增 党员，不愿意", "党员的记录不删除：登记错了请修改；不住在这里的，请办理迁出。") in found
    assert found[-1] == (f"修改 结对，{home} 302 — 303", "恢复结对")


def test_an_activity_is_voided_and_put_back_from_here(
    group: Area, secretary: User, logged_in: Callable[[User], Client]
) -> None:
    activity = factories.activity(group)
    wrote(secretary, lambda: voiding.void(activity, user=secretary))
    assert ways(secretary) == [("修改 活动，楼道大扫除", "撤销作废")]
    (act,), _ = acts_of(secretary)
    logged_in(secretary).post(act.writes[0].way.url, {"back": "/mine/"})
    assert ways(secretary)[0] == ("修改 活动，楼道大扫除", "后来又改过了，请打开看看。")


def test_a_move_goes_back_as_a_whole(
    member: Member, doors: tuple[Household, Household], secretary: User, logged_in: Callable
) -> None:
    factories.pairing(*doors)
    wrote(secretary, lambda: moving.leave(member, by=secretary, end=["pairings"]))
    (act,), older = acts_of(secretary)
    assert ([write.way.label for write in act.writes], len(act.also), older) == (["撤销"], 2, None)
    client = logged_in(secretary)
    answer = client.post(act.writes[0].way.url, {"back": "/mine/"}, follow=True)
    assert answer.redirect_chain == [("/mine/", 302)]
    assert "已撤销欧阳建国的迁出，和办理以前一样。" in answer.content.decode()
    assert "已经撤销了。" in answer.content.decode()
    assert [len(act.writes) for act in acts_of(secretary)[0]] == [1, 1]
    assert Pairing.objects.get().until is None


def test_only_one_s_own_writes_of_a_day_are_shown(
    member: Member, secretary: User, liaison: User, group: Area, logged_in: Callable
) -> None:
    wrote(liaison, lambda: factories.need(group, text="别人登记的"))
    wrote(secretary, lambda: factories.need(group, text="今天登记的"), lambda: factories.need(group, text="昨天登记的"))
    old = AuditEntry.objects.filter(user=secretary).latest("pk")
    AuditEntry.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(hours=25))
    text = logged_in(secretary).get("/mine/").content.decode()
    assert [word in text for word in ("今天登记的", "昨天登记的", "别人登记的")] == [True, False, False]


def test_many_writes_take_six_queries(
    member: Member, group: Area, secretary: User, street_officer: User, logged_in: Callable,
    django_assert_max_num_queries,
) -> None:  # fmt: skip
    def write() -> None:
        for number in range(AT_ONCE):
            factories.need(group, text=f"第 {number} 件")

    wrote(secretary, write, lambda: factories.activity(group), lambda: member.leave())
    client = logged_in(secretary)
    client.get("/mine/")  # saves the new session
    with django_assert_max_num_queries(6):
        page = client.get("/mine/")
    oldest = page.context["older"]
    assert oldest
    assert "第 0 件" in client.get("/mine/", {"before": oldest}).content.decode()
    assert "没有更早的了" in client.get("/mine/", {"before": "1"}).content.decode()
    assert "没有登记或修改过什么" in logged_in(street_officer).get("/mine/", {"before": "x" * 30}).content.decode()


def test_an_ended_pair_goes_on_only_where_nothing_changed(
    member: Member, doors: tuple[Household, Household], group: Area, secretary: User, logged_in: Callable
) -> None:
    pair = factories.pairing(*doors, until=timezone.localdate())
    assert "恢复结对" in logged_in(secretary).get(f"/pairings/{pair.pk}/").content.decode()
    pairing.resume(pair)
    assert Pairing.objects.get().until is None
    client: Client = logged_in(secretary)
    told = client.post(f"/pairings/{pair.pk}/resume/", follow=True).content.decode()
    assert "这一对正在结对，不用恢复。" in told
    Pairing.objects.get().end()
    factories.person("新住户", group, room="303")
    assert "303现在住着党员" in client.post(f"/pairings/{pair.pk}/resume/", follow=True).content.decode()
    Residence.objects.filter(room="303").delete()
    member.leave()
    assert "302现在没有党员居住" in client.post(f"/pairings/{pair.pk}/resume/", follow=True).content.decode()


# The trail in words
def told(entry: AuditEntry, reader: User) -> tuple[str, dict[str, str]]:
    (line,) = lines([entry], reader)
    return line.text, dict(line.details)


def test_the_trail_says_what_left(street: Area, group: Area, street_officer: User, auditor: User) -> None:
    audit.record("export", street, changes={"report": "覆盖情况", "rows": 6, "day": "2026-11-30", "cursor": ""})
    audit.record("export", Member, path=group.path, changes={"rows": 3, "filters": ["inside", "q"]})
    of_street, of_group = AuditEntry.objects.filter(action="export").order_by("pk")
    for reader in (street_officer, auditor):
        assert told(of_street, reader) == ("导出 覆盖情况，新成路街道", {"行数": "6", "截至": "2026-11-30"})
        assert told(of_group, reader)[0] == "导出 党员，第一社区 迎晖苑 1号楼"
    assert told(of_group, auditor)[1] == {"行数": "3", "筛选": "inside、q"}


def test_the_trail_names_people_as_the_reader_may_see_them(
    member: Member, group: Area, secretary: User, street_officer: User, auditor: User
) -> None:
    activity = factories.activity(group)
    attendance.enrol(activity, [member.pk], user=secretary, source=Attendance.Source.TICK)
    entry = AuditEntry.objects.filter(model="activities.Activity").latest("pk")
    assert told(entry, street_officer) == (
        "修改 活动，楼道大扫除",
        {"参加的党员": "加上 欧阳建国", "登记方式": "（空） → 勾选"},
    )
    assert told(entry, auditor) == (
        f"修改 活动，编号 {activity.pk}",
        {"参加的党员": "加上 1 个", "登记方式": "（空） → 勾选"},
    )


def test_the_trail_shows_words_for_codes(member: Member, group: Area, street_officer: User) -> None:
    member.standing, member.employer, member.phone = "probationary", None, "19900001111"
    member.affiliation = "local"
    member.save()
    entry = AuditEntry.objects.filter(model="members.Member", row=str(member.pk)).latest("pk")
    text, details = told(entry, street_officer)
    assert text == "修改 党员，欧阳建国"
    assert details["党员类别"] == "正式党员 → 预备党员"
    assert details["单位"] == "上海嘉定仪表厂 → （空）"
    assert "（内容不记录）" in details.values()
    with audit.acting(street_officer):
        factories.need(group).withdraw()
    moment = told(AuditEntry.objects.filter(model="activities.Need").latest("pk"), street_officer)[1]["撤回时间"]
    assert moment.startswith(f"（空） → {timezone.localdate()} ")


def test_list_and_entry_are_in_words(member: Member, street: Area, street_officer: User, logged_in: Callable) -> None:
    audit.record("export", street, changes={"report": "薄弱点", "rows": 6, "cursor": ""})
    client, entry = logged_in(street_officer), AuditEntry.objects.filter(action="export").get()
    assert "导出 薄弱点，新成路街道" in client.get(TRAIL).content.decode()
    page = client.get(f"{TRAIL}{entry.pk}/change/").content.decode()
    assert ("导出 薄弱点，新成路街道" in page, "行数：6" in page, "从哪里取起" in page) == (True, True, False)
