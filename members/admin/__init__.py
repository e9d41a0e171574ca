"""The admin, by noun; every page of it is scoped by the user's posts."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django_tasks_db.models import DBTaskResult

from members.admin import areas, people, records, users

# Rights come from posts, and the job queue is no page for an office.
admin.site.unregister([Group, DBTaskResult])

__all__ = ["areas", "people", "records", "users"]
