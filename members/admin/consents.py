from django.contrib import admin
from django.shortcuts import redirect
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from members.admin.base import ReadOnlyAdmin
from members.admin.filters import PlaceFilter
from members.ground.access import Resource, Right
from members.models import Consent, Member
from members.rules.finding import name_lookups


class ConsentPlaceFilter(PlaceFilter):
    def narrow(self, queryset, area):
        return queryset.filter(member__in=Member.objects.living_in(area, timezone.localdate()))


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    """Members' answers, to look through; a refusal is visible only to the user who recorded it."""

    resource = Resource.MEMBER
    list_display = ("member", "purpose", "employer", "is_agreed", "means", "given_on", "recorded_by", "withdrawn_at")
    list_select_related = ("member", "employer", "recorded_by")
    list_filter = (ConsentPlaceFilter, ("purpose", ChoicesDropdownFilter), ("means", ChoicesDropdownFilter))
    search_fields = name_lookups("member__")
    search_help_text = "输入姓名、拼音或首字母查找"
    show_full_result_count = False
    fields = (
        "member", "purpose", "employer", "is_agreed", "means", "given_on", "notice", "version", "recorded_by",
        "withdrawn_at",
    )  # fmt: skip
    actions_list = ["ask"]

    def has_look_permission(self, request):
        return self.may(request, Right.READ)

    @action(description="楼道公示", icon="how_to_reg", permissions=["look"])
    def ask(self, request):
        return redirect("members:consents")
