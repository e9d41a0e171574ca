"""The models that need all apps: figures kept by day, targets, reports handed upward."""

from louzu.models.figures import FiguresOfDay

__all__ = ["FiguresOfDay"]
