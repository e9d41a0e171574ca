"""The figures of each day, kept so that lines over time cost one query (docs/design/desk.md)."""

from datetime import date
from typing import Any, Self

from django.db import models

from members.ground import access
from members.ground.access import Resource
from members.models import Area


class FiguresOfDayQuerySet(models.QuerySet):
    def for_user(self, user: Any) -> Self:
        return self.filter(access.within("area__path", access.reach(user, Resource.REPORT)))

    def inside(self, area: Area) -> Self:
        return self.filter(access.within("area__path", [access.subtree(area.path)]))

    def between(self, first: date, last: date) -> Self:
        """Rows from the first to the last day, both included."""
        return self.filter(day__range=(first, last))


def _count(label: str) -> Any:
    return models.PositiveIntegerField(label, default=0)


class FiguresOfDay(models.Model):
    """A street's, community's or compound's counts of one day. They name no person, and can be computed anew.

    `members` to `pairings` are what there was on that day, as the coverage counts it. `activities` to `cards_answered`
    are what happened on it. `…_due` and `…_done` are the weeks, months and quarters that ended on it, as the rhythm
    counts them. All are sums, so an area's row is the sum of those below it and of what is its own.
    """

    area = models.ForeignKey(Area, models.CASCADE, related_name="+", verbose_name="区域")  # computed from it
    day = models.DateField("日期")
    members = _count("党员")
    local = _count("在册党员")
    taking_part = _count("参加楼组党小组的党员")
    groups = _count("楼组")
    established = _count("已建立党小组的楼组")
    communities = _count("社区")
    residents = _count("常住人口")
    stated = _count("填了常住人口的社区里的党员")
    led = _count("有组长的楼组")
    led_by_cadre = _count("处科级干部任组长的楼组")
    households = _count("党员家庭")
    paired = _count("已结对的党员家庭")
    pairings = _count("结对")
    activities = _count("活动")
    attendances = _count("党员参加人次")
    residents_reached = _count("群众参加人次")
    visits = _count("走访")
    needs_opened = _count("提出的需求")
    needs_done = _count("办结的需求")
    cards_made = _count("生成的记录卡")
    cards_shown = _count("请本人确认的记录卡")
    cards_agreed = _count("本人同意的记录卡")
    cards_issued = _count("发出的记录卡")
    cards_received = _count("签收的记录卡")
    cards_answered = _count("反馈的记录卡")
    communities_due = _count("社区到期的月份")
    communities_done = _count("社区已办的月份")
    stations_due = _count("小区到期的周")
    stations_done = _count("小区已办的周")
    groups_due = _count("楼组到期的季度")
    groups_done = _count("楼组已办的季度")

    objects = FiguresOfDayQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "每日数字"
        ordering = ["area", "day"]
        constraints = [models.UniqueConstraint(fields=["area", "day"], name="figures_once_a_day")]

    def __str__(self) -> str:
        return f"{self.area} {self.day}"
