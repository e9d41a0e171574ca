"""The landing page of each post, and the way in and out."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib import admin, messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from activities.models import Activity, ActivityImport
from feedback.models.units import employers_of
from feedback.views.listed import unsettled
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area, AreaRole, RosterImport, User
from members.models.uploads import Upload
from members.rules.coverage import CoverageFigures, coverage
from members.web.shell import page, shell

SHOWN_POSTS = 6
WAITING_DAYS = timedelta(days=60)
ROSTER, MEMBER, WRITE, READ = Resource.ROSTER, Resource.MEMBER, Right.WRITE, Right.READ
ACTIVITY, HOUSEHOLD, NEED = Resource.ACTIVITY, Resource.HOUSEHOLD, Resource.NEED
REPORT, HONOUR = Resource.REPORT, Resource.HONOUR
TASKS = {
    "常做的": [
        (ACTIVITY, WRITE, "记一次活动", "写下活动，粘贴接龙就登记好谁来了", "activities:add", "event_available"),
        (HOUSEHOLD, WRITE, "记走访", "点一下就记好今天的走访", "activities:visits", "door_open"),
        (NEED, READ, "群众需求", "谁家需要什么，谁来认领", "activities:needs", "volunteer_activism"),
        (ACTIVITY, READ, "活动日历", "这个月办了什么，还要办什么", "activities:calendar", "calendar_month"),
        (HOUSEHOLD, WRITE, "结对", "按楼栋门牌，给邻居结对", "members:buildings", "handshake"),
        (Resource.CARD, WRITE, "记录卡", "把党员在社区做的事告诉单位党组织", "feedback:board", "contact_mail"),
        (MEMBER, READ, "党员名单", "查找党员，看住址和组织关系", "admin:members_member_changelist", "groups"),
    ],
    "报表与评优": [
        (REPORT, READ, "覆盖情况", "哪些楼组建了党小组，多少党员参加", "coverage_start", "bar_chart"),
        (REPORT, READ, "四联动", "哪里的活动按时办了，哪里还缺", "activities:rhythm_start", "grid_on"),
        (REPORT, READ, "参与情况", "这段时间办了多少活动，多少人来", "activities:participation_start", "equalizer"),
        (HONOUR, READ, "评优", "先进楼组党小组、特色楼组和事迹册", "activities:honours", "military_tech"),
    ],
    "资料与设置": [
        (ROSTER, WRITE, "导入花名册", "把手头的 Excel 名单传上来，核对后写入", "members:roster_index", "upload_file"),
        (MEMBER, WRITE, "登记一名党员", "新搬来的，逐个登记", "admin:members_member_add", "person_add"),
        (Resource.AREA, WRITE, "楼组与小区", "改名称，增设楼组", "admin:members_area_changelist", "apartment"),
        (Resource.POST, WRITE, "用户与岗位", "开通联络员、楼组长的登录", "admin:members_user_changelist", "badge"),
        (Resource.AUDIT, READ, "操作记录", "谁在什么时候做了什么", "admin:members_auditentry_changelist", "policy"),
    ],
}
UPLOADS: dict[type[Upload], str] = {RosterImport: "members:roster", ActivityImport: "activities:imported"}


@dataclass(slots=True)
class Task:
    """A link to something to do, in the user's words."""

    label: str
    hint: str
    url: str
    icon: str


@dataclass(slots=True)
class Post:
    """One of the user's areas with its figures of today."""

    area: Area
    figures: CoverageFigures


def home(request):
    """Show the user's work by post; a unit's contact gets the inbox, a user with neither is told whom to ask."""
    if not request.user.is_staff and employers_of(request.user).exists():
        return redirect("feedback:inbox")
    if {kind for kind, _ in access.posts_of(request.user)} == {access.PostKind.DISTRICT}:
        return redirect("district")
    areas = Area.objects.for_user(request.user, resource=Resource.REPORT)
    today = timezone.localdate()
    paths = sorted({path for _, path in access.posts_of(request.user)})
    roots = areas.filter(path__in=paths).on(today)
    posts = [Post(area, coverage(area, areas=areas, day=today).figures) for area in roots[:SHOWN_POSTS]]
    return page(
        request,
        "louzu/home.html",
        title="首页",
        posts=posts,
        tasks={heading: _tasks(request.user, tasks) for heading, tasks in TASKS.items()},
        waiting=_waiting(request.user),
        unrecorded=_unrecorded(request.user, today),
        unsettled=unsettled(request.user),
        has_posts=request.user.is_staff,
        steps=_steps() if access.sets_up(request.user) else [],
    )


def _waiting(user: User) -> list[tuple[Upload, str]]:
    """Return the uploaded workbooks at which the user has something to do, a few of each kind, and their addresses."""
    found = [
        (upload, address)
        for model, address in UPLOADS.items()
        for upload in model.objects.for_user(user).waiting().select_related("area")[:5]
    ]
    return [(upload, reverse(address, args=[upload.pk])) for upload, address in found]


def _steps() -> list[tuple[bool, str, str, str]]:
    """Return the superuser's steps to set a street up, as (is done, sentence, link's text, address)."""
    streets = Area.objects.streets().current()
    offices = AreaRole.objects.current().filter(kind=access.PostKind.STREET, area__in=streets)
    return [
        (streets.exists(), "新建街道：上级不填，只写街道名称。", "新建街道", reverse("admin:members_area_add")),
        (
            bool(streets) and offices.values("area").distinct().count() == len(streets),
            "给每个街道开通街道党工委的第一位用户，把登录名和初始密码当面交给他。",
            "开通用户",
            reverse("admin:members_user_add"),
        ),
    ]


def _unrecorded(user, today: date):
    """Return planned activities whose day has come, for which nobody has recorded what happened and who came."""
    writable = Activity.objects.for_user(user, Right.WRITE).filter(status=Activity.Status.PLANNED)
    return writable.between(today - WAITING_DAYS, today).select_related("area").order_by("held_on", "pk")[:5]


def password(request):
    """Let every logged-in user change the password, with a post or without."""
    return admin.site.password_change(request, extra_context=shell(request))


def log_out(request):
    """Log out; the admin's own view is only for users with a post."""
    return admin.site.logout(request)


def password_changed(request):
    """Go on to the landing page after a new password."""
    messages.success(request, "密码已修改，下次请用新密码登录。")
    return redirect("home")


def _tasks(user, tasks) -> list[Task]:
    """Return those of these tasks that the user's posts open."""
    return [
        Task(label, hint, reverse(name), icon)
        for resource, right, label, hint, name, icon in tasks
        if access.can(user, resource, right)
    ]
