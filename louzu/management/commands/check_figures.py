from datetime import date

from django.core.management.base import BaseCommand, CommandError

from louzu.models import FiguresOfDay
from louzu.rules.figures import COUNTS, Difference, differences, keep_days
from louzu.rules.nightly import nightly_days
from members.management.areas import area_named
from members.models import Area

SHOWN = 20
LABELS = {field.name: field.verbose_name for field in FiguresOfDay._meta.concrete_fields}


class Command(BaseCommand):
    """Count the figures of past days anew and compare them with those kept; with --keep, keep what differs."""

    help = "核对每日数字"

    def add_arguments(self, parser):
        first, last = nightly_days()
        parser.add_argument("--area", help="只核对这个区域，不写就是所有街道")
        parser.add_argument("--first", type=date.fromisoformat, default=first, help="第一天，默认去年 1 月 1 日")
        parser.add_argument("--last", type=date.fromisoformat, default=last, help="最后一天，默认昨天")
        parser.add_argument("--keep", action="store_true", help="把不符的改过来")

    def handle(self, *, area, first, last, keep, **options):
        if not first <= last <= nightly_days()[1]:
            raise CommandError("请写从前的日子：第一天不能晚于最后一天，最后一天最晚是昨天。")
        areas = [area_named(area)] if area else Area.objects.streets()
        count = 0
        for each in areas:
            found = keep_days(each, first, last) if keep else differences(each, first, last)
            self._print(found)
            count += len(found)
        if count and not keep:
            raise CommandError(f"有 {count} 天的数字不符。加 --keep 改过来。")
        self.stdout.write(f"有 {count} 天的数字不符，已改过来。" if count else "每日数字都相符。")

    def _print(self, found: list[Difference]) -> None:
        names = Area.objects.in_bulk({each.area for each in found[:SHOWN]})
        for each in found[:SHOWN]:
            self.stdout.write(f"{names[each.area]} {each.day}：{_sentence(each)}")
        if len(found) > SHOWN:
            self.stdout.write(f"……等 {len(found)} 天")


def _sentence(each: Difference) -> str:
    if each.kept is None:
        return "还没有算"
    if each.counted is None:
        return "那天没有启用"
    parts = zip(COUNTS, each.kept, each.counted, strict=True)
    return "、".join(f"{LABELS[name]} {kept} → {counted}" for name, kept, counted in parts if kept != counted)
