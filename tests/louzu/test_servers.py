"""Behind the servers that we name: bodies in chunks, a database that is away, static files as they were collected."""

import gzip
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVERS = {
    "gunicorn": ("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1", "louzu.wsgi"),
    "waitress": ("-m", "waitress", "--listen", "127.0.0.1:{port}", "louzu.wsgi:application"),
}
OURS = ("LOUZU_", "DJANGO_", "SECRET_KEY", "ALLOWED_HOSTS", "DEBUG", "DATABASE_URL")
CALL = "/api/v1/cards/310114001-2026-00001/answer"
Ask = Callable[..., HTTPResponse]
needs_gunicorn = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn is not for Windows")


def environment(var: Path, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return clean | {"LOUZU_VAR": str(var), "LOUZU_WORKER_THREAD": "false"} | more


@contextmanager
def serving(server: str, var: Path, **more: str) -> Iterator[Ask]:
    """Start the server on an installation of its own; yield how to ask it."""
    port = free_port()
    command = [sys.executable, *(part.format(port=port) for part in SERVERS[server])]
    running = subprocess.Popen(command, cwd=ROOT, env=environment(var, **more), stderr=subprocess.DEVNULL)
    try:
        wait_for(port, running)
        yield lambda method, path, body=None, **headers: ask(port, method, path, body, headers)
    finally:
        running.terminate()
        running.wait(timeout=30)


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, running: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert running.poll() is None, "the server did not start"
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server does not listen")


def ask(port: int, method: str, path: str, body: object, headers: dict[str, str]) -> HTTPResponse:
    """A body that is a list goes in chunks, without a Content-Length."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        with suppress(BrokenPipeError):  # a server that refuses a body may answer before it has come
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        answer.text = answer.read()  # type: ignore[attr-defined]
    return answer


@pytest.fixture(scope="module", params=[pytest.param("gunicorn", marks=needs_gunicorn), "waitress"])
def server(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation with an empty database."""
    var = tmp_path_factory.mktemp("var")
    manage(var, "migrate")
    return var


def manage(var: Path, *arguments: str) -> None:
    command = [sys.executable, "manage.py", *arguments, "--no-input", "-v", "0"]
    subprocess.run(command, cwd=ROOT, env=environment(var), check=True, timeout=300)


@pytest.fixture(scope="module")
def asked(server: str, installed: Path) -> Iterator[Ask]:
    with serving(server, installed) as ask:
        yield ask


def test_a_chunked_form_is_read_or_refused(server: str, asked: Ask) -> None:
    """The form's own token says whether it was read: without it there is 403."""
    page = asked("GET", "/admin/login/")
    token = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]  # type: ignore[attr-defined, index]
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    form = urlencode({"csrfmiddlewaretoken": token.decode(), "username": "", "password": ""}).encode()
    headers = {"Cookie": cookie, "Content_Type": "application/x-www-form-urlencoded"}
    assert asked("POST", "/admin/login/", form, **headers).status == 200
    answer = asked("POST", "/admin/login/", [form[:20], form[20:]], **headers)
    assert answer.status == {"gunicorn": 411, "waitress": 200}[server]


def test_a_chunked_call_is_never_larger_than_any_other(server: str, asked: Ask) -> None:
    for size, of_waitress in ((70_000, 413), (100, 401)):
        body = b"x" * size
        headers = {"Content_Type": "application/json", "Authorization": "Bearer nothing"}
        answer = asked("POST", CALL, [body[: size // 2], body[size // 2 :]], **headers)
        assert answer.status == {"gunicorn": 411, "waitress": of_waitress}[server]
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a database whose machine takes the connection and never says a word."""
    with closing(socket.socket()) as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(50)
        yield f"postgres://louzu:x@127.0.0.1:{deaf.getsockname()[1]}/louzu"


@needs_gunicorn
@pytest.mark.parametrize("how", ["silent", "closed"])
def test_a_database_that_is_away(how: str, silent: str, tmp_path: Path) -> None:
    url = silent if how == "silent" else f"postgres://louzu:x@127.0.0.1:{free_port()}/louzu"
    with serving("gunicorn", tmp_path, DATABASE_URL=url) as asked:
        assert asked("GET", "/health/live").status == 200
        assert asked("GET", "/health/ready").status == 503
        for path, headers in (
            ("/api/v1/areas", {"Authorization": "Bearer lz_0123abcd_" + "s" * 43}),
            ("/api/v1/areas", {"Cookie": "sessionid=" + "s" * 32}),
            ("/", {"Cookie": "sessionid=" + "s" * 32}),
            ("/verify/?number=310114001-2026-00001&d=" + "0" * 16, {}),
        ):
            begun = time.monotonic()
            answer = asked("GET", path, **headers)
            assert answer.status == 503, path
            assert time.monotonic() - begun < 5
            assert answer.headers["Retry-After"] == "10"
            is_call = path.startswith("/api/")
            assert answer.headers["Content-Type"].startswith("application/problem+json" if is_call else "text/html")
            assert "请稍后再试" in answer.text.decode()  # type: ignore[attr-defined]


@needs_gunicorn
def test_the_processes_of_a_host_count_together(tmp_path: Path) -> None:
    """Whichever of them is asked; and their folder goes with them."""
    before = set(Path("/dev/shm").glob("louzu-metrics-*"))
    with serving("gunicorn", tmp_path, GUNICORN_CMD_ARGS="--workers 3") as asked:
        assert {asked("GET", "/health/live").status for _ in range(30)} == {200}
        for asking in range(6):
            text = asked("GET", "/metrics").text.decode()  # type: ignore[attr-defined]
            assert f'louzu_requests_total{{method="GET",status="2xx"}} {30 + asking}.0' in text
    assert set(Path("/dev/shm").glob("louzu-metrics-*")) <= before


@needs_gunicorn
def test_what_was_collected_is_served(tmp_path: Path) -> None:
    manage(tmp_path, "collectstatic")
    static = tmp_path / "static"
    assert (static / "staticfiles.json").exists()
    assert not list(static.rglob("*.map"))
    assert not list(static.rglob("redoc*"))
    with serving("gunicorn", tmp_path) as asked:
        page = asked("GET", "/verify/").text.decode()  # type: ignore[attr-defined]
        sheet = re.search(r"/static/louzu/louzu\.[0-9a-f]{12}\.css", page)
        assert sheet
        packed = asked("GET", sheet[0], Accept_Encoding="gzip")
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.text) == (ROOT / "louzu/static/louzu/louzu.css").read_bytes()  # type: ignore[attr-defined]
        assert "immutable" in packed.headers["Cache-Control"]
        assert int(re.search(r"max-age=(\d+)", packed.headers["Cache-Control"])[1]) > 30_000_000  # type: ignore[index]
        assert missing(page, asked) == []


@needs_gunicorn
def test_a_file_that_was_not_collected_does_not_take_the_page_with_it(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "staticfiles.json").write_text('{"version": "1.1", "paths": {}, "hash": "0"}')
    with serving("gunicorn", tmp_path) as asked:
        page = asked("GET", "/verify/")
        assert page.status == 200
        assert "/static/louzu/louzu.css" in page.text.decode()  # type: ignore[attr-defined]


def missing(page: str, asked: Ask) -> list[str]:
    """What the page names and the server does not have."""
    return [path for path in re.findall(r'"(/static/[^"]+)"', page) if asked("GET", path).status != 200]
