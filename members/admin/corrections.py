from django.contrib import admin
from django.shortcuts import redirect
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from members.admin.base import ReadOnlyAdmin
from members.ground.access import Resource, Right
from members.models import CorrectionRequest
from members.rules.finding import name_lookups


@admin.register(CorrectionRequest)
class CorrectionRequestAdmin(ReadOnlyAdmin):
    """Requests to look through; they are written down and settled on their own pages."""

    resource = Resource.MEMBER
    list_display = ("name", "about", "means", "made_at", "status")
    list_display_links = ("made_at",)
    list_select_related = ("member",)
    list_filter = (("status", ChoicesDropdownFilter), ("about", ChoicesDropdownFilter))
    search_fields = name_lookups("member__")
    search_help_text = "输入姓名、拼音或首字母查找"
    show_full_result_count = False
    fields = (
        "name", "about", "text", "means", "made_by", "made_at", "status", "reply", "settled_by", "settled_at",
    )  # fmt: skip
    actions_list = ["work"]

    def may(self, request, right, row=None):
        return super().may(request, Right.WRITE, row)

    @admin.display(description="姓名", ordering="member__pinyin")
    def name(self, correction):
        return correction.member.name

    def has_work_permission(self, request):
        return self.may(request, Right.WRITE)

    @action(description="办理更正", icon="edit_note", permissions=["work"])
    def work(self, request):
        return redirect("members:corrections")
