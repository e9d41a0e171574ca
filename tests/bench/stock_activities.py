"""Stock attendance, as Django's tutorial shows: a plain ModelAdmin and a TabularInline, on our models.

Members are chosen by id (`raw_id_fields`), as the documentation advises for thousands of rows. Our models leave audit
entries on both sides; `without_entries` turns them off for the stock side.
"""

from contextlib import AbstractContextManager
from unittest import mock

from django.contrib import admin
from django.test import Client, override_settings
from django.urls import path

from activities.models import Activity, Attendance

site = admin.AdminSite(name="stock")
WORDS = ("title", "field", "regularity", "visibility", "support")


class AttendanceInline(admin.TabularInline):
    model = Attendance
    raw_id_fields = ["member"]


@admin.register(Activity, site=site)
class StockActivityAdmin(admin.ModelAdmin):
    inlines = [AttendanceInline]


urlpatterns = [path("admin/", site.urls)]


def without_entries() -> AbstractContextManager:
    return mock.patch("members.ground.audit.record")


def record(client: Client, activity: Activity, members: list[int]) -> None:
    """Save the activity's form with a new row for each member."""
    own = {name: getattr(activity, name) for name in WORDS}
    own |= {"area": activity.area_id, "held_on": activity.held_on.isoformat()}
    own |= {"attendances-TOTAL_FORMS": len(members), "attendances-INITIAL_FORMS": 0}
    rows = {f"attendances-{n}-member": pk for n, pk in enumerate(members)}
    rows |= {f"attendances-{n}-activity": activity.pk for n in range(len(members))}
    with override_settings(ROOT_URLCONF=__name__):
        answer = client.post(f"/admin/activities/activity/{activity.pk}/change/", own | rows)
    assert answer.status_code == 302
