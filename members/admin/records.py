"""Records to look at: the audit trail, roster imports, the user's own API tokens."""

from django.apps import apps
from django.contrib import admin, messages
from django.shortcuts import redirect
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import action

from members.access import Resource, Right
from members.admin.base import ReadOnlyAdmin, ScopedAdmin
from members.models import AuditEntry, StaffToken


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    resource = Resource.AUDIT
    list_display = ("at", "user", "action", "model_label", "row", "address", "reason")
    list_select_related = ("user",)
    list_filter = (("action", ChoicesDropdownFilter), ("at", RangeDateFilter))
    search_fields = ("user__name__contains", "request_id", "row")
    search_help_text = "输入操作人、编号或请求编号查找"
    show_full_result_count = False
    fields = ("at", "user", "action", "model_label", "row", "changes", "address", "request_id", "reason", "hash")

    @admin.display(description="对象")
    def model_label(self, entry):
        return apps.get_model(entry.model)._meta.verbose_name if entry.model else ""


@admin.register(StaffToken)
class StaffTokenAdmin(ScopedAdmin):
    """A user's own tokens for the API."""

    resource = Resource.REPORT
    list_display = ("label", "prefix", "created_at", "expires_at", "last_used_at", "revoked_at")
    fields = ("label",)
    actions_row = ["revoke"]

    def may(self, request, right, row=None):
        return super().may(request, Right.READ, row)

    def has_change_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        token, text = StaffToken.issue(request.user, label=obj.label)
        obj.pk, obj.user, obj.prefix = token.pk, token.user, token.prefix
        messages.warning(request, f"密钥：{text}（只显示这一次，请马上存好，不要发给别人）。")

    def has_revoke_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.READ, object_id)

    @action(description="停用", icon="block", permissions=["revoke"])
    def revoke(self, request, object_id):
        return redirect("members:revoke_token", object_id)
