"""The machinery of the access matrices: user × call → status, and writes where there should be none.

A table maps a call to its statuses in the order of `WHO`. Addresses contain ids as `{name}`; the part after a `#`
distinguishes two calls of one address.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client

from members.models import AuditEntry, User
from members.models.audit import AuditHead

WHO = ("superuser", "street_officer", "secretary", "liaison", "leader", "instructor", "auditor", "outsider", None)
LOGIN, FILE = "login", "file"
Calls = dict[str, tuple[int | str, ...]]
Table = dict[str, Calls]
Clients = dict[str | None, Client]
Rows = dict[str, Any]
Bodies = dict[str, dict[str, Any]]
CLOSED = ("{other_", "{far_")  # rows outside every post but the street's
TOLD = ("login", "logout", "refuse")  # audit entries of a user who changed nothing
WRITES = ("INSERT", "UPDATE", "DELETE")


def browsers(request: pytest.FixtureRequest, logged_in: Callable[[User], Client]) -> Clients:
    users = {who: request.getfixturevalue(who) for who in WHO if who}  # create all before any logs in
    return {who: logged_in(users[who]) if who else Client() for who in WHO}


def statuses(calls: Calls, *, rows: Rows, clients: Clients, bodies: Callable[[Rows], Bodies]) -> tuple[dict, set]:
    """Make each call as each user, always on the same rows; return the statuses, and who wrote without the right.

    `bodies` returns valid bodies by address. It is called anew for each call, since a file can be read only once.
    """
    found, written_by = {}, set()
    before = written()
    for call in calls:
        method, _, address = call.partition(" ")
        answers = []
        for who, client in clients.items():
            body = bodies(rows).get(address, {}) if method == "POST" else None
            with transaction.atomic():
                with watched() as sent:
                    answers.append(kind(ask(client, url(address, rows), body)))
                looked = method == "GET" and answers[-1] != FILE
                if sent and (looked or refused(answers[-1])) and written() != before:
                    written_by.add((who, call))
                transaction.set_rollback(True)
        found[call] = tuple(answers)
    return found, written_by


def tell_tales(calls: Calls, *, rows: Rows, clients: Clients) -> list:
    """Return the users and calls whose response reveals that a closed row exists.

    It does where its status differs from that for an id that does not exist. A user who may read the row learns
    nothing from being denied to change it.
    """
    open_to = {(who, call) for call in calls for who in WHO if who and _is_looked_at(calls, call, who)}
    nowhere = dict.fromkeys(rows, 9_999_999)
    told = []
    for call in (call for call in calls if any(sign in call for sign in CLOSED)):
        method, _, address = call.partition(" ")
        for who, status in zip(WHO, calls[call], strict=True):
            if who and status in (403, 404) and (who, call) not in open_to:
                body = {} if method == "POST" else None
                if kind(ask(clients[who], url(address, nowhere), body)) != status:
                    told.append((who, call))
    return told


def _is_looked_at(calls: Calls, call: str, who: str) -> bool:
    """Return whether this user can open a page of the row that the call names."""
    row = re.search(r"\{\w+\}", call)
    pages = [statuses[WHO.index(who)] for each, statuses in calls.items() if row and f"{row[0]}/change/" in each]
    return 200 in pages


def inline(prefix: str, forms: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the fields of an admin inline; forms with an id are existing rows."""
    management = {f"{prefix}-TOTAL_FORMS": len(forms), f"{prefix}-INITIAL_FORMS": sum("id" in form for form in forms)}
    return management | {f"{prefix}-{i}-{name}": value for i, form in enumerate(forms) for name, value in form.items()}


def url(address: str, rows: Rows) -> str:
    """Fill in the ids; an autocomplete is written as {members}model.field or {activities}model.field."""
    offers = {app: f"admin/autocomplete/?app_label={app}&model_name=" for app in ("members", "activities")}
    filled = address.format(**rows, **offers)
    return f"/{filled.replace('.', '&field_name=') if 'autocomplete/?' in filled else filled}"


def ask(client: Client, address: str, body: dict[str, Any] | None) -> Any:
    return client.get(address) if body is None else client.post(address, body)


def kind(answer: Any) -> int | str:
    """Return the status code, LOGIN for a redirect to the login page, FILE for a download."""
    if answer.headers.get("Location", "").startswith("/admin/login/"):
        return LOGIN
    return FILE if answer.headers.get("Content-Disposition", "").startswith("attachment") else answer.status_code


def refused(status: int | str) -> bool:
    return status == LOGIN or (isinstance(status, int) and status >= 400)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collect writing SQL statements, so that all rows need comparing only where there was one."""
    sent: list[str] = []

    def note(execute: Callable, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(WRITES) and "django_session" not in sql[:40]:
            sent.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sent


def written() -> dict[str, list]:
    """Return all rows of the product; of the audit trail only entries about a change."""
    ours = [
        model for model in apps.get_models() if model._meta.app_label in ("members", "activities", "feedback", "louzu")
    ]
    kept = [model for model in ours if model not in (AuditEntry, AuditHead)]
    rows = {model.__name__: list(model._base_manager.order_by("pk").values()) for model in kept}
    return rows | {"AuditEntry": list(AuditEntry.objects.exclude(action__in=TOLD).values("pk", "hash"))}


# The other street ----------------------------------------------------------------------------------------------------
HERE = ("第二社区", "仓场公寓", "欧阳建国", "单秀英")  # no page uses these as examples
SHARED = ("{employer}", "{members}", "{activities}", "{far_")  # rows of both streets, of the other street, or no id
# POSTs that name no row of this street: any user with a post may make them.
OWN_DOING = re.compile(r"stafftoken/add/|employer/add/|export|[{]far_")


def strangers(request: pytest.FixtureRequest, logged_in: Callable[[User], Client]) -> Clients:
    """Return clients of the other street's officer and secretary."""
    users = {who: request.getfixturevalue(who) for who in ("far_officer", "far_secretary")}
    return {who: logged_in(user) for who, user in users.items()}


def reached_from_afar(calls: Calls, *, rows: Rows, clients: Clients, bodies: Callable[[Rows], Bodies]) -> list:
    """Return what users of the other street reach in this one: a row, a name in a list or file, or a write."""
    nowhere, found = dict.fromkeys(rows, 9_999_999), []
    before = written()
    for who, client in clients.items():
        for call in calls:
            method, _, address = call.partition(" ")
            body = bodies(rows).get(address, {}) if method == "POST" else None
            with transaction.atomic():
                with watched() as sent:
                    answer = ask(client, url(address, rows), body)
                has_written = method == "POST" and bool(sent) and written() != before
                transaction.set_rollback(True)
            status = kind(answer)
            if not any(sign in address for sign in SHARED):
                nobodys = kind(ask(client, url(address, nowhere), {} if method == "POST" else None))
                if "{" in address and (status != nobodys or status == 200):
                    found.append((who, call, status))
            if has_written and not OWN_DOING.search(call):
                found.append((who, call, "written"))
            if told := [name for name in HERE if name in plain(answer)]:
                found.append((who, call, told))
    return found


def plain(answer: Any) -> str:
    """Return the text of a response; of a workbook that of its XML parts."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if content[:2] == b"PK":
        with ZipFile(BytesIO(content)) as book:
            content = b"".join(book.read(name) for name in book.namelist())
    return content.decode(errors="ignore")
