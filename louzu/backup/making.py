"""A backup is made: the database at one moment, in one encrypted file; what came of it is kept."""

import logging
from datetime import datetime
from itertools import chain
from pathlib import Path
from types import ModuleType

from django.conf import settings
from django.db import connection
from django.utils import timezone

from louzu.backup import folder, postgres, sealed, sqlite
from louzu.backup.manifest import Manifest
from louzu.backup.trouble import BackupTrouble
from louzu.models import BackupRun
from louzu.rules import backups
from members.models import journal

UNEXPECTED = "程序出错了，没有做成。请看日志，告诉开发的人。"

logger = logging.getLogger(__name__)


def store() -> ModuleType:
    """Return the module that knows the kind of database this installation has."""
    return sqlite if connection.vendor == "sqlite" else postgres


def back_up() -> Path:
    """Write a backup into the folder, delete those whose time is over, and keep what came of it; return the file.

    BackupTrouble where it could not be written, which is kept too.
    """
    made_at = timezone.now()
    try:
        path = _written(made_at)
    except Exception as trouble:
        backups.keep(BackupRun(made_at=made_at, trouble=said(trouble)))
        raise
    backups.keep(BackupRun(made_at=made_at, name=path.name, size=path.stat().st_size))
    _thin_out()
    return path


def said(trouble: Exception) -> str:
    """Return the sentence that is kept of an error."""
    return str(trouble) if isinstance(trouble, BackupTrouble) else UNEXPECTED


def _written(made_at: datetime) -> Path:
    folder.require_room(store().size())
    end = journal.end_of(settings.JOURNAL)
    with store().snapshot() as now, folder.new_file() as (path, file):
        manifest = Manifest.of(now.contents, database=connection.vendor, journal_end=end, made_at=made_at)
        sealed.seal(file, chain([manifest.line()], now.parts), settings.LOUZU_BACKUP_KEY)
    return path


def _thin_out() -> None:
    """The backup is made, whatever stands in the way of deleting old ones."""
    try:
        folder.thin_out()
    except OSError:
        logger.exception("Old backups could not be deleted.")
