"""The pages of activities: the list, one activity, recording and correcting one, its status and outcome."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, When
from django.forms import model_to_dict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_GET, require_POST

from activities.forms.activities import ActivityFilterForm, ActivityForm, HeldForm, NewActivityForm
from activities.forms.places import as_id
from activities.models import Activity, Attendance, SignIn, StruckAttendance
from activities.rules import recording
from activities.rules.recording import AlreadyThere
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Duty, Residence
from members.web.acts import done, tried, writable
from members.web.shell import page

PER_PAGE, NAMES_PER_PAGE, STRUCK_LISTED = 50, 300, 20
RECENT = 5
ELSEWHERE = "住在别处"


@dataclass(slots=True)
class Came:
    """Attendances of an activity: counts, and names where the user may read members."""

    total: int
    duties: list[tuple[str, int]]
    buildings: list[tuple[str, int]]
    names: Page | None
    lines: list[Attendance | StruckAttendance]


@require_GET
def index(request):
    """Show the activities of the user's areas, those near today first."""
    _require(request, Right.READ)
    form = ActivityFilterForm(request.GET, user=request.user)
    found = form.narrow(Activity.objects.for_user(request.user))
    listed = found.nearest_first(timezone.localdate()).select_related("area").with_came()
    return page(
        request,
        "activities/activities.html",
        title="活动",
        form=form,
        shown=Paginator(listed, PER_PAGE).get_page(request.GET.get("p")),
        came=Attendance.objects.filter(activity__in=found).count(),
        may_write=access.can(request.user, Resource.ACTIVITY, Right.WRITE),
        may_export=access.can(request.user, Resource.EXPORT),
        as_filtered=_as_filtered(form.cleaned_data),
    )


@require_GET
def activity(request, pk):
    """Show one activity, who came and the next steps; of a voided one, how to put it back."""
    rows = Activity.objects.within_reach(request.user).select_related("area", "voided_by")
    found = get_object_or_404(rows, pk=pk)
    if found.is_voided:
        may_write = access.covers(request.user, Resource.ACTIVITY, found.area.path, Right.WRITE)
        context = {"title": f"活动：{found}", "activity": found, "may_write": may_write}
        return page(request, "activities/voided_activity.html", **context)
    return _activity_page(request, found, HeldForm(instance=found))


def add(request):
    """Record an activity, optionally with a pasted list of those who came."""
    _require(request, Right.WRITE)
    form = NewActivityForm(request.POST or None, user=request.user, initial=_initial(request))
    if form.is_valid() and done(form, lambda: _record(form)):
        return _go_on(request, form)
    recent = [] if form.is_bound or "again" in request.GET else _recent(request, form.initial["area"])
    return page(request, "activities/activity_form.html", title="登记活动", form=form, recent=recent)


def edit(request, pk):
    """Correct an activity or postpone it."""
    found = writable(request, Activity, pk, "area")
    form = ActivityForm(request.POST or None, user=request.user, instance=found)
    if form.is_valid() and done(form, lambda: recording.correct(found, **form.changes)):
        messages.success(request, "已保存。")
        return redirect("activities:activity", pk)
    return page(request, "activities/activity_form.html", title=f"修改活动：{found}", form=form, activity=found)


def hold(request, pk):
    """Mark an activity as held and save its outcome."""
    found = writable(request, Activity, pk, "area")
    form = HeldForm(request.POST if request.method == "POST" else None, instance=found)
    if form.is_valid() and done(form, lambda: found.hold(**form.changes)):
        messages.success(request, f"“{found}”已登记。下一步：登记参加的人。")
        return redirect("activities:activity", pk)
    return _activity_page(request, found, form)


@require_POST
def cancel(request, pk):
    found = writable(request, Activity, pk, "area")
    if tried(request, found.cancel):
        messages.success(request, f"“{found}”已取消。弄错了可以恢复。")
    return redirect("activities:activity", pk)


@require_POST
def reopen(request, pk):
    found = writable(request, Activity, pk, "area")
    if tried(request, found.reopen):
        messages.success(request, f"“{found}”又是计划中了。")
    return redirect("activities:activity", pk)


def _require(request, right: Right) -> None:
    if not access.can(request.user, Resource.ACTIVITY, right):
        raise PermissionDenied


def _as_filtered(chosen: dict[str, Any]) -> str:
    """Translate the chosen filters into the query string of the admin's list, which has the export."""
    area, period = chosen.get("area"), chosen.get("period")
    places = {"area__id__exact": area.pk} if area and chosen.get("own") else {"place": area.path} if area else {}
    words = {"q": chosen["q"]} if chosen.get("q") else {}
    days = {"held_on_from": period.first, "held_on_to": period.last} if period else {}
    kinds = {f"{name}__exact": chosen[name] for name in ("field", "status") if chosen.get(name)}
    return urlencode(places | words | days | kinds)


def _initial(request) -> dict[str, Any]:
    """Return initial values from the query string: a copy of a former activity, an area, a day."""
    initial: dict[str, Any] = {}
    if again := request.GET.get("again"):
        readable = Activity.objects.for_user(request.user).select_related("area")
        last = get_object_or_404(readable, pk=as_id(again))
        initial = model_to_dict(last.again(), fields=ActivityForm.Meta.fields)
    if area := as_id(request.GET.get("area", "")):
        initial["area"] = area
    with suppress(ValueError):
        initial["held_on"] = date.fromisoformat(request.GET.get("on", ""))
    return initial


