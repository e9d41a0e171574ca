from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from feedback.models import Feed
from feedback.rules import restoring
from members.models import journal


class Command(BaseCommand):
    """Begin every feed anew after a backup was restored; without --yes, only say what would be done.

    First, what was taken back since the backup is taken back again, by the journals of this host and of other hosts
    that are named. Events since the backup are lost here, but not in employers' systems: their cursors no longer fit,
    so they are answered `cursor-reset` and read everything again, by card and version.
    """

    help = "恢复备份以后：补上备份之后的撤回，让所有单位的系统从头取卡"

    def add_arguments(self, parser):
        parser.add_argument("--yes", action="store_true", help="真的重新开始；不加只列出数目")
        parser.add_argument(
            "--journal", action="append", type=Path, default=[], help="其他主机的恢复日志（journal.log），可以写几个"
        )

    def handle(self, *, yes, **options):
        if missing := [str(path) for path in options["journal"] if not path.is_file()]:
            raise CommandError(f"没有恢复日志 {'、'.join(missing)}，什么都没有做。请核对文件名。")
        count = Feed.objects.count()
        if not yes:
            self.stdout.write(f"{count} 个卡片流要重新开始。恢复过备份才需要这样做，确定的话加 --yes。")
            return
        again = sum(journal.apply(path) for path in (settings.JOURNAL, *options["journal"]))
        self.stdout.write(f"备份以后的撤回等 {again} 项已按恢复日志补上。")
        count = restoring.restart_feeds()
        self.stdout.write(f"{count} 个卡片流已重新开始：单位的系统下次取卡会从头取起，已有的卡不会重复。")
