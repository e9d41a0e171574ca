"""The rows of this app that depend on areas and members."""

from louzu.models import MonthlyReport, OwnFile, Target
from members.ground.dependents import Dependent, register
from members.models import Area, Member


def register_all() -> None:
    register(Area, Dependent(Target, "area", "{} 项目标"), Dependent(MonthlyReport, "area", "{} 份月报"))
    register(Member, Dependent(OwnFile, "member", "{} 份给本人的资料", goes=True))
