"""Backups: how they stand."""

from typing import NamedTuple

from louzu.models import BackupRun


class Standing(NamedTuple):
    """The last backup that was written, the last that a trial restore proved, and what is wrong now ("" if nothing)."""

    good: BackupRun | None
    proven: BackupRun | None
    trouble: str


def standing() -> Standing:
    """Return how the backups stand; the trouble is that of the newest run, or of the newest trial restore."""
    newest = BackupRun.objects.first()
    checked = BackupRun.objects.filter(checked_at__isnull=False).order_by("-checked_at").first()
    return Standing(
        BackupRun.objects.good().first(),
        BackupRun.objects.proven().order_by("-checked_at").first(),
        (newest.trouble if newest else "") or (checked.check_trouble if checked else ""),
    )
