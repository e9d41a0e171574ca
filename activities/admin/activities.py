"""Lists of activities and attendances to search, filter and export; they are recorded on their own pages."""

from django.contrib import admin
from django.db.models import Exists, OuterRef, Subquery
from django.shortcuts import redirect
from import_export.fields import Field
from import_export.widgets import DateWidget, IntegerWidget, TimeWidget
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action

from activities.imports.known import ELSEWHERE, MOVED_AWAY
from activities.models import Activity, Attendance
from activities.rules import attendance, recording
from members.admin.base import ExportableAdmin, PlainResource
from members.admin.filters import PlaceFilter
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area, Residence
from members.rules.finding import name_lookups

DAY, CLOCK, COUNT = (widget(coerce_to_string=False) for widget in (DateWidget, TimeWidget, IntegerWidget))


class ActivityResource(PlainResource):
    """An export with the headings that the import of activities reads."""

    area = Field("area__label", column_name="主办")
    title = Field("title", column_name="活动名称")
    held_on = Field("held_on", column_name="日期", widget=DAY)
    begins_at = Field("begins_at", column_name="开始时间", widget=CLOCK)
    place = Field("place", column_name="地点")
    field = Field("get_field_display", column_name="工作领域")
    regularity = Field("get_regularity_display", column_name="经常性/阶段性")
    visibility = Field("get_visibility_display", column_name="显性/隐性")
    support = Field("get_support_display", column_name="物质/精神文化")
    co_organisers = Field("co_organisers", column_name="协办")
    residents_reached = Field("residents_reached", column_name="参加的群众人数", widget=COUNT)
    result = Field("result", column_name="活动结果")
    status = Field("get_status_display", column_name="状态")

    class Meta:
        model = Activity
        name = "活动"
        fields = (
            "area", "title", "held_on", "begins_at", "place", "field", "regularity", "visibility", "support",
            "co_organisers", "residents_reached", "result", "status",
        )  # fmt: skip


@admin.register(Activity)
class ActivityAdmin(ExportableAdmin):
    """Fields can be corrected here. New activities and their status belong to the activity's own pages."""

    unit = "次"
    resource = Resource.ACTIVITY
    resource_classes = [ActivityResource]
    autocomplete_fields = ["area"]
    list_display = ("title", "held_on", "area", "field", "status", "came", "residents_reached")
    list_select_related = ("area",)
    list_filter = (
        PlaceFilter,
        ("held_on", RangeDateFilter),
        ("field", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("regularity", ChoicesDropdownFilter),
        ("visibility", ChoicesDropdownFilter),
        ("support", ChoicesDropdownFilter),
    )
    search_fields = ("title__contains", "place__contains", "co_organisers__contains")
    search_help_text = "活动名称、地点或协办里的字词"
    linked_by = ("area",)
    show_full_result_count = False
    actions_list = ["record"]
    actions_detail = ["show", "void"]
    readonly_fields = ("status",)
    fields = (
        ("title", "status"), ("held_on", "begins_at"), ("area", "place"), "field",
        ("regularity", "visibility", "support"), ("co_organisers", "residents_reached"), "result",
    )  # fmt: skip

    def get_queryset(self, request):
        return super().get_queryset(request).with_came()

    def get_search_results(self, request, queryset, search_term):
        return queryset.called(search_term), False

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        kwargs["queryset"] = Area.objects.for_user(request.user, Right.WRITE, resource=Resource.ACTIVITY)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request, obj, form, change):
        """Save only the changed fields: another user may have marked it as held meanwhile."""
        recording.correct(obj, **{name: form.cleaned_data[name] for name in form.changed_data})

    def has_add_permission(self, request, obj=None):
        return False

    def has_record_permission(self, request):
        return self.may(request, Right.WRITE)

    def has_show_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.READ, object_id)

    @action(description="登记活动", icon="add", permissions=["record"])
    def record(self, request):
        return redirect("activities:add")

    @action(description="打开活动页", icon="event", permissions=["show"])
    def show(self, request, object_id):
        return redirect("activities:activity", object_id)

    def has_void_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.WRITE, object_id)

    @action(description="作废", icon="delete", permissions=["void"])
    def void(self, request, object_id):
        return redirect("activities:void", object_id)

    @admin.display(description="参加党员", ordering="came")
    def came(self, activity):
        return activity.came


class AttendanceResource(PlainResource):
    held_on = Field("activity__held_on", column_name="活动日期", widget=DAY)
    title = Field("activity__title", column_name="活动名称")
    area = Field("activity__area__label", column_name="主办")
    member = Field("member__name", column_name="姓名")
    home = Field(column_name="住址")
    duty = Field("get_duty_display", column_name="六员")

    class Meta:
        model = Attendance
        name = "参加"
        fields = ("held_on", "title", "area", "member", "home", "duty")

    def dehydrate_home(self, attendance):
        return home(attendance)


class ActivityPlaceFilter(PlaceFilter):
    title = "主办"

    def narrow(self, queryset, area):
        return queryset.filter(activity__in=Activity.objects.inside(area))


@admin.register(Attendance)
class AttendanceAdmin(ExportableAdmin):
    """Attendances, recorded on the activity's pages; closed to users who may not read members."""

    unit = "人次"
    resource = Resource.ACTIVITY
    resource_classes = [AttendanceResource]
    list_display = ("member", "home", "held_on", "activity", "host", "duty", "source")
    list_select_related = ("activity__area", "member")
    list_filter = (
        ActivityPlaceFilter,
        ("activity__held_on", RangeDateFilter),
        ("duty", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
    )
    search_fields = (*name_lookups("member__"), "activity__title__icontains")
    search_help_text = "输入姓名、拼音、首字母或活动名称查找"
    show_full_result_count = False
    linked_by = ("activity",)
    ordering = ("-activity__held_on", "-pk")
    readonly_fields = ("member", "home", "activity", "held_on", "host", "source", "recorded_at")
    fields = ("member", "home", "activity", "held_on", "host", "duty", "source", "recorded_at")

    def may(self, request, right, row=None):
        return access.can(request.user, Resource.MEMBER) and super().may(request, right, row)

    def get_queryset(self, request):
        current = Residence.objects.filter(member=OuterRef("member"), until=None)
        readable = Residence.objects.for_user(request.user).filter(member=OuterRef("member"), until=None)
        return (
            super()
            .get_queryset(request)
            .annotate(
                home_label=Subquery(readable.values("area__label")[:1]),
                home_room=Subquery(readable.values("room")[:1]),
                has_home=Exists(current),
            )
        )

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, search_term.lower())

    def save_model(self, request, obj, form, change):
        attendance.note_duties(obj.activity, {obj.member_id: obj.duty}, user=request.user)

    def has_add_permission(self, request, obj=None):
        return False

    @admin.display(description="住址")
    def home(self, attendance):
        return home(attendance)

    @admin.display(description="活动日期", ordering="activity__held_on")
    def held_on(self, attendance):
        return attendance.activity.held_on

    @admin.display(description="主办")
    def host(self, attendance):
        return attendance.activity.area


def home(attendance: Attendance) -> str:
    """Return where the member lives now; without a home the user may read, that they live elsewhere or moved away."""
    label, room, has_home = attendance.home_label, attendance.home_room, attendance.has_home  # type: ignore[attr-defined]
    if label is None:
        return ELSEWHERE if has_home else MOVED_AWAY
    return f"{label} {room}".strip()
