"""Attendances of an activity: the tick list, and the recorded members with their roles."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.views.decorators.http import require_POST

from activities.models import Activity, Attendance
from activities.rules import resting, taking_back
from activities.rules.attendance import change, eligible, note_duties, put_back, strike
from members.ground import access
from members.ground.access import Resource
from members.models import Area, Duty, Member
from members.web.acts import numbers, tried, writable
from members.web.returning import way_back
from members.web.shell import page

PAGE = 100


def tick(request, pk):
    """Tick the members who came, by building; one community at a time for an activity of the street."""
    activity = writable(request, Activity, pk, "area")
    ticked = None
    if request.method == "POST":
        ticked = numbers(request.POST.getlist("member"))
        if _saved(request, activity, ticked):
            return redirect("activities:activity", pk)
    parts = list(_parts(activity))
    part = _part(request, parts)
    return page(
        request,
        "activities/tick.html",
        title=f"勾选参加的人：{activity}",
        activity=activity,
        parts=parts,
        part=part,
        members=_tickable(request, activity, part or activity.area, ticked),
    )


def came(request, pk):
    """Save the roles of recorded members, and delete attendances recorded by mistake."""
    activity = writable(request, Activity, pk, "area")
    if request.method == "POST" and tried(request, lambda: _mend(request, activity)):
        messages.success(request, "已保存。")
        return redirect(request.get_full_path())
    rows = Attendance.objects.for_user(request.user).filter(activity=activity).select_related("member")
    attendances = Paginator(rows, PAGE).get_page(request.GET.get("p"))
    homes = Member.objects.for_user(request.user).with_home().in_bulk([row.member_id for row in attendances])
    return page(
        request,
        "activities/came.html",
        title=f"参加的人：{activity}",
        activity=activity,
        shown=attendances,
        rows=[(row, homes.get(row.member_id)) for row in attendances],
        duties=Duty.Kind.choices,
    )


@require_POST
def strike_one(request, pk):
    """Strike somebody by the × beside their name; say where their record card is past a draft."""
    activity, members = _named(request, pk)
    rows = Attendance.objects.filter(activity=activity, member__in=members)
    may_see = access.covers(request.user, Resource.CARD, activity.area.path)
    firm = [each for each in resting.hanging(activity, rows, request.user) if each.is_firm] if may_see else []
    if tried(request, lambda: strike(activity, members, user=request.user)):
        for each in firm:
            links = format_html_join("", '<a href="{}">{}</a> ', ((address, label) for label, address in each.links))
            messages.warning(request, format_html("{} {}", each.sentence, links))
    return redirect(_line(request, activity, members))


@require_POST
def put_back_one(request, pk):
    """Put somebody back who was struck, as before."""
    activity, members = _named(request, pk)
    tried(request, lambda: put_back(activity, members, user=request.user))
    return redirect(_line(request, activity, members))


@require_POST
def take_back_one(request, pk, entry):
    """Take back one write of the user's own, with everybody whom it recorded or struck."""
    activity, counts = writable(request, Activity, pk, "area"), []
    if tried(request, lambda: counts.extend(taking_back.take_back(activity, entry, user=request.user))):
        said = [f"{verb} {count:,} 人" for verb, count in zip(("去掉", "放回"), counts, strict=True) if count]
        messages.success(request, f"已撤销“{activity}”的登记：{'，'.join(said)}。")
    return redirect(way_back(request, "activities:activity", pk))


def _named(request, pk: int) -> tuple[Activity, set[int]]:
    return writable(request, Activity, pk, "area"), numbers(request.POST.getlist("member")[:1])


def _line(request, activity: Activity, members: set[int]) -> str:
    """Return the URL of the page of names on which this member's line is."""
    query = "".join(f"?p={number}" for number in numbers([request.POST.get("p", "")]))
    return f"{reverse('activities:activity', args=[activity.pk])}{query}#came-{next(iter(members), '')}"


def _parts(activity: Activity) -> QuerySet[Area]:
    """Return the communities of a street's activity, whose members would not fit on one page; else none."""
    areas = Area.objects.children_of(activity.area).on(activity.held_on)
    return areas if activity.area.level == Area.Level.STREET else areas.none()


def _part(request, parts: list[Area]) -> Area | None:
    """Return the community in the query string, else the first."""
    chosen = request.GET.get("part", "")
    return next((area for area in parts if str(area.pk) == chosen), parts[0] if parts else None)


def _tickable(request, activity: Activity, area: Area, ticked: set[int] | None) -> list[tuple[Member, bool]]:
    """Return the members of the area by building, each with whether they are ticked; one query."""
    attended = Attendance.objects.filter(activity=activity, member=OuterRef("pk"))
    members = eligible(activity, area=area, user=request.user).with_home().annotate(came=Exists(attended))
    ordered = members.order_by("home_path", "home_room", "pinyin", "pk").only("name", "pinyin", "initials")
    return [(member, member.came if ticked is None else member.pk in ticked) for member in ordered]


def _saved(request, activity: Activity, ticked: set[int]) -> bool:
    """Save the tick list, add a message, and return whether it worked."""
    before = numbers(request.POST.get("was", "").split(","))
    sentences: list[str] = []

    def save() -> None:
        recorded, struck = change(activity, before=before, ticked=ticked, user=request.user)
        sentences.append(f"{recorded}{f'去掉 {struck} 人。' if struck else ''}")

    if not tried(request, save):
        return False
    messages.success(request, sentences[0])
    return True


def _mend(request, activity: Activity) -> None:
    # Striking locks the street first, like whatever takes something off record cards.
    if gone := numbers(request.POST.getlist("gone")):
        strike(activity, gone, user=request.user)
    noted = {name.removeprefix("duty-"): duty for name, duty in request.POST.items() if name.startswith("duty-")}
    note_duties(activity, {int(pk): duty for pk, duty in noted.items() if numbers([pk])}, user=request.user)
