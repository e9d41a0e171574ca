"""The journal of withdrawals and erasures that must outlive the restore of a backup: a file on each host.

The file lies beside the keys. A backup does not know what was withdrawn after it was made: restored, it would send that
out again. So each withdrawal appends a line: a kind, and a random token that reveals nothing. Before any request is
served, the lines that the database has not seen are applied to it. A line that the database had forgotten shows that a
backup was restored.
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
    """The byte up to which a journal was applied; a restored backup contains an older mark."""

    journal = models.CharField("日志", max_length=32, unique=True)
    position = models.PositiveBigIntegerField("位置", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "恢复日志的位置"

    def __str__(self) -> str:
        return f"{self.journal} {self.position}"


def register(kind: str, apply: Apply) -> None:
    """Register a kind of line: `apply` takes the tokens and returns how many of them the database had forgotten.

    Kinds are applied in the order in which they were registered.
    """
    _kinds[kind] = apply


def after_restore(act: Callable[[], object]) -> None:
    """Register a function to call, in the transaction of `apply`, when the journal shows that a backup was restored."""
    _after_restore.append(act)


def note(kind: str, *tokens: str) -> None:
    """Append a line for each token when the caller's transaction commits; Conflict at once if it cannot be written."""
    lines = "".join(f"{kind} {token}\n" for token in tokens)
    try:
        os.close(_opened())
    except OSError as error:
        logger.exception("The journal %s cannot be written", settings.JOURNAL)
        raise Conflict(UNWRITABLE) from error
    transaction.on_commit(lambda: _append(lines))


def apply_once() -> None:
    """Apply this host's journal on the first call in a process; parallel calls wait for it."""
    global _is_applied
    if _is_applied:
        return
    with _first:
        if not _is_applied:
            apply(settings.JOURNAL)
            _is_applied = True


def doubt() -> None:
    """Let `apply_once` apply the journal again: the database was away, and may be back as a restored backup."""
    global _is_applied
    _is_applied = False


def apply(journal: Path) -> int:
    """Apply a journal's lines after the database's mark; return how many of them the database had forgotten."""
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


def end_of(journal: Path) -> tuple[str, int]:
    """Return a journal's name and its length in bytes; "" and 0 where there is none."""
    if not journal.exists():
        return "", 0
    with journal.open("rb") as file:
        return _name(file.readline())[0], file.seek(0, os.SEEK_END)


def _behind_mark(journal: Path) -> tuple[str, list[str], int]:
    """Return the journal's name, the lines that this database has not seen, and the byte where they end."""
    if not journal.exists():
        return "", [], 0
    with journal.open("rb") as file:
        host, start = _name(file.readline())
        size = file.seek(0, os.SEEK_END)
        mark = JournalMark.objects.filter(journal=host).values_list("position", flat=True).first() or 0
        # A mark past the end belongs to a longer file: this journal is itself restored, and all of it is applied again.
        begin = file.seek(max(mark if mark <= size else 0, start))
        text = file.read()
    whole = text[: text.rfind(b"\n") + 1]  # another process may be in the middle of a line
    return host, whole.decode("ascii", "replace").splitlines(), begin + len(whole)


def _name(first: bytes) -> tuple[str, int]:
    """Return a journal's name and the byte where its lines begin; without a name, a hash of its first line."""
    text = first.decode("ascii", "replace").strip()
    if NAME.fullmatch(text):
        return text, len(first)
    return hashlib.sha256(first).hexdigest()[:32], 0


def _opened() -> int:
    """Return the journal's descriptor, open to append; make the file on first use, its name in the first line."""
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
    """Append lines and sync the file; the transaction is committed already, so an error is only logged."""
    try:
        descriptor = _opened()
        try:
            os.write(descriptor, lines.encode("ascii"))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        logger.exception("The journal could not be written; a restored backup would not know of this")