def _recent(request, area: int | None) -> list[Activity]:
    """Return the area's latest activities, each title once, to be recorded again."""
    latest = Activity.objects.for_user(request.user).filter(area=area).planned_or_held()[:40]
    titles: dict[str, Activity] = {}
    for activity in latest:
        titles.setdefault(activity.title, activity)
    return list(titles.values())[:RECENT]


def _record(form: NewActivityForm) -> None:
    """Record the activity; until its pasted list is checked and recorded, it is a plan."""
    is_plan = form.cleaned_data["plan"] or bool(form.cleaned_data["names"])
    fields = {name: form.cleaned_data[name] for name in form.Meta.fields}
    try:
        form.saved, form.is_new = recording.record(is_plan=is_plan, **fields)
    except AlreadyThere as refusal:
        address = reverse("activities:activity", args=[refusal.twins[0].pk])
        sentence = format_html('{}<a href="{}">打开那一次</a>。', refusal.messages[0], address)
        raise ValidationError(sentence) from refusal


def _go_on(request, form: NewActivityForm):
    """Report what was recorded; redirect to the pasted names, if there are any, else to the activity."""
    activity = form.saved
    names = form.cleaned_data["names"]
    label = "已登记" if activity.is_held else "已登记为计划"
    label = "记下了，还没有登记参加的人：请核对名单，再点“登记”" if names else label
    messages.success(request, f"“{activity}”{label if form.is_new else '刚才已经登记过，没有重复登记'}。")
    if names:
        request.session[f"pasted-{activity.pk}"] = names
        return redirect("activities:paste", activity.pk)
    return redirect("activities:activity", activity.pk)


def _activity_page(request, activity: Activity, form: HeldForm):
    may_write = access.covers(request.user, Resource.ACTIVITY, activity.area.path, Right.WRITE)
    waiting = SignIn.objects.for_user(request.user).filter(activity=activity)
    return page(
        request,
        "activities/activity.html",
        title=f"活动：{activity}",
        activity=activity,
        form=form,
        came=_came(request, activity),
        may_write=may_write,
        may_export=access.covers(request.user, Resource.EXPORT, activity.area.path),
        waiting=waiting.count() if may_write else 0,
    )


def _came(request, activity: Activity) -> Came:
    attended = Attendance.objects.filter(activity=activity)
    duties = dict(attended.exclude(duty="").order_by().values_list("duty").annotate(Count("pk")))
    housed = _with_home(attended, activity).order_by("home_path").values_list("home_path", "home_label")
    buildings: Counter[str] = Counter()
    for path, label, count in housed.annotate(Count("pk")):
        buildings[_building(request.user, activity, path, label)] += count
    names = _names(request, activity)
    return Came(
        total=buildings.total(),
        duties=[(label, duties[duty]) for duty, label in Duty.Kind.choices if duty in duties],
        buildings=list(buildings.items()),
        names=names,
        lines=[] if names is None else _lines(request, activity, names),
    )


def _names(request, activity: Activity) -> Page | None:
    """Return a page of the names, by building; None where the user may not read members."""
    if not access.covers(request.user, Resource.MEMBER, activity.area.path):
        return None
    rows = _with_home(Attendance.objects.for_user(request.user).filter(activity=activity), activity)
    ordered = rows.select_related("member").order_by("home_path", "member__pinyin", "pk")
    return Paginator(ordered, NAMES_PER_PAGE).get_page(request.GET.get("p"))


def _lines(request, activity: Activity, names: Page) -> list[Attendance | StruckAttendance]:
    """Return the page's attendances by building, and among them those struck lately, for who may put them back."""
    struck = StruckAttendance.objects.for_user(request.user).lately().filter(activity=activity)
    gone = struck.exclude(member__in=Attendance.objects.filter(activity=activity).values("member"))
    latest = _with_home(gone, activity).select_related("member").order_by("-struck_at")[:STRUCK_LISTED]
    lines = [*names, *{row.member_id: row for row in latest}.values()]
    for row in lines:
        row.building = _building(request.user, activity, row.home_path, row.home_label)
    return sorted(lines, key=lambda row: (row.home_path or "", row.member.pinyin, row.pk))


def _with_home(attended: QuerySet, activity: Activity) -> QuerySet:
    """Annotate each member's home on the day of the activity, or else the latest known one."""
    day = activity.held_on
    that_day = When(Q(since__lte=day) & (Q(until=None) | Q(until__gt=day)), then=0)
    homes = Residence.objects.filter(member=OuterRef("member")).order_by(
        Case(that_day, default=1), F("until").desc(nulls_first=True), "-since"
    )
    return attended.annotate(
        home_path=Subquery(homes.values("area__path")[:1]), home_label=Subquery(homes.values("area__label")[:1])
    )


def _building(user, activity: Activity, path: str | None, label: str | None) -> str:
    """Return the building's name within the activity's area; ELSEWHERE where the user may not read it."""
    if path is None or label is None or not access.covers(user, Resource.AREA, path):
        return ELSEWHERE
    return label.removeprefix(f"{activity.area.label} ")
