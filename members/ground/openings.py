"""What a user may open without a post; an app that opens something to users registers it in its `ready()`."""

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from django.db.models import QuerySet


class Opening(NamedTuple):
    """One such thing, for example a unit's inbox. Each function takes the user."""

    # The ids of the users who can open more of it, today or later, than this user could give.
    beyond: Callable[[Any], QuerySet]
    # The paths of the streets where this user can open it, today or later, and where they ever could.
    paths: Callable[[Any], set[str]]
    former_paths: Callable[[Any], set[str]]
    # What each of these users (ids) can open of it, today or later, in words, as far as this user gives it.
    words: Callable[[Any, Collection[int]], dict[int, list[str]]]


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


def words_of(user: Any, users: Collection[int]) -> dict[int, list[str]]:
    """Return in words what each of these users (ids) can open, as far as `user` gives it."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for opening in _openings:
        for pk, words in opening.words(user, users).items():
            found[pk] += words
    return dict(found)
