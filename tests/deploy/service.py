"""Stops and starts the site of an installation as systemd would: `python service.py PREFIX SOCKET stop|start|restart`.

SOCKET is the descriptor of a listening socket, which stays open while the site restarts.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

STARTED = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" louzu.wsgi'


def is_there(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def stop(prefix: Path) -> None:
    noted = prefix / "web.pid"
    if not noted.exists():
        return
    process = int(noted.read_text())
    if is_there(process):
        os.kill(process, signal.SIGTERM)
    while is_there(process):
        time.sleep(0.05)
    noted.unlink()


def start(prefix: Path, listening: int) -> None:
    os.dup2(listening, 3)
    with (prefix / "web.log").open("ab") as log:
        site = subprocess.Popen(
            ["sh", "-c", STARTED, str(prefix / "current/.venv/bin/gunicorn")], cwd=prefix / "current",
            env=os.environ | {"LOUZU_ENV": str(prefix / "etc/env")}, pass_fds=(3,), stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    (prefix / "web.pid").write_text(str(site.pid))


if __name__ == "__main__":
    where, verb = Path(sys.argv[1]), sys.argv[3]
    if verb != "start":
        stop(where)
    if verb != "stop":
        start(where, int(sys.argv[2]))
