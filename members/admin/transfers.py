from django.contrib import admin
from django.shortcuts import redirect
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from members.admin.base import TaskAdmin
from members.models import Transfer


@admin.register(Transfer)
class TransferAdmin(TaskAdmin):
    """Transfers to look through; they are sent, accepted and declined on their own pages."""

    list_display = ("name", "from_street", "to_street", "sent_at", "status")
    list_display_links = ("sent_at",)
    list_select_related = ("member__street", "to_street")
    list_filter = (("status", ChoicesDropdownFilter),)
    fields = (
        "name", "from_street", "to_street", "home_text", "status", "sent_by", "sent_at", "accepted_at", "sentence",
        "declined_at", "withdrawn_at",
    )  # fmt: skip

    @admin.display(description="从哪个街道")
    def from_street(self, transfer):
        return transfer.member.street.name

    @action(description="办理转接", icon="move_up", permissions=["work"])
    def work(self, request):
        return redirect("members:transfers")
