from pathlib import Path

import orjson
from django.core.management.base import BaseCommand
from django.utils import timezone

from members.management.areas import prepare_database
from members.roster.refusal import UnreadableFile
from members.roster.tree import LABELS, TreeReport, import_tree, street_named


class Command(BaseCommand):
    """Read a street's tree from a sheet. Exit 0 done, 1 errors, 2 no such sheet."""

    help = "从表格导入街道的社区、小区、楼组"

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--street", required=True, help="街道名称；没有就新建")
        parser.add_argument("--check", action="store_true", help="只检查，不写入")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *, file, street, check, **options):
        as_json = options["format"] == "json"
        prepare_database()
        try:
            place, today = street_named(street), timezone.localdate()
            report = import_tree(file.read_bytes(), street=place, today=today, check=check)
        except (UnreadableFile, OSError) as refusal:
            self._print({"refused": _sentence(refusal)}, _sentence(refusal), as_json)
            raise SystemExit(2) from None
        self._print(
            {"street": report.street, "counts": report.counts, "errors": report.errors}, _text(report, check), as_json
        )
        if report.errors:
            raise SystemExit(1)

    def _print(self, data, text, as_json):
        self.stdout.write(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode() if as_json else text)


def _sentence(refusal: UnreadableFile | OSError) -> str:
    return refusal.sentence if isinstance(refusal, UnreadableFile) else f"打不开这个文件：{refusal.filename}"


def _text(report: TreeReport, check: bool) -> str:
    lines = [
        f"{LABELS[column]}：新增 {counts['new']}，修改 {counts['changed']}，不变 {counts['same']}"
        for column, counts in report.counts.items()
    ]
    lines += [f"第 {error['row']} 行 {error['column']}：{error['message']}" for error in report.errors]
    end = "有错误，什么都没有写入。" if report.errors else "只是检查，什么都没有写入。" if check else "已写入。"
    return "\n".join([report.street, *lines, end])
