"""Paths of the tree: four digits a level, so that a prefix is a subtree."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError

SEGMENT = 4
LAST_CHILD = 9998


class NextPaths:
    """Gives out the next free path below each parent, after the last of the `taken` ones. The caller locks the street.

    A path with areas below it counts as taken, even where its own area is missing.
    """

    def __init__(self, taken: Iterable[str]):
        self.last: dict[str, int] = {}
        for path in taken:
            for end in range(len(path), 0, -SEGMENT):
                parent, number = path[: end - SEGMENT], int(path[end - SEGMENT : end])
                self.last[parent] = max(self.last.get(parent, 0), number)

    def below(self, parent: str) -> str:
        """Return the next path and count it as taken; ValidationError where the parent has too many children."""
        number = self.last[parent] = self.last.get(parent, 0) + 1
        if number > LAST_CHILD:
            raise ValidationError(f"同一上级下最多 {LAST_CHILD} 个区域。")
        return f"{parent}{number:0{SEGMENT}d}"
