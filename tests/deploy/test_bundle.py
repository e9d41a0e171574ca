"""From the archive to a site that is updated under load; and README's commands for Linux, as they stand.

It takes minutes, for packages and whole databases: with LOUZU_TRY_BUNDLE=1 only.
"""

import os
import platform
import shutil
import socket
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.bundle import sums
from tests.deploy.readme import commands
from tests.louzu.test_servers import OURS, ROOT, free_port, wait_for
from tests.test_settings import FOUND

pytestmark = pytest.mark.skipif("LOUZU_TRY_BUNDLE" not in os.environ, reason="it takes minutes: LOUZU_TRY_BUNDLE=1")
ANSWERS = "{address}\n\n\n新成路街道\n王敏\n"
ADDS = "migrations.RunSQL('CREATE TABLE louzu_tried (one integer)')"
DROPS = "migrations.RunSQL('DROP TABLE louzu_tried')"
FAILS = "migrations.RunSQL('INSERT INTO louzu_nowhere VALUES (1)')"
MIGRATION = """from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("louzu", "{after}")]
    operations = [{operation}]
"""
SERVICE = Path(__file__).with_name("service.py")


class Server(NamedTuple):
    """An office's server: its folder, in which the archive was unpacked, and what the archive unpacked to."""

    folder: Path
    archive: Path

    @property
    def prefix(self) -> Path:
        return self.folder / "louzu"

    @property
    def release(self) -> str:
        return (self.prefix / "current").readlink().name


def around(**more: str) -> dict[str, str]:
    """A shell's environment, without what is ours, of pip, or of the `make` that may run the tests."""
    foreign = (*OURS, "CSRF_", "PIP_", "MAKE", "MFLAGS")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return clean | {"PYTHON": str(Path(sys.base_prefix) / "bin/python3"), "PIP_NO_COMPILE": "1"} | more


