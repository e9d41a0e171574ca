"""A backup is restored onto an empty database, or nothing is changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection

from feedback.rules import restoring
from louzu.backup import manifest
from louzu.backup.making import store
from louzu.backup.manifest import Manifest
from louzu.backup.snapshot import require_empty
from louzu.backup.trouble import BackupTrouble
from members.ground.atomic import atomic_write
from members.models import journal
from members.rules import trail

UNREADABLE = "读不到这个备份文件。请核对文件名，检查放备份的盘。"
DIFFERENT = "恢复出来的和备份时不一样：{}。数据库仍是空的。请换一份备份。"


class Restored(NamedTuple):
    """What was restored: what was taken back again by the journals, feeds started over, faults of the trail.

    `has_journal`: one of the journals is that of the host which made the backup, and goes on from there.
    """

    manifest: Manifest
    again: int
    feeds: int
    faults: list[str]
    has_journal: bool


def restore(path: Path, journals: Sequence[Path] = ()) -> Restored:
    """Restore a backup, with this host's journal and others; BackupTrouble where it cannot be, and nothing stays."""
    with connection.cursor() as cursor:
        require_empty(cursor, set(connection.introspection.table_names(cursor)))
    _require_whole(path)
    with path.open("rb") as file:
        told, parts = manifest.read(file)
        with store().loading(parts) as found:
            if wrong := told.contents.differences(found):
                raise BackupTrouble(DIFFERENT.format(wrong))
            return _brought_up(told, [settings.JOURNAL, *journals])


def _require_whole(path: Path) -> None:
    """Read the whole file before anything is touched: one that is cut off shows only at its end."""
    try:
        with path.open("rb") as file:
            told, parts = manifest.read(file)
            told.require_fits(connection.vendor)
            for _ in parts:
                pass
    except OSError as error:
        raise BackupTrouble(UNREADABLE) from error


def _brought_up(told: Manifest, journals: Sequence[Path]) -> Restored:
    """Bring what was loaded to this release, and take back again what was taken back since the backup."""
    call_command("migrate", verbosity=0, interactive=False)
    faults = [f"{chain.chain or '-'}：{chain.fault}" for chain in trail.verified() if chain.fault]
    again = sum(journal.apply(path) for path in journals)
    feeds = restoring.restart_feeds()
    with atomic_write():
        Session.objects.all().delete()  # somebody may have logged out since
    return Restored(told, again, feeds, faults, any(_goes_on(told, path) for path in journals))


def _goes_on(told: Manifest, path: Path) -> bool:
    name, end = journal.end_of(path)
    return end > 0 and (told.position == 0 or (name == told.journal and end >= told.position))
