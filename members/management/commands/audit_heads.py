import json

from django.core.management.base import BaseCommand
from django.utils import timezone

from members.rules import trail


class Command(BaseCommand):
    """Print the head of each chain of the audit trail, to be written down outside the database."""

    help = "列出操作记录各条链的链尾，请抄存在数据库之外"

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, **options):
        heads, names = trail.heads(), trail.names()
        if options["json"]:
            rows = [head._asdict() | {"name": names.get(head.chain, "")} for head in heads]
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1))
            return
        self.stdout.write(f"# {timezone.localtime():%Y-%m-%d %H:%M} 操作记录的链尾：链、条数、校验值、名称")
        for head in heads:
            self.stdout.write(f"{head.chain or '-'} {head.number} {head.hash} {names.get(head.chain, '')}".rstrip())
