"""The first steps of a street and of a community, until each is done: tree, secretary, roster, first activity."""

from typing import Any, NamedTuple

from django.db.models import Exists

from activities.models import Activity
from members.ground import access
from members.ground.access import PostKind, Resource, Right
from members.models import Area, AreaRole, Residence

STEPS = ("tree", "secretary", "roster", "activity")
ACTIVITY = "第一次活动：粘贴接龙或签到名单，谁来了就记上了。"


class FirstStep(NamedTuple):
    """A step: whether it is done, what it is, and the page where it is done with the text of its link."""

    is_done: bool
    sentence: str
    action: str
    page: str


def first_steps(user: Any, area: Area) -> list[FirstStep]:
    """Return the steps of a street or community to whom may take them; none once all are done. One query."""
    if area.level > Area.Level.COMMUNITY or not access.covers(user, Resource.ROSTER, area.path, Right.WRITE):
        return []
    is_done = _done(area)
    steps = _of_street(area, is_done) if area.level == Area.Level.STREET else _of_community(is_done)
    return [] if all(step.is_done for step in steps) else steps


def _of_street(area: Area, is_done: dict[str, bool]) -> list[FirstStep]:
    return [
        FirstStep(True, f"街道：{area.name}。", "", ""),
        FirstStep(
            is_done["tree"], "组织架构表：社区、小区、楼组，一行一个楼组。", "导入组织架构表", "members:areas_upload"
        ),
        FirstStep(is_done["secretary"], "书记：给各社区书记开通登录，交接单当面交。", "开通书记", "members:logins"),
        FirstStep(is_done["roster"], "花名册：书记各传各的社区，您也可以代传。", "导入花名册", "members:roster_index"),
        FirstStep(is_done["activity"], ACTIVITY, "登记活动", "activities:add"),
    ]


def _of_community(is_done: dict[str, bool]) -> list[FirstStep]:
    return [
        FirstStep(
            is_done["tree"],
            "小区和楼组：请街道导入组织架构表，或者自己在“区域”里逐个加。",
            "看区域",
            "admin:members_area_changelist",
        ),
        FirstStep(is_done["roster"], "花名册：手头的名单直接传，不用改格式。", "导入花名册", "members:roster_index"),
        FirstStep(is_done["activity"], ACTIVITY, "登记活动", "activities:add"),
    ]


def _done(area: Area) -> dict[str, bool]:
    there = access.within("area__path", [access.subtree(area.path)])
    found = (
        Area.objects.filter(pk=area.pk)
        .annotate(
            tree=Exists(Area.objects.below(area).filter(level=Area.Level.BUILDING_GROUP)),
            secretary=Exists(AreaRole.objects.current().filter(there, kind=PostKind.SECRETARY)),
            roster=Exists(Residence.objects.filter(there)),
            activity=Exists(Activity.objects.held().inside(area)),
        )
        .values_list(*STEPS)
        .get()
    )
    return dict(zip(STEPS, found, strict=True))
