"""The side bar of every page by the user's posts, and the label at its top."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from django.urls import reverse

from feedback.models.units import employers_of
from members.ground import access
from members.ground.access import PostKind, Resource, Right
from members.login import second_factor


class MenuEntry(NamedTuple):
    """An entry of the side bar: its title, its sign, the name of its page, and the right that opens it."""

    title: str
    icon: str
    name: str
    resource: Resource | None = None
    right: Right = Right.READ

    def opens_to(self, user: Any) -> bool:
        return self.resource is None or access.can(user, self.resource, self.right)

    @property
    def address(self) -> str:
        return _address(self.name)

    def as_item(self, path: str) -> dict[str, Any]:
        """Return what the theme shows; on a page below the entry's it is marked."""
        is_here = path == self.address if self.name == "home" else path.startswith(self.address)
        return {"title": self.title, "icon": self.icon, "link": self.address, "active": is_here}


@cache
def _address(name: str) -> str:
    return reverse(name)


OFFICE: list[dict] = [
    {
        "title": None,
        "items": [
            MenuEntry("首页", "home", "home"),
            MenuEntry("全区", "map", "district", Resource.DISTRICT),
            MenuEntry("活动", "event_available", "activities:index", Resource.ACTIVITY),
            MenuEntry("走访", "door_open", "activities:visits", Resource.HOUSEHOLD),
            MenuEntry("群众需求", "volunteer_activism", "activities:needs", Resource.NEED),
            MenuEntry("结对", "handshake", "members:buildings", Resource.HOUSEHOLD),
            MenuEntry("记录卡", "contact_mail", "feedback:board", Resource.CARD),
            MenuEntry("报到单", "how_to_reg", "feedback:slips", Resource.CARD),
            MenuEntry("报到码", "qr_code_2", "feedback:slip_codes", Resource.CARD),
            MenuEntry("单位资源", "redeem", "feedback:offers", Resource.CARD),
            MenuEntry("党员", "groups", "admin:members_member_changelist", Resource.MEMBER),
            MenuEntry("转接", "move_up", "members:transfers", Resource.MEMBER, Right.WRITE),
            MenuEntry("导入花名册", "upload_file", "members:roster_index", Resource.ROSTER, Right.WRITE),
        ],
    },
    {
        "title": "报表与评优",
        "separator": True,
        "items": [
            MenuEntry("覆盖情况", "bar_chart", "coverage_start", Resource.REPORT),
            MenuEntry("薄弱点", "troubleshoot", "activities:thin_start", Resource.REPORT),
            MenuEntry("四联动", "grid_on", "activities:rhythm_start", Resource.REPORT),
            MenuEntry("参与情况", "groups_2", "activities:participation_start", Resource.REPORT),
            MenuEntry("月度走势", "show_chart", "months_start", Resource.REPORT),
            MenuEntry("记录卡情况", "mark_email_read", "feedback:card_report_start", Resource.CARD, Right.COUNT),
            MenuEntry("报到情况", "summarize", "feedback:slip_report_start", Resource.CARD),
            MenuEntry("分类指导", "balance", "balance_start", Resource.REPORT),
            MenuEntry("目标", "flag", "targets_start", Resource.TARGET),
            MenuEntry("月报", "description", "monthly_start", Resource.MONTHLY),
            MenuEntry("评优", "military_tech", "activities:honours", Resource.HONOUR),
            MenuEntry("楼道公示", "badge", "members:consents", Resource.MEMBER, Right.WRITE),
        ],
    },
    {
        "title": "设置与记录",
        "separator": True,
        "items": [
            MenuEntry("我今天做的", "history", "members:mine", Resource.AREA),
            MenuEntry("区域", "apartment", "admin:members_area_changelist", Resource.AREA),
            MenuEntry("地址与别名", "signpost", "admin:members_areaname_changelist", Resource.AREA, Right.WRITE),
            MenuEntry(
                "记住的列", "view_column", "admin:members_rostercolumns_changelist", Resource.ROSTER, Right.WRITE
            ),
            MenuEntry("单位", "corporate_fare", "admin:members_employer_changelist", Resource.EMPLOYER),
            MenuEntry("单位叫法", "label", "admin:members_employername_changelist", Resource.MEMBER, Right.WRITE),
            MenuEntry("用户", "badge", "admin:members_user_changelist", Resource.POST),
            MenuEntry("岗位", "assignment_ind", "admin:members_arearole_changelist", Resource.POST),
            MenuEntry("操作记录", "policy", "admin:members_auditentry_changelist", Resource.AUDIT),
            MenuEntry("单位接入", "vpn_key", "admin:feedback_employerkey_changelist", Resource.KEY),
            MenuEntry("接口密钥", "key", "admin:members_stafftoken_changelist", Resource.POST),
            MenuEntry("系统状态", "monitor_heart", "status", Resource.STATUS),
        ],
    },
]
WALKING = {PostKind.LIAISON, PostKind.LEADER}