def run(line: str, folder: Path, *, answers: str = "", before: tuple[str, ...] = (), **more: str) -> str:
    """Run a line as a shell does; return what it said."""
    done = subprocess.run(
        [*before, "bash", "-c", line], cwd=folder, env=around(**more), input=answers, text=True, check=False,
        timeout=280, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def without_network() -> tuple[str, ...]:
    """What runs a command where there is no network at all; nothing where the system does not let us."""
    alone = ("unshare", "--map-root-user", "--net")
    tried = shutil.which("unshare") and subprocess.run([*alone, "true"], stderr=subprocess.DEVNULL, check=False)
    return alone if tried and tried.returncode == 0 else ()


@pytest.fixture(scope="module")
def archive() -> Path:
    """What README's line makes. The tests run in the environment that it would first bring up to date."""
    (ROOT / ".venv" / ".installed").touch()
    [[line], _] = commands("On a server without a network")
    return Path(run(line, ROOT).splitlines()[-1])


@pytest.fixture(scope="module")
def server(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Server:
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(archive, folder)
    return Server(folder, folder / archive.name.removesuffix(".tar.gz"))


@pytest.fixture(scope="module")
def installed(server: Server) -> Server:
    """README's two lines have been run, without any network."""
    [_, [unpack, install]] = commands("On a server without a network")
    run(unpack, server.folder)
    said = run(
        install, server.folder, answers=ANSWERS.format(address=""), before=without_network(),
        LOUZU_PREFIX=str(server.prefix), PIP_INDEX_URL="nowhere",
    )  # fmt: skip
    assert "装好了" in said
    assert f"装在 {server.prefix}" in said
    return server


@pytest.fixture(scope="module")
def listening(installed: Server) -> Iterator[socket.socket]:
    """The site's address, which is open while the site restarts; the site has been started."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as address:
        address.set_inheritable(True)
        serve(installed, address, "start")
        yield address
        serve(installed, address, "stop")


def service(server: Server, address: socket.socket) -> str:
    return f"{sys.executable} {SERVICE} {server.prefix} {address.fileno()}"


def serve(server: Server, address: socket.socket, verb: str) -> None:
    command = [*service(server, address).split(), verb]
    subprocess.run(command, env=around(), pass_fds=(address.fileno(),), check=True, timeout=90)


def newer(server: Server, version: str, **changed: str) -> Path:
    """Make an archive of another release, unpacked, in which these files of the project are others."""
    folder = server.folder / f"louzu-{version}"
    shutil.copytree(server.archive, folder, copy_function=os.link)
    changes = {folder / "VERSION": f"{version}\n"}
    changes |= {folder / "project" / name: text for name, text in changed.items()}
    for path, text in changes.items():
        path.unlink(missing_ok=True)  # it is the first archive's as well
        path.write_text(text, "utf-8")
    (folder / "SHA256SUMS").unlink()
    (folder / "SHA256SUMS").write_text(sums(folder), "utf-8")
    return folder


def update(server: Server, folder: Path, address: socket.socket) -> "subprocess.CompletedProcess[str]":
    given = ["--prefix", str(server.prefix), "--no-systemd", "--service", service(server, address), "--wait", "20"]
    url = f"http://127.0.0.1:{address.getsockname()[1]}"
    return subprocess.run(
        ["sh", str(folder / "install.sh"), *given, "--address", url], env=around(), pass_fds=(address.fileno(),),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=280,
    )  # fmt: skip


def status(port: int, path: str = "/verify/?number=310114001-2026-00001&d=0") -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as link:
        link.request("GET", path)
        answer = link.getresponse()
        answer.read()
        return answer.status


@contextmanager
def load(port: int) -> Iterator[list[object]]:
    """Ask from four sides; yield all answers, which are complete when the block has ended."""
    answers: list[object] = []
    has_ended = threading.Event()

    def visitor() -> None:
        while not has_ended.is_set():
            try:
                answers.append(status(port))
            except (OSError, HTTPException) as error:
                answers.append(repr(error))
            time.sleep(0.05)

    visitors = [threading.Thread(target=visitor) for _ in range(4)]
    for each in visitors:
        each.start()
    try:
        yield answers
    finally:
        has_ended.set()
        for each in visitors:
            each.join()


def last_migration(server: Server) -> str:
    return max(path.stem for path in (server.archive / "project/louzu/migrations").glob("0*.py"))


def migration(after: str, operation: str) -> str:
    return MIGRATION.format(after=after, operation=operation)


# In this order: each goes on from what the one before has left --------------------------------------------------------
def test_the_archive_has_all_wheels_and_no_tests(archive: Path) -> None:
    with tarfile.open(archive) as file:
        names = [name.partition("/")[2] for name in file.getnames()]
    for_each = [
        {name.partition("-")[0] for name in names if name.endswith(f"_{processor}.whl")}
        for processor in ("x86_64", "aarch64")
    ]
    assert for_each[0] == for_each[1] > {"wheels/cryptography"}
    expected = {"install.sh", "SHA256SUMS", "VERSION", "project/docs/使用手册.md", "project/deploy/nginx.conf"}
    assert expected <= set(names)
    assert [name for name in names if name.startswith(("project/tests/", "project/.ci"))] == []


def test_it_installs_and_serves_without_a_network(installed: Server, listening: socket.socket) -> None:
    assert status(listening.getsockname()[1]) == 200
    assert installed.release == (installed.archive / "VERSION").read_text().strip()
    for folder in ("var", "etc"):
        assert (installed.prefix / folder).stat().st_mode & 0o777 == 0o700
    assert not list((installed.prefix / "var").glob("*.env")), "the keys are in the settings alone"


def test_an_update_under_load_fails_no_request(installed: Server, listening: socket.socket) -> None:
    more = {"louzu/migrations/0998_tried.py": migration(last_migration(installed), ADDS)}
    folder = newer(installed, "2.0", **more)
    with load(listening.getsockname()[1]) as answers:
        done = update(installed, folder, listening)
    assert done.returncode == 0, done.stdout
    assert "更新到 2.0" in done.stdout
    assert installed.release == "2.0"
    assert len(answers) > 50
    assert set(answers) == {200}
    again = update(installed, folder, listening)
    assert (again.returncode, "什么都没有改" in again.stdout) == (0, True)


def test_a_migration_that_fails_leaves_the_old_release_running(installed: Server, listening: socket.socket) -> None:
    more = {"louzu/migrations/0998_tried.py": migration(last_migration(installed), ADDS)}
    more |= {"louzu/migrations/0999_fails.py": migration("0998_tried", FAILS)}
    with load(listening.getsockname()[1]) as answers:
        done = update(installed, newer(installed, "3.0", **more), listening)
    assert (done.returncode, "3.0 没有用上，2.0 照常运行" in done.stdout) == (1, True), done.stdout
    assert "不影响 2.0" in done.stdout
    assert installed.release == "2.0"
    assert set(answers) == {200}


def test_a_release_that_does_not_answer_is_taken_back(installed: Server, listening: socket.socket) -> None:
    more = {
        "louzu/migrations/0998_tried.py": migration(last_migration(installed), ADDS),
        "louzu/wsgi.py": "raise SystemExit('broken')\n",
    }
    done = update(installed, newer(installed, "4.0", **more), listening)
    assert (done.returncode, "已经退回 2.0" in done.stdout) == (1, True), done.stdout
    assert installed.release == "2.0"
    assert status(listening.getsockname()[1]) == 200


def test_an_archive_in_which_a_byte_changed_is_refused(installed: Server, listening: socket.socket) -> None:
    folder = newer(installed, "5.0")
    page = folder / "project" / "README.md"
    text = page.read_bytes()
    page.unlink()
    page.write_bytes(text[:-1])
    done = update(installed, folder, listening)
    assert (done.returncode, "SHA256SUMS 对不上" in done.stdout) == (1, True), done.stdout
    assert not (installed.prefix / "releases" / "5.0").exists()


def test_an_update_that_the_old_release_cannot_live_with_stops_it(installed: Server, listening: socket.socket) -> None:
    more = {"louzu/migrations/0998_tried.py": migration(last_migration(installed), ADDS)}
    more |= {"louzu/migrations/0999_stops.py": migration("0998_tried", DROPS)}
    folder = newer(installed, "6.0", **more, **{"deploy/stops.txt": "# why\nlouzu.0999_stops  its table goes\n"})
    done = update(installed, folder, listening)
    assert (done.returncode, "网站先停一下" in done.stdout) == (0, True), done.stdout
    assert (installed.release, status(listening.getsockname()[1])) == ("6.0", 200)


# From the repository --------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def repository(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is committed."""
    folder = tmp_path_factory.mktemp("repository") / "louzu"
    subprocess.run(["git", "clone", "--quiet", "--shared", str(ROOT), str(folder)], check=True)
    return folder


@pytest.mark.parametrize("line", [line for block in commands("On a server with a network") for line in block])
def test_readmes_lines_for_a_repository(repository: Path, line: str) -> None:
    """One after the other; packages come from where the archive's were put."""
    if "gunicorn" in line:
        assert_serves(repository, line)
        return
    packages = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(ROOT / "var" / "wheels" / platform.machine())}
    said = run(line, repository, answers=ANSWERS.format(address="https://louzu.example.cn"), **packages)
    if "check" in line:
        assert FOUND.findall(said) == ["louzu.W009"], "nothing is backed up yet, and no more is to be said"


def assert_serves(repository: Path, line: str) -> None:
    port = free_port()
    given = around(GUNICORN_CMD_ARGS=f"--bind=127.0.0.1:{port}")
    site = subprocess.Popen(["bash", "-c", f"exec {line}"], cwd=repository, env=given, stderr=subprocess.DEVNULL)
    try:
        wait_for(port, site)
        assert status(port) == 301, "to HTTPS, which a proxy speaks"
    finally:
        site.terminate()
        site.wait(60)
