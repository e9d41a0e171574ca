"""The models that need all apps: figures kept by day, targets, reports handed upward, backups."""

from louzu.models.backups import BackupRun
from louzu.models.figures import FiguresOfDay
from louzu.models.monthly import MonthlyFile, MonthlyReport
from louzu.models.targets import Target

__all__ = ["BackupRun", "FiguresOfDay", "MonthlyFile", "MonthlyReport", "Target"]
