"""A month of an area and of what lies below it."""

from calendar import Calendar
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.utils import timezone
from django.views.decorators.http import require_GET

from activities.forms.places import PlaceForm
from activities.ground.periods import DaySpan, read_period
from activities.models import Activity
from activities.models.activities import LONGEST_AHEAD
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area
from members.models.households import FIRST_YEAR
from members.web.shell import page

WEEKDAYS = [f"星期{day}" for day in "一二三四五六日"]
SHOWN_A_DAY = 3
DAY = timedelta(days=1)


@dataclass(slots=True)
class CalendarDay:
    """A day of the grid with some of its activities, and how many there are besides."""

    date: date
    activities: list[Activity]
    besides: int
    is_outside: bool
    is_open: bool  # an activity of this day can be recorded


@require_GET
def month(request):
    """The activities of a month, Monday to Sunday; an empty day leads to a new one."""
    if not access.can(request.user, Resource.ACTIVITY):
        raise PermissionDenied
    form = PlaceForm(request.GET, user=request.user)
    area = (form.cleaned_data.get("area") if form.is_valid() else None) or form.highest
    shown = _month(request.GET.get("month", ""))
    return page(
        request,
        "activities/calendar.html",
        title=f"活动日历：{area}" if area else "活动日历",
        form=form,
        area=area,
        month=shown.first,
        weekdays=WEEKDAYS,
        weeks=_weeks(request.user, area, shown) if area else [],
        may_write=_may_write(request.user, area),
        before=_recordable(shown.first - DAY),
        after=_recordable(shown.last + DAY),
        today=timezone.localdate(),
    )


def _month(text: str) -> DaySpan:
    """The month asked for; one that cannot be read, or of which nothing can be recorded, is this month."""
    with suppress(ValueError):
        asked = read_period(text)
        if len(text) == len("2026-11") and _recordable(asked.first):
            return asked
    return read_period(f"{timezone.localdate():%Y-%m}")


def _recordable(day: date) -> date | None:
    """The day, if an activity can be recorded on it."""
    return day if FIRST_YEAR <= day <= timezone.localdate() + LONGEST_AHEAD else None


def _weeks(user, area: Area, shown: DaySpan) -> list[list[CalendarDay]]:
    weeks = Calendar().monthdatescalendar(shown.first.year, shown.first.month)
    activities = Activity.objects.for_user(user).inside(area).between(weeks[0][0], weeks[-1][-1])
    by_day = defaultdict(list)
    for activity in _ordered(activities):
        activity.where = activity.area.label.removeprefix(f"{area.label} ")
        by_day[activity.held_on].append(activity)
    may_write = _may_write(user, area)
    return [[_day(each, by_day[each], shown, may_write=may_write) for each in week] for week in weeks]


def _may_write(user, area: Area | None) -> bool:
    return area is not None and access.covers(user, Resource.ACTIVITY, area.path, Right.WRITE)


def _ordered(activities):
    kept = activities.exclude(status=Activity.Status.CANCELLED).select_related("area")
    return kept.order_by("held_on", F("begins_at").asc(nulls_last=True), "area__path", "pk")


def _day(day: date, activities: list[Activity], shown: DaySpan, *, may_write: bool) -> CalendarDay:
    """Of a full day what the higher areas do is shown."""
    highest = sorted(activities, key=lambda activity: activity.area.level)[:SHOWN_A_DAY]
    return CalendarDay(
        date=day,
        activities=[activity for activity in activities if activity in highest],
        besides=max(0, len(activities) - SHOWN_A_DAY),
        is_outside=day.month != shown.first.month,
        is_open=may_write and _recordable(day) is not None,
    )
