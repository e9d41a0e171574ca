"""Which models point at an area, an employer, a member or a door; each app registers its own in its `ready()`.

Before such a row is deleted, this tells whether it is in use, and by what, in words for the screen. A test of the code
base checks that every foreign key is registered.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from django.db.models import QuerySet, Value

from members.ground import audit
from members.ground.access import PRACTICE
from members.ground.history import batches

Model = type[Any]


class Dependent(NamedTuple):
    """A model that points at another by `field`; `words` formats a count of its rows, `place` leads to their path.

    Where `goes` is set, its rows are deleted with the other, each with an audit entry of its own.
    """

    model: Model
    field: str
    words: str
    place: str = ""
    goes: bool = False


_registered: dict[Model, dict[tuple[Model, str], Dependent]] = defaultdict(dict)


def register(target: Model, *dependents: Dependent) -> None:
    for dependent in dependents:
        _registered[target][dependent.model, dependent.field] = dependent
        if dependent.goes:
            audit.goes_with(target, dependent.model, dependent.field)


def is_registered(target: Model, model: Model, field: str) -> bool:
    return (model, field) in _registered[target]


def rows_on(target: Model, key: Any) -> Iterator[QuerySet[Any]]:
    """Yield what holds on to one row of the target, a query each; `key` may be an `OuterRef`."""
    for dependent in _registered[target].values():
        yield dependent.model._default_manager.filter(**{dependent.field: key})


def uses_of(
    target: Model, pks: Collection[int], *, street_path: str, but: Mapping[Model, Collection[int]]
) -> dict[int, str]:
    """Return {id: sentence} of those of these rows that are in use.

    Rows in `but`, by model, do not count: they are about to be deleted as well. Uses in other streets are mentioned
    without any number.
    """
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    elsewhere: set[int] = set()
    for dependent in _registered[target].values():
        going = but.get(dependent.model, ())
        for row, pk, path in _rows(dependent, sorted(pks)):
            if pk in going or (path and path.startswith(PRACTICE)):  # a test key is its street's too
                continue
            if path and not path.startswith(street_path):
                elsewhere.add(row)
            else:
                counts[row][dependent.words] += 1
    return {row: _sentence(counts[row], is_elsewhere=row in elsewhere) for row in counts.keys() | elsewhere}


def places_of(target: Model, pks: Collection[int]) -> Iterator[tuple[int, str]]:
    """Yield (id, path of an area) for each of these rows and each area in which it is used."""
    for dependent in _registered[target].values():
        for batch in batches(sorted(pks) if dependent.place else []):
            rows = dependent.model._base_manager.filter(**{f"{dependent.field}__in": batch}).order_by()
            yield from rows.values_list(dependent.field, dependent.place).distinct()


def _rows(dependent: Dependent, pks: list[int]) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    for batch in batches(pks):
        rows = dependent.model._base_manager.filter(**{f"{dependent.field}__in": batch}).order_by()
        found += rows.values_list(dependent.field, "pk", dependent.place or Value(""))
    return found


def _sentence(counts: Counter[str], *, is_elsewhere: bool) -> str:
    here = "、".join(words.format(count) for words, count in counts.items())
    return "，".join([f"已有 {here}"] * bool(here) + ["别的街道也在用"] * is_elsewhere)
