"""The machinery of the parity test: one write, asked for through each of its doors, and what became of it."""

import html
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models, transaction
from django.test import Client

Values = Mapping[str, Any]
Rows = dict[str, Any]
OURS = ("members", "activities", "feedback")
# What tells of the writing itself, and differs from one writing to the next.
PASSING = {
    "token", "epoch", "secret_sealed", "digest", "prefix", "hash", "sealed", "password", "told", "last_receipt",
    "cursor",
}  # fmt: skip
KEPT_BESIDE = {"Replay", "AuditEntry", "AuditHead", "CallCount", "LoginAttempts", "WorkerBeat", "JournalMark"}


class Door(NamedTuple):
    """A door as `tests.parity.doors` names it, and how it is asked.

    `address` and the values may name rows as `{member}`. `body` makes what the door takes of a write's values, and
    `who` is asked as. A door that is no address, a command or an upload, is called by `call` with rows and values, and
    returns what it says.
    """

    name: str
    address: str = ""
    body: Callable[[Values], Any] = dict
    who: str = "street_officer"
    call: Callable[[Rows, Values], str] | None = None


class Write(NamedTuple):
    """One rule with the doors that call it: values that it takes, and for each sentence values that it refuses.

    `apart` names the columns that tell by whom a row was written: they differ from door to door.
    """

    rule: Callable[..., Any]
    doors: tuple[Door, ...]
    good: Values
    bad: tuple[tuple[str, Values], ...] = ()
    apart: tuple[str, ...] = ()


class Asked(NamedTuple):
    """What one call did: which rows it added, changed or took away, what it said, and whether the rule ran."""

    changes: tuple[list[Any], list[Any]]
    text: str
    reached: bool


def ask(door: Door, write: Write, values: Values, *, rows: Rows, client: Client) -> Asked:
    """Go through one door. Nothing is taken back: the caller opens what it rolls back."""
    before = _state(write.apart)
    with _watching(write.rule) as ran:
        text = _text(door, _filled(values, rows), rows, client)
    after = _state(write.apart)
    new = {key: f"new {number}" for number, key in enumerate(key for key in after if key not in before)}
    gone = [row for key, row in before.items() if after.get(key) != row]
    come = [_with_new(row, new) for key, row in after.items() if before.get(key) != row]
    return Asked((sorted(map(repr, gone)), sorted(map(repr, come))), text, bool(ran))


@contextmanager
def rolled_back() -> Iterator[None]:
    """Each door finds the same rows: what was written in the block is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _text(door: Door, values: Values, rows: Rows, client: Client) -> str:
    """What the door answers, a redirection followed, as a person reads it."""
    if door.call:
        return door.call(rows, values)
    kind, _, rest = door.name.partition(" ")
    url = f"/{door.address.format(**{**rows, **values})}"
    if kind == "api":
        method = rest.partition(" ")[0].lower()
        answer = getattr(client, method)(url, json.dumps(door.body(values), default=str), "application/json")
    else:
        answer = client.post(url, door.body(values), follow=True)
    text = answer.content.decode()
    return html.unescape(text) if kind != "api" else json.dumps(answer.json() if text else "", ensure_ascii=False)


def _filled(value: Any, rows: Rows) -> Any:
    """The values with the keys of rows in the place of their names."""
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        return rows[value[1:-1]]
    if isinstance(value, Mapping):
        return {_name(name, rows): _filled(each, rows) for name, each in value.items()}
    return [_filled(each, rows) for each in value] if isinstance(value, list | tuple) else value


def _name(name: str, rows: Rows) -> str:
    return name.format(**rows) if "{" in name else name


def _state(apart: tuple[str, ...]) -> dict[tuple[str, Any], Any]:
    """Every row of the product's own tables, links between them too; a row that another names is named by its key."""
    found: dict[tuple[str, Any], Any] = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in OURS and not hasattr(model, "instance_type") and model.__name__ not in KEPT_BESIDE:
            fields = [field for field in model._meta.concrete_fields if not field.primary_key]
            fields = [field for field in fields if field.attname not in apart]
            for row in model._default_manager.order_by("pk").values("pk", *(field.attname for field in fields)):
                key = model.__name__, row.pop("pk")
                found[key] = (model.__name__, tuple((each.attname, _shown(each, row[each.attname])) for each in fields))
    return found


def _shown(field: models.Field, value: Any) -> Any:
    """The value as it is the same at each writing: of a moment, or of what is random, only whether there is one."""
    if isinstance(field, models.DateTimeField) or field.name in PASSING:
        return bool(value)
    return (field.related_model.__name__, value) if field.related_model and value else value  # type: ignore[union-attr]


def _with_new(row: Any, new: Mapping[Any, str]) -> Any:
    """The row with the rows that came with it by their order: their keys differ from one writing to the next."""
    name, values = row
    return name, tuple((each, new.get(value, value) if isinstance(value, tuple) else value) for each, value in values)


@contextmanager
def _watching(rule: Callable[..., Any]) -> Iterator[list[bool]]:
    """Note whether this function runs, whatever name its caller knows it by."""
    code, ran, before = rule.__code__, [], sys.getprofile()  # type: ignore[attr-defined]

    def see(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code is code:
            ran.append(True)

    sys.setprofile(see)
    try:
        yield ran
    finally:
        sys.setprofile(before)
