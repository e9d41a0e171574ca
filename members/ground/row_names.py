"""What the rows of a model are called on screen, for lists that know only their ids: the trail, a user's own writes.

Each app registers its own in its `ready()`. All names are read in one query, whatever the number of models.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from django.db.models import Case, CharField, F, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, Concat

Model = type[Any]
Kind = Model | tuple[Model, str]  # a model, whose rows are known by their ids, or by another column
COLUMNS = ("row_kind", "row_key", "row_text", "row_state")
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
_lists: dict[str, Model] = {}
_words: dict[str, dict[Any, str]] = {}


def register(model: Model, text: Any, *, state: Any = None, rows: Callable[[Any], QuerySet[Any]] | None = None) -> None:
    """Name the rows of a model by this text, the name of a field or an expression; `state` is one too.

    `rows` returns what a user may see named: by default the model's `for_user`.
    """
    _registered[model] = _Naming(text, Value("") if state is None else state, rows or model._default_manager.for_user)


def register_list(key: str, model: Model) -> None:
    """Say that a list of numbers under this key of a trail's entry holds ids of the model."""
    _lists[key] = model


def register_words(key: str, choices: Iterable[tuple[Any, Any]]) -> None:
    """Say what the codes under this key of a trail's entry are called on screen."""
    _words[key] = {code: str(label) for code, label in choices}


def words_of(key: str) -> dict[Any, str]:
    return _words.get(key, {})


def listed(key: str) -> Model | None:
    return _lists.get(key)


def named(wanted: Mapping[Kind, Collection[Any]], user: Any) -> dict[tuple[Kind, str], RowName]:
    """Return the names of those of these rows, keys by kind, that exist and that the user may see; keys as texts."""
    kinds = [kind for kind, keys in wanted.items() if keys and _split(kind)[0] in _registered]
    parts = [_named(str(at), *_split(kind), sorted(wanted[kind])[:MOST], user) for at, kind in enumerate(kinds)]
    if not parts:
        return {}
    first, *others = parts
    found = first.union(*others, all=True) if others else first
    return {(kinds[int(at)], key): RowName(text, state) for at, key, text, state in found}


def _split(kind: Kind) -> tuple[Model, str]:
    return kind if isinstance(kind, tuple) else (kind, "pk")


def joined(*parts: Any) -> Concat:
    """Return the parts as one text: names of fields and expressions; blanks stand between them."""
    spaced = [each for part in parts for each in (Value(" "), part)][1:]
    return Concat(*spaced, output_field=CharField())


def shown(field: str, choices: Iterable[tuple[Any, Any]]) -> Case:
    """Return what the screen shows for a field with choices."""
    return Case(*(When(**{field: value}, then=Value(str(label))) for value, label in choices), default=Value(""))


def _named(at: str, model: Model, column: str, keys: list[Any], user: Any) -> QuerySet[Any]:
    naming = _registered[model]
    columns = (Value(at), column, naming.text, naming.state)
    texts: dict[str, Any] = {
        name: Cast(_expression(value), CharField()) for name, value in zip(COLUMNS, columns, strict=True)
    }
    texts |= {name: Coalesce(texts[name], Value("")) for name in ("row_text", "row_state")}
    rows = naming.rows(user).filter(**{f"{column}__in": keys}).order_by()
    return rows.annotate(**texts).values_list(*COLUMNS)


def _expression(value: Any) -> Any:
    return F(value) if isinstance(value, str) else value
