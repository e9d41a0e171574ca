from django.contrib import admin
from django.shortcuts import redirect
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from members.admin.base import TaskAdmin
from members.models import CorrectionRequest


@admin.register(CorrectionRequest)
class CorrectionRequestAdmin(TaskAdmin):
    """Requests to look through; they are written down and settled on their own pages."""

    list_display = ("name", "about", "means", "made_at", "status")
    list_display_links = ("made_at",)
    list_select_related = ("member",)
    list_filter = (("status", ChoicesDropdownFilter), ("about", ChoicesDropdownFilter))
    fields = (
        "name", "about", "text", "means", "made_by", "made_at", "status", "reply", "settled_by", "settled_at",
    )  # fmt: skip

    @action(description="办理更正", icon="edit_note", permissions=["work"])
    def work(self, request):
        return redirect("members:corrections")
