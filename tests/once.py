"""Replays the rows of fixtures: each worker makes them once, then repeats the SQL. Fixtures need no change for it.

Most of a test's time went into making the same few rows through the product's rules, with checks and audit entries. The
first test that uses a fixture runs it and records its SQL statements. Later tests run the statements only, and get the
same rows with the same ids. The fixture's result is pickled, so that each test has objects of its own.

A fixture's rows depend on the rows before it. A recording therefore belongs to one `way`: the day and the earlier
fixtures, starting from an empty database. A fixture always runs itself where it takes an argument other than rows,
texts and numbers, where its result cannot be pickled, or where it rolls back. The same holds for the rest of a test
once something else has written to the database.
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

PATCHES = {"settings", "monkeypatch"}  # a fixture with one of these may change how later rows are made
WRITES = ("INSERT", "UPDATE", "DELETE")
# PostgreSQL never takes ids back: each test with replayed rows restarts its sequences from the same id.
FROM_THE_FIRST = {
    "sqlite": "UPDATE sqlite_sequence SET seq = 0",
    "postgresql": """
        SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 100000)
        FROM pg_sequences WHERE last_value IS DISTINCT FROM 100000
    """,
}
# One of these tables has rows whenever any table has.
ROOTS = ("members_area", "members_user", "members_employer", "members_auditentry")
IS_EMPTY = "SELECT NOT ({})".format(" OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in ROOTS))


class NotAlone(TypeError):
    """The fixture takes an argument other than rows, texts and numbers, so that it cannot be replayed."""


@dataclass
class Made:
    """A recording of a fixture: its writing statements, its on_commit hooks, and its result, pickled."""

    statements: list[tuple[str, Any, bool]] = field(default_factory=list)
    hooks: list[Callable] = field(default_factory=list)
    objects: bytes = b""
    is_whole: bool = True  # the database was empty before the test's rows, and nothing was rolled back


@dataclass
class Test:
    """The state of the running test: the fixtures behind its rows, and their objects."""

    way: tuple[Any, ...] = ()
    objects: list[models.Model] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)  # positions in `objects`, by id()
    has_other_rows: bool = False
    begins_empty: bool | None = None
    making: Made | None = None

    def keep(self, value: Any) -> None:
        for each in _rows_in(value):
            if id(each) not in self.numbers:
                self.numbers[id(each)] = len(self.objects)
                self.objects.append(each)
                self.keep(list(each._state.fields_cache.values()))


made: dict[tuple[Any, ...], Made | None] = {}  # recordings by way; None for a fixture that writes nothing
test = Test()
file: Path | None = None


def begin(item: pytest.Item) -> None:
    """Begin a test on an empty database. With a new file, forget recordings that only tests of the last file used."""
    global file, test
    if item.path != file:
        file = item.path
        for way in [way for way in made if not all(each[0].endswith(".conftest") for each in way if _is_name(each))]:
            del made[way]
    test = Test(has_other_rows="django_db_reset_sequences" in getattr(item, "fixturenames", ()))


def _is_name(step: Any) -> bool:
    return isinstance(step, tuple) and len(step) == 2 and str(step[0]).startswith("tests.")


def install(patch: pytest.MonkeyPatch) -> None:
    """Record what all threads and connections write."""
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
    """Let this fixture run the first time only, if it is one of ours and has the scope of a function."""
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
    """Return a key that tells this argument of a fixture from other ones; NotAlone where there is none."""
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
    """Pickle the fixture's result and its changes to earlier objects; return whether they can be pickled."""
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
    """Return whether the database was empty before the test's rows; if so, restart the sequences of ids."""
    if test.begins_empty is None:
        test.begins_empty = False  # for the query below, which comes through the patched cursor too
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
    """A pickler that stores objects of earlier fixtures by position; a replay refers to the later test's objects."""

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
