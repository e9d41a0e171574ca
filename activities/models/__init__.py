"""What happens in a street, and who took part, by noun."""

from activities.models.activities import Activity, Attendance, SignIn
from activities.models.honours import Honour
from activities.models.needs import Need
from activities.models.visits import Visit

__all__ = ["Activity", "Attendance", "Honour", "Need", "SignIn", "Visit"]
