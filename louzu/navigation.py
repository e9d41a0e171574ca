"""The side bar of every page by the user's posts, and the label at its top."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse_lazy

from feedback.models.units import employers_of
from members.ground import access
from members.ground.access import Resource, Right


def _link(title: str, icon: str, name: str, resource: Resource | None = None, right: Right = Right.READ) -> dict:
    def opens_to(user) -> bool:
        return resource is None or access.can(user, resource, right)

    def permission(request) -> bool:
        return opens_to(request.user)

    def active(request) -> bool:
        link = str(reverse_lazy(name))
        return request.path == link if name == "home" else request.path.startswith(link)

    link = reverse_lazy(name)
    return {
        "title": title, "icon": icon, "link": link, "permission": permission, "active": active, "opens_to": opens_to,
    }  # fmt: skip


OFFICE: list[dict] = [
    {
        "title": None,
        "items": [
            _link("首页", "home", "home"),
            _link("全区", "map", "district", Resource.DISTRICT),
            _link("活动", "event_available", "activities:index", Resource.ACTIVITY),
            _link("走访", "door_open", "activities:visits", Resource.HOUSEHOLD),
            _link("群众需求", "volunteer_activism", "activities:needs", Resource.NEED),
            _link("结对", "handshake", "members:buildings", Resource.HOUSEHOLD),
            _link("记录卡", "contact_mail", "feedback:board", Resource.CARD),
            _link("单位资源", "redeem", "feedback:offers", Resource.CARD),
            _link("党员", "groups", "admin:members_member_changelist", Resource.MEMBER),
            _link("导入花名册", "upload_file", "members:roster_index", Resource.ROSTER, Right.WRITE),
        ],
    },
    {
        "title": "报表与评优",
        "separator": True,
        "items": [
            _link("覆盖情况", "bar_chart", "coverage_start", Resource.REPORT),
            _link("薄弱点", "troubleshoot", "activities:thin_start", Resource.REPORT),
            _link("四联动", "grid_on", "activities:rhythm_start", Resource.REPORT),
            _link("参与情况", "groups_2", "activities:participation_start", Resource.REPORT),
            _link("月度走势", "show_chart", "months_start", Resource.REPORT),
            _link("记录卡情况", "mark_email_read", "feedback:card_report_start", Resource.CARD, Right.COUNT),
            _link("分类指导", "balance", "balance_start", Resource.REPORT),
            _link("目标", "flag", "targets_start", Resource.TARGET),
            _link("月报", "description", "monthly_start", Resource.MONTHLY),
            _link("评优", "military_tech", "activities:honours", Resource.HONOUR),
            _link("楼道亮名", "badge", "members:consents", Resource.MEMBER, Right.WRITE),
        ],
    },
    {
        "title": "设置与记录",
        "separator": True,
        "items": [
            _link("区域", "apartment", "admin:members_area_changelist", Resource.AREA),
            _link("地址与别名", "signpost", "admin:members_areaname_changelist", Resource.AREA, Right.WRITE),
            _link("记住的列", "view_column", "admin:members_rostercolumns_changelist", Resource.ROSTER, Right.WRITE),
            _link("单位", "corporate_fare", "admin:members_employer_changelist", Resource.EMPLOYER),
            _link("单位叫法", "label", "admin:members_employername_changelist", Resource.MEMBER, Right.WRITE),
            _link("用户", "badge", "admin:members_user_changelist", Resource.POST),
            _link("岗位", "assignment_ind", "admin:members_arearole_changelist", Resource.POST),
            _link("操作记录", "policy", "admin:members_auditentry_changelist", Resource.AUDIT),
            _link("单位接入", "vpn_key", "admin:feedback_employerkey_changelist", Resource.KEY),
            _link("接口密钥", "key", "admin:members_stafftoken_changelist", Resource.POST),
        ],
    },
]
# Who walks from door to door has a phone: four entries, the rest folded.
ON_FOOT: list[dict] = [
    {
        "title": None,
        "items": [
            _link("首页", "home", "home"),
            _link("走访", "door_open", "activities:visits", Resource.HOUSEHOLD),
            _link("活动", "event_available", "activities:index", Resource.ACTIVITY),
            _link("群众需求", "volunteer_activism", "activities:needs", Resource.NEED),
        ],
    },
    {
        "title": "更多",
        "separator": True,
        "collapsible": True,
        "items": [
            _link("结对", "handshake", "members:buildings", Resource.HOUSEHOLD),
            _link("党员", "groups", "admin:members_member_changelist", Resource.MEMBER),
            _link("薄弱点", "troubleshoot", "activities:thin_start", Resource.REPORT),
            _link("覆盖情况", "bar_chart", "coverage_start", Resource.REPORT),
            _link("四联动", "grid_on", "activities:rhythm_start", Resource.REPORT),
            _link("参与情况", "groups_2", "activities:participation_start", Resource.REPORT),
            _link("评优", "military_tech", "activities:honours", Resource.HONOUR),
        ],
    },
]
UNIT: dict = {
    "title": None,
    "items": [
        _link("收件箱", "inbox", "feedback:inbox"),
        _link("我们的资源", "volunteer_activism", "feedback:inbox_offers"),
        _link("修改密码", "password", "admin:password_change"),
    ],
}


def sidebar(request) -> list[dict]:
    """Return the office's side bar, daily work first; for a unit's contact, who has no post, the unit's."""
    return _groups(request.user)


def _groups(user: Any) -> list[dict]:
    is_contact = not user.is_staff and employers_of(user).exists()
    return [UNIT] if is_contact else OFFICE


def entries(user: Any) -> Iterator[tuple[str, str, str]]:
    """Yield (title, its group's title, address) of the side bar's entries that the user may open."""
    for group in _groups(user):
        for item in group["items"]:
            if item["opens_to"](user):
                yield item["title"], group["title"] or "菜单", str(item["link"])


def may_admit(request) -> bool:
    """Whether the user sees the tabs of 单位接入: keys, contacts, addresses and messages of employers."""
    return access.can(request.user, Resource.KEY)


def environment(request) -> list[str] | None:
    """Return the label at the top: for the superuser, who is not for daily use, or for demonstration data."""
    if not request.user.is_authenticated:
        return None
    if request.user.is_superuser:
        return ["超级用户：只用于初始设置，日常请用岗位账号", "danger"]
    return ["演示数据", "warning"] if request.user.demo_streets else None
