from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from louzu.backup import folder
from louzu.backup.checking import check_newest
from louzu.backup.making import back_up
from louzu.backup.trouble import AWAY, BackupTrouble

SAME_DISK = "提醒：备份和数据在同一块盘上，盘坏了两样一起没有。请把备份放到另一块盘（LOUZU_BACKUP_TO）。"
KEYS_HERE = "提醒：密钥只在 {} 里。请另外抄一份：这台机器坏了，没有密钥，备份打不开。"


class Command(BaseCommand):
    """Make a backup; with --check, restore the newest one for a trial instead, and compare."""

    help = "备份数据库，加密后放进备份文件夹；加 --check 就把最新的一份试着恢复一次，核对"

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help="不备份，只试恢复最新的一份")

    def handle(self, *, check, **options):
        try:
            if check:
                self._check()
            else:
                self._back_up()
        except OperationalError as error:
            raise CommandError(AWAY) from error
        except BackupTrouble as trouble:
            raise CommandError(f"{trouble}备份文件夹：{settings.BACKUP_TO}") from trouble

    def _back_up(self):
        path = back_up()
        self.stdout.write(f"备份好了：{path}（{folder.shown(path.stat().st_size)}）。")
        if path.stat().st_dev == settings.VAR.stat().st_dev and settings.EMBEDDED:
            self.stdout.write(SAME_DISK)
        if not settings.KEYS_FROM_ENVIRONMENT:
            self.stdout.write(KEYS_HERE.format(settings.VAR))

    def _check(self):
        path, told = check_newest()
        rows = told.contents.rows
        self.stdout.write(
            f"{Path(path).name}（{told.moment:%Y-%m-%d %H:%M}）试恢复成功：{len(rows)} 张表、{sum(rows.values())} 行、"
            f"{len(told.contents.heads)} 条操作记录链，都和备份时一样。"
        )
