"""The journal: what must outlive the restore of a backup, in a file beside the keys, each host its own.

A backup knows nothing of what was taken back since it was made: restored, it would send it out again. So whatever is
taken back for good leaves a line here, a kind and a token that says nothing to whoever reads it. Before any door opens,
what the database does not know yet is applied to it; what it had forgotten shows that a backup was restored.
"""

import hashlib
import logging
import os
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings
from django.db import models, transaction

from members.ground.atomic import atomic_write
from members.ground.states import Conflict

Apply = Callable[[Sequence[str]], int]
UNWRITABLE = "恢复日志写不进去，什么都没有保存。请联系系统管理员，检查 LOUZU_JOURNAL 所在的文件夹。"
NAME = re.compile(r"[\w-]{1,32}", re.ASCII)

_kinds: dict[str, Apply] = {}
_after_restore: list[Callable[[], object]] = []
_first = threading.Lock()
_is_applied = False
logger = logging.getLogger(__name__)


class JournalMark(models.Model):
    """Up to which byte a journal was applied; a restored backup brings its own, older mark along."""

    journal = models.CharField("日志", max_length=32, unique=True)
    position = models.PositiveBigIntegerField("位置", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "恢复日志的位置"

    def __str__(self) -> str:
        return f"{self.journal} {self.position}"


def register(kind: str, apply: Apply) -> None:
    """Have lines of this kind applied: `apply` takes their tokens and returns how many the database had forgotten.

    Kinds are applied in the order in which they were registered.
    """
    _kinds[kind] = apply


def after_restore(act: Callable[[], object]) -> None:
    """Have this done, in its own transaction, whenever the journal shows that a backup was restored."""
    _after_restore.append(act)


def note(kind: str, *tokens: str) -> None:
    """Write lines down once the caller's transaction commits; Conflict, at once, where the file cannot be written."""
    lines = "".join(f"{kind} {token}\n" for token in tokens)
    try:
        os.close(_opened())
    except OSError as error:
        logger.exception("The journal %s cannot be written", settings.JOURNAL)
        raise Conflict(UNWRITABLE) from error
    transaction.on_commit(lambda: _append(lines))


def apply_once() -> None:
    """Apply this host's journal, the first time that it is called in a process; the others wait for it."""
    global _is_applied
    if _is_applied:
        return
    with _first:
        if not _is_applied:
            apply(settings.JOURNAL)
            _is_applied = True


def doubt() -> None:
    """Have the journal applied once more: the database was away, and may be back as a restored backup."""
    global _is_applied
    _is_applied = False


def apply(journal: Path) -> int:
    """Apply what a journal has behind the database's mark; return how many things the database had forgotten."""
    host, lines, end = _behind_mark(journal)
    if not lines:
        return 0
    tokens: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        kind, _, token = line.partition(" ")
        tokens[kind].append(token)
    with atomic_write():
        mark, _ = JournalMark.objects.select_for_update(no_key=True).get_or_create(journal=host)
        if mark.position == end:  # another process was faster
            return 0
        forgotten = sum(apply(tokens[kind]) for kind, apply in _kinds.items() if tokens[kind])
        if forgotten:
            for act in _after_restore:
                act()
        mark.position = end
        mark.save(update_fields=["position"])
    return forgotten


def _behind_mark(journal: Path) -> tuple[str, list[str], int]:
    """The journal's own name, its lines that this database has not seen, and where they end, in bytes."""
    if not journal.exists():
        return "", [], 0
    with journal.open("rb") as file:
        host, start = _name(file.readline())
        size = file.seek(0, os.SEEK_END)
        mark = JournalMark.objects.filter(journal=host).values_list("position", flat=True).first() or 0
        # A mark behind the end is of a longer file: this one is a backup itself, all of which is applied again.
        begin = file.seek(max(mark if mark <= size else 0, start))
        text = file.read()
    whole = text[: text.rfind(b"\n") + 1]  # another process may be in the middle of a line
    return host, whole.decode("ascii", "replace").splitlines(), begin + len(whole)


def _name(first: bytes) -> tuple[str, int]:
    """What a journal is called, and where its lines begin; one that lost its first line is called by what is there."""
    text = first.decode("ascii", "replace").strip()
    if NAME.fullmatch(text):
        return text, len(first)
    return hashlib.sha256(first).hexdigest()[:32], 0


def _opened() -> int:
    """The journal, open for one line more; made on first use, with a name of its own in the first line."""
    path: Path = settings.JOURNAL
    is_there = path.exists()
    if not is_there or not path.stat().st_size:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
        draft.touch(mode=0o600)
        draft.write_text(f"{os.urandom(16).hex()}\n", encoding="ascii")
        try:
            draft.replace(path) if is_there else os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)
    return os.open(path, os.O_WRONLY | os.O_APPEND)


def _append(lines: str) -> None:
    """What is committed stays, whatever becomes of the file: a full disk is told in the log."""
    try:
        descriptor = _opened()
        try:
            os.write(descriptor, lines.encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        logger.exception("The journal could not be written; a restored backup would not know of this")
