"""Common parts of the reports: the areas a user may see, and the requested year or period."""

from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from activities.ground.periods import DaySpan
from members.ground.access import Resource
from members.models import Area
from members.models.areas import AreaQuerySet
from members.models.households import FIRST_YEAR


def report_areas(request) -> AreaQuerySet:
    return Area.objects.for_user(request.user, resource=Resource.REPORT)


def own_area(request) -> Area:
    """Return the highest area of the user; PermissionDenied where there is none."""
    first = report_areas(request).current().first()
    if first is None:
        raise PermissionDenied("您的岗位没有可以查看的区域。需要的话，请联系街道。")
    return first


def requested_year(request) -> int:
    """Return the year in the query string; this year where it is invalid, too early or ahead."""
    this_year, text = timezone.localdate().year, request.GET.get("year", "")
    year = int(text) if text.isdecimal() and len(text) == 4 else this_year
    return year if FIRST_YEAR.year <= year <= this_year else this_year


def requested_period(request) -> DaySpan:
    """Return the days in the query string, cut at today; this year so far where they are invalid or too early."""
    today = timezone.localdate()
    try:
        first, last = (date.fromisoformat(request.GET.get(name, "")) for name in ("from", "to"))
    except ValueError:
        return DaySpan(date(today.year, 1, 1), today)
    period = DaySpan(first, min(last, today))
    return period if FIRST_YEAR <= period.first <= period.last else DaySpan(date(today.year, 1, 1), today)


def period_choices() -> dict[str, DaySpan]:
    """Return common periods by their labels."""
    today = timezone.localdate()
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    last_year = date(today.year - 1, 1, 1)
    return {
        "今年": DaySpan(date(today.year, 1, 1), today),
        "本季": DaySpan(quarter, today),
        "本月": DaySpan(today.replace(day=1), today),
        "去年": DaySpan(last_year, date(today.year, 1, 1) - timedelta(days=1)),
    }
