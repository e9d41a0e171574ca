"""The rows of this app that depend on areas."""

from louzu.models import MonthlyReport, Target
from members.ground.dependents import Dependent, register
from members.models import Area


def register_all() -> None:
    register(Area, Dependent(Target, "area", "{} 项目标"), Dependent(MonthlyReport, "area", "{} 份月报"))
