"""Paths of the tree: four digits a level, so that a prefix is a subtree."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError

SEGMENT = 4
LAST_CHILD = 9998


class NextPaths:
    """The next free path below each parent, behind the last of the `taken` ones; whoever asks holds the street.

    A path below which something stands is taken too, though its own area may be missing.
    """

    def __init__(self, taken: Iterable[str]):
        self.last: dict[str, int] = {}
        for path in taken:
            for end in range(len(path), 0, -SEGMENT):
                parent, number = path[: end - SEGMENT], int(path[end - SEGMENT : end])
                self.last[parent] = max(self.last.get(parent, 0), number)

    def below(self, parent: str) -> str:
        """Return the path and count on; ValidationError where the parent has too many children."""
        number = self.last[parent] = self.last.get(parent, 0) + 1
        if number > LAST_CHILD:
            raise ValidationError(f"同一上级下最多 {LAST_CHILD} 个区域。")
        return f"{parent}{number:0{SEGMENT}d}"
