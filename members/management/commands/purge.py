from django.core.management.base import BaseCommand

from members import audit
from members.atomic import atomic_write
from members.models import RosterImport


class Command(BaseCommand):
    """Delete what retention no longer allows; without --yes it only says what it would delete."""

    help = "清除到期的上传文件"

    def add_arguments(self, parser):
        parser.add_argument("--yes", action="store_true", help="真的清除；不加只列出数目")

    def handle(self, *, yes, **options):
        count = RosterImport.objects.expired().count()
        if yes and count:
            with atomic_write():
                RosterImport.objects.all().forget_expired()
                audit.record("purge", RosterImport, changes={"uploads": count})
        self.stdout.write(f"到期的上传文件 {count} 份，{'已清除' if yes else '加 --yes 清除'}。")
