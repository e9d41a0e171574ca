"""What the reports of what happens share: the areas one may see them of, and the time they are asked for."""

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
    """The user's own area, of several the highest."""
    first = report_areas(request).current().first()
    if first is None:
        raise PermissionDenied("您的岗位没有可以查看的区域。需要的话，请联系街道。")
    return first


def asked_year(request) -> int:
    """The year asked for; one that cannot be read, or is out of reach, is this year."""
    this_year, asked = timezone.localdate().year, request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else this_year
    return year if FIRST_YEAR.year <= year <= this_year else this_year


def asked_period(request) -> DaySpan:
    """The days asked for, up to today; what cannot be read, or is out of reach, is this year."""
    today = timezone.localdate()
    try:
        first, last = (date.fromisoformat(request.GET.get(name, "")) for name in ("from", "to"))
    except ValueError:
        return DaySpan(date(today.year, 1, 1), today)
    period = DaySpan(first, min(last, today))
    return period if FIRST_YEAR <= period.first <= period.last else DaySpan(date(today.year, 1, 1), today)


def periods_to_choose() -> dict[str, DaySpan]:
    """Periods that are asked for often, by their names."""
    today = timezone.localdate()
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    last_year = date(today.year - 1, 1, 1)
    return {
        "今年": DaySpan(date(today.year, 1, 1), today),
        "本季": DaySpan(quarter, today),
        "本月": DaySpan(today.replace(day=1), today),
        "去年": DaySpan(last_year, date(today.year, 1, 1) - timedelta(days=1)),
    }
