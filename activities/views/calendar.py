"""The calendar: a month of an area and the areas below it."""

from calendar import Calendar
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.utils import timezone
from django.views.decorators.http import require_GET

from activities.forms.activities import ActivitySearchForm
from activities.ground.periods import DaySpan, read_period
from activities.models import Activity
from activities.models.activities import LONGEST_AHEAD, ActivityQuerySet
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
    """A day of the calendar with the activities that fit, and the number of further ones."""

    date: date
    activities: list[Activity]
    besides: int
    is_outside: bool
    is_open: bool  # an activity of this day can be recorded


@require_GET
def month(request):
    """Show the activities of a month in weeks from Monday; an empty day links to a new activity."""
    if not access.can(request.user, Resource.ACTIVITY):
        raise PermissionDenied
    form = ActivitySearchForm(request.GET, user=request.user)
    found = form.narrow(Activity.objects.for_user(request.user))
    area = form.cleaned_data.get("area") or form.highest
    span = _month(request.GET.get("month", ""))
    return page(
        request,
        "activities/calendar.html",
        title=f"活动日历：{area}" if area else "活动日历",
        form=form,
        area=area,
        month=span.first,
        weekdays=WEEKDAYS,
        weeks=_weeks(request.user, found, area, span) if area else [],
        narrowed=_narrowed(form.cleaned_data),
        may_write=_may_write(request.user, area),
        before=_recordable(span.first - DAY),
        after=_recordable(span.last + DAY),
        today=timezone.localdate(),
    )


def _month(text: str) -> DaySpan:
    """Return the days of the month; this month where the text is no month or nothing can be recorded in it."""
    with suppress(ValueError):
        span = read_period(text)
        if len(text) == len("2026-11") and _recordable(span.first):
            return span
    return read_period(f"{timezone.localdate():%Y-%m}")


def _recordable(day: date) -> date | None:
    """Return the day if an activity can be recorded on it, else None."""
    return day if FIRST_YEAR <= day <= timezone.localdate() + LONGEST_AHEAD else None


def _narrowed(chosen: dict[str, Any]) -> str:
    """Return the chosen words and field as they follow the area in the list's address."""
    return urlencode({name: chosen[name] for name in ("q", "field") if chosen.get(name)})


def _weeks(user, found: ActivityQuerySet, area: Area, span: DaySpan) -> list[list[CalendarDay]]:
    weeks = Calendar().monthdatescalendar(span.first.year, span.first.month)
    activities = found.inside(area).between(weeks[0][0], weeks[-1][-1])
    by_day = defaultdict(list)
    for activity in _ordered(activities):
        activity.where = activity.area.label.removeprefix(f"{area.label} ")
        by_day[activity.held_on].append(activity)
    may_write = _may_write(user, area)
    return [[_day(each, by_day[each], span, may_write=may_write) for each in week] for week in weeks]


def _may_write(user, area: Area | None) -> bool:
    return area is not None and access.covers(user, Resource.ACTIVITY, area.path, Right.WRITE)


def _ordered(activities):
    planned_or_held = activities.planned_or_held().select_related("area")
    return planned_or_held.order_by("held_on", F("begins_at").asc(nulls_last=True), "area__path", "pk")


def _day(day: date, activities: list[Activity], span: DaySpan, *, may_write: bool) -> CalendarDay:
    """Return the day for the page; on a full day, the activities of higher areas come first."""
    highest = sorted(activities, key=lambda activity: activity.area.level)[:SHOWN_A_DAY]
    return CalendarDay(
        date=day,
        activities=[activity for activity in activities if activity in highest],
        besides=max(0, len(activities) - SHOWN_A_DAY),
        is_outside=day.month != span.first.month,
        is_open=may_write and _recordable(day) is not None,
    )
