"""Rows that many tests ask for are made once a worker: by the fixtures themselves, which need not know of it.

Most of a test's time went into making the same few rows by the product's own long way, checks and trail included. So
the first test that asks for them makes them; what a fixture writes is noted, and later tests get the same rows, numbers
and all, by the same statements alone. What it returns is pickled, so that each test has objects of its own.

What a fixture writes depends on what was there before. It is therefore noted for one way to it: the day and the
fixtures that came before, from an empty database on. A fixture is left alone if it asks for anything but rows, words
and numbers, if what it returns cannot be pickled, or if it takes back what it wrote; and once anybody else has
written, for the rest of the test.
"""

import inspect
import io
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

PATCHES = {"settings", "monkeypatch"}  # what rows are made by may differ after a fixture that asks for these
WRITES = ("INSERT", "UPDATE", "DELETE")
# PostgreSQL takes no number back: each test that is given its rows counts from the same number again.
FROM_THE_FIRST = {
    "sqlite": "UPDATE sqlite_sequence SET seq = 0",
    "postgresql": """
        SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 100000)
        FROM pg_sequences WHERE last_value IS DISTINCT FROM 100000
    """,
}
# Where any row comes from: who did it, where, and that it was done.
ROOTS = ("members_area", "members_user", "members_employer", "members_auditentry")
IS_EMPTY = "SELECT NOT ({})".format(" OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in ROOTS))


class NotAlone(TypeError):
    """What a fixture makes depends on more than on rows, words and numbers."""


@dataclass
class Made:
    """What a fixture left: the statements that wrote, what was to follow COMMIT, and the objects, pickled."""

    statements: list[tuple[str, Any, bool]] = field(default_factory=list)
    hooks: list[Callable] = field(default_factory=list)
    objects: bytes = b""
    is_whole: bool = True  # nothing was there before, nothing was taken back


@dataclass
class Test:
    """How the running test came to its rows: by which fixtures, and which objects it has of them."""

    way: tuple[Any, ...] = ()
    objects: list[models.Model] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)  # of the objects, by their identity
    has_other_rows: bool = False
    begins_empty: bool | None = None
    making: Made | None = None

    def keep(self, value: Any) -> None:
        for each in _rows_in(value):
            if id(each) not in self.numbers:
                self.numbers[id(each)] = len(self.objects)
                self.objects.append(each)
                self.keep(list(each._state.fields_cache.values()))


made: dict[tuple[Any, ...], Made | None] = {}  # None: it writes nothing
test = Test()
file: Path | None = None


def begin(item: pytest.Item) -> None:
    """Begin a test: the database is empty. What only the tests of the last file asked for is forgotten."""
    global file, test
    if item.path != file:
        file = item.path
        for way in [way for way in made if not all(each[0].endswith(".conftest") for each in way if _is_name(each))]:
            del made[way]
    test = Test(has_other_rows="django_db_reset_sequences" in getattr(item, "fixturenames", ()))


def _is_name(step: Any) -> bool:
    return isinstance(step, tuple) and len(step) == 2 and str(step[0]).startswith("tests.")


def install(patch: pytest.MonkeyPatch) -> None:
    """Note what is written, by all threads and connections."""
    patch.setattr(CursorWrapper, "execute", _noting(CursorWrapper.execute, many=False))
    patch.setattr(CursorWrapper, "executemany", _noting(CursorWrapper.executemany, many=True))
    patch.setattr(BaseDatabaseWrapper, "on_commit", _noting_hooks(BaseDatabaseWrapper.on_commit))
    patch.setattr(BaseDatabaseWrapper, "rollback", _noting_rollback(BaseDatabaseWrapper.rollback))


