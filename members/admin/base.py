"""The bases of every admin page: the access rule, one way to write, 404 outside the scope."""

from contextlib import nullcontext
from copy import deepcopy
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, XLSX
from import_export.resources import ModelResource
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import ModelAdmin, TabularInline

from members.forms.exports import ReasonedExportForm
from members.ground import access, audit
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import PROTECTED
from members.ground.export import harmless
from members.ground.states import Conflict
from members.models import User
from members.rules.finding import name_lookups
from members.web.widgets import Autocomplete


class ScopedPermissions:
    """Permissions from posts instead of Django's permission tables; rows from `for_user`."""

    resource: Resource

    def may(self, request: HttpRequest, right: Right, row: Any = None) -> bool:
        if not access.can(cast(User, request.user), self.resource, right):
            return False
        return row is None or self.in_scope(request, right, row)

    def may_by_id(self, request: HttpRequest, right: Right, object_id: Any) -> bool:
        """Return `may` for the row with the id in the URL, or for the list where there is none."""
        if object_id is None:
            return self.may(request, right)
        row = self.get_object(request, object_id)  # type: ignore[attr-defined]
        return row is not None and self.may(request, right, row)

    def in_scope(self, request: HttpRequest, right: Right, row: Any) -> bool:
        return type(row)._default_manager.for_user(request.user, right).filter(pk=row.pk).exists()

    def get_queryset(self, request):
        return super().get_queryset(request) & self.model._default_manager.for_user(request.user)

    def has_module_permission(self, request):
        return self.may(request, Right.READ)

    def has_view_permission(self, request, obj=None):
        return self.may(request, Right.READ, obj)

    def has_add_permission(self, request, obj=None):
        return self.may(request, Right.WRITE)

    def has_change_permission(self, request, obj=None):
        return self.may(request, Right.WRITE, obj)

    def has_delete_permission(self, request, obj=None):
        """Return False: rows end by a date, and reports still cover the days before it."""
        return False

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        manager = db_field.remote_field.model._default_manager
        if hasattr(manager, "for_user"):
            kwargs.setdefault("queryset", manager.for_user(request.user))
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", Autocomplete(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Return a field without the links beside it: they lead away from a form that is half typed."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field


class ScopedInline(ScopedPermissions, TabularInline):
    extra = 0
    show_change_link = False

    def get_formset(self, request, obj=None, **kwargs):
        """Return the formset; a field of a table, which has no label beside it, is called as its column is."""
        formset = super().get_formset(request, obj, **kwargs)
        for field in formset.form.base_fields.values():
            field.widget.attrs["aria-label"] = field.label
        return formset


class ScopedAdmin(ScopedPermissions, ModelAdmin):
    linked_by: tuple[str, ...] = ()  # fields by which links from other pages filter the list
    list_per_page = 50
    list_filter_submit = True
    list_filter_sheet = False
    warn_unsaved_form = True
    save_on_top = False

    def lookup_allowed(self, lookup, value, request=None):
        """Allow only the lookups of our filters and links: any other could reveal a hidden field letter by letter."""
        allowed = {"id__exact", *(f"{field}__id__exact" for field in self.linked_by)}
        for item in self.list_filter:
            if isinstance(item, type):
                allowed.add(item.parameter_name)
            else:
                field = item if isinstance(item, str) else item[0]
                allowed |= {field + ending for ending in ("", "__exact", "__in", "__isnull", "_from", "_to")}
        return lookup in allowed

    def get_object(self, request, object_id, from_field=None):
        """Return the row with this id; None for an id in other digits than 0 to 9, which no URL of ours contains."""
        return super().get_object(request, object_id, from_field) if str(object_id).isascii() else None

    def get_form(self, request, obj=None, change=False, **kwargs):
        """Return a form class with its own copy of the fields, because their choices depend on the request."""
        form = super().get_form(request, obj, change=change, **kwargs)
        form.base_fields = deepcopy(form.base_fields)
        return form

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Run a POST in one transaction; an error that only the rule finds, behind its lock, becomes a message."""
        extra_context = {"show_history": isinstance(self, SimpleHistoryAdmin)} | (extra_context or {})
        try:
            with atomic_write() if request.method == "POST" else nullcontext():
                return super().changeform_view(request, object_id, form_url, extra_context)
        except (ValidationError, Conflict) as error:
            messages.error(request, "".join(getattr(error, "messages", [str(error)])))
            return redirect(request.get_full_path())

    def history_view(self, request, object_id, extra_context=None):
        """Respond 404: the audit trail is kept instead of Django's own log."""
        raise Http404

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id):
        raise Http404("这里没有这一条，或者它不在您的岗位范围内。")

    def save_related(self, request, form, formsets, change):
        """Save; raise PermissionDenied, which undoes the write, where the row is outside the user's scope."""
        super().save_related(request, form, formsets, change)
        access.forget_posts(request.user)
        if not self.in_scope(request, Right.WRITE, form.instance):
            raise PermissionDenied("这一条不在您的岗位范围内，没有保存。")

    def log_addition(self, request, obj, message):
        """Do nothing: the audit trail has the entry already."""

    log_change = log_addition

    def log_deletions(self, request, queryset):
        """Do nothing, for the same reason."""


