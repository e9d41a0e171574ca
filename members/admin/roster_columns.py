"""What the columns of workbooks were said to mean."""

from django.contrib import admin

from members.admin.base import ReadOnlyAdmin
from members.ground.access import Resource, Right
from members.models import Member, RosterColumns
from members.roster.remembering import label_of
from members.rules.remembered import forget_columns

UNUSED = "不用这一列"


@admin.register(RosterColumns)
class RosterColumnsAdmin(ReadOnlyAdmin):
    """The columns as somebody named them while a file was read. A row can be deleted: then the next such file asks."""

    resource = Resource.ROSTER
    list_display = ("headings", "kind", "area", "user", "changed_at")
    list_select_related = ("area", "user")
    search_fields = ("headings__contains", "area__label__contains")
    search_help_text = "输入表头或区域查找"
    fields = ("kind", "area", "headings", "meanings", "of_all", "user", "changed_at")

    def has_delete_permission(self, request, obj=None):
        return self.may(request, Right.WRITE, obj)

    def delete_model(self, request, obj):
        forget_columns(obj)

    @admin.display(description="认作")
    def meanings(self, columns):
        """Return the meaning of each column, by its number in the sheet."""
        places = sorted((int(at), name) for at, name in columns.columns.items())
        return "；".join(f"第 {at + 1} 列：{label_of(columns.kind, name) if name else UNUSED}" for at, name in places)

    @admin.display(description="整张表是")
    def of_all(self, columns):
        return dict(Member.Affiliation.choices).get(columns.affiliation, "")
