import json
import sys

from django.core.management.base import BaseCommand

from louzu.rules import health
from louzu.rules.findings import HealthState

WORDS = {HealthState.OK: "正常", HealthState.WARN: "留意", HealthState.BAD: "要处理"}


class Command(BaseCommand):
    """Say what is wrong with this installation and what to do.

    The exit status is that of the worst that was found: 0 all well, 1 to be looked at, 2 to be dealt with now.
    """

    help = "检查系统状态：退出码 0 正常，1 有要留意的，2 有要马上处理的"
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--problems", action="store_true", help="只列出不正常的；都正常就什么都不说（用于定时任务）"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="按 JSON 输出")

    def handle(self, *, problems, as_json, **options):
        rows = list(health.found())
        worst = max(each.finding.state for each in rows)
        shown = [each for each in rows if each.finding.state or not problems]
        if as_json:
            self.stdout.write(_as_json(shown))
        else:
            for each in shown:
                self.stdout.write(_as_text(each))
        if worst:
            sys.exit(int(worst))


def _as_json(rows: list[health.Found]) -> str:
    found = [{"check": each.name, "state": each.finding.state.name.lower(), **_texts(each)} for each in rows]
    return json.dumps(found, ensure_ascii=False, indent=1)


def _texts(each: health.Found) -> dict[str, str]:
    finding = each.finding
    return {"sentence": finding.sentence, "what_to_do": finding.what_to_do, "detail": finding.detail}


def _as_text(each: health.Found) -> str:
    finding = each.finding
    lines = [f"【{WORDS[finding.state]}】{each.title}：{finding.sentence}"]
    if finding.what_to_do:
        lines.append(f"    怎么办：{finding.what_to_do}")
    if finding.detail:
        lines.append(f"    {finding.detail}")
    return "\n".join(lines)
