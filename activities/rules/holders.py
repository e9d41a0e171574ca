"""Rows of activities that depend on areas, employers, households and members."""

from activities.models import Activity, ActivityImport, Attendance, Honour, Need, Reminder, StruckAttendance
from members.ground.dependents import Dependent, register
from members.models import Area, Employer, Household, Member


def register_all() -> None:
    register(
        Area,
        Dependent(Activity, "area", "{} 次活动"),
        Dependent(ActivityImport, "area", "{} 次活动导入"),
        Dependent(Need, "area", "{} 条群众需求"),
        Dependent(Honour, "area", "{} 项评优"),
        Dependent(Reminder, "area", "{} 次提醒"),
    )
    register(Employer, Dependent(Need, "employer", "{} 条认领的群众需求", "area__path"))
    register(
        Activity,
        Dependent(Attendance, "activity", "{} 人参加", goes=True),
        Dependent(StruckAttendance, "activity", "{} 条去掉的参加", goes=True),
    )
    register(Household, Dependent(Need, "household", "{} 条群众需求"))
    register(
        Member,
        Dependent(Attendance, "member", "{} 次参加活动", goes=True),
        Dependent(StruckAttendance, "member", "{} 条去掉的参加", goes=True),
        Dependent(Need.members.through, "member", "{} 条认领的群众需求"),
    )
