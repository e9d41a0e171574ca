"""The programs of the cluster: which are missing, and each as a process that can be killed and started again."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PACKAGES = {"patroni": "patroni", "etcd": "etcd-server", "haproxy": "haproxy", "pgbouncer": "pgbouncer"}
SERVERS = Path("/usr/lib/postgresql")
USER = "postgres"  # whom the servers run as when root starts them: they refuse to be root
SEARCHED = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def found(program: str) -> str | None:
    return shutil.which(program, path=SEARCHED)


def postgres_programs() -> Path | None:
    """Return the folder of the newest PostgreSQL's programs."""
    versions = [folder for folder in SERVERS.glob("*/bin") if (folder / "postgres").exists()]
    return max(versions, key=lambda folder: int(folder.parent.name), default=None)


def missing() -> list[str]:
    """Return Debian's packages that are not there."""
    lacking = [package for program, package in PACKAGES.items() if not found(program)]
    return lacking + ([] if postgres_programs() else ["postgresql"])


def install(packages: Sequence[str]) -> bool:
    """Install these packages as root, without starting what they bring; return whether that worked."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    command = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", *packages]
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0


def as_user(command: Sequence[str]) -> list[str]:
    """Return the command as the servers' user has to run it."""
    if os.geteuid() != 0:
        return list(command)
    return [found("setpriv") or "setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--", *command]


def end_in_order() -> None:
    """Let SIGTERM end this process as an interrupt does, so that what it started is stopped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


class Process:
    """A program with its log, in a group of processes of its own."""

    def __init__(self, name: str, command: Sequence[str], log: Path, *, environment: Mapping[str, str], cwd: Path):
        self.name, self.command, self.log = name, list(command), log
        self.environment, self.cwd = dict(environment), cwd
        self.running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.running = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        return self.running is not None and self.running.poll() is None

    def kill(self) -> None:
        """End the whole group at once, as when its machine loses power."""
        self._end(signal.SIGKILL)

    def stop(self, patience: float = 20) -> None:
        """Ask it to end, and kill it where it does not."""
        if self.running is None:
            return
        with suppress(subprocess.TimeoutExpired, ProcessLookupError):
            self.running.terminate()
            self.running.wait(patience)
        self.kill()

    def _end(self, number: signal.Signals) -> None:
        if self.running is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.running.pid, number)
        self.running.wait(20)


def kill_postmaster(data: Path) -> None:
    """Kill the PostgreSQL of this folder with its children, which Patroni starts in a group of their own."""
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        postmaster = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
        for pid in (postmaster, *_children(postmaster)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _children(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(pid) for pid in listed.read_text().split()] if listed.exists() else []
