"""The second wall: this file runs in a process of its own (`python -I confine.py JOB`) and does one job under limits.

JOB is a file beside this one with `run(request, content)`, which returns the answer or yields it part by part.
Standard input is one line of JSON (the request) and then the content; standard output is the answer. Nothing of Django
is imported, and no secret of the parent inherited.
"""

import gc
import os
import runpy
import sys
from pathlib import Path

import orjson

try:
    import resource
except ImportError:  # Windows has none
    resource = None  # type: ignore[assignment]

MEMORY = 768 * 1024 * 1024  # bytes of address space
WRITING = 2 * MEMORY  # a workbook that is written again is in memory as a whole
SECONDS = 60  # of processor time


def confine(job: str) -> None:
    """Limit this process where the system can; elsewhere the parent's clock is the only limit."""
    if resource is None:
        return
    memory = WRITING if job == "marker" else MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the roster


def main() -> None:
    """Do the job named on the command line."""
    confine(sys.argv[1])
    gc.disable()  # the process ends with its answer
    job = runpy.run_path(str(Path(__file__).with_name(f"{sys.argv[1]}.py")))
    request = orjson.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    answer = job["run"](request, content)
    sys.stdout.buffer.writelines([answer] if isinstance(answer, bytes) else answer)
    sys.stdout.buffer.flush()
    os._exit(0)  # freeing the memory of a large workbook takes long, for nothing


if __name__ == "__main__":
    main()
