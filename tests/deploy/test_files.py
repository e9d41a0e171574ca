"""The files of deploy/: each is one that its program takes, and speaks of what there is."""

import re
import subprocess
from configparser import ConfigParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.core.management import get_commands

from tests.deploy.hosts import program
from tests.deploy.test_nginx import certificate
from tests.louzu.test_servers import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service"]


def tried(*command: str) -> str:
    """Run a program that checks a file; return what it said."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    """An installation as far as the units look at it."""
    programs = tmp_path / "louzu/current/.venv/bin"
    programs.mkdir(parents=True)
    for name in ("gunicorn", "python"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    return tmp_path / "louzu"


def test_systemd_takes_the_units_without_a_word(prefix: Path, tmp_path: Path) -> None:
    analyze = program("systemd-analyze")
    written = []
    for unit in UNITS:
        written.append(tmp_path / unit.name)
        written[-1].write_text(unit.read_text("utf-8").replace("/opt/louzu", str(prefix)), "utf-8")
    assert tried(analyze, "verify", "--man=no", *map(str, written)) == ""


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_is_locked_in(path: Path, prefix: Path, tmp_path: Path) -> None:
    """By systemd's own measure of exposure, from 0 to 10; whatever serves also starts again."""
    text = path.read_text("utf-8")
    (tmp_path / path.name).write_text(text.replace("/opt/louzu", str(prefix)), "utf-8")
    tried(program("systemd-analyze"), "security", "--offline=true", "--threshold=40", str(tmp_path / path.name))
    assert ("Restart=always" in text) != ("Type=oneshot" in text)


@pytest.mark.parametrize("path", [*SERVICES, *sorted((DEPLOY / "windows").iterdir())], ids=lambda path: path.name)
def test_the_commands_that_are_started_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    named = set(re.findall(r"manage\.py (\w+)", text))
    assert named <= set(get_commands())
    assert named or "louzu.wsgi" in text


def test_each_timer_has_its_service_and_is_started() -> None:
    timers = {path.stem for path in UNITS if path.suffix == ".timer"}
    assert timers <= {path.stem for path in SERVICES}
    script = (DEPLOY / "install.sh").read_text("utf-8")
    assert [name for name in timers if f"{name}.timer" not in script] == []


@pytest.mark.parametrize("name", ["web", "work"])
def test_windows_services_are_well_formed(name: str) -> None:
    service = ElementTree.parse(DEPLOY / "windows" / f"louzu-{name}.xml").getroot()
    assert service.findtext("id") == f"louzu-{name}"
    assert service.findtext("executable", "").startswith("%BASE%\\.venv\\Scripts\\")
    assert service.find("onfailure").attrib["action"] == "restart"  # type: ignore[union-attr]


def test_caddy_takes_its_file(tmp_path: Path) -> None:
    caddy = program("caddy")
    certificate(tmp_path)
    text = (DEPLOY / "Caddyfile").read_text("utf-8")
    for documented in ("/etc/louzu/tls", "/var/log/caddy"):
        assert documented in text
        text = text.replace(documented, str(tmp_path))
    (tmp_path / "Caddyfile").write_text(text, "utf-8")
    told = tried(caddy, "validate", "--adapter", "caddyfile", "--config", str(tmp_path / "Caddyfile"))
    assert "Valid configuration" in told


def test_the_pooler_pools_by_transactions() -> None:
    text = (DEPLOY / "pgbouncer.ini").read_text("utf-8")
    settings = ConfigParser(interpolation=None)
    settings.read_string(text)
    pooler = settings["pgbouncer"]
    assert pooler["pool_mode"] == "transaction"
    assert {"extra_float_digits", "options"} <= set(pooler["ignore_startup_parameters"].split(","))


def test_pages_of_the_proxy_ask_for_nothing_else() -> None:
    pages = sorted((DEPLOY / "pages").iterdir())
    assert [path.name for path in pages] == ["louzu-away.html", "louzu-too-large.html"]
    for path in pages:
        assert not re.search(r"(src|href|url)\b\s*[=(]", path.read_text("utf-8"))


def test_the_archives_script_is_plain_shell() -> None:
    tried("sh", "-n", str(DEPLOY / "install.sh"))