def _of_the_office(*titles: str) -> list[MenuEntry]:
    """Return these entries of the office's groups, in this order."""
    known = {each.title: each for group in OFFICE for each in group["items"]}
    return [known[title] for title in titles]


# Who walks from door to door has a phone: four entries, the rest folded.
ON_FOOT: list[dict] = [
    {"title": None, "items": _of_the_office("首页", "走访", "活动", "群众需求")},
    {
        "title": "更多",
        "separator": True,
        "collapsible": True,
        "items": _of_the_office("结对", "党员", "薄弱点", "覆盖情况", "四联动", "参与情况", "评优", "我今天做的"),
    },
]
UNIT: dict = {
    "title": None,
    "items": [
        MenuEntry("收件箱", "inbox", "feedback:inbox"),
        MenuEntry("报到单", "assignment_ind", "feedback:inbox_slips"),
        MenuEntry("我们的资源", "volunteer_activism", "feedback:inbox_offers"),
        MenuEntry("修改密码", "password", "admin:password_change"),
    ],
}


def sidebar(request) -> list[dict]:
    """Return the side bar, daily work first, with the entries that the user may open.

    The theme copies it and compares addresses for every page, so it gets no more than is shown, in plain text.
    """
    groups = [(group, _open_entries(group, request.user)) for group in _groups(request.user)]
    return [{**group, "items": [each.as_item(request.path) for each in found]} for group, found in groups if found]


def _groups(user: Any) -> list[dict]:
    """Return the office's groups; a leader's are short, and a unit's contact, who has no post, has the unit's."""
    if not user.is_staff and employers_of(user).exists():
        return [UNIT]
    kinds = {kind for kind, _ in access.posts_of(user)}
    return ON_FOOT if kinds and kinds <= WALKING else OFFICE


def _open_entries(group: dict, user: Any) -> list[MenuEntry]:
    return [each for each in group["items"] if each.opens_to(user)]


def entries(user: Any) -> Iterator[tuple[str, str, str]]:
    """Yield (title, its group's title, address) of the side bar's entries that the user may open."""
    for group in _groups(user):
        for each in _open_entries(group, user):
            yield each.title, group["title"] or "菜单", each.address


def account(request) -> list[dict[str, str]]:
    """Return the links of the user's own menu."""
    links = [("修改密码", "admin:password_change")]
    if request.user.is_authenticated and second_factor.has_passed(request):
        links.append(("恢复码", "members:recovery_codes"))
    return [{"title": title, "link": _address(name)} for title, name in links]


def environment(request) -> list[str] | None:
    """Return the label at the top: for the superuser, who is not for daily use, or for demonstration data."""
    if not request.user.is_authenticated:
        return None
    if request.user.is_superuser:
        return ["超级用户：只用于初始设置，日常请用岗位账号", "danger"]
    return ["演示数据", "warning"] if request.user.demo_streets else None
