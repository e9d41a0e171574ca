"""The models of activities: activities and who came, visits, needs, honours, reminders."""

from activities.models.activities import Activity, Attendance
from activities.models.honours import Honour
from activities.models.imports import ActivityImport
from activities.models.needs import Need
from activities.models.reminders import Reminder
from activities.models.sign_ins import SignIn
from activities.models.struck import StruckAttendance
from activities.models.visits import Visit

__all__ = [
    "Activity", "ActivityImport", "Attendance", "Honour", "Need", "Reminder", "SignIn", "StruckAttendance", "Visit",
]  # fmt: skip