def changed(form: Any) -> dict[str, Any]:
    """Return the values that the user changed in a form, for the rule that writes them."""
    return {name: form.cleaned_data[name] for name in form.changed_data}


def stand_for(obj: Any, written: Any) -> None:
    """Copy the row that the rule wrote over the one that the admin made of a form."""
    obj.__dict__.update(written.__dict__)


class ReadOnlyAdmin(ScopedAdmin):
    def has_add_permission(self, request, obj=None):
        return False

    has_change_permission = has_add_permission


class TaskAdmin(ReadOnlyAdmin):
    """What waits for somebody about a member, to look through; it is dealt with on its own pages, by who may write."""

    resource = Resource.MEMBER
    search_fields = name_lookups("member__")
    search_help_text = "输入姓名、拼音或首字母查找"
    show_full_result_count = False
    actions_list = ["work"]

    def may(self, request, right, row=None):
        return super().may(request, Right.WRITE, row)

    def has_work_permission(self, request):
        return self.may(request, Right.WRITE)

    @admin.display(description="姓名", ordering="member__pinyin")
    def name(self, task):
        return task.member.name


class PlainResource(ModelResource):
    """An export of text as text, without cells that a spreadsheet would run."""

    def export_field(self, field, instance, **kwargs):
        return harmless(super().export_field(field, instance, **kwargs))


def with_members_link(request: HttpRequest, columns: tuple[str, ...]) -> list[str]:
    """Return a list's columns, without the link to members for users who see none, such as the superuser."""
    sees = access.can(cast(User, request.user), Resource.MEMBER)
    return [name for name in columns if sees or name != "members_link"]


class ExportableAdmin(ExportMixin, ScopedAdmin):
    """A list with an export, for users with the right; it takes a reason and leaves an audit entry."""

    export_form_class = ReasonedExportForm
    unit = "条"  # what the button of an export counts
    formats = [XLSX, CSV]
    to_encoding = "utf-8-sig"

    def get_export_formats(self):
        return self.formats

    def has_export_permission(self, request):
        return access.can(request.user, Resource.EXPORT)

    def export_action(self, request):
        """Export the list; a filter in the URL that cannot be read leads back to it."""
        try:
            response = super().export_action(request)
            if isinstance(response, TemplateResponse):
                response.context_data |= {"count": self.get_export_queryset(request).count(), "unit": self.unit}
            return response
        except IncorrectLookupParameters:
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def exportable(self, user: User) -> QuerySet:
        """Return the rows that the user may export; with several posts, these may be fewer than they may read."""
        return self.model._default_manager.for_user(user, resource=Resource.EXPORT)

    def get_export_queryset(self, request):
        return super().get_export_queryset(request).filter(pk__in=self.exportable(request.user).values("pk"))

    def get_export_filename(self, request, queryset, file_format):
        return f"{self.model._meta.model_name}.{file_format.get_extension()}"

    def _do_file_export(self, file_format, request, queryset, export_form=None):
        """Build the file outside a transaction, then record the export; without its entry no file is sent."""
        reason = export_form.cleaned_data["reason"]
        response = super()._do_file_export(file_format, request, queryset, export_form)
        # The names of filters alone: their values may be a name or a number.
        counts = {"rows": queryset.count(), "filters": sorted(request.GET)}
        path = access.scope_paths(request.user, Resource.EXPORT)
        with atomic_write():
            audit.record("export", self.model, path=path, changes=counts, reason=reason)
        return response


class HistoryAdmin(SimpleHistoryAdmin):
    """A history within the scope, to look at and not to revert; protected values are left out."""

    def history_view(self, request, object_id, extra_context=None):
        self._require(request, object_id)
        return SimpleHistoryAdmin.history_view(self, request, object_id, extra_context)

    def history_form_view(self, request, object_id, version_id, extra_context=None):
        raise Http404

    def get_history_queryset(self, request, history_manager, pk_name, object_id):
        rows = super().get_history_queryset(request, history_manager, pk_name, object_id)
        return rows.select_related("history_user", "roster_import")

    def revert_disabled(self, request, obj=None):
        return True

    def set_history_delta_changes(self, request, historical_records, foreign_keys_are_objs=True):
        for newer, older in zip(historical_records, list(historical_records)[1:], strict=False):
            delta = newer.diff_against(older, excluded_fields=PROTECTED, foreign_keys_are_objs=foreign_keys_are_objs)
            helper = self.get_historical_record_context_helper(request, newer)
            texts = helper.context_for_delta_changes(delta)
            newer.history_delta_changes = [
                self._labelled(change.field, text) for change, text in zip(delta.changes, texts, strict=True)
            ]

    def _labelled(self, name: str, text: dict) -> dict:
        """Return a change with the labels of its choices."""
        labels = dict(self.model._meta.get_field(name).flatchoices)
        return text | {side: labels.get(text[side], text[side]) for side in ("old", "new")}

    def _require(self, request, object_id):
        if self.get_object(request, object_id) is None:
            raise Http404


admin.site.disable_action("delete_selected")
