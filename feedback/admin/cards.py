"""The list of record cards, to search, filter and export; cards are edited on their own pages."""

from django.contrib import admin, messages
from django.shortcuts import redirect
from import_export.fields import Field
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from feedback.ground.periods import CardPeriod
from feedback.models import RecordCard
from feedback.rules import agreeing, issuing
from feedback.rules.agreeing import MovedOn
from feedback.rules.card_figures import STEP_LABELS, STEPS, reached
from members.admin.base import ExportableAdmin, PlainResource
from members.admin.filters import DayRangeFilter, PlaceFilter
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.states import Conflict
from members.rules.finding import name_lookups

MOST = 300
TOO_MANY = f"一次最多选 {MOST:,} 张。更多的，请到“记录卡”页按时段和社区一起办。"


class RecordCardResource(PlainResource):
    number = Field("number", column_name="卡号")
    member = Field("member__name", column_name="姓名")
    employer = Field("employer__name", column_name="单位")
    area = Field("area__label", column_name="社区")
    period = Field("period__label", column_name="时段")
    content = Field(column_name="内容")
    sentence = Field("sentence", column_name="社区的一句话")
    status = Field("get_status_display", column_name="状态")
    agreed_at = Field("agreed_at", column_name="本人同意的时间")
    issued_at = Field("issued_at", column_name="发出时间")
    received_at = Field("received_at", column_name="单位签收的时间")
    answered_at = Field("answered_at", column_name="单位反馈的时间")
    returned = Field("get_return_code_display", column_name="退回原因")

    class Meta:
        model = RecordCard
        name = "记录卡"
        fields = (
            "number", "member", "employer", "area", "period", "content", "sentence", "status", "agreed_at", "issued_at",
            "received_at", "answered_at", "returned",
        )  # fmt: skip

    def dehydrate_content(self, card):
        return content_of(card)


def content_of(card: RecordCard) -> str:
    """Return the lines on the card, joined; "" for a withdrawn card."""
    if card.status == RecordCard.Status.WITHDRAWN:
        return ""
    return "；".join(f"{line['day']} {line['title']}" for line in card.kept_lines)


class ReachedFilter(admin.SimpleListFilter):
    """A filter by how far cards came, as the report counts them."""

    title, parameter_name = "走到过", "reached"

    def lookups(self, request, model_admin):
        return [(step, STEP_LABELS[step]) for step in STEPS[1:]]

    def queryset(self, request, queryset):
        return queryset.filter(reached(self.value())) if self.value() in STEPS else queryset


class PeriodFilter(admin.SimpleListFilter):
    title, parameter_name = "时段", "period"

    def lookups(self, request, model_admin):
        cards = RecordCard.objects.for_user(request.user).order_by("-last_day", "-first_day")
        periods = (CardPeriod(*days) for days in cards.values_list("first_day", "last_day").distinct()[:20])
        return [(period.code, period.label) for period in periods]

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        try:
            return queryset.of_period(CardPeriod.read(self.value()))
        except ValueError:
            return queryset.none()


@admin.register(RecordCard)
class RecordCardAdmin(ExportableAdmin):
    unit = "张"
    resource = Resource.CARD
    resource_classes = [RecordCardResource]
    list_display = ("member", "employer", "area", "period_label", "status", "number", "issued_at")
    list_select_related = ("member", "employer", "area")
    list_filter = (
        PlaceFilter,
        PeriodFilter,
        ("status", ChoicesDropdownFilter),
        ReachedFilter,
        ("issued_at", DayRangeFilter),
    )
    search_fields = (*name_lookups("member__"), "employer__name__contains", "number__contains")
    search_help_text = "姓名、拼音、单位或卡号"
    show_full_result_count = False
    linked_by = ("employer", "member")
    actions = ["show_to_members", "issue", "stop"]
    actions_detail = ["open_page"]
    fields = readonly_fields = (
        "member", "employer", "area", "period_label", "status", "content", "sentence", "number", "shown_at",
        "agreed_at", "agreed_how", "issued_at", "received_at", "answered_at", "return_code", "return_text",
        "withdrawn_at", "withdrawal",
    )  # fmt: skip

    def get_export_queryset(self, request):
        return super().get_export_queryset(request).select_related("member", "employer", "area").defer("body")

    def exportable(self, user):
        ranges = access.reach(user, Resource.EXPORT)
        return RecordCard.objects.filter(access.within("area__path", ranges))

    def has_add_permission(self, request, obj=None):
        return False

    has_change_permission = has_add_permission

    def has_write_permission(self, request):
        return self.may(request, Right.WRITE)

    def has_look_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.READ, object_id)

    @action(description="打开这张卡", icon="open_in_new", permissions=["look"])
    def open_page(self, request, object_id):
        return redirect("feedback:card", object_id)

    @action(description="请本人确认", permissions=["write"])
    def show_to_members(self, request, queryset):
        if moved := self._run(request, queryset, agreeing.show_all):
            self._report(request, f"已请 {moved.done} 位本人确认。", moved)

    @action(description="发给单位", permissions=["write"])
    def issue(self, request, queryset):
        if moved := self._run(request, queryset, lambda pks: issuing.send_all(pks, user=request.user)):
            self._report(request, issuing.told_sent(moved.done), moved)

    @action(description="停止发出", permissions=["write"])
    def stop(self, request, queryset):
        if moved := self._run(request, queryset, issuing.stop_all):
            self._report(request, f"已停止发出 {moved.done} 张。", moved)

    @admin.display(description="时段", ordering="last_day")
    def period_label(self, card):
        return card.period.label

    @admin.display(description="内容")
    def content(self, card):
        return content_of(card) or "—"

    @staticmethod
    def _run(request, queryset, act) -> MovedOn | None:
        """Run the rule on the chosen cards that the user may write; None, with a message, for too many."""
        mine = RecordCard.objects.for_user(request.user, Right.WRITE).filter(pk__in=queryset.order_by().values("pk"))
        pks = list(mine.order_by().values_list("pk", flat=True)[: MOST + 1])
        if len(pks) > MOST:
            messages.error(request, TOO_MANY)
            return None
        try:
            return act(pks)
        except Conflict as reason:
            messages.error(request, str(reason))
            return None

    @staticmethod
    def _report(request, sentence: str, moved: MovedOn) -> None:
        (messages.success if moved.done else messages.warning)(request, (sentence if moved.done else "") + str(moved))
