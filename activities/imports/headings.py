"""The columns of a workbook of activities: of the activities, and of who came to them."""

from members.roster.columns import Headings

# Each column's heading in the export, and other headings for it.
ACTIVITIES: Headings = {
    "area": ("主办", "主办单位", "主办区域", "举办单位", "主办方"),
    "title": ("活动名称", "活动", "名称", "活动主题", "活动内容"),
    "held_on": ("日期", "活动日期", "举办日期"),
    "begins_at": ("开始时间", "时间"),
    "place": ("地点", "活动地点"),
    "field": ("工作领域", "领域"),
    "regularity": ("经常性/阶段性",),
    "visibility": ("显性/隐性",),
    "support": ("物质/精神文化",),
    "co_organisers": ("协办", "协办单位"),
    "residents_reached": ("参加的群众人数", "群众人数"),
    "result": ("活动结果", "结果"),
    "status": ("状态",),
}
CAME: Headings = {
    "held_on": ("活动日期", "日期", "举办日期"),
    "title": ("活动名称", "活动", "名称", "活动主题", "活动内容"),
    "area": ("主办", "主办单位", "主办区域", "举办单位", "主办方"),
    "member": ("姓名", "党员姓名"),
    "home": ("住址", "地址", "楼组室号", "家庭住址"),
    "duty": ("六员",),
}
# Not in the export, where everybody came.
ATTENDED = (
    "出勤情况", "出勤", "出席情况", "到会情况", "签到", "签到情况", "参加情况", "是否参加", "是否到会", "考勤",
)  # fmt: skip
HEADINGS: Headings = {**ACTIVITIES, **CAME, "attended": ATTENDED}
# The first word that a heading has decides.
WITHIN = (
    ("群众", "residents_reached"),
    ("居民", "residents_reached"),
    ("姓名", "member"),
    ("住址", "home"),
    ("地址", "home"),
    ("出勤", "attended"),
    ("签到", "attended"),
    ("考勤", "attended"),
    ("主办", "area"),
    ("协办", "co_organisers"),
    ("领域", "field"),
    ("结果", "result"),
    ("成效", "result"),
    ("地点", "place"),
    ("日期", "held_on"),
    ("主题", "title"),
    ("活动名称", "title"),
)
FOREIGN = (
    "联系人", "负责人", "组织者", "主持", "主讲", "志愿者", "审核", "填表", "填报", "登记", "备注", "电话", "单位名称",
    "党员人数", "单位地址", "性别", "党组织", "党支部", "党委",
)  # fmt: skip
BY_CONTENT = ("area", "held_on")
WANTED = ("title", "held_on")


def label(name: str) -> str:
    """Return what a field is called on the columns page: as in the export."""
    return HEADINGS[name][0]


def titles(headings: Headings) -> list[str]:
    """Return the headings that the export writes."""
    return [names[0] for names in headings.values()]
