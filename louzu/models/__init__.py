"""The models that need all apps: figures by day, targets, reports handed upward, backups, what members are given."""

from louzu.models.backups import BackupRun
from louzu.models.figures import FiguresOfDay
from louzu.models.monthly import MonthlyFile, MonthlyReport
from louzu.models.own_files import OwnFile
from louzu.models.targets import Target

__all__ = ["BackupRun", "FiguresOfDay", "MonthlyFile", "MonthlyReport", "OwnFile", "Target"]
