"""Filters that offer only what the reader's posts open."""

from datetime import date, datetime, time

from django.contrib import admin
from django.utils import timezone
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.utils import parse_date_str

from members.ground.access import Resource
from members.models import Area


class PlaceFilter(admin.SimpleListFilter):
    """A filter by area: the reader's areas down to compounds or, once one is chosen, those above and just below it."""

    title, parameter_name = "所在区域", "place"

    def lookups(self, request, model_admin):
        mine = Area.objects.for_user(request.user, resource=Resource.REPORT).on(timezone.localdate())
        chosen = mine.filter(path=request.GET.get(self.parameter_name, "")).first()
        if chosen is None:
            return [(area.path, area.label) for area in mine.filter(level__lte=Area.Level.STATION)[:80]]
        around = [*mine.above(chosen), chosen, *mine.children_of(chosen)]
        return [(area.path, area.label) for area in around]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        mine = Area.objects.for_user(request.user, resource=Resource.REPORT)
        area = mine.filter(path=self.value()).first()
        return self.narrow(queryset, area) if area else queryset.none()

    def narrow(self, queryset, area):
        return queryset.inside(area)


class MemberPlaceFilter(PlaceFilter):
    def narrow(self, queryset, area):
        return queryset.living_in(area, timezone.localdate())


class JoinedFilter(admin.SimpleListFilter):
    title, parameter_name = "参加楼组党小组", "joined"

    def lookups(self, request, model_admin):
        return [("yes", "已参加"), ("no", "未参加")]

    def queryset(self, request, queryset):
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(home_label__isnull=False, home_joined_on__isnull=self.value() == "no")


class LivingFilter(admin.SimpleListFilter):
    title, parameter_name = "居住情况", "living"

    def lookups(self, request, model_admin):
        return [("here", "现住在这里"), ("away", "已迁出")]

    def queryset(self, request, queryset):
        if self.value() not in ("here", "away"):
            return queryset
        return queryset.filter(home_label__isnull=self.value() == "away")


class DayRangeFilter(RangeDateFilter):
    """A filter of moments by days in local time; the last day counts whole."""

    def queryset(self, request, queryset):
        first, last = (parse_date_str(self.used_parameters.get(name) or "") for name in self.expected_parameters())
        if first:
            queryset = queryset.filter(**{f"{self.field_path}__gte": _moment(first, time.min)})
        if last:
            queryset = queryset.filter(**{f"{self.field_path}__lte": _moment(last, time.max)})
        return queryset


def _moment(day: date, at: time) -> datetime:
    """Return a moment of that day; a day too early or late for a timezone becomes the nearest possible."""
    return timezone.make_aware(datetime.combine(min(max(day, date(1900, 1, 1)), date(9000, 1, 1)), at))
