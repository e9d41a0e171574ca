"""A name or a phone that was searched for is in no log of ours, nor a line that a visitor made up."""

import io
import json
import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.test import Client

from louzu.logs import WithoutQueries, formatter, without_queries
from members.models import User

ROOT = Path(__file__).resolve().parents[2]
NAME, PHONE = "欧阳建国", "19900005678"
SEARCHED = f"q={quote(NAME)}&phone={PHONE}"


@pytest.fixture
def log(settings) -> Iterator[io.StringIO]:
    """What the configured handlers write, all levels of it."""
    written = io.StringIO()
    root = logging.getLogger()
    others = [handler for handler in root.handlers if not isinstance(handler.formatter, WithoutQueries)]
    ours = [handler for handler in root.handlers if isinstance(handler.formatter, WithoutQueries)]
    assert len(ours) == 1
    before = ours[0].setStream(written)
    for handler in others:
        root.removeHandler(handler)
    yield written
    ours[0].setStream(before)
    for handler in others:
        root.addHandler(handler)


def nothing_found(text: str) -> bool:
    return not any(word in text for word in (NAME, quote(NAME), PHONE, "phone="))


def test_every_handler_leaves_queries_out() -> None:
    """Whoever adds a handler that writes gives it our formatter."""
    loggers = [logging.getLogger(name) for name in ("", "django", "django.server", "django.request", "axes")]
    handlers = [handler for logger in loggers for handler in logger.handlers if type(handler) is logging.StreamHandler]
    assert handlers
    assert all(isinstance(handler.formatter, WithoutQueries) for handler in handlers)
    assert not [handler for logger in loggers for handler in logger.handlers if "Email" in type(handler).__name__]


@pytest.mark.parametrize(
    "line",
    [
        f'"GET /admin/members/member/?{SEARCHED} HTTP/1.1" 200 12',
        f"Bad Request: /a?{SEARCHED}",
        f"Referer checking failed - http://x/a?{SEARCHED} does not match any trusted origins.",
        f"/login?next=/admin/members/member/?q={NAME}",
    ],
)
def test_a_query_is_taken_out(line: str) -> None:
    assert nothing_found(without_queries(line))
    assert without_queries(line).split("?")[0] == line.split("?")[0]


def test_a_row_that_the_database_quotes_is_taken_out() -> None:
    said = f"duplicate key value\nDETAIL:  Key (name)=({NAME}) already exists.\nlater"
    assert without_queries(said) == "duplicate key value\nDETAIL: …\nlater"


def test_what_is_no_query_stays() -> None:
    assert without_queries("Why? Because. 100%") == "Why? Because. 100%"


def test_a_member_s_link_is_taken_out() -> None:
    link = "WzcsIjIwMjYtMTEtMzAiXQ:vQ3nQ4gBq6n0Yw-nV2l2mJ5vE0o"
    for line in (f"GET /c/{link}/ 404", f"Not Found: /c/{link}/agree/", f"/c/{link.replace(':', '%3A')}/"):
        assert "vQ3nQ4gB" not in without_queries(line)
        assert "/c/…/" in without_queries(line)
    assert without_queries("/c/short/ /cards/12/") == "/c/short/ /cards/12/"


@pytest.mark.parametrize("sign", ["\n", "\r\n", "\x1b[2J", "\x85", "\u2028", "\0"])
def test_a_visitor_begins_no_line(log: io.StringIO, sign: str) -> None:
    """Neither by an address nor by what an error quotes."""
    forged = f"{sign}2026-11-30 [INFO] login of root"
    try:
        raise ValueError(f"bad: {forged}")
    except ValueError:
        logging.getLogger("django.request").error("Not Found: %s", f"/x{forged}", exc_info=True)
    first, *rest = log.getvalue().removesuffix("\n").split("\n")
    assert first == f"Not Found: /x{repr(sign)[1:-1]}2026-11-30 [INFO] login of root"
    assert len(rest) > 2
    assert all(line.startswith("    ") for line in rest)
    assert re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028]", log.getvalue()) is None


def not_found(environ: dict, start: Callable) -> list[bytes]:
    start("404 Not Found", [])
    return [b""]


