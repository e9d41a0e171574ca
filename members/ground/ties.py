"""What hangs on a member's home or on the member, and may end with a move; each app registers its own in its `ready()`.

A kind of tie finds its rows that the acting user may change, ends them, and resumes them when the move is undone.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, NamedTuple


class Going(NamedTuple):
    """Who moves from which home, and by whom; `to` is the new area, None for moving away or where it is not known yet.

    `day` is the first day without the home. An undo knows the moment of the move as `since`.
    """

    member: Any
    home: Any
    by: Any
    day: date
    to: Any = None
    since: datetime | None = None


class Tie(NamedTuple):
    """A kind of what may end with a move; `words` formats a count of its rows.

    `end` returns for each row what `resume` needs to put it back, in plain JSON. `resume` raises Conflict, with who and
    what, where somebody changed a row since.
    """

    key: str
    words: str
    held: Callable[[Going], list[Any]]
    end: Callable[[list[Any], Going], list[Any]]
    resume: Callable[[list[Any], Going], None]


_registered: dict[str, Tie] = {}


def register(*ties: Tie) -> None:
    _registered.update({tie.key: tie for tie in ties})


def kinds() -> list[Tie]:
    return list(_registered.values())
