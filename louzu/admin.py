"""What packages show in the admin and no office needs; this app comes last, when all of it is registered."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_tasks_db.models import DBTaskResult

# Rights come from posts, not groups; offices need no pages of the task queue and of authenticators' keys and codes.
admin.site.unregister([Group, DBTaskResult, StaticDevice, TOTPDevice])
