"""The landing page of each post, and the pages for errors."""

import sys
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlsplit, urlunsplit

from django.contrib import admin, messages
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from activities.models import Activity, ActivityImport
from feedback.models.units import employers_of
from feedback.views.listed import unsettled
from louzu.edges import away
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import circumstances, record
from members.ground.outage import give_up_session, is_outage
from members.models import Area, AreaRole, RosterImport, User
from members.models.uploads import Upload
from members.rules.coverage import CoverageFigures, coverage
from members.web import problems
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


@login_not_required
def bad_request(request, exception=None):
    sentence = "这个网址或提交的内容不对。请返回，从页面上的按钮和链接操作。"
    return render(request, "louzu/sorry.html", {"title": "不能这样做", "sentence": sentence}, status=400)


@login_not_required
def not_found(request, exception=None):
    return render(
        request,
        "louzu/sorry.html",
        {"title": "没有找到", "sentence": "没有这一页，或者它不在您的岗位范围内。"},
        status=404,
    )


@login_not_required
def forbidden(request, exception=None):
    sentence = (
        str(exception) if exception and str(exception) else "您的岗位不能做这一步。需要的话，请联系社区书记或街道。"
    )
    if request.user.is_authenticated:
        with atomic_write():
            call = f"{request.method} {request.path}"[:200]
            record("refuse", changes={"call": call}, path=request.user.audit_paths())
    return render(request, "louzu/sorry.html", {"title": "不能操作", "sentence": sentence}, status=403)


@login_not_required
def stale(request, reason=""):
    """Answer a form whose page was opened before a new login; nothing of it is taken, for it may be forged.

    What was typed is in the browser (`typed.js`), and comes back on the page that the form was on.
    """
    if request.path.startswith("/api/"):
        return problems.answer("csrf_failed", 403, request_id=circumstances().request_id)
    back = _page_before(request)
    way = "点“回到刚才的页面”" if back else "返回、刷新页面"
    sentence = f"页面放得太久，或者您刚重新登录过，这一次没有保存。请{way}，填写的内容会恢复，再保存一次。"
    context = {"title": "页面已过期", "sentence": sentence, "back": back}
    return render(request, "louzu/sorry.html", context, status=403)


def _page_before(request) -> str:
    """Return the address of our page that the form was on; the form's own address may open for no GET."""
    address = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}):
        return ""
    before = urlsplit(address)
    return urlunsplit(("", "", before.path, before.query, "")) if before.path[:2] != "//" else ""


def explain_wrong_method(get_response):
    """Say what to do where a button's address was opened by hand or after a new login, instead of an empty 405."""

    def middleware(request):
        response = get_response(request)
        if response.status_code == 405 and not request.path.startswith("/api/"):
            sentence = "这一步没有做。请回到原来的页面，再点一次那个按钮。"
            return render(request, "louzu/sorry.html", {"title": "请再点一次", "sentence": sentence}, status=405)
        return response

    return middleware


@login_not_required
def broken(request):
    """Answer an error that no view caught: an outage of the database as 503, anything else as 500."""
    if is_outage(sys.exc_info()[1]):
        give_up_session(request)
        return away()
    sentence = "系统出了意外，刚才的内容没有保存。请返回再试一次；还不行，请把时间和操作告诉管理员。"
    return render(request, "louzu/sorry.html", {"title": "出错了", "sentence": sentence}, status=500)
