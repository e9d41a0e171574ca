"""The models that need all apps: figures kept by day, targets, reports handed upward, what members are given."""

from louzu.models.figures import FiguresOfDay
from louzu.models.monthly import MonthlyFile, MonthlyReport
from louzu.models.own_files import OwnFile
from louzu.models.targets import Target

__all__ = ["FiguresOfDay", "MonthlyFile", "MonthlyReport", "OwnFile", "Target"]