def _noting(execute: Callable, *, many: bool) -> Callable:
    @wraps(execute)
    def noting(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        text = str(sql).lstrip()
        if text.startswith("ROLLBACK TO") and test.making:
            test.making.is_whole = False
        elif text.startswith(WRITES) and text != FROM_THE_FIRST["sqlite"]:
            test.has_other_rows = True
            if test.making:
                test.making.is_whole &= _begins_empty()
                params = list(params) if many else params
                test.making.statements.append((sql, params, many))
        return execute(self, sql, params)

    return noting


def _noting_hooks(on_commit: Callable) -> Callable:
    @wraps(on_commit)
    def noting(self: BaseDatabaseWrapper, hook: Callable, robust: bool = False) -> None:
        if test.making:
            test.making.hooks.append(hook)
        on_commit(self, hook, robust)

    return noting


def _noting_rollback(rollback: Callable) -> Callable:
    @wraps(rollback)
    def noting(self: BaseDatabaseWrapper) -> None:
        if test.making:
            test.making.is_whole = False
        rollback(self)

    return noting


def once_a_worker(fixture: pytest.FixtureDef) -> None:
    """Have what this fixture makes made the first time only, if it is one of ours."""
    build: Any = fixture.func
    if fixture.scope == "function" and build.__module__.startswith("tests.") and not hasattr(build, "is_made_once"):
        fixture.func = _left_alone(build) if inspect.isgeneratorfunction(build) else made_once(build)  # type: ignore[misc]
        fixture.func.is_made_once = True  # type: ignore[attr-defined]


def _left_alone(build: Callable) -> Callable:
    @wraps(build)
    def fixture(**asked: Any) -> Iterator[Any]:
        test.way = (*test.way, (build.__module__, build.__qualname__))
        yield from build(**asked)

    return fixture


def made_once(build: Callable) -> Callable:
    @wraps(build)
    def fixture(**asked: Any) -> Any:
        if test.has_other_rows:
            return build(**asked)
        name = (build.__module__, build.__qualname__)
        try:
            way = (*test.way, name, timezone.localdate(), *map(_sign, asked.values()))
        except NotAlone:
            if PATCHES.intersection(asked):
                test.way = (*test.way, name, repr(getattr(asked.get("request"), "param", "")))
            return build(**asked)
        noted = made.get(way)
        if noted and _begins_empty():
            result = _put_again(noted)
        else:
            result = build(**asked) if way in made else _make(lambda: build(**asked), way)
        if made.get(way) or any(_rows_in(result)):
            test.way = way
            test.keep(result)
        return result

    return fixture


def _sign(value: Any) -> Any:
    """What tells this argument from another one that the fixture could have been given."""
    if id(value) in test.numbers:
        return ("row", test.numbers[id(value)])
    if value is None or isinstance(value, str | int | date):
        return value
    if isinstance(value, dict | list | tuple):
        return (type(value), *map(_sign, value.items() if isinstance(value, dict) else value))
    if inspect.isfunction(value) and not value.__closure__:
        return (value.__module__, value.__qualname__)
    raise NotAlone(value)


def _make(build: Callable[[], Any], way: tuple[Any, ...]) -> Any:
    states = [_pickled(each.__dict__) for each in test.objects]
    noted = test.making = Made()
    try:
        result = build()
    finally:
        test.making = None
    if not noted.statements:
        made[way] = None
    elif noted.is_whole and _note_objects(noted, result, states):
        made[way], test.has_other_rows = noted, False
    return result


def _note_objects(noted: Made, result: Any, states: list[bytes | None]) -> bool:
    """Note what the fixture returned, and which objects it changed that were there before; whether that can be."""
    changed = {
        number: each.__dict__
        for number, (each, state) in enumerate(zip(test.objects, states, strict=True))
        if state is None or _pickled(each.__dict__) != state
    }
    pickled = _pickled((result, changed))
    noted.objects = pickled or b""
    return pickled is not None


def _put_again(noted: Made) -> Any:
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, params, many in noted.statements:
            (cursor.executemany if many else cursor.execute)(sql, params)
        for hook in noted.hooks:
            transaction.on_commit(hook)
    test.has_other_rows = False
    result, changed = _Unpickler(io.BytesIO(noted.objects)).load()
    for number, state in changed.items():
        test.objects[number].__dict__.clear()
        test.objects[number].__dict__.update(state)
    return result


def _begins_empty() -> bool:
    """Whether there was nothing before the test's own rows; they are then numbered from the first."""
    if test.begins_empty is None:
        test.begins_empty = False  # until it is asked: it asks by statements too
        with connection.cursor() as cursor:
            cursor.execute(IS_EMPTY)
            if cursor.fetchone()[0]:
                cursor.execute(FROM_THE_FIRST[connection.vendor])
                test.begins_empty = True
    return test.begins_empty


def _rows_in(value: Any) -> Iterator[models.Model]:
    if isinstance(value, models.Model):
        yield value
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _rows_in(each)


class _Pickler(pickle.Pickler):
    """Leaves out the objects that the test has already: what refers to them refers to those of the later test."""

    def persistent_id(self, value: Any) -> int | None:
        return test.numbers.get(id(value)) if isinstance(value, models.Model) else None


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, number: int) -> Any:
        return test.objects[number]


def _pickled(value: Any) -> bytes | None:
    file = io.BytesIO()
    try:
        _Pickler(file).dump(value)
    except (TypeError, AttributeError, ValueError, pickle.PicklingError):
        return None
    return file.getvalue()
