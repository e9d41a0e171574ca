"""README's commands for Windows, as far as another system can tell; those for Linux: test_bundle.py."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings

from tests.deploy.hosts import HOSTED, copy_of_the_suites, running
from tests.deploy.readme import commands
from tests.louzu.test_servers import ROOT, environment, free_port

STARTS = ".venv\\Scripts\\waitress-serve "
HOST = HOSTED["ALLOWED_HOSTS"]


def line() -> str:
    [[line]] = commands("On Windows", "bat")
    assert line.startswith(STARTS)
    return line.removeprefix(STARTS)


@pytest.fixture
def port(db: None, tmp_path: Path) -> Iterator[int]:
    """The port of a site that README's line started."""
    port, given = free_port(), line()
    assert "127.0.0.1:8000" in given
    program = str(Path(sys.executable).with_name("waitress-serve"))
    command = [program, *shlex.split(given.replace("127.0.0.1:8000", f"127.0.0.1:{port}"))]
    with running(command, port, environment(copy_of_the_suites(tmp_path / "var"), **HOSTED)):
        yield port


@pytest.mark.skipif(not settings.EMBEDDED, reason="nothing of it is the database's")
@pytest.mark.parametrize(("scheme", "status"), [("https", 200), ("http", 301)])
def test_the_line_for_windows_serves_behind_a_proxy(port: int, scheme: str, status: int) -> None:
    """Waitress drops the proxy's headers unless told otherwise, and the site would send everybody where they are."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as link:
        link.request("GET", "/verify/", headers={"Host": HOST, "X-Forwarded-Proto": scheme})
        assert link.getresponse().status == status


def test_the_service_of_windows_starts_the_same() -> None:
    service = ElementTree.parse(ROOT / "deploy" / "windows" / "louzu-web.xml")
    assert service.findtext("arguments") == line()


def test_every_block_of_commands_is_one_that_is_tried() -> None:
    """A new one needs its place in test_bundle.py."""
    tried = {"On a server without a network": 2, "On a server with a network": 2}
    assert {section: len(commands(section)) for section in tried} == tried
    assert (ROOT / "README.md").read_text("utf-8").partition("\n## Deploy\n")[2].count("\n```sh\n") == 4
