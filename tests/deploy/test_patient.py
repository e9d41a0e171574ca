"""Requests of which only half comes: nobody else waits for them, and they are given up."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.deploy.hosts import copy_of_the_suites, serving
from tests.louzu.test_servers import needs_gunicorn

if sys.platform != "win32":
    from louzu.patient import LONGEST_BODY, LONGEST_HEAD, is_whole

pytestmark = pytest.mark.skipif(not settings.EMBEDDED, reason="nothing of it is the database's")
HEAD = b"GET /verify/ HTTP/1.1\r\nHost: localhost\r\n"
BODY = b"POST /admin/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nusername="
# What is sent, and then no more: half a head, half a body, a whole request and half of the next.
HALVES = (HEAD, BODY, HEAD + b"\r\n" + HEAD)
QUICK = "from louzu.patient import PatientWorker as worker_class\nworker_class.patience = 1\nthreads = 2\n"


@pytest.fixture(scope="module")
def var(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with django_db_blocker.unblock():
        return copy_of_the_suites(tmp_path_factory.mktemp("half") / "var")


@pytest.fixture(params=[pytest.param("gunicorn", marks=needs_gunicorn), "waitress"])
def port(request: pytest.FixtureRequest, var: Path) -> Iterator[int]:
    with serving(var, server=request.param) as port:
        yield port


def half_sent(port: int, sent: bytes) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), timeout=20)
    link.sendall(sent)
    return link


def status(port: int, method: str = "GET", body: bytes | None = None) -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as link:
        link.request(method, "/verify/", body)
        return link.getresponse().status


def test_twenty_half_sent_requests_block_nobody(port: int) -> None:
    assert status(port) == 200  # the pages are loaded
    with ExitStack() as stack:
        for number in range(21):
            stack.enter_context(half_sent(port, HALVES[number % 3]))
        begun = time.monotonic()
        assert [status(port) for _ in range(5)] == [200] * 5
        assert time.monotonic() - begun < 5
        # One that was slow is answered all the same.
        slow = stack.enter_context(half_sent(port, HEAD))
        time.sleep(0.3)
        slow.sendall(b"Connection: close\r\n\r\n")
        assert slow.makefile("rb").readline() == b"HTTP/1.1 200 OK\r\n"


@needs_gunicorn
def test_half_a_request_is_given_up(var: Path, tmp_path: Path) -> None:
    (tmp_path / "quick.py").write_text(QUICK)
    with serving(var, more=["--config", str(tmp_path / "quick.py")]) as port:
        for sent in HALVES[:2]:
            with half_sent(port, sent) as link:
                assert link.recv(1) == b"", "it closes the connection"
        assert status(port, "POST", b"x" * 3_000_000) in (403, 405), "a whole one in many pieces goes through"


@needs_gunicorn
def test_a_request_is_whole_when_its_body_is() -> None:
    post = b"POST / HTTP/1.1\r\nHost: a\r\n"
    whole = {
        b"": False,
        HEAD: False,
        HEAD + b"\r\n": True,
        post + b"Content-Length: 5\r\n\r\n1234": False,
        post + b"content-length:5\r\n\r\n12345": True,
        post + b"X-Content-Length: 9\r\n\r\n": True,
        post + b"\r\nContent-Length: 9\r\n": True,
        post + b"Transfer-Encoding: chunked\r\n\r\n": True,
        post + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n": True,
        post + b"Content-Length: %d\r\n\r\n" % (LONGEST_BODY + 1): True,
        b"x" * (LONGEST_HEAD + 1): True,
    }
    assert {sent: is_whole(bytearray(sent)) for sent in whole} == whole
