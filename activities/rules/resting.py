"""What rests on attendances in later apps: record cards, kept figures. Each registers in its app's `ready()`."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from django.db.models import QuerySet

from activities.models import Activity


class Hanging(NamedTuple):
    """Something that hangs on an activity, as a sentence, with links (label, address) to where it is settled.

    What is `firm` has to be settled before the activity can be voided.
    """

    sentence: str
    is_firm: bool = False
    links: tuple[tuple[str, str], ...] = ()


class Resting(NamedTuple):
    """How an app's rows follow the attendances (a query) of an activity.

    `hanging` tells a user what hangs on them; `lose` is called before they go, `regain` once they are back. `lose` with
    `is_whole` concerns all of a voided activity, and raises Conflict where something firm hangs on it.
    """

    hanging: Callable[[Activity, QuerySet, Any], Iterable[Hanging]]
    lose: Callable[..., None]
    regain: Callable[[Activity, QuerySet], None]


_resting: list[Resting] = []
_after: list[Callable[[Activity], None]] = []


def rests_on_attendances(resting: Resting) -> None:
    _resting.append(resting)


def follows_voiding(follow: Callable[[Activity], None]) -> None:
    """Call this function after an activity was voided or put back, in the same transaction."""
    _after.append(follow)


def hanging(activity: Activity, attendances: QuerySet, user: Any) -> Iterator[Hanging]:
    for each in _resting:
        yield from each.hanging(activity, attendances, user)


def lose(activity: Activity, attendances: QuerySet, *, is_whole: bool = False) -> None:
    for each in _resting:
        each.lose(activity, attendances, is_whole=is_whole)


def regain(activity: Activity, attendances: QuerySet) -> None:
    for each in _resting:
        each.regain(activity, attendances)


def has_changed(activity: Activity) -> None:
    for follow in _after:
        follow(activity)
