"""The shared register of employers, and each street's own names for them."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from import_export.fields import Field
from unfold.decorators import action

from members.admin.base import ExportableAdmin, PlainResource, ScopedAdmin, changed, stand_for, with_members_link
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.unit_names import folded
from members.models import Area, Employer, EmployerName
from members.models.areas import SEGMENT
from members.rules import employing, merging


class EmployerResource(PlainResource):
    name = Field("name", column_name="单位名称")
    credit_code = Field("credit_code", column_name="统一社会信用代码")

    class Meta:
        model = Employer
        name = "单位"
        fields = ("name", "credit_code")


@admin.register(Employer)
class EmployerAdmin(ExportableAdmin):
    unit = "家"
    resource = Resource.EMPLOYER
    resource_classes = [EmployerResource]
    list_display = ("name", "credit_code", "members_link")
    search_fields = ("name__contains", "credit_code__startswith")
    search_help_text = "输入单位名称或信用代码查找"
    fields = ("name", "credit_code")

    actions_detail = ["merge"]

    def has_merge_permission(self, request, object_id=None):
        employer = self.get_object(request, object_id) if object_id else None
        return self.may(request, Right.WRITE) and (employer is None or merging.may_merge(request.user, [employer]))

    @action(description="并入另一家单位", icon="merge", permissions=["merge"])
    def merge(self, request, object_id):
        return redirect("members:employer_merge", object_id)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or employing.may_change(request.user, obj))

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Explain why the user may not change a unit that other streets use; refuse a POST."""
        employer = self.get_object(request, object_id) if object_id else None
        if employer and self.may(request, Right.WRITE) and not employing.may_change(request.user, employer):
            if request.method == "POST":
                raise PermissionDenied(employing.SHARED)
            messages.info(request, employing.SHARED)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request, obj, form, change):
        if change:
            employing.change(obj, by=request.user, **changed(form))
        else:
            stand_for(obj, employing.add(**form.cleaned_data))

    def exportable(self, user):
        return Employer.objects.for_user(user) if access.can(user, Resource.EXPORT) else Employer.objects.none()

    def get_search_results(self, request, queryset, search_term):
        """Find a unit by any of its names too, however they are written."""
        rows, duplicates = super().get_search_results(request, queryset, search_term)
        if text := search_term and folded(search_term):
            rows |= queryset.filter(pk__in=Employer.objects.called(text).values("pk"))
        return rows, duplicates

    def get_list_display(self, request):
        return with_members_link(request, self.list_display)

    @admin.display(description="党员")
    def members_link(self, employer):
        url = reverse("admin:members_member_changelist")
        return format_html('<a class="lz-link" href="{}?employer__id__exact={}">党员名单</a>', url, employer.pk)


@admin.register(EmployerName)
class EmployerNameAdmin(ScopedAdmin):
    """The streets' own names, and former ones. One can be deleted: it affects only how rosters are read from now on."""

    resource = Resource.MEMBER
    list_display = ("name", "employer", "street")
    list_select_related = ("employer", "street")
    search_fields = ("name__contains", "employer__name__contains")
    search_help_text = "输入叫法或单位名称查找"
    autocomplete_fields = ["employer"]
    fields = ("name", "employer", "street")

    def has_change_permission(self, request, obj=None):
        """Leave a name of every street to those who may change the unit."""
        is_everyones = obj is not None and obj.street_id is None
        may = not is_everyones or employing.may_change(request.user, obj.employer)
        return may and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self.has_change_permission(request, obj)

    def save_model(self, request, obj, form, change):
        values = changed(form) if change else form.cleaned_data
        stand_for(obj, employing.call(obj if change else None, by=request.user, **values))

    def delete_model(self, request, obj):
        employing.forget(obj, by=request.user)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "street":
            lows = {low[:SEGMENT] for low, _ in access.reach(request.user, Resource.MEMBER, Right.WRITE)}
            kwargs["queryset"] = Area.objects.current().filter(path__in=lows)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "street" and len(field.queryset) == 1:  # preselect the only street
            field.empty_label = None
        return field
