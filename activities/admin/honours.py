from django.contrib import admin
from django.shortcuts import redirect
from import_export.fields import Field
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from activities.models import Honour
from members.admin.base import ExportableAdmin, PlainResource
from members.admin.filters import PlaceFilter
from members.ground.access import Resource, Right


class HonourResource(PlainResource):
    year = Field("year", column_name="年度")
    area = Field("area__label", column_name="楼组或小区")
    kind = Field("get_kind_display", column_name="类别")
    theme = Field("get_theme_display", column_name="主题")
    deeds = Field("deeds", column_name="事迹")
    awarded_on = Field("awarded_on", column_name="授予日期")
    statements = Field(column_name="楼组自己声明")
    stated_on = Field("stated_on", column_name="声明日期")

    class Meta:
        model = Honour
        name = "评优"
        fields = ("year", "area", "kind", "theme", "deeds", "awarded_on", "statements", "stated_on")

    def dehydrate_statements(self, honour):
        return "、".join(honour.statements)


class StandingFilter(admin.SimpleListFilter):
    """Leaves out withdrawn honours, unless they are asked for."""

    title, parameter_name = "是否撤回", "withdrawn"

    def lookups(self, request, model_admin):
        return [("yes", "已撤回")]

    def choices(self, changelist):
        standing, *others = super().choices(changelist)
        return [standing | {"display": "没有撤回"}, *others]

    def queryset(self, request, queryset):
        return queryset.exclude(withdrawn_at=None) if self.value() == "yes" else queryset.standing()


@admin.register(Honour)
class HonourAdmin(ExportableAdmin):
    """Honours to search and export; they are given and corrected on their own pages."""

    unit = "项"
    resource = Resource.HONOUR
    resource_classes = [HonourResource]
    list_display = ("year", "area", "kind", "theme", "awarded_on")
    list_select_related = ("area",)
    list_filter = (PlaceFilter, ("kind", ChoicesDropdownFilter), ("theme", ChoicesDropdownFilter), StandingFilter)
    search_fields = ("area__label__contains", "deeds__contains")
    search_help_text = "楼组、小区名称或事迹里的字词"
    fields = readonly_fields = (
        "year", "area", "kind", "theme", "deeds", "awarded_on", "statements", "stated_on", "withdrawn_at",
        "withdrawal_reason",
    )  # fmt: skip
    actions_list = ["by_year", "give"]
    actions_detail = ["open_page", "take_back"]

    def get_export_queryset(self, request):
        return super().get_export_queryset(request).select_related("area")

    def has_add_permission(self, request, obj=None):
        return False

    has_change_permission = has_add_permission

    def has_give_permission(self, request):
        return self.may(request, Right.WRITE)

    def has_look_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.READ, object_id)

    @action(description="按年度看、印事迹册", icon="menu_book", permissions=["look"])
    def by_year(self, request):
        return redirect("activities:honours")

    @action(description="授予评优", icon="add", permissions=["give"])
    def give(self, request):
        return redirect("activities:honour_add")

    @action(description="打开、修改", icon="open_in_new", permissions=["look"])
    def open_page(self, request, object_id):
        return redirect("activities:honour", object_id)

    def has_take_back_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.WRITE, object_id)

    @action(description="撤回", icon="undo", permissions=["take_back"])
    def take_back(self, request, object_id):
        return redirect("activities:honour_withdraw", object_id)

    @admin.display(description="楼组自己声明")
    def statements(self, honour):
        return "、".join(honour.statements) or "没有声明"
