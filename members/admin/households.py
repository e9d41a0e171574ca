"""Doors and pairings to look through, correct and export; pairings are made and ended on the building's page."""

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.shortcuts import redirect
from django.utils import timezone
from import_export.fields import Field
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import action

from members.admin.base import ExportableAdmin, HistoryAdmin, PlainResource, changed, stand_for
from members.admin.filters import PlaceFilter
from members.ground.access import Resource, Right
from members.models import Area, Household, Pairing
from members.rules import housing
from members.web.widgets import Autocomplete

KINDS = {True: "党员家庭", False: "群众家庭"}
YES_NO = {True: "是", False: "否"}


class OfMembersFilter(admin.SimpleListFilter):
    title, parameter_name = "家庭", "of"

    def lookups(self, request, model_admin):
        return [("members", "党员家庭"), ("neighbours", "群众家庭")]

    def queryset(self, request, queryset):
        today = timezone.localdate()
        chosen = {"members": queryset.of_members, "neighbours": queryset.of_neighbours}.get(self.value() or "")
        return chosen(today) if chosen else queryset


class PairedFilter(admin.SimpleListFilter):
    title, parameter_name = "结对", "paired"

    def lookups(self, request, model_admin):
        return [("yes", "正在结对"), ("no", "没有结对")]

    def queryset(self, request, queryset):
        today = timezone.localdate()
        chosen = {"yes": queryset.paired, "no": queryset.unpaired}.get(self.value() or "")
        return chosen(today) if chosen else queryset


class CurrentFilter(admin.SimpleListFilter):
    title, parameter_name = "状态", "current"

    def lookups(self, request, model_admin):
        return [("yes", "正在结对"), ("no", "已结束")]

    def queryset(self, request, queryset):
        current = Pairing.objects.current().values("pk")
        if self.value() == "yes":
            return queryset.filter(pk__in=current)
        return queryset.exclude(pk__in=current) if self.value() == "no" else queryset


class HouseholdResource(PlainResource):
    area = Field("area__label", column_name="楼组")
    room = Field("room", column_name="室号")
    name = Field("name", column_name="称呼")
    kind = Field(column_name="家庭")
    paired = Field(column_name="正在结对")

    class Meta:
        model = Household
        name = "家庭"
        fields = ("area", "room", "name", "kind", "paired")

    def dehydrate_kind(self, household):
        return KINDS[household.is_of_members]

    def dehydrate_paired(self, household):
        return YES_NO[household.is_paired]


@admin.register(Household)
class HouseholdAdmin(HistoryAdmin, ExportableAdmin):
    unit = "户"
    resource = Resource.HOUSEHOLD
    resource_classes = [HouseholdResource]
    list_display = ("area", "room", "name", "kind", "paired")
    list_display_links = ("area", "room")
    list_select_related = ("area",)
    list_filter = (PlaceFilter, OfMembersFilter, PairedFilter)
    search_fields = ("area__label__contains", "room__startswith", "name__contains")
    search_help_text = "输入楼组和室号查找，如：1号楼 302"
    ordering = ("area__path", "unit", "floor", "number")
    actions_detail = ["open_building"]
    fields = ("area", "room", "name")
    autocomplete_fields = ("area",)
    show_full_result_count = False

    def get_queryset(self, request):
        today, this = timezone.localdate(), Household.objects.filter(pk=OuterRef("pk"))
        flags = {"is_of_members": Exists(this.of_members(today)), "is_paired": Exists(this.paired(today))}
        return super().get_queryset(request).select_related("area").annotate(**flags)

    def get_readonly_fields(self, request, obj=None):
        return ("area",) if obj else ()

    def save_model(self, request, obj, form, change):
        if change:
            housing.change_door(obj, **changed(form))
        else:
            values = dict(form.cleaned_data)
            stand_for(obj, housing.add_door(values.pop("area"), **values))

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        if area := form.base_fields.get("area"):
            groups = Area.objects.for_user(request.user, Right.WRITE, resource=Resource.HOUSEHOLD).current()
            area.queryset = groups.filter(level=Area.Level.BUILDING_GROUP)
            area.widget = Autocomplete(Household._meta.get_field("area"), self.admin_site)
            area.widget.choices = area.choices
        return form

    def has_look_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.READ, object_id)

    @action(description="看这栋楼", icon="grid_view", permissions=["look"])
    def open_building(self, request, object_id):
        return redirect("members:building", self.get_object(request, object_id).area_id)

    @admin.display(description="家庭")
    def kind(self, household):
        return KINDS[household.is_of_members]

    @admin.display(description="正在结对")
    def paired(self, household):
        return YES_NO[household.is_paired]


class PairingResource(PlainResource):
    area = Field("household__area__label", column_name="楼组")
    room = Field("household__room", column_name="党员家庭")
    neighbour_area = Field("neighbour__area__label", column_name="结对家庭楼组")
    neighbour_room = Field("neighbour__room", column_name="结对家庭")
    neighbour_name = Field("neighbour__name", column_name="称呼")
    since = Field("since", column_name="结对日期")
    until = Field("until", column_name="结束日期")

    class Meta:
        model = Pairing
        name = "结对"
        fields = ("area", "room", "neighbour_area", "neighbour_room", "neighbour_name", "since", "until")


@admin.register(Pairing)
class PairingAdmin(HistoryAdmin, ExportableAdmin):
    """All pairings, those that have ended as well, to correct their dates."""

    unit = "对"
    resource = Resource.HOUSEHOLD
    resource_classes = [PairingResource]
    list_display = ("household", "neighbour", "since", "until")
    list_select_related = ("household__area", "neighbour__area")
    list_filter = (PlaceFilter, CurrentFilter, ("since", RangeDateFilter))
    search_fields = ("household__area__label__contains", "household__room__startswith", "neighbour__room__startswith")
    search_help_text = "输入楼组和室号查找，如：1号楼 302"
    ordering = ("household__area__path", "household__unit", "household__floor", "household__number", "pk")
    actions_list = ["pair"]
    fields = ("household", "neighbour", "since", "until")
    readonly_fields = ("household", "neighbour")
    show_full_result_count = False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*self.list_select_related)

    def has_add_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        obj.correct(**changed(form))

    def has_pair_permission(self, request):
        return self.may(request, Right.WRITE)

    @action(description="去结对", icon="handshake", permissions=["pair"])
    def pair(self, request):
        return redirect("members:buildings")
