from datetime import date

import orjson
from django.core.management.base import BaseCommand
from django.utils import timezone

from members.management.areas import area_named
from members.models import Area
from members.rules.coverage import coverage


class Command(BaseCommand):
    """Print the coverage table of an area on a day."""

    help = "打印覆盖情况"

    def add_arguments(self, parser):
        parser.add_argument("--area", required=True, help="区域名称，或它的路径")
        parser.add_argument("--day", type=date.fromisoformat, default=None, help="截止日期，如 2026-03-01；默认今天")
        parser.add_argument("--format", choices=("json", "table"), default="table")

    def handle(self, *, area, day, **options):
        report = coverage(area_named(area), areas=Area.objects.all(), day=day or timezone.localdate())
        if options["format"] == "json":
            self.stdout.write(orjson.dumps(report.as_dict(), option=orjson.OPT_INDENT_2).decode())
            return
        for name, figures in [
            (report.area.name, report.figures),
            *((row.area.name, row.figures) for row in report.rows),
        ]:
            share = "—" if figures.coverage is None else f"{figures.coverage:.1%}"
            self.stdout.write(
                f"{name}\t党员 {figures.members}\t在册 {figures.local}\t在职 {figures.in_post}"
                f"\t楼组 {figures.groups}\t覆盖率 {share}\t参加 {figures.taking_part}"
                f"\t结对 {figures.paired}/{figures.households}"
            )
