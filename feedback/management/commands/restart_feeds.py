from django.core.management.base import BaseCommand

from feedback import feed
from feedback.models import Feed
from members import audit
from members.atomic import atomic_write


class Command(BaseCommand):
    """Begin every employer's feed anew, after a backup was restored; without --yes it only says what it would do.

    What was told since the backup is gone from here, not from the employers' systems: their cursors no longer fit, so
    they are answered `cursor-reset` and read all of it again, by card and version.
    """

    help = "恢复备份以后：让所有单位的系统从头取卡"

    def add_arguments(self, parser):
        parser.add_argument("--yes", action="store_true", help="真的重新开始；不加只列出数目")

    def handle(self, *, yes, **options):
        if not yes:
            count = Feed.objects.count()
            self.stdout.write(f"{count} 个单位的卡片流要重新开始。恢复过备份才需要这样做，确定的话加 --yes。")
            return
        with atomic_write():
            count = feed.start_over()
            audit.record("change", Feed, changes={"feeds": count})
        self.stdout.write(f"{count} 个单位的卡片流已重新开始：它们的系统下次取卡会从头取起，已有的卡不会重复。")
