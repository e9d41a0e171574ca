from django.core.management.base import BaseCommand

from louzu.rules import retention


class Command(BaseCommand):
    """Delete what retention no longer allows; without --yes, only say what would be deleted."""

    help = "清除到期的资料"

    def add_arguments(self, parser):
        parser.add_argument("--yes", action="store_true", help="真的清除；不加只列出数目")

    def handle(self, *, yes, **options):
        counts = retention.carry_out_all() if yes else {}
        for purge in retention.PURGES:
            label = purge.label.format(counts[purge.counted] if yes else purge.expired().count())
            self.stdout.write(f"到期的{label}，{'已清除' if yes else '加 --yes 清除'}。")
