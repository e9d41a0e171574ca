"""Rows of louzu that depend on areas."""

from louzu.models import MonthlyReport
from members.ground.dependents import Dependent, register
from members.models import Area


def register_all() -> None:
    register(Area, Dependent(MonthlyReport, "area", "{} 份月报"))
