"""Records to look at: the audit trail, roster imports, the user's own API tokens."""

from django.apps import apps
from django.contrib import admin, messages
from django.db.models import Q
from django.shortcuts import redirect
from django.utils.html import format_html_join
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action
from unfold.paginator import InfinitePaginator

from members.admin.base import ReadOnlyAdmin, ScopedAdmin
from members.admin.filters import DayRangeFilter
from members.ground.access import Resource, Right
from members.models import AuditEntry, StaffToken, User


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    resource = Resource.AUDIT
    list_display = ("at", "user", "action", "model_label", "row", "address", "reason")
    list_select_related = ("user",)
    list_filter = (("action", ChoicesDropdownFilter), ("at", DayRangeFilter))
    search_fields = ("user", "row", "request_id")
    search_help_text = "输入操作人，或完整的编号、请求编号查找；更早的请先按日期筛选"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sortable_by = ()
    fields = (
        *("at", "user", "action", "model_label", "row", "labelled_changes", "address", "request_id", "reason"),
        *("number", "hash"),
    )

    def get_paginator(self, request, queryset, per_page, **kwargs):
        """Return a paginator that never counts, as the trail has millions of rows; it ends after `PAGES` pages."""
        paginator = InfinitePaginator(queryset, per_page, **kwargs)
        paginator.count = PAGES * per_page
        return paginator

    def get_search_results(self, request, queryset, search_term):
        """Search by whole ids, and by users found first, since an index serves either."""
        if not (words := search_term.strip()):
            return queryset, False
        users = User.objects.filter(Q(name__contains=words) | Q(username=words)).values_list("pk", flat=True)[
            :MOST_USERS
        ]
        return queryset.filter(Q(user__in=list(users)) | Q(row=words) | Q(request_id=words)), False

    @admin.display(description="对象")
    def model_label(self, entry):
        return entry.model_name

    @admin.display(description="内容")
    def labelled_changes(self, entry):
        """Return the changes with the labels of their fields; a key that is no field stands as it was recorded."""
        model = apps.get_model(entry.model) if entry.model else None
        labels = {field.attname: field.verbose_name for field in model._meta.concrete_fields} if model else {}
        lines = [
            (labels.get(name, LABELS.get(name, name)), _change_text(value)) for name, value in entry.changes.items()
        ]
        return format_html_join("", "<div>{}：{}</div>", lines) or "-"


PAGES, MOST_USERS = 400, 200

LABELS = {
    "rows": "行数", "filters": "筛选", "counts": "结果", "made": "新建", "kept": "保留", "call": "请求", "new": "新增",
    "changed": "修改", "username": "登录名", "day": "截至", "login": "登录", "areas": "区域数",
    "until_below": "下级停用", "uploads": "上传文件",
    "entries": "条数", "first_broken": "旧链中第一条对不上的", "tail_is_whole": "旧链的链尾完整",
    "old_head": "旧链的链尾", "groups_kept": "保留的楼组", "employers_kept": "保留的单位", "feeds": "卡片流",
    "login_attempts": "登录尝试的计数", "tasks": "后台任务的结果", "second_factor": "第二步验证",
    "cursor": "从哪里取起", "numbers": "卡号",
}  # fmt: skip


def _change_text(value) -> str:
    if isinstance(value, list) and len(value) == 2:
        return f"{_plain(value[0])} → {_plain(value[1])}"
    return _plain(value)


def _plain(value) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "（空）" if value in (None, "") else str(value)


@admin.register(StaffToken)
class StaffTokenAdmin(ScopedAdmin):
    """A user's own tokens for the API; for a street's office those of its users too, to be revoked."""

    resource = Resource.POST
    list_display = ("label", "owner", "prefix", "created_at", "expires_at", "last_used_at", "revoked_at")
    list_select_related = ("user",)
    search_fields = ("user__name__contains", "user__username__contains", "label__contains", "prefix__startswith")
    search_help_text = "使用人、用途或前缀"
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

    @admin.display(description="使用人", ordering="user__name")
    def owner(self, token):
        return f"{token.user}（{token.user.username}）"
