from django.contrib import admin
from unfold.contrib.filters.admin import RangeDateTimeFilter

from activities.models import Reminder
from members.admin.base import ScopedAdmin
from members.admin.filters import PlaceFilter
from members.ground.access import Resource


@admin.register(Reminder)
class ReminderAdmin(ScopedAdmin):
    """Reminders to look up; they are sent from the page of thin places."""

    resource = Resource.ACTIVITY
    list_display = ("area", "first", "last", "sent_at", "sent_by")
    list_select_related = ("area", "sent_by")
    list_filter = (PlaceFilter, ("sent_at", RangeDateTimeFilter))
    search_fields = ("area__label__contains",)
    search_help_text = "区域名称"
    fields = readonly_fields = ("area", "first", "last", "sent_at", "sent_by")
    show_full_result_count = False

    def has_add_permission(self, request, obj=None):
        return False

    has_change_permission = has_add_permission
