from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from import_export.fields import Field
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from members import access
from members.access import Resource, Right
from members.admin.base import ExportableAdmin, PlainResource, with_members_link
from members.admin.filters import PlaceFilter
from members.admin.widgets import Autocomplete
from members.models import Area, AreaRole
from members.models.areas import AT_ONCE


class AreaForm(forms.ModelForm):
    """An area with its parent: choosing another one moves it with all that lies below.

    What the page showed comes back with it in hidden fields, so that only what this user changed is written.
    """

    parent = forms.ModelChoiceField(
        queryset=Area.objects.none(),
        label="上级",
        error_messages={"invalid_choice": "没有这个上级，或者它已停用、不在您的范围内，请重新选择。"},
    )

    class Meta:
        model = Area
        fields = ("name", "since", "until", "division_code", "residents", "housing", "stage", "established_on")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["parent"] = self.instance.parent
            for field in self.fields.values():
                field.show_hidden_initial = True

    def clean(self):
        cleaned = super().clean()
        for name in set(self.changed_data) - set(self.errors) if self.instance.pk else ():
            self._refuse_stale(name)
        return cleaned

    def _refuse_stale(self, name):
        """Write over nothing that somebody else wrote since this page was opened."""
        bound = self[name]
        shown = self.data.get(bound.html_initial_name)
        is_stale = shown is not None and bound.field.has_changed(bound.initial, shown)
        if is_stale and bound.field.has_changed(bound.initial, bound.data):
            self.add_error(name, "打开这一页之后，别人改过这一项，没有保存。请重新打开这一页，看过再改。")

    def _post_clean(self):
        """What the tree forbids is an error of the form, found behind the lock that saving needs."""
        if self.errors:
            return
        values = {name: self.cleaned_data[name] for name in self.fields}
        parent = values.pop("parent", None)
        try:
            if self.instance.pk:
                changed = {name: value for name, value in values.items() if name in self.changed_data}
                self.instance.revise(to=parent if "parent" in self.changed_data else None, **changed)
            else:
                self.instance = Area(**values).place_under(parent)
        except ValidationError as error:
            for name, sentences in error.message_dict.items():
                self.add_error(name if name in self.fields else None, sentences)


class AreaResource(PlainResource):
    label = Field("label", column_name="全称")
    level = Field("get_level_display", column_name="层级")
    residents = Field("residents", column_name="常住人口")
    housing = Field("get_housing_display", column_name="住宅类型")
    stage = Field("get_stage_display", column_name="楼组党小组状态")
    established_on = Field("established_on", column_name="建组日期")
    since = Field("since", column_name="启用日期")
    until = Field("until", column_name="停用日期")

    class Meta:
        model = Area
        name = "区域"
        fields = ("label", "level", "residents", "housing", "stage", "established_on", "since", "until")


@admin.register(Area)
class AreaAdmin(ExportableAdmin):
    resource = Resource.AREA
    resource_classes = [AreaResource]
    form = AreaForm
    list_display = ("place", "level", "stage", "established_on", "residents", "housing", "members_link")
    list_filter = (("level", ChoicesDropdownFilter), ("stage", ChoicesDropdownFilter), PlaceFilter)
    search_fields = ("label__contains",)
    search_help_text = "输入名称查找，如：迎晖苑1期 3号楼"
    actions_list = ["upload"]
    OWN_FIELDS = {
        Area.Level.STREET: (),
        Area.Level.COMMUNITY: ("residents",),
        Area.Level.STATION: ("housing",),
        Area.Level.BUILDING_GROUP: ("stage", "established_on"),
    }

    def get_fields(self, request, obj=None):
        """Only the columns of the area's own level; a new one gets them once its parent has told the level."""
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
            # Who sets the installation up makes the streets, which have no parent.
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
        """Whoever posts waits for the street, and goes on from what is stored by then."""
        area = super().get_object(request, object_id, from_field)
        if area is None or request.method != "POST":
            return area
        Area.objects.hold_street(area)
        return super().get_object(request, object_id, from_field)

    def response_add(self, request, obj, post_url_continue=None):
        """After its name and parent come the fields of its level."""
        request.POST = request.POST.copy()
        request.POST["_continue"] = "1"
        return super().response_add(request, obj, post_url_continue)

    def get_search_results(self, request, queryset, search_term):
        """Behind an autocomplete, only areas in use."""
        rows, duplicates = super().get_search_results(request, queryset, search_term)
        return (rows.current() if request.path.endswith("/autocomplete/") else rows), duplicates

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
