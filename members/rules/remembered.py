"""What is remembered of rosters, and can be forgotten."""

from members.ground.atomic import atomic_write
from members.models import RosterColumns


def forget_columns(remembered: RosterColumns) -> None:
    """Forget what the columns under a heading row mean, if it is still remembered: the next such roster asks again."""
    with atomic_write():
        for row in RosterColumns.objects.select_for_update(no_key=True).filter(pk=remembered.pk):
            row.delete()
