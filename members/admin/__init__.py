"""The admin, by noun; every page of it is scoped by the user's posts."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_tasks_db.models import DBTaskResult

from members.admin import (
    area_names,
    areas,
    consents,
    employers,
    households,
    people,
    records,
    roster_columns,
    users,
)

# Rights come from posts, not groups; offices need no pages of the task queue and of authenticators' keys and codes.
admin.site.unregister([Group, DBTaskResult, StaticDevice, TOTPDevice])

__all__ = ["area_names", "areas", "consents", "employers", "households", "people", "records", "roster_columns", "users"]
