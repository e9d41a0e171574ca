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
PASSING = {"token", "epoch", "secret_sealed", "digest", "prefix", "hash", "sealed", "password"}
KEPT_BESIDE = {"AuditEntry", "AuditHead", "CallCount", "LoginAttempts", "WorkerBeat", "JournalMark"}


class Door(NamedTuple):
    """A door as `tests.parity.doors` names it, and how it is asked.

    `address` and the values may name rows as `{member}`; an address may name values too. `body` makes what the door
    takes of a write's values, and `who` is asked as. A door that is no address, a command or an upload, is called by
    `call` with rows and values, and returns what it says.
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
    gone = [row for key, row in before.items() if after.get(key) != row]
    come = [row for key, row in after.items() if before.get(key) != row]
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
    """Every row of the product's own tables, new rows by their order: keys differ from one writing to the next."""
    found: dict[tuple[str, Any], Any] = {}
    for model in apps.get_models():
        if model._meta.app_label in OURS and not hasattr(model, "instance_type") and model.__name__ not in KEPT_BESIDE:
            names = [field.attname for field in model._meta.concrete_fields if _stays(field)]
            names = [name for name in names if name not in apart]
            for row in model._default_manager.order_by("pk").values("pk", *names):
                key = model.__name__, row.pop("pk")
                found[key] = (model.__name__, tuple(row.items()))
    return found


def _stays(field: models.Field) -> bool:
    return not field.primary_key and not isinstance(field, models.DateTimeField) and field.name not in PASSING


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
