"""The machinery of the parity test: send a write through a door and compare the rows before and after."""

import html
import json
import re
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from cProfile import Profile
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connection, models, transaction
from django.test import Client

Values = Mapping[str, Any]
Rows = dict[str, Any]
State = dict[tuple[str, Any], Any]
TABLE = re.compile(r"\b(?:members|activities|feedback|louzu)_\w+")
OURS = ("members", "activities", "feedback", "louzu")
# Fields about the write itself; their values differ each time, so only their presence is compared.
PASSING = {
    "token", "epoch", "secret_sealed", "phone_sealed", "digest", "prefix", "hash", "sealed", "password", "told",
    "last_receipt", "cursor", "old_secret_sealed", "old_secret_until",
}  # fmt: skip
OF_WRITING = {
    "members.RosterImport": {"user", "content", "reading", "plan", "kept", "counts"},
    "members.Move": {"began", "mark"},
    "activities.ActivityImport": {"user", "content", "reading", "plan", "kept", "counts", "made"},
}
KEPT_BESIDE = {"Replay", "AuditEntry", "AuditHead", "CallCount", "LoginAttempts", "WorkerBeat", "JournalMark"}


class Door(NamedTuple):
    """An entry point as `tests.parity.doors` names it, and how to use it.

    `address` and the values may name rows as `{member}`. `body` builds the request from a write's values; `who` is the
    user logged in. A command or upload has a `call` instead of a request: it takes rows and values and returns its
    output.
    """

    name: str
    address: str = ""
    body: Callable[[Values], Any] = dict
    who: str = "street_officer"
    call: Callable[[Rows, Values], str] | None = None


class Write(NamedTuple):
    """One rule with the doors that call it, valid values, and for each error sentence the values that cause it.

    `apart` names the columns that differ from door to door, such as who wrote the row; `beside` the models whose rows
    one of the doors keeps of its own, such as the upload of a workbook. `only_entry` marks a write that
    changes no row of the product except its audit entry. `again` is the reason why a second identical call may add
    something.
    """

    rule: Callable[..., Any]
    doors: tuple[Door, ...]
    good: Values
    bad: tuple[tuple[str, Values], ...] = ()
    apart: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    only_entry: bool = False
    again: str = ""


class Asked(NamedTuple):
    """The effect of one call: the changed rows before and after, the text of its response, and the rows after it."""

    changes: tuple[list[Any], list[Any]]
    text: str
    after: State


def ask(door: Door, write: Write, values: Values, *, rows: Rows, client: Client, before: State) -> Asked:
    """Send the write through one door, with the rows that are there before. The caller rolls back."""
    with _writing() as written:
        text = _text(door, _filled(values, rows), rows, client)
    kept = {key: row for key, row in before.items() if key[0] not in written}
    after = kept | state_for(write, written)
    new = {key: f"new {number}" for number, key in enumerate(key for key in after if key not in before)}
    gone = [row for key, row in before.items() if after.get(key) != row]
    come = [_with_new(row, new) for key, row in after.items() if before.get(key) != row]
    return Asked((sorted(map(repr, gone)), sorted(map(repr, come))), text, after)


@contextmanager
def _writing() -> Iterator[set[str]]:
    """Collect the names of the models to whose tables something in the block writes; perhaps some more."""
    names = {model._meta.db_table: model.__name__ for model in apps.get_models(include_auto_created=True)}
    written: set[str] = set()

    def noting(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not str(sql).startswith("SELECT"):
            written.update(names[table] for table in TABLE.findall(str(sql)) if table in names)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(noting):
        yield written


@contextmanager
def rolled_back() -> Iterator[None]:
    """Roll back everything written in the block, so that each door starts from the same rows."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _text(door: Door, values: Values, rows: Rows, client: Client) -> str:
    """Return the text of the response after redirects, without HTML or JSON escapes."""
    if door.call:
        return door.call(rows, values)
    kind, _, rest = door.name.partition(" ")
    url = f"/{door.address.format(**{**rows, **values})}"
    body = door.body(values)
    if kind == "admin" and isinstance(body, dict):
        body = _form_of(client, url) | body
    if kind == "api":
        method = rest.partition(" ")[0].lower()
        answer = getattr(client, method)(url, json.dumps(body, default=str), "application/json")
    else:
        answer = client.post(url, body, follow=True)
    text = answer.content.decode(errors="replace")
    return html.unescape(text) if kind != "api" else json.dumps(answer.json() if text else "", ensure_ascii=False)


def _form_of(client: Client, url: str) -> dict[str, Any]:
    """Return the fields that a browser would send from an admin page: those of the form and of its inlines."""
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
    """Return the values with row names replaced by ids."""
    if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
        return rows[value[1:-1]]
    if isinstance(value, Mapping):
        return {_name(name, rows): _filled(each, rows) for name, each in value.items()}
    return [_filled(each, rows) for each in value] if isinstance(value, list | tuple) else value


def _name(name: str, rows: Rows) -> str:
    return name.format(**rows) if "{" in name else name


def state_for(write: Write, names: Container[str] | None = None) -> State:
    """Return every row of the product's tables, many-to-many links included, by model name and id.

    With `names`, only those of these models.
    """
    found: State = {}
    for model in apps.get_models(include_auto_created=True):
        if names is not None and model.__name__ not in names:
            continue
        aside = {*KEPT_BESIDE, *write.beside}
        if model._meta.app_label in OURS and not hasattr(model, "instance_type") and model.__name__ not in aside:
            fields = [field for field in model._meta.concrete_fields if not field.primary_key]
            passing = {*write.apart, *OF_WRITING.get(model._meta.label, ())}
            fields = [field for field in fields if not passing & {field.name, field.attname}]
            for row in model._default_manager.order_by("pk").values("pk", *(field.attname for field in fields)):
                key = model.__name__, row.pop("pk")
                found[key] = (model.__name__, tuple((each.attname, _shown(each, row[each.attname])) for each in fields))
    return found


def _shown(field: models.Field, value: Any) -> Any:
    """Return the comparable part of a value: of moments and random values only whether there is one."""
    if isinstance(field, models.DateTimeField) or field.name in PASSING:
        return bool(value)
    return (field.related_model.__name__, value) if field.related_model and value else value  # type: ignore[union-attr]


def _with_new(row: Any, new: Mapping[Any, str]) -> Any:
    """Replace the ids of new rows by their order, since ids differ from one write to the next."""
    name, values = row
    return name, tuple((each, new.get(value, value) if isinstance(value, tuple) else value) for each, value in values)


@contextmanager
def watching(rule: Callable[..., Any]) -> Iterator[list[bool]]:
    """Record, by the end of the block, whether this function ran, under whatever name it was called.

    The profiler in C costs a third of one in Python, which sees each call too.
    """
    ran: list[bool] = []
    profiler = Profile(builtins=False)
    with profiler:
        yield ran
    ran += [True for entry in profiler.getstats() if entry.code is rule.__code__]  # type: ignore[attr-defined]
