"""The models of activities: activities and who came, visits, needs, honours, reminders."""

from activities.models.activities import Activity, Attendance, SignIn
from activities.models.honours import Honour
from activities.models.imports import ActivityImport
from activities.models.needs import Need
from activities.models.reminders import Reminder
from activities.models.visits import Visit

__all__ = ["Activity", "ActivityImport", "Attendance", "Honour", "Need", "Reminder", "SignIn", "Visit"]
