from django.contrib import admin
from django.db.models import Count
from django.shortcuts import redirect
from import_export.fields import Field
from import_export.widgets import IntegerWidget
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action

from activities.models import Need
from members.admin.base import ExportableAdmin, PlainResource
from members.admin.filters import PlaceFilter
from members.ground.access import Resource, Right

NUMBER = IntegerWidget(coerce_to_string=False)


class NeedResource(PlainResource):
    """An export that only counts the claimants, since these members may live outside the exported area."""

    opened_on = Field("opened_on", column_name="提出日期")
    area = Field("area__label", column_name="在哪里")
    room = Field("household__room", column_name="室号")
    text = Field("text", column_name="需求")
    skill = Field("skill", column_name="需要的特长")
    status = Field("get_status_display", column_name="状态")
    claimants = Field("claimants", column_name="认领党员数", widget=NUMBER)
    employer = Field("employer__name", column_name="认领单位")
    done_at = Field("done_at", column_name="办结时间")
    days_open = Field("days_open", column_name="用了几天", widget=NUMBER)

    class Meta:
        model = Need
        name = "群众需求"
        fields = (
            "opened_on", "area", "room", "text", "skill", "status", "claimants", "employer", "done_at", "days_open",
        )  # fmt: skip


class SkillFilter(admin.SimpleListFilter):
    title, parameter_name = "需要的特长", "skill"

    def lookups(self, request, model_admin):
        return [(skill, skill) for skill in Need.objects.for_user(request.user).skills()]

    def queryset(self, request, queryset):
        return queryset.filter(skill=self.value()) if self.value() else queryset


@admin.register(Need)
class NeedAdmin(ExportableAdmin):
    """Needs to search and export, listed without names and rooms; they are changed on their own pages."""

    resource = Resource.NEED
    resource_classes = [NeedResource]
    list_display = ("text", "area", "skill", "status", "opened_on", "days", "claimed")
    list_select_related = ("area",)
    list_filter = (PlaceFilter, SkillFilter, ("status", ChoicesDropdownFilter), ("opened_on", RangeDateFilter))
    search_fields = ("text__contains", "skill__contains", "area__label__contains")
    search_help_text = "需求、特长或楼组名称"
    fields = readonly_fields = (
        "text", "area", "skill", "status", "opened_on", "claimed_at", "claimed", "done_at", "withdrawn_at",
    )  # fmt: skip
    actions_list = ["board", "write"]
    actions_detail = ["open_page"]
    show_full_result_count = False

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(claimants=Count("members"))

    def get_export_queryset(self, request):
        return super().get_export_queryset(request).select_related("area", "household", "employer")

    def get_search_results(self, request, queryset, search_term):
        return queryset.called(search_term), False

    def has_add_permission(self, request, obj=None):
        return False

    has_change_permission = has_add_permission

    def has_write_permission(self, request):
        return self.may(request, Right.WRITE)

    def has_look_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.READ, object_id)

    @action(description="看板", icon="view_kanban", permissions=["look"])
    def board(self, request):
        return redirect("activities:needs")

    @action(description="登记一条需求", icon="add", permissions=["write"])
    def write(self, request):
        return redirect("activities:need_add")

    @action(description="认领、办结", icon="open_in_new", permissions=["look"])
    def open_page(self, request, object_id):
        return redirect("activities:need", object_id)

    @admin.display(description="天数")
    def days(self, need):
        return need.days_open

    @admin.display(description="认领党员数")
    def claimed(self, need):
        return need.claimants
