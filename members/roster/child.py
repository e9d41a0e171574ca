"""A job done on a stranger's workbook in a confined process of its own: the parent's end of `confine.py`."""

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from members.roster import refusal
from members.roster.refusal import Refused

TIMEOUT = 60  # seconds
INHERITED = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")  # nothing secret


class Child:
    """A process that starts up at once, waits for its one request, and is gone when the `with` block ends.

    `job` is a file of this folder, see `confine.py`.
    """

    def __init__(self, job: str) -> None:
        self.command = [sys.executable, "-I", str(Path(__file__).with_name("confine.py")), job]

        self.environment = {name: os.environ[name] for name in INHERITED if name in os.environ}

    def __enter__(self) -> Self:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            self.command, stdin=pipe, stdout=pipe, stderr=pipe, env=self.environment,
            start_new_session=True,  # Ctrl+C is for the worker, which finishes what it has in hand
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def answer(self, request: Mapping[str, Any], content: bytes) -> bytes:
        """Return the answer to a JSON-like request that may hold days, or b"" where the job raised.

        Raises Refused where a limit of memory or time stopped the job.
        """
        line = orjson.dumps(
            request, default=_tagged, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_APPEND_NEWLINE
        )
        try:
            answer, trouble = self.process.communicate(line + content, timeout=TIMEOUT)
        except subprocess.TimeoutExpired as error:
            raise Refused(refusal.UNPACKS_TOO_LARGE) from error
        if self.process.returncode < 0 or b"MemoryError" in trouble:
            raise Refused(refusal.UNPACKS_TOO_LARGE)
        return answer if self.process.returncode == 0 else b""


def _tagged(value: object) -> dict[str, str]:
    if isinstance(value, date):
        return {"date": value.isoformat()}
    raise TypeError(f"not a cell: {value!r}")
