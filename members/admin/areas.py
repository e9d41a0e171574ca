from collections import defaultdict

from django.contrib import admin, messages
from django.db import IntegrityError
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from import_export.fields import Field
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from members.admin.base import ExportableAdmin, PlainResource, with_members_link
from members.admin.filters import PlaceFilter
from members.forms.areas import AreaForm
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area, AreaName, AreaRole
from members.models.areas import AT_ONCE, SEGMENT
from members.rules.finding import placed
from members.web.widgets import Autocomplete


class AreaResource(PlainResource):
    """The areas, with the columns that the import of a tree reads; those of a closed area are empty, as it is over."""

    label = Field("label", column_name="全称")
    level = Field("get_level_display", column_name="层级")
    community = Field(column_name="社区")
    station = Field(column_name="小区")
    station_names = Field(column_name="小区地址")
    group = Field(column_name="楼组")
    group_names = Field(column_name="楼组地址")
    residents = Field("residents", column_name="常住人口")
    housing = Field("get_housing_display", column_name="住宅类型")
    stage = Field("get_stage_display", column_name="楼组党小组状态")
    established_on = Field("established_on", column_name="建组日期")
    since = Field("since", column_name="启用日期")
    until = Field("until", column_name="停用日期")

    class Meta:
        model = Area
        name = "区域"
        fields = (
            "label", "level", "community", "station", "station_names", "group", "group_names", "residents", "housing",
            "stage", "established_on", "since", "until",
        )  # fmt: skip

    def before_export(self, queryset, **kwargs):
        """Look up in two queries what stands in the columns of places."""
        streets = {path[:SEGMENT] for path in queryset.order_by().values_list("path", flat=True)}
        inside = access.within("path", [access.subtree(street) for street in sorted(streets)])
        self.name_of = dict(Area.objects.filter(inside).values_list("path", "name"))
        self.other_names = defaultdict(list)
        known = AreaName.objects.filter(area__in=queryset.order_by().values("pk")).order_by("pk")
        for area, text in known.values_list("area", "text"):
            self.other_names[area].append(text)

    def dehydrate_community(self, area):
        return self._place(area, Area.Level.COMMUNITY)

    def dehydrate_station(self, area):
        return self._place(area, Area.Level.STATION)

    def dehydrate_group(self, area):
        return self._place(area, Area.Level.BUILDING_GROUP)

    def dehydrate_station_names(self, area):
        return self._names(area, Area.Level.STATION)

    def dehydrate_group_names(self, area):
        return self._names(area, Area.Level.BUILDING_GROUP)

    def _place(self, area, level):
        """Return the name of the area or of the one above it at this level."""
        is_open = area.until is None or area.until > timezone.localdate()
        return self.name_of.get(area.path[: level * SEGMENT], "") if is_open and level <= area.level else ""

    def _names(self, area, level):
        return "、".join(self.other_names[area.pk]) if area.level == level else ""


@admin.register(Area)
class AreaAdmin(ExportableAdmin):
    unit = "处"
    resource = Resource.AREA
    resource_classes = [AreaResource]
    form = AreaForm
    list_display = ("place", "level", "stage", "established_on", "residents", "housing", "members_link")
    list_filter = (("level", ChoicesDropdownFilter), ("stage", ChoicesDropdownFilter), PlaceFilter)
    search_fields = ("label__contains",)
    search_help_text = "输入名称或地址查找，如：迎晖苑1期 3号楼"
    actions_list = ["upload"]
    OWN_FIELDS = {
        Area.Level.STREET: (),
        Area.Level.COMMUNITY: ("residents",),
        Area.Level.STATION: ("housing",),
        Area.Level.BUILDING_GROUP: ("stage", "established_on"),
    }

    def get_fields(self, request, obj=None):
        """Return only the fields of the area's level; a new area gets them once its parent has set the level."""
        if obj is None:
            return ("parent", "name")
        movable = obj.level > Area.Level.STREET and self.has_change_permission(request, obj)
        parent = ("parent",) if movable else ()
        return (*parent, "name", *self.OWN_FIELDS[obj.level], "since", "until", "division_code")

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj and obj.level == Area.Level.STREET:
            form.base_fields.pop("parent", None)
        if "parent" in form.base_fields:
            mine = Area.objects.for_user(request.user, resource=Resource.AREA)
            parents = mine.current() | (mine.filter(path=obj.parent_path) if obj else mine.none())
            form.base_fields["parent"].queryset = parents
            # Users who set up the installation add the streets, which have no parent.
            form.base_fields["parent"].required = obj is not None or not access.sets_up(request.user)
            form.base_fields["parent"].widget = Autocomplete(AreaRole._meta.get_field("area"), self.admin_site)
            form.base_fields["parent"].widget.choices = form.base_fields["parent"].choices
        return form

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            messages.error(request, AT_ONCE)
            return redirect(request.path)

    def get_object(self, request, object_id, from_field=None):
        """Lock the street on a POST and read the area again, so that the change starts from what is stored."""
        area = super().get_object(request, object_id, from_field)
        if area is None or request.method != "POST":
            return area
        Area.objects.lock_street(area)
        return super().get_object(request, object_id, from_field)

    def response_add(self, request, obj, post_url_continue=None):
        """Continue with the fields of the area's level, after its name and parent."""
        request.POST = request.POST.copy()
        request.POST["_continue"] = "1"
        return super().response_add(request, obj, post_url_continue)

    def get_search_results(self, request, queryset, search_term):
        """Find areas by other names and addresses too; offer only open ones to an autocomplete."""
        rows = placed(queryset, search_term) if search_term.strip() else queryset
        return (rows.current() if request.path.endswith("/autocomplete/") else rows), False

    def has_upload_permission(self, request):
        return Area.objects.for_user(request.user, Right.WRITE).streets().current().exists()

    @action(description="从表格导入", icon="upload_file", permissions=["upload"])
    def upload(self, request):
        return redirect("members:areas_upload")

    def get_list_display(self, request):
        return with_members_link(request, self.list_display)

    @admin.display(description="区域", ordering="path")
    def place(self, area):
        return format_html('<span class="lz-indent-{}">{}</span>', area.level, area.label)

    @admin.display(description="党员")
    def members_link(self, area):
        return format_html(
            '<a class="lz-link" href="{}?place={}">党员名单</a>',
            reverse("admin:members_member_changelist"),
            area.path,
        )
