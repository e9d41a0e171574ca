"""The landing page of each post, and the way in and out."""

from datetime import date
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from activities.models import ActivityImport, Need
from activities.rules.reminding import open_reminders
from activities.views.visits import next_cards
from feedback.models.units import employers_of
from feedback.views.listed import unsettled
from louzu.navigation import WALKING
from louzu.rules import desk
from louzu.views.desk import AreaDesk, area_desk, audited, waiting_lines
from members.ground import access
from members.ground.access import PostKind, Resource, Right
from members.models import Area, AreaRole, RosterImport, User
from members.models.uploads import Upload
from members.rules import trail
from members.web.shell import page, shell
from members.web.visitors import ByAddress

SHOWN_POSTS = 6
NEXT_VISITS = 6
PLANNED = 8
# What is done often, each one click away; the rest is in the menu.
ACTS = [
    (Resource.ACTIVITY, "登记活动", "activities:add", "event_available"),
    (Resource.HOUSEHOLD, "记走访", "activities:visits", "door_open"),
    (Resource.NEED, "登记群众需求", "activities:need_add", "volunteer_activism"),
    (Resource.MEMBER, "登记一名党员", "admin:members_member_add", "person_add"),
    (Resource.ROSTER, "导入花名册", "members:roster_index", "upload_file"),
]
TOO_MANY = "这个网络里一下子登录的人太多。请过一分钟再试。"
TOO_OFTEN = "修改密码试得太多了。请过一个小时再改；忘了原来的密码，请管理员重设。"
UPLOADS: dict[type[Upload], str] = {RosterImport: "members:roster", ActivityImport: "activities:imported"}


def home(request):
    """Show what waits for the user, by post; a unit's contact gets the inbox, the district its streets.

    A user with neither is told whom to ask.
    """
    if not request.user.is_staff and employers_of(request.user).exists():
        return redirect("feedback:inbox")
    kinds = {kind for kind, _ in access.posts_of(request.user)}
    if kinds == {PostKind.DISTRICT}:
        return redirect("district")
    today = timezone.localdate()
    return page(
        request,
        "louzu/home.html",
        title="首页",
        today=today,
        alarms=desk.alarms(request.user),
        desks=_desks(request.user, today),
        acts=[act for resource, *act in ACTS if access.can(request.user, resource, Right.WRITE)],
        waiting=_waiting(request.user),
        unrecorded=desk.unrecorded(request.user, today).select_related("area")[:5],
        planned=desk.planned(request.user, today).select_related("area")[:PLANNED],
        unsettled=unsettled(request.user),
        reminders=open_reminders(request.user, today),
        lines=waiting_lines(request.user, today),
        has_posts=request.user.is_staff,
        steps=_steps() if access.sets_up(request.user) else [],
        **(_on_foot(request.user) if kinds & WALKING else {}),
        **(_audit(request.user, today) if PostKind.AUDITOR in kinds else {}),
    )


def _desks(user: User, today: date) -> list[AreaDesk]:
    """Return a desk for each of the areas of the user's posts."""
    areas = Area.objects.for_user(user, resource=Resource.REPORT)
    paths = sorted({path for _, path in access.posts_of(user)})
    roots = areas.filter(path__in=paths).on(today)[:SHOWN_POSTS]
    return [area_desk(user, area, areas=areas, today=today) for area in roots]


def _on_foot(user: User) -> dict[str, Any]:
    """Return what a leader or liaison officer needs at the door: whom to visit next, and what neighbours need."""
    needs = Need.objects.for_user(user).filter(status=Need.Status.OPEN).select_related("area").order_by("opened_on")
    return {"cards": next_cards(user, NEXT_VISITS), "needs": needs[:5], "taps_to": reverse("activities:visits")}


def _audit(user: User, today: date) -> dict[str, Any]:
    return {"audited": audited(user, today), "verified": trail.last_run(), "good": trail.last_good_run()}


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


class LoggingIn(ByAddress):
    """The limit by address, whatever the names: each try leaves an entry that stays for years, of nobody's name too."""

    what, rate = "login", "60/min"


@login_not_required
def log_in(request):
    """Let a user log in; beside the counts of each name, the tries of an address are bounded."""
    if request.method == "POST" and not LoggingIn.lets(request):
        return render(request, "louzu/sorry.html", {"title": "请过一会儿再登录", "sentence": TOO_MANY}, status=429)
    return admin.site.login(request)


class ChangingPassword(ByAddress):
    """The limit by user, whatever the address: whoever finds a browser logged in may not guess the old password."""

    rate = "20/hour"

    def get_cache_key(self, request, view):
        return f"password-{request.user.pk}"


def password(request):
    """Let every logged-in user change the password, with a post or without."""
    if request.method == "POST" and request.user.is_authenticated and not ChangingPassword.lets(request):
        return render(request, "louzu/sorry.html", {"title": "请过一会儿再改", "sentence": TOO_OFTEN}, status=429)
    return admin.site.password_change(request, extra_context=shell(request))


def log_out(request):
    """Log out; the admin's own view is only for users with a post."""
    return admin.site.logout(request)


def password_changed(request):
    """Go on to the landing page after a new password."""
    messages.success(request, "密码已修改，下次请用新密码登录。")
    return redirect("home")
