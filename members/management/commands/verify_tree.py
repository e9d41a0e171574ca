from django.core.management.base import BaseCommand, CommandError

from members.models import Area
from members.rules.tree import misfits


class Command(BaseCommand):
    """Name each area whose parent, level, label, street or end does not fit. Exit 0 whole, 1 not."""

    help = "核对区域树：上级、层级、全称、街道、停用日期"

    def handle(self, **options):
        found = misfits()
        for path, label, sentence in found:
            self.stdout.write(f"{path} {label}：{sentence}。")
        if found:
            raise CommandError(
                f"区域树有 {len(found)} 处对不上，见上。没有上级的，在“区域”里给它另选上级；"
                "全称不对的，给它的上级改一次名再改回来；用得太久的，改停用日期；其余的请告诉维护系统的人。"
            )
        self.stdout.write(f"{Area.objects.real().count()} 个区域，树是完整的。")
