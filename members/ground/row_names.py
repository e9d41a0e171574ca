"""What the rows of a model are called on screen, for lists that know only their ids: the trail, a user's own writes.

Each app registers its own in its `ready()`. All names are read in one query, whatever the number of models.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

Model = type[Any]
COLUMNS = ("row_model", "row_key", "row_text", "row_state")
MOST = 3_000


class RowName(NamedTuple):
    """A row's name, and its state in the words of whoever registered it: a status, say."""

    text: str
    state: str


class _Naming(NamedTuple):
    text: Any
    state: Any
    rows: Callable[[Any], QuerySet[Any]]


_registered: dict[Model, _Naming] = {}


def register(
    model: Model, text: Any, *, state: Any = None, rows: Callable[[Any], QuerySet[Any]] | None = None
) -> None:
    """Name the rows of a model by this text, the name of a field or an expression; `state` is one too.

    `rows` returns what a user may see named: by default the model's `for_user`.
    """
    _registered[model] = _Naming(text, Value("") if state is None else state, rows or model._default_manager.for_user)


def named(wanted: Mapping[Model, Collection[int]], user: Any) -> dict[tuple[Model, int], RowName]:
    """Return the names of those of these rows, ids by model, that exist and that the user may see."""
    parts = [_named(model, sorted(pks)[:MOST], user) for model, pks in wanted.items() if pks and model in _registered]
    if not parts:
        return {}
    first, *others = parts
    models = {model._meta.label: model for model in wanted}
    found = first.union(*others, all=True) if others else first
    return {(models[label], int(key)): RowName(text, state) for label, key, text, state in found}


def joined(*parts: Any) -> Concat:
    """Return the parts as one text: names of fields and expressions; blanks stand between them."""
    spaced = [each for part in parts for each in (Value(" "), part)][1:]
    return Concat(*spaced, output_field=CharField())


def shown(field: str, choices: Iterable[tuple[Any, Any]]) -> Case:
    """Return what the screen shows for a field with choices."""
    return Case(*(When(**{field: value}, then=Value(str(label))) for value, label in choices), default=Value(""))


def _named(model: Model, pks: list[int], user: Any) -> QuerySet[Any]:
    naming = _registered[model]
    columns = (Value(model._meta.label), "pk", naming.text, naming.state)
    texts = {name: Cast(_expression(value), CharField()) for name, value in zip(COLUMNS, columns, strict=True)}
    texts |= {name: Coalesce(texts[name], Value("")) for name in ("row_text", "row_state")}
    rows = naming.rows(user).filter(pk__in=pks).order_by()
    return rows.annotate(**texts).values_list(*COLUMNS)


def _expression(value: Any) -> Any:
    return F(value) if isinstance(value, str) else value
