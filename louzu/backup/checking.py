"""The newest backup is restored for a trial, into a throwaway database, and compared with what was written."""

from pathlib import Path

from django.db import connection

from louzu.backup import folder, manifest
from louzu.backup.making import said, store
from louzu.backup.manifest import Manifest
from louzu.backup.trouble import BackupTrouble
from louzu.rules import backups

NONE = "备份文件夹里没有备份，没有可以试的。请先运行 manage.py backup。"
UNREADABLE = "最新的备份读不出来。请检查放备份的盘。"
DIFFERENT = "试恢复出来的和备份时不一样：{}。请马上再备份一次并试恢复；还是这样，请联系开发的人。"


def check_newest() -> tuple[Path, Manifest]:
    """Restore the newest backup for a trial, and keep what came of it; BackupTrouble where it is not as written."""
    newest = folder.newest()
    try:
        if newest is None:
            raise BackupTrouble(NONE)
        told = _tried(newest.path)
    except Exception as trouble:
        backups.keep_trial(said(trouble), newest and newest.path.name, newest and newest.made_at)
        raise
    backups.keep_trial("", newest.path.name, newest.made_at)
    return newest.path, told


def _tried(path: Path) -> Manifest:
    try:
        with path.open("rb") as file:
            told, parts = manifest.read(file)
            told.require_fits(connection.vendor)
            with store().trial(parts) as cursor:
                found = store().contents(cursor)
    except OSError as error:
        raise BackupTrouble(UNREADABLE) from error
    if wrong := told.contents.differences(found):
        raise BackupTrouble(DIFFERENT.format(wrong))
    return told