def test_the_development_server_prints_none(db: None, log: io.StringIO) -> None:
    with ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler) as server:
        server.set_app(lambda environ, start: (start("404 Not Found", []) and None) or [b""])
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/admin/members/member/?{SEARCHED}"
        with pytest.raises(HTTPError):
            urlopen(Request(address, headers={"Referer": address}), timeout=20)
        server.shutdown()
    assert "GET /admin/members/member/?…" in log.getvalue()
    assert nothing_found(log.getvalue())


def test_django_prints_none(street_officer: User, log: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not found, not allowed, forged, of another host, and broken."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(street_officer, backend="django.contrib.auth.backends.ModelBackend")
    referer = f"https://elsewhere.example/?{SEARCHED}"
    client.get(f"/none?{SEARCHED}")
    client.post(f"/admin/members/member/add/?{SEARCHED}", secure=True, headers={"referer": referer})
    client.put(f"/admin/logout/?{SEARCHED}", secure=True, headers={"referer": referer})
    client.get(f"/admin/members/member/?{SEARCHED}", headers={"host": "wrong.example"})
    client.get(f"/admin/members/member/?q=%00{SEARCHED}")
    monkeypatch.setattr("members.admin.people.MemberAdmin.get_queryset", lambda *_: 1 / 0)
    assert client.get(f"/admin/members/member/?{SEARCHED}").status_code == 500
    written = log.getvalue()
    assert all(word in written for word in ("/none", "Forbidden", "wrong.example", "ZeroDivisionError"))
    assert nothing_found(written)


def test_a_line_may_be_json_under_the_request_s_id(
    street_officer: User, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOUZU_LOG", "json")
    [handler] = [each for each in logging.getLogger().handlers if isinstance(each.formatter, WithoutQueries)]
    monkeypatch.setattr(handler, "formatter", formatter())
    client = Client(raise_request_exception=False, headers={"X-Request-ID": "from-the-proxy-1"})
    client.force_login(street_officer, backend="django.contrib.auth.backends.ModelBackend")
    client.get(f"/none?{SEARCHED}")
    monkeypatch.setattr("members.admin.people.MemberAdmin.get_queryset", lambda *_: 1 / 0)
    client.get(f"/admin/members/member/?{SEARCHED}")
    logging.getLogger("members").error("beside any request")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [(each["message"], each["level"], each.get("request_id")) for each in lines] == [
        ("Not Found: /none", "WARNING", "from-the-proxy-1"),
        ("Internal Server Error: /admin/members/member/", "ERROR", "from-the-proxy-1"),
        ("beside any request", "ERROR", None),
    ]
    assert "ZeroDivisionError" in lines[1]["error"]
    assert nothing_found(log.getvalue())


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["short", "x" * 41, "a b c d e f g", "中文的请求编号一二三", "<script>alert", ""])
def test_an_id_of_another_form_is_not_taken(given: str) -> None:
    answer = Client().get("/verify/", headers={"X-Request-ID": given.encode().decode("latin-1")})
    assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-ID"])
    assert (
        Client().get("/health/live", headers={"X-Request-ID": "from-the-proxy-1"})["X-Request-ID"] == "from-the-proxy-1"
    )


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn runs on Unix")
def test_gunicorn_writes_none(tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    application = "def app(environ, start):\n    if 'broken' in environ['PATH_INFO']: raise ValueError\n"
    application += "    start('200 OK', []); return [b'']\n"
    (tmp_path / "tried.py").write_text(application)
    command = [sys.executable, "-m", "gunicorn", "tried:app", "--pythonpath", str(tmp_path), "-b", f"127.0.0.1:{port}"]
    command += ["--access-logfile", str(log), "--error-logfile", str(log)]
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    try:
        for page in ("members", "mem%0Abers%1b", "broken"):
            _asked(f"http://127.0.0.1:{port}/{page}/?{SEARCHED}")
    finally:
        server.terminate()
        server.wait(20)
    written = log.read_text()
    assert re.search(r'"GET /members/ HTTP/1.1" 200', written)
    assert '"GET /mem\\nbers\\x1b/ HTTP/1.1" 200' in written
    assert "/broken/?…" in written
    assert nothing_found(written)


def _asked(address: str) -> None:
    """Ask until somebody answers."""
    for _ in range(200):
        try:
            urlopen(Request(address, headers={"Referer": address}), timeout=20)
        except HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("Nobody answers.")
