"""What a login opens beside posts: an app that opens something to users says so here, in its `ready()`."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.db.models import QuerySet


class Opening(NamedTuple):
    """One such thing, a unit's inbox for example."""

    # The numbers of the users to whom more of it is open, today or later, than this user could give.
    beyond: Callable[[Any], QuerySet]
    # The paths of the streets where it is open to this user, today or later; or where it ever was.
    paths: Callable[[Any], set[str]]
    former_paths: Callable[[Any], set[str]]


_openings: list[Opening] = []


def register(opening: Opening) -> None:
    if opening not in _openings:
        _openings.append(opening)


def beyond(user: Any) -> list[QuerySet]:
    return [opening.beyond(user) for opening in _openings]


def paths_of(user: Any) -> set[str]:
    return {path for opening in _openings for path in opening.paths(user)}


def former_paths_of(user: Any) -> set[str]:
    return {path for opening in _openings for path in opening.former_paths(user)}
