"""A watch on the product during tests: it may write only within `atomic_write`, and do nothing but SQL in there.

Writes count while a request, a command or a task of ours runs; rows that a test makes for itself are not watched. Time
without SQL is measured as the thread's CPU time, so that a busy machine fails no test. Garbage collection is not
counted.
"""

import gc
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from django.core.handlers.base import BaseHandler
from django.core.management.base import BaseCommand
from django.db.backends.utils import CursorWrapper
from django_tasks.base import Task

from members.ground import atomic

LIMIT = 0.4  # seconds; four times the target, as a virtual machine's CPU time includes what its host took away
OURS = ("members", "activities", "feedback", "louzu")
# Django writes last_login at each login, outside of atomic_write; nothing depends on it.
WRITE = re.compile(
    rf'(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM) "(?:{"|".join(OURS)})_\w+"(?! SET "last_login" = \S+ WHERE)'
)
FETCHES = {"fetchone", "fetchmany", "fetchall"}


class State(threading.local):
    """The state of one thread; times in seconds."""

    running = 0  # requests, commands and tasks of ours
    writing = 0  # open `atomic_write`s
    busy_since = 0.0
    last_sql = ""
    collected = 0.0
    collecting_since = 0.0


state = State()
faults: list[str] = []


@contextmanager
def watched() -> Iterator[list[str]]:
    """Collect the product's faults within the block, and yield the list of them."""
    faults.clear()
    yield faults


def install(patch: pytest.MonkeyPatch) -> None:
    """Install the watch for all threads and connections."""
    patch.setattr(CursorWrapper, "execute", _watching_sql(CursorWrapper.execute))
    patch.setattr(CursorWrapper, "executemany", _watching_sql(CursorWrapper.executemany))
    patch.setattr(CursorWrapper, "__getattr__", _fetching(CursorWrapper.__getattr__))
    patch.setattr(atomic, "_turn", _writing(atomic._turn))
    patch.setattr(BaseHandler, "get_response", _running(BaseHandler.get_response))
    patch.setattr(BaseCommand, "execute", _running(BaseCommand.execute))
    patch.setattr(Task, "call", _running(Task.call))
    gc.callbacks.append(_collecting)


def _watching_sql(execute: Callable) -> Callable:
    @wraps(execute)
    def watching(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        text = str(sql)
        if state.running and not state.writing and WRITE.match(text):
            faults.append(f"written outside atomic_write: {text[:120]}")
        _end_of_time_without_sql(text)
        try:
            return execute(self, sql, params)
        finally:
            state.last_sql = text
            _begin_time_without_sql()

    return watching


def _fetching(getattr_: Callable) -> Callable:
    def fetching(self: CursorWrapper, name: str) -> Any:
        found = getattr_(self, name)
        if name not in FETCHES or not state.writing:
            return found

        def fetch(*arguments: Any) -> Any:
            before = time.thread_time()
            try:
                return found(*arguments)
            finally:
                state.busy_since += time.thread_time() - before

        return fetch

    return fetching


def _writing(turn: Callable) -> Callable:
    @contextmanager
    def writing() -> Iterator[None]:
        with turn():
            if not state.writing:
                state.last_sql = "BEGIN"
                _begin_time_without_sql()
            state.writing += 1
            try:
                yield
            finally:
                _end_of_time_without_sql("COMMIT")
                state.writing -= 1

    return writing


def _running(act: Callable) -> Callable:
    @wraps(act)
    def running(self: Any, *arguments: Any, **more: Any) -> Any:
        is_ours = not isinstance(self, BaseCommand) or type(self).__module__.startswith(OURS)
        state.running += is_ours
        try:
            return act(self, *arguments, **more)
        finally:
            state.running -= is_ours

    return running


def _begin_time_without_sql() -> None:
    if state.writing or state.last_sql == "BEGIN":
        state.collected = 0.0
        state.busy_since = time.thread_time()


def _end_of_time_without_sql(next_sql: str) -> None:
    if not state.writing:
        return
    spent = time.thread_time() - state.busy_since - state.collected
    if spent > LIMIT:
        faults.append(f"{spent:.2f} s without SQL between {state.last_sql[:120]!r} and {next_sql[:120]!r}")
    _begin_time_without_sql()


def _collecting(phase: str, _: dict) -> None:
    now = time.thread_time()
    if phase == "start":
        state.collecting_since = now
    else:
        state.collected += now - state.collecting_since
