from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from members.rules import trail


class Command(BaseCommand):
    """Check each chain of the audit trail, and name the first entry that does not fit the one before it.

    Compared with heads written down before, a chain that was cut at its end or removed whole shows too.
    """

    help = "核对操作记录是否被改动过"

    def add_arguments(self, parser):
        parser.add_argument("--heads", metavar="文件", help="以前用 audit_heads 抄存的链尾，核对时对照")

    def handle(self, *, heads, **options):
        names = trail.names()
        chains = list(trail.verified(_read(heads) if heads else []))
        if faults := [f"{names.get(chain.chain, chain.chain)}：{chain.fault}" for chain in chains if chain.fault]:
            raise CommandError("\n".join(faults))
        count = sum(chain.length for chain in chains)
        self.stdout.write(f"{count} 条操作记录，首尾相接，没有改动（{len(chains)} 条链）。")
        if not heads:
            self.stdout.write("最后的记录连同链尾一起删掉，要对照抄存的链尾才看得出：verify_audit --heads 文件。")


def _read(name: str) -> list[trail.Head]:
    try:
        return trail.written_down(Path(name).read_text(encoding="utf-8"))
    except OSError:
        raise CommandError(f"读不到文件 {name}，请核对文件名。") from None
    except (ValueError, KeyError, TypeError):
        raise CommandError(f"文件 {name} 里不是 audit_heads 列出的链尾，请核对。") from None
