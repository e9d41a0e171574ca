"""Filters that offer only what the reader's posts open."""

from django.contrib import admin
from django.utils import timezone

from members.access import Resource
from members.models import Area


class PlaceFilter(admin.SimpleListFilter):
    """By place: the areas one step below the reader's posts, or, once one is chosen, the areas below that."""

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
