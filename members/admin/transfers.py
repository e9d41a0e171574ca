from django.contrib import admin
from django.shortcuts import redirect
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from members.admin.base import ReadOnlyAdmin
from members.ground.access import Resource, Right
from members.models import Transfer
from members.rules.finding import name_lookups


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin):
    """Transfers to look through; they are sent, accepted and declined on their own pages."""

    resource = Resource.MEMBER
    list_display = ("name", "from_street", "to_street", "sent_at", "status")
    list_display_links = ("sent_at",)
    list_select_related = ("member__street", "to_street")
    list_filter = (("status", ChoicesDropdownFilter),)
    search_fields = name_lookups("member__")
    search_help_text = "输入姓名、拼音或首字母查找"
    show_full_result_count = False
    fields = (
        "name", "from_street", "to_street", "home_text", "status", "sent_by", "sent_at", "accepted_at", "sentence",
        "declined_at", "withdrawn_at",
    )  # fmt: skip
    actions_list = ["work"]

    def may(self, request, right, row=None):
        return super().may(request, Right.WRITE, row)

    @admin.display(description="姓名", ordering="member__pinyin")
    def name(self, transfer):
        return transfer.member.name

    @admin.display(description="从哪个街道")
    def from_street(self, transfer):
        return transfer.member.street.name

    def has_work_permission(self, request):
        return self.may(request, Right.WRITE)

    @action(description="办理转接", icon="move_up", permissions=["work"])
    def work(self, request):
        return redirect("members:transfers")
