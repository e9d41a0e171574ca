"""What both kinds of database give to a backup."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NamedTuple

from louzu.backup.manifest import Contents

PART = 1024 * 1024  # bytes read at once


class Snapshot(NamedTuple):
    """A database at one moment: what it contains, counted there, and its bytes."""

    contents: Contents
    parts: Iterator[bytes]


def parts_of(path: Path) -> Generator[bytes, None, None]:
    with path.open("rb") as file:
        while part := file.read(PART):
            yield part
