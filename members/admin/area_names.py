"""The addresses and other names of areas."""

from django.contrib import admin

from members.admin.base import ScopedAdmin, changed, stand_for
from members.ground.access import Resource, Right
from members.models import Area, AreaName
from members.rules import naming


@admin.register(AreaName)
class AreaNameAdmin(ScopedAdmin):
    """The names by which lists and forms find an area. One can be deleted: it affects only how texts are read."""

    resource = Resource.AREA
    list_display = ("text", "area", "kind")
    list_select_related = ("area",)
    search_fields = ("text__contains", "area__label__contains")
    search_help_text = "输入地址、别名或小区名查找"
    autocomplete_fields = ["area"]
    fields = ("text", "area", "kind")

    def has_delete_permission(self, request, obj=None):
        return self.has_change_permission(request, obj)

    def save_model(self, request, obj, form, change):
        stand_for(obj, naming.name_area(obj, **changed(form)) if change else naming.name_area(**form.cleaned_data))

    def delete_model(self, request, obj):
        naming.forget_name(obj)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "area":
            areas = Area.objects.for_user(request.user, Right.WRITE, resource=self.resource).current()
            kwargs["queryset"] = areas.filter(level__gt=Area.Level.STREET)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
