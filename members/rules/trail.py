"""Verifying the audit trail: each chain by itself, its head, and the heads written down outside the database.

What is older than it has to be kept goes from the beginning of each chain; where it was cut is sealed.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain as joined
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.moments import midnight
from members.models import Area
from members.models.audit import AuditEntry, AuditEntryQuerySet, AuditHead

AFTER_MIDNIGHT = timedelta(minutes=50)
OTHER_CUT = "从开头到期清除的那一段，与链尾不同：清除以前被改写过。"
LINE = re.compile(r"^(?P<chain>\d{4}|-)\s+(?P<number>\d+)\s+(?P<hash>[0-9a-f]{64})(\s|$)")


class Head(NamedTuple):
    """The newest entry of a chain at some time."""

    chain: str
    number: int
    hash: str


class Verified(NamedTuple):
    """The result for a chain: how many entries fit, and what is wrong with it ("" where nothing is)."""

    chain: str
    length: int
    fault: str


def heads() -> list[Head]:
    """Return the newest entry of each chain; a head that has no entry yet is left out."""
    rows = AuditHead.objects.exclude(number=0).order_by("chain")
    return [Head(*row) for row in rows.values_list("chain", "number", "hash")]


def names() -> dict[str, str]:
    """Return {chain: name}: the streets' names, and that of the installation's chain."""
    return {"": "全平台"} | dict(Area.objects.filter(level=Area.Level.STREET).values_list("path", "name"))


def written_down(text: str) -> list[Head]:
    """Read what `audit_heads` printed, as lines or as JSON; ValueError where a line is neither."""
    text = text.lstrip("\ufeff \r\n")
    if text.startswith("["):
        return [Head(str(row["chain"]), int(row["number"]), str(row["hash"])) for row in json.loads(text)]
    lines = [line.strip() for line in text.splitlines()]
    found = [(LINE.match(line), line) for line in lines if line and not line.startswith("#")]
    if wrong := [line for match, line in found if match is None]:
        raise ValueError(wrong[0])
    return [Head(match["chain"].strip("-"), int(match["number"]), match["hash"]) for match, _ in found if match]


def verified(outside: Iterable[Head] = ()) -> Iterator[Verified]:
    """Yield the result for every chain that the database or the heads from outside know."""
    outside = list(outside)
    known = sorted({head.chain for head in joined(heads(), outside)} | set(AuditEntry.objects.chains()))
    for chain in known:
        yield _verified(chain, [head for head in outside if head.chain == chain])


def next_verification() -> datetime | None:
    """Return when the trail is to be verified next: this night where it was not yet; None where it has only begun."""
    midnight_today = midnight(timezone.localdate())
    last = last_run()
    first = AuditEntry.objects.order_by("pk").first()
    if first is None:
        return None
    is_done = (last.at if last else first.at) >= midnight_today
    return midnight_today + AFTER_MIDNIGHT + (timedelta(days=1) if is_done else timedelta())


@task(priority=-60)
def verify_all() -> None:
    """Verify all chains, and leave an entry that says how many entries fit and how many chains do not."""
    found = list(verified())
    counts = {"entries": sum(each.length for each in found), "faults": sum(bool(each.fault) for each in found)}
    with atomic_write():
        record("verify", changes=counts, path="")


def last_run() -> AuditEntry | None:
    """Return the entry of the last verification, by night or by a button; None where there was none."""
    return _runs().first()


def last_good_run() -> AuditEntry | None:
    """Return the entry of the last verification that found every chain whole."""
    return _runs().filter(changes__faults=0).first()


def expired() -> AuditEntryQuerySet:
    """Return the entries that are older than they are kept (`RETENTION["trail"]` days)."""
    return AuditEntry.objects.filter(at__lt=timezone.now() - timedelta(days=settings.RETENTION["trail"]))


def forget_expired() -> int:
    """Cut what is older than it is kept from the beginning of each chain; return how many entries went.

    An entry that does not fit stays, with all after it: whoever verifies the chain finds it.
    """
    count = 0
    for chain in expired().order_by().values_list("chain", flat=True).distinct():
        if last := _last_expired(chain):
            with atomic_write():
                head = AuditHead.locked([chain])[chain]
                count += last.number - AuditHead.beginning(chain)[0]
                head.cut_behind(last)
    return count


def _last_expired(chain: str) -> AuditEntry | None:
    """Return the last entry to be cut off; the newest of a chain stays, however old it is."""
    limit = timezone.now() - timedelta(days=settings.RETENTION["trail"])
    newest = AuditHead.objects.get(chain=chain).number
    last, behind = None, AuditHead.beginning(chain)
    for entry in AuditEntry.objects.in_chain(chain):
        if entry.at >= limit or entry.number >= newest or not entry.follows(*behind):
            break
        last, behind = entry, (entry.number, entry.hash)
    return last


def _runs() -> AuditEntryQuerySet:
    return AuditEntry.objects.filter(chain="", action=AuditEntry.Action.VERIFY).order_by("-pk")


def _verified(chain: str, outside: list[Head]) -> Verified:
    """Verify one chain; its head is read before and after, because others may write meanwhile."""
    marks = [*outside, *(head for head in heads() if head.chain == chain)]
    last = Head(chain, *AuditHead.beginning(chain))
    marks = [mark for mark in marks if mark.number >= last.number]
    if any(mark.number == last.number and mark.hash != last.hash for mark in marks if last.number):
        return Verified(chain, last.number, OTHER_CUT)
    for entry in AuditEntry.objects.in_chain(chain):
        if not entry.follows(last.number, last.hash):
            fault = f"第 {entry.number} 条（编号 {entry.pk}）对不上：这一条或它前面的记录被改动、插入或删除过。"
            return Verified(chain, last.number, fault)
        last = Head(chain, entry.number, entry.hash)
        if any(mark.number == last.number and mark.hash != last.hash for mark in marks):
            fault = f"第 {entry.number} 条（编号 {entry.pk}）与链尾不同：从开头到这一条被改写过。"
            return Verified(chain, last.number, fault)
    return Verified(chain, last.number, _cut(last, marks))


def _cut(last: Head, marks: list[Head]) -> str:
    """Return what is wrong with the chain's end, or ""."""
    longest = max((mark.number for mark in marks), default=0)
    if longest > last.number:
        return f"只到第 {last.number} 条，链尾记着第 {longest} 条：最后的操作记录被删除过。"
    head = next((head for head in heads() if head.chain == last.chain), Head(last.chain, 0, ""))
    if head.number < last.number:
        return f"有 {last.number} 条，链尾却只记着 {head.number} 条：链尾被改动过。"
    return ""
