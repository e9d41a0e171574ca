"""Two hosts on one PostgreSQL, with the same keys: whatever one was told, the other one knows."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.client import encode_multipart

from louzu import keys
from members.models import Area, User
from tests.deploy.hosts import serving
from tests.louzu.test_servers import needs_gunicorn

pytestmark = [
    needs_gunicorn,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(settings.EMBEDDED, reason="several hosts need a server"),
]
ROSTER = "姓名,联系电话\n张三丰,13812345678\n".encode()
Asked = tuple[int, str, str]


@pytest.fixture
def two_hosts(tmp_path: Path) -> Iterator[list[int]]:
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    shared = {name: getattr(settings, name) for names in keys.FILES.values() for name in names}
    shared |= {"DATABASE_URL": database, "LOUZU_SECOND_FACTOR": "", "LOUZU_API_RATE": "3/day"}
    with ExitStack() as stack:
        yield [stack.enter_context(serving(tmp_path / name, **shared)) for name in ("one", "other")]


@pytest.fixture
def session(logged_in: Callable[[User], Client], secretary: User) -> str:
    return logged_in(secretary).cookies[settings.SESSION_COOKIE_NAME].value


def asked(port: int, session: str, path: str, body: bytes | None = None, token: str = "", kind: str = "") -> Asked:
    """Return the answer's status, its text, and where it leads to."""
    headers = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}; csrftoken={token}", "X-CSRFToken": token}
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as link:
        link.request("GET" if body is None else "POST", path, body, headers | ({"Content-Type": kind} if kind else {}))
        answer = link.getresponse()
        return answer.status, answer.read().decode(), answer.headers.get("Location", "")


def test_any_host_answers_any_request(two_hosts: list[int], session: str, community: Area, group: Area) -> None:
    """A session, an upload, the calls of a user, and the end of the session."""
    one, other = two_hosts
    token = "t" * 32
    body = encode_multipart("x", {"area": community.pk, "file": SimpleUploadedFile("r.csv", ROSTER)})
    status, text, where = asked(one, session, "/roster/", body, token, "multipart/form-data; boundary=x")
    assert status == 302, re.sub(r"<[^>]+>|\s+", " ", text)
    status, text, _ = asked(other, session, where)
    assert (status, "r.csv" in text) == (200, True)

    calls = [asked(host, session, "/api/v1/areas")[0] for host in (one, other, one, other)]
    assert calls == [200, 200, 200, 429]

    assert asked(one, session, "/admin/logout/", b"", token)[0] in (200, 302)
    status, _, where = asked(other, session, "/")
    assert (status, "/login/" in where) == (302, True)
