from pathlib import Path

import orjson
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from members.ground import access
from members.ground.text import heading_key
from members.management.areas import area_named
from members.models import RosterImport
from members.roster import stages, steps
from members.roster.basis import Terms
from members.roster.columns import ColumnTerms
from members.roster.headings import HEADINGS
from members.roster.plan import make_plan
from members.roster.planned import Plan, Status
from members.roster.reading import read_roster
from members.roster.refusal import UnreadableFile
from members.roster.stored import unseal_plan

STATUSES = {Status.LEFT: "skipped"}  # as the report calls them
LABELS = {
    "new": "新增",
    "changed": "修改",
    "same": "不变",
    "doubt": "待确认",
    "error": "错误",
    "skipped": "跳过",
    "left": "不写入",
}


class Command(BaseCommand):
    """Bring in a roster: the same three steps as the pages. Exit 0 applied, 1 errors, 2 not a roster."""

    help = "导入党员花名册"

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--area", required=True, help="区域名称，或它的路径")
        parser.add_argument("--check", action="store_true", help="只检查，不写入")
        parser.add_argument("--create-groups", action="store_true", help="自动新建名单里没有登记过的楼组")
        parser.add_argument("--columns", default="", help='各列是什么，如 "家庭住址=address,甲=-"（- 是不用）')
        parser.add_argument("--hidden-sheets", action="store_true", help="隐藏的工作表也读取")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *, file, area, check, create_groups, columns, hidden_sheets, **options):
        self.terms = ColumnTerms(named=named_columns(columns), hidden_sheets=hidden_sheets)
        self.as_json = options["format"] == "json"
        place = area_named(area)
        try:
            content = file.read_bytes()
        except OSError as error:
            raise CommandError(f"打不开这个文件：{file}", returncode=2) from error
        plan = self._check(content, place, create_groups) if check else self._apply(content, place, create_groups, file)
        self._report(file.name, plan)
        if plan.counts()[Status.ERROR] or (not check and plan.counts()[Status.DOUBT]):
            raise SystemExit(1)

    def _check(self, content, place, create_groups) -> Plan:
        today = timezone.localdate()
        street = access.subtree(place.street_path)
        try:
            reading = read_roster(content, today=today, terms=self.terms)
        except UnreadableFile as refusal:
            self._refuse(refusal.sentence)
        return make_plan(reading, Terms(place, today, [street], create_groups=create_groups))

    def _apply(self, content, place, create_groups, file) -> Plan:
        roster_import = steps.take_in(
            area=place, user=None, file_name=file.name, content=content, create_groups=create_groups
        )
        steps.read_step(roster_import, self.terms)
        if roster_import.status != RosterImport.Status.REVIEW:
            self._refuse(roster_import.message)
        plan = unseal_plan(roster_import.plan)
        try:
            steps.start_step(roster_import, user=None, confirmed=True)
        except steps.NotReady as reason:
            self.stderr.write(str(reason))
            stages.discard_step(roster_import)
            return plan
        steps.apply_step(roster_import, only_good=False)
        if roster_import.status != RosterImport.Status.APPLIED:
            raise CommandError(roster_import.message)
        return plan

    def _refuse(self, sentence: str):
        self.stdout.write(orjson.dumps({"refused": sentence}).decode() if self.as_json else sentence)
        raise SystemExit(2)

    def _report(self, name: str, plan: Plan) -> None:
        if self.as_json:
            self.stdout.write(orjson.dumps(as_json(name, plan), option=orjson.OPT_INDENT_2).decode())
            return
        counts = plan.counts()
        for sentence in plan.warnings + plan.notes:
            self.stdout.write(sentence)
        self.stdout.write("，".join(f"{LABELS[status]} {count}" for status, count in counts.items()))
        for row in plan.rows:
            if row.doubt:
                self.stdout.write(f"{row.sheet} 第 {row.row} 行：{row.doubt}")
            for problem in row.problems:
                self.stdout.write(f"{row.sheet} 第 {row.row} 行 {problem.column or problem.field}：{problem.message}")


def named_columns(text: str) -> dict[str, str]:
    """Return field by the key of a heading, from "家庭住址=address,甲=-"; a field by its name or its own heading."""
    fields = {heading_key(word): name for name, words in HEADINGS.items() for word in (name, *words)} | {"-": ""}
    found = {}
    for pair in filter(None, text.split(",")):
        heading, _, name = pair.partition("=")
        if heading_key(name) not in fields:
            raise CommandError(f"不知道“{name}”是什么，请写：{'、'.join(HEADINGS)}，或 -（不用这一列）", returncode=2)
        found[heading_key(heading)] = fields[heading_key(name)]
    return found


def as_json(name: str, plan: Plan) -> dict:
    """Return the report of docs/design/roster.md, with every row: the group's full label, the room as it is kept."""
    sheets = [
        {"name": s.name, "heading_row": s.heading_row, "columns": s.columns, "not_taken": s.not_taken}
        for s in plan.sheets
    ]
    rows = [
        {
            "sheet": row.sheet,
            "row": row.row,
            "status": STATUSES.get(row.status, row.status),
            "group": row.place.label if row.place else "",
            "room": row.room,
            "errors": row.problems,
        }
        for row in plan.rows
    ]
    return {"file": name, "sheets": sheets, "counts": plan.counts(), "rows": rows}
