"""The machinery of the parity test: one write, asked for through each of its doors, and what became of it."""

import html
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models, transaction
from django.test import Client

Values = Mapping[str, Any]
Rows = dict[str, Any]
OURS = ("members", "activities", "feedback")
# What tells of the writing itself, and differs from one writing to the next.
PASSING = {"token", "epoch", "secret_sealed", "phone_sealed", "digest", "prefix", "hash", "sealed", "password"}
OF_WRITING = {"members.RosterImport": {"user", "content", "reading", "plan", "kept", "counts"}}
KEPT_BESIDE = {"AuditEntry", "AuditHead", "CallCount", "LoginAttempts", "WorkerBeat", "JournalMark"}


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

    `only_entry` is a write that leaves nothing but its entry in the trail, or what is no row of the product's. `again`
    says why a second identical call is meant to add something.
    """

    rule: Callable[..., Any]
    doors: tuple[Door, ...]
    good: Values
    bad: tuple[tuple[str, Values], ...] = ()
    only_entry: bool = False
    again: str = ""


class Asked(NamedTuple):
    """What one call did: which rows it added, changed or took away, what it said, and whether the rule ran."""

    changes: tuple[list[Any], list[Any]]
    text: str
    reached: bool


def ask(door: Door, write: Write, values: Values, *, rows: Rows, client: Client) -> Asked:
    """Go through one door. Nothing is taken back: the caller opens what it rolls back."""
    before = _state()
    with _watching(write.rule) as ran:
        text = _text(door, _filled(values, rows), rows, client)
    after = _state()
    new = {key: number for number, key in enumerate(sorted(after.keys() - before.keys()))}
    gone = [row for key, row in before.items() if after.get(key) != row]
    come = [_numbered(row, new) for key, row in after.items() if before.get(key) != row]
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
    url = f"/{door.address.format(**rows)}"
    body = door.body(values)
    if kind == "admin" and isinstance(body, dict):
        body = _shown(client, url) | body
    if kind == "api":
        method = rest.partition(" ")[0].lower()
        answer = getattr(client, method)(url, json.dumps(body, default=str), "application/json")
    else:
        answer = client.post(url, body, follow=True)
    text = answer.content.decode(errors="replace")
    return html.unescape(text) if kind != "api" else json.dumps(answer.json() if text else "", ensure_ascii=False)


def _shown(client: Client, url: str) -> dict[str, Any]:
    """What a page of the admin shows and a browser sends back with it: the form, and those of its inlines."""
    context = client.get(url).context or {}
    if "adminform" not in context:
        return {}
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    return {bound.html_name: _as_sent(bound) for form in forms for bound in form}


def _as_sent(bound: Any) -> str:
    value = bound.field.prepare_value(bound.value())
    return "" if value is None or value is False else str(value)


def _filled(value: Any, rows: Rows) -> Any:
    """The values with the keys of rows in the place of their names."""
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        return rows[value[1:-1]]
    if isinstance(value, Mapping):
        return {_name(name, rows): _filled(each, rows) for name, each in value.items()}
    return [_filled(each, rows) for each in value] if isinstance(value, list | tuple) else value


def _name(name: str, rows: Rows) -> str:
    return name.format(**rows) if "{" in name else name


def _state() -> dict[tuple[str, Any], Any]:
    """Every row of the product's own tables, new rows by their order: keys differ from one writing to the next."""
    found: dict[tuple[str, Any], Any] = {}
    for model in apps.get_models():
        if model._meta.app_label in OURS and not hasattr(model, "instance_type") and model.__name__ not in KEPT_BESIDE:
            to = {field.attname: field.related_model for field in model._meta.concrete_fields if _stays(field)}
            for row in model._default_manager.order_by("pk").values("pk", *to):
                key = model.__name__, row.pop("pk")
                found[key] = (model.__name__, tuple((name, _kept(value, to[name])) for name, value in row.items()))
    return found


def _kept(value: Any, related: Any) -> Any:
    """A moment differs from one writing to the next, whether there is one does not; a key says of what it is one."""
    if related is not None and value is not None:
        return related.__name__, value
    return "a moment" if isinstance(value, datetime) else value


def _numbered(row: Any, new: Mapping[Any, int]) -> Any:
    """The row with the keys of new rows as their number among these: PostgreSQL takes no key back."""
    model, values = row

    def said(value: Any) -> Any:
        return f"new {new[value]}" if isinstance(value, tuple) and value in new else value

    return model, tuple((name, said(value)) for name, value in values)


def _stays(field: models.Field) -> bool:
    passing = PASSING | OF_WRITING.get(field.model._meta.label, set())
    return not field.primary_key and field.name not in passing


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
