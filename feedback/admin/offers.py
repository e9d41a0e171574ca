"""The list of units' offers, to look through and export."""

from django.contrib import admin
from django.db.models import Count, F, Q
from django.shortcuts import redirect
from import_export.fields import Field
from import_export.widgets import IntegerWidget
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from feedback.models import Offer
from members.admin.base import ExportableAdmin, PlainResource
from members.admin.filters import DayRangeFilter
from members.ground import access
from members.ground.access import Resource, Right


class OfferResource(PlainResource):
    employer = Field("employer__name", column_name="单位")
    kind = Field("get_kind_display", column_name="类别")
    title = Field("title", column_name="提供什么")
    text = Field("text", column_name="说明")
    area = Field("area__label", column_name="提供给")
    status = Field("get_status_display", column_name="状态")
    created_at = Field("created_at", column_name="提出时间")
    uses = Field("uses", column_name="用在几条需求", widget=IntegerWidget(coerce_to_string=False))

    class Meta:
        model = Offer
        name = "单位资源"
        fields = ("employer", "kind", "title", "text", "area", "status", "created_at", "uses")


@admin.register(Offer)
class OfferAdmin(ExportableAdmin):
    resource = Resource.CARD
    resource_classes = [OfferResource]
    list_display = ("title", "kind", "employer", "area", "status", "created_at", "used")
    list_select_related = ("employer", "area")
    list_filter = (
        ("status", ChoicesDropdownFilter), ("kind", ChoicesDropdownFilter), ("created_at", DayRangeFilter),
    )  # fmt: skip
    search_fields = ("title__contains", "text__contains", "employer__name__contains")
    search_help_text = "提供什么、说明或单位"
    linked_by = ("employer",)
    fields = readonly_fields = (
        "title", "kind", "text", "employer", "area", "status", "created_at", "closed_at", "used",
    )  # fmt: skip
    actions_detail = ["open_page"]
    show_full_result_count = False

    def get_queryset(self, request):
        uses = Count("needs", filter=Q(needs__employer=F("employer")))
        return super().get_queryset(request).annotate(uses=uses)

    def get_export_queryset(self, request):
        return super().get_export_queryset(request).select_related("employer", "area")

    def exportable(self, user):
        return Offer.objects.for_user(user) if access.can(user, Resource.EXPORT) else Offer.objects.none()

    def has_add_permission(self, request, obj=None):
        return False

    has_change_permission = has_add_permission

    def has_look_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.READ, object_id)

    @action(description="用在需求上", icon="open_in_new", permissions=["look"])
    def open_page(self, request, object_id):
        return redirect("feedback:offer", object_id)

    @admin.display(description="用在几条需求")
    def used(self, offer):
        return offer.uses
