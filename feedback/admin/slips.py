"""The list of slips, to search, filter and export; slips are handled on their own pages."""

from django.contrib import admin
from import_export.fields import Field
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from feedback.models import Slip
from members.admin.base import ExportableAdmin, PlainResource
from members.admin.filters import DayRangeFilter, PlaceFilter
from members.ground import access
from members.ground.access import Resource


class SlipResource(PlainResource):
    number = Field("number", column_name="报到单号")
    name = Field("name", column_name="姓名")
    unit = Field("unit", column_name="单位")
    area = Field("area__label", column_name="社区")
    home_text = Field("home_text", column_name="住址")
    origin = Field("get_origin_display", column_name="来源")
    status = Field("get_status_display", column_name="状态")
    sent_at = Field("sent_at", column_name="发来时间")
    accepted_at = Field("accepted_at", column_name="接收时间")

    class Meta:
        model = Slip
        name = "报到单"
        fields = ("number", "name", "unit", "area", "home_text", "origin", "status", "sent_at", "accepted_at")


@admin.register(Slip)
class SlipAdmin(ExportableAdmin):
    unit = "张"
    resource = Resource.CARD
    resource_classes = [SlipResource]
    list_display = ("name", "sender", "area", "home_text", "origin", "status", "sent_at", "number")
    list_display_links = ("name", "number")
    list_select_related = ("employer", "area")
    list_filter = (
        ("status", ChoicesDropdownFilter), ("origin", ChoicesDropdownFilter), PlaceFilter, ("sent_at", DayRangeFilter),
    )  # fmt: skip
    search_fields = ("name__contains", "number__contains", "employer__name__contains", "employer_name__contains")
    search_help_text = "姓名、单位或报到单号"
    linked_by = ("area", "employer", "member")
    fields = readonly_fields = (
        "number", "name", "sender", "area", "home", "room", "home_text", "employer_number", "skills", "wishes",
        "origin", "agreed_how", "agreed_on", "tells_employer", "employer_says", "status", "sent_at", "asked_code",
        "asked_text", "reply", "forwarded_at", "accepted_at", "member", "was_known", "declined_at", "declined_text",
        "withdrawn_at", "withdrawn_by", "ended_at", "ended_code", "ended_text",
    )  # fmt: skip
    show_full_result_count = False

    def get_export_queryset(self, request):
        return super().get_export_queryset(request).select_related("employer", "area")

    def exportable(self, user):
        return Slip.objects.for_user(user) if access.can(user, Resource.EXPORT) else Slip.objects.none()

    def has_add_permission(self, request, obj=None):
        return False

    has_change_permission = has_add_permission

    @admin.display(description="单位")
    def sender(self, slip):
        return slip.unit or "—"
