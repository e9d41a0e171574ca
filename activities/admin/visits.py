from django.contrib import admin
from django.shortcuts import redirect
from import_export.fields import Field
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action

from activities.models import Visit
from members.admin.base import ExportableAdmin, PlainResource
from members.admin.filters import PlaceFilter
from members.ground.access import Resource, Right


class VisitResource(PlainResource):
    visited_on = Field("visited_on", column_name="走访日期")
    kind = Field("get_kind_display", column_name="方式")
    area = Field("pairing__household__area__label", column_name="楼组")
    room = Field("pairing__household__room", column_name="党员家庭")
    neighbour_area = Field("pairing__neighbour__area__label", column_name="结对家庭楼组")
    neighbour_room = Field("pairing__neighbour__room", column_name="结对家庭")
    note = Field("note", column_name="说明")

    class Meta:
        model = Visit
        name = "走访"
        fields = ("visited_on", "kind", "area", "room", "neighbour_area", "neighbour_room", "note")


@admin.register(Visit)
class VisitAdmin(ExportableAdmin):
    """Visits to search and export; they are recorded and corrected on their own pages."""

    unit = "次"
    resource = Resource.HOUSEHOLD
    resource_classes = [VisitResource]
    list_display = ("visited_on", "pairing", "kind", "note")
    list_select_related = ("pairing__household__area", "pairing__neighbour")
    list_filter = (PlaceFilter, ("kind", ChoicesDropdownFilter), ("visited_on", RangeDateFilter))
    search_fields = ("pairing__household__area__label__contains", "pairing__household__room__startswith")
    search_help_text = "楼组名称或党员家庭的室号"
    fields = ("pairing", "visited_on", "kind", "note")
    actions_list = ["record"]
    actions_detail = ["mend"]
    show_full_result_count = False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.list_select_related, "pairing__neighbour__area")

    def has_add_permission(self, request, obj=None):
        return False

    has_change_permission = has_add_permission

    def has_record_permission(self, request):
        return self.may(request, Right.WRITE)

    def has_mend_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.WRITE, object_id)

    @action(description="记走访", icon="edit_calendar", permissions=["record"])
    def record(self, request):
        return redirect("activities:visits")

    @action(description="修改、撤销", icon="edit", permissions=["mend"])
    def mend(self, request, object_id):
        return redirect("activities:visit", object_id)
