"""What install.sh says, and leaves alone, where it cannot install. What it does where it can: test_bundle.py."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.bundle import sums
from tests.louzu.test_servers import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="for Linux")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder of programs that come before the machine's own."""
    (tmp_path / "programs").mkdir()
    return tmp_path / "programs"


def refused(programs: Path, *arguments: str, **environment: str) -> str:
    """Run it; return what it said as it refused. Nothing was written."""
    prefix = programs.parent / "louzu"
    around = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "LOUZU_PREFIX": str(prefix)} | environment
    command = ["sh", str(ROOT / "deploy" / "install.sh"), *arguments]
    done = subprocess.run(command, env=around, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, prefix.exists()) == (1, False)
    return done.stderr


def put(programs: Path, name: str, text: str) -> None:
    (programs / name).write_text(f"#!/bin/sh\n{text}\n")
    (programs / name).chmod(0o755)


def test_another_processor(programs: Path) -> None:
    put(programs, "uname", "echo loongarch64")
    assert "处理器是 loongarch64" in refused(programs)


def test_another_python(programs: Path) -> None:
    for name in ("python3", "python3.11"):
        put(programs, name, 'case "$*" in *version_info*) exit 1 ;; esac')
    assert "没有找到 Python 3.11" in refused(programs, "--no-systemd")
    assert "没有找到 Python 3.11" in refused(programs, "--no-systemd", PYTHON="/nowhere/python")


def test_a_python_without_venv(programs: Path) -> None:
    put(programs, "python3.11", 'case "$*" in *ensurepip*) exit 1 ;; esac')
    assert "python3.11-venv" in refused(programs, "--no-systemd")


def test_an_archive_that_is_not_whole(programs: Path) -> None:
    """As it lies in the repository it has no sums."""
    assert "安装包不完整" in refused(programs, "--no-systemd", PYTHON=sys.executable)


def test_an_option_that_is_none(programs: Path) -> None:
    assert "不认识“--prefx”" in refused(programs, "--prefx", "a")


# What it does in which order, with a Django that only notes what it is asked ------------------------------------------
DJANGO = """
case "$1" in *manage.py) echo "$2" >>{log} ;; esac
case "$2" in
    showmigrations) echo "[X]  louzu.0001_one"; echo "[ ]  louzu.0002_two" ;;
    migrate) [ ! -e {folder}/fails ] ;;
esac
"""


def updated(folder: Path, stops: str) -> tuple[int, list[str], str]:
    """Update an installation of 1.0 to 2.0; return the exit status, what was done, and what was said."""
    archive, prefix, log = folder / "archive", folder / "louzu", folder / "log"
    (archive / "project" / "deploy").mkdir(parents=True)
    (archive / "project" / "deploy" / "stops.txt").write_text(f"# why\n{stops}  as it is\n")
    (archive / "project" / "requirements.txt").write_text("")
    (archive / "VERSION").write_text("2.0\n")
    shutil.copy(ROOT / "deploy" / "install.sh", archive)
    (archive / "SHA256SUMS").write_text(sums(archive))
    venv = prefix / "venvs" / hashlib.sha256(b"").hexdigest()[:16]
    for each in (venv / "bin", prefix / "releases" / "1.0", prefix / "etc"):
        each.mkdir(parents=True)
    put(venv / "bin", "python", DJANGO.format(log=log, folder=folder))
    (venv / "complete").touch()
    (prefix / "etc" / "env").touch()
    (prefix / "releases" / "1.0" / ".venv").symlink_to(venv)
    (prefix / "current").symlink_to("releases/1.0")
    put(folder, "service", f'echo "service $1" >>{log}')
    command = ["sh", str(archive / "install.sh"), "--prefix", str(prefix), "--no-systemd"]
    command += ["--service", f"{folder}/service"]
    around = os.environ | {"PYTHON": sys.executable}
    done = subprocess.run(command, env=around, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, log.read_text().splitlines(), done.stdout + done.stderr


def test_an_update_restarts_the_site_when_the_tables_are_ready(tmp_path: Path) -> None:
    status, steps, said = updated(tmp_path, "louzu.0001_one")
    assert (status, "已经从 1.0 更新到 2.0" in said) == (0, True), said
    assert steps == ["help", "check", "showmigrations", "migrate", "collectstatic", "service restart"]


def test_the_site_stops_for_what_the_old_release_cannot_live_with(tmp_path: Path) -> None:
    status, steps, said = updated(tmp_path, "louzu.0002_two")
    assert (status, "网站先停一下" in said) == (0, True), said
    assert steps[3:] == ["service stop", "migrate", "collectstatic", "service start"]


@pytest.mark.parametrize(("stops", "words"), [("louzu.0001_one", "不影响 1.0"), ("louzu.0002_two", "可能存不了")])
def test_a_migration_that_fails_says_what_stays(tmp_path: Path, stops: str, words: str) -> None:
    (tmp_path / "fails").touch()
    status, steps, said = updated(tmp_path, stops)
    assert (status, "2.0 没有用上，1.0 照常运行" in said, words in said) == (1, True, True), said
    assert steps[-1] == ("migrate" if "0001" in stops else "service start")
    assert (tmp_path / "louzu" / "current").readlink() == Path("releases/1.0")
