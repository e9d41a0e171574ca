"""What the rows of this app are called in the trail and among a user's own writes."""

from louzu.models import MonthlyReport, OwnFile, Target
from members.ground.row_names import joined, register, shown


def register_all() -> None:
    register(MonthlyReport, joined("area__label", "month"))
    register(OwnFile, "member__name")
    register(Target, joined("year", "area__label", shown("kind", Target.Kind.choices)))
