"""Running a job on an uploaded workbook in a confined process: the parent's end of `confined`."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Self, cast

import orjson

from members.roster import refusal
from members.roster.refusal import UnreadableFile

TIMEOUT = 60  # seconds
INHERITED = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH")  # no secret is passed on


class Child:
    """A process that starts at once, waits for its one request, and is killed when the `with` block ends.

    `job` names a file of `confined`, see `confine.py`.
    """

    def __init__(self, job: str) -> None:
        self.command = [sys.executable, "-I", str(Path(__file__).parent / "confined" / "confine.py"), job]

        self.environment = {name: os.environ[name] for name in INHERITED if name in os.environ}

    def __enter__(self) -> Self:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            self.command, stdin=pipe, stdout=pipe, stderr=pipe, env=self.environment,
            start_new_session=True,  # Ctrl+C is for the worker only, which finishes its task
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        with suppress(OSError):
            self.process.__exit__(None, None, None)  # closes the pipes and waits

    def answer(self, request: Mapping[str, Any], content: bytes) -> bytes:
        """Return the answer to a JSON-like request, which may contain dates; b"" where the job raised.

        Raises UnreadableFile where a limit of memory or time stopped the job.
        """
        answer = b"".join(self.lines(request, content))
        return answer if self.process.returncode == 0 else b""

    def lines(self, request: Mapping[str, Any], content: bytes) -> Iterator[bytes]:
        """Yield the answer line by line as it comes, so that it need not be in memory; it ends early if the job raised.

        The job reads all of its input before it answers. Raises UnreadableFile as `answer` does.
        """
        process = cast(Any, self.process)  # all of its ends are pipes
        clock = Timer(TIMEOUT, self.process.kill)
        clock.start()
        try:
            with (
                suppress(BrokenPipeError),
                process.stdin as pipe,
            ):  # the process may have ended already, see below
                pipe.write(_packed(request))
                pipe.write(content)
            yield from process.stdout
            trouble = process.stderr.read()
            process.wait()
        finally:
            clock.cancel()
        if process.returncode < 0 or b"MemoryError" in trouble:
            raise UnreadableFile(refusal.UNPACKS_TOO_LARGE)


def _packed(request: Mapping[str, Any]) -> bytes:
    return orjson.dumps(request, default=_tagged, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_APPEND_NEWLINE)


def _tagged(value: object) -> dict[str, str]:
    if isinstance(value, date):
        return {"date": value.isoformat()}
    raise TypeError(f"not a cell: {value!r}")
