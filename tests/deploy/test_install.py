"""What install.sh says, and leaves alone, where it cannot install. What it does where it can: test_bundle.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
