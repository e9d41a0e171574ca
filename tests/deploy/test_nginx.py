"""nginx as deploy/nginx.conf sets it up, before gunicorn: what it lets through, what it says, what it writes down."""

import json
import re
import sqlite3
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.utils import timezone

from tests.deploy.hosts import HOSTED, copy_of_the_suites, program, running, serving
from tests.louzu.test_servers import ROOT, environment, free_port, needs_gunicorn

pytestmark = [needs_gunicorn, pytest.mark.skipif(not settings.EMBEDDED, reason="nothing of it is the database's")]
NAME = HOSTED["ALLOWED_HOSTS"]
LARGEST = 12 * 1024 * 1024  # bytes of a body
VISITOR = "127.0.0.2"
SEARCHED = "/verify/?number=wangmin13812345678"


class Site(NamedTuple):
    """Where nginx listens, its folder, and the folder of the installation behind it."""

    http: int
    https: int
    folder: Path
    var: Path


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("nginx")
    with django_db_blocker.unblock():
        var = copy_of_the_suites(folder / "var")
    with serving(var, CSRF_TRUSTED_ORIGINS=f"https://{NAME}", **HOSTED) as behind, before(folder, behind) as ports:
        yield Site(*ports, folder, var)


@contextmanager
def before(folder: Path, behind: int) -> Iterator[tuple[int, int]]:
    """Run nginx before the server at that port, as the example has it; yield its two ports."""
    nginx = program("nginx")
    http, https = free_port(), free_port()
    certificate(folder)
    (folder / "nginx.conf").write_text(as_here(folder, behind, http, https), "utf-8")
    command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    with running([*command, "-g", "daemon off;"], https, environment(folder)):
        yield http, https


def as_here(folder: Path, behind: int, http: int, https: int) -> str:
    """Return the example with this test's ports and folders in the places of the documented ones."""
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    for documented, here in {
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ssl": f"listen 127.0.0.1:{https} ssl",
        "server 127.0.0.1:8000 ": f"server 127.0.0.1:{behind} ",
        "/etc/louzu/tls/": f"{folder}/",
        "/var/log/nginx/": f"{folder}/",
        "/opt/louzu/current/": f"{ROOT}/",
    }.items():
        assert documented in text
        text = text.replace(documented, here)
    text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.MULTILINE)
    kept = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi"))
    kept += "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in ("uwsgi", "scgi"))
    return f"user root;\npid {folder}/pid;\nerror_log {folder}/start.log;\nevents {{}}\nhttp {{\n{kept}{text}}}\n"


def certificate(folder: Path) -> None:
    """Make a certificate that its own key signs."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string(f"CN={NAME}")
    begin = timezone.now() - timedelta(days=1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, begin, begin + timedelta(days=3))
    signed = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "fullchain.pem").write_bytes(signed)
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "privkey.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))


def ask(site: Site, method: str, path: str, body: bytes | None = None, **headers: str) -> HTTPResponse:
    """Ask over TLS from a visitor's address that is not the proxy's own."""
    trusting = ssl._create_unverified_context()
    link = HTTPSConnection("127.0.0.1", site.https, timeout=60, context=trusting, source_address=(VISITOR, 0))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(link):
        link.request(method, path, body, {"Host": NAME, "Origin": f"https://{NAME}"} | named)
        answer = link.getresponse()
        answer.text = answer.read().decode()  # type: ignore[attr-defined]
    return answer


def form_of(size: int, token: str) -> tuple[bytes, str]:
    """Return a login form with a file in it, `size` bytes in all, and its content type."""
    fields = {"csrfmiddlewaretoken": token, "username": "nobody", "password": "wrong"}
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items())
    # The file comes first, so that the token is read only if all of it has come.
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\n'
    tail = f"\r\n{parts}--x--\r\n".encode()
    return head + b"x" * (size - len(head) - len(tail)) + tail, "multipart/form-data; boundary=x"


def login_page(site: Site) -> tuple[str, str, HTTPResponse]:
    page = ask(site, "GET", "/admin/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)  # type: ignore[attr-defined]
    assert token
    return token[1], page.headers["Set-Cookie"], page


def test_twelve_megabytes_pass_and_the_visitors_address_with_them(site: Site) -> None:
    """A wrong login leaves its address in the trail: the visitor's, whatever the visitor says of it."""
    token, cookie, _ = login_page(site)
    body, kind = form_of(LARGEST, token)
    headers = {"Cookie": cookie.partition(";")[0], "Content_Type": kind, "X_Forwarded_For": "9.9.9.9"}
    answer = ask(site, "POST", "/admin/login/", body, **headers)
    assert answer.status == 200
    assert "用户名" in answer.text or "密码" in answer.text  # type: ignore[attr-defined]
    with closing(sqlite3.connect(site.var / "louzu.sqlite3")) as rows:
        assert {row[0] for row in rows.execute("SELECT address FROM members_auditentry")} == {VISITOR}


def test_thirteen_megabytes_are_refused_in_words(site: Site) -> None:
    body = b"x" * 13_000_000
    answer = ask(site, "POST", "/roster/", body, Content_Type="application/octet-stream")
    assert (answer.status, "超过 12 MB" in answer.text) == (413, True)  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    call = ask(site, "POST", "/api/v1/areas", body, Content_Type="application/json")
    assert (call.status, call.headers["Content-Type"]) == (413, "application/problem+json")
    assert json.loads(call.text)["type"] == "/problems/too-large"  # type: ignore[attr-defined]


def test_the_site_knows_that_it_is_asked_over_tls(site: Site) -> None:
    _, cookie, page = login_page(site)
    assert page.status == 200, "no redirect to where one is already"
    assert "Secure" in cookie
    assert "max-age=31536000" in page.headers["Strict-Transport-Security"]
    with closing(HTTPConnection("127.0.0.1", site.http, timeout=20)) as link:
        link.request("GET", "/verify/?a=1", headers={"Host": NAME, "X-Forwarded-Proto": "https"})
        answer = link.getresponse()
        assert (answer.status, answer.headers["Location"]) == (301, f"https://{NAME}/verify/?a=1")


def test_no_log_bears_what_was_searched_for(site: Site) -> None:
    assert ask(site, "GET", SEARCHED, Referer=f"https://{NAME}{SEARCHED}").status == 200
    written = {path.name: path.read_text("utf-8") for path in site.folder.glob("*.log")}
    assert '"GET /verify/ HTTP/1.1" 200 ' in written["louzu.log"]
    assert [name for name, text in written.items() if "wangmin" in text] == []


def test_a_site_that_is_away_is_told_in_words(tmp_path: Path) -> None:
    with before(tmp_path, free_port()) as ports:
        site = Site(*ports, tmp_path, tmp_path)
        page, call = ask(site, "POST", SEARCHED, b"a=1"), ask(site, "GET", "/api/v1/areas")
    assert (page.status, "网站正在更新" in page.text) == (503, True)  # type: ignore[attr-defined]
    assert (call.status, call.headers["Retry-After"]) == (503, "10")
    assert json.loads(call.text)["type"] == "/problems/unavailable"  # type: ignore[attr-defined]
    assert [path.name for path in tmp_path.glob("*.log") if "wangmin" in path.read_text("utf-8")] == []
