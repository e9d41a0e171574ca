"""What protects every answer and every file of code, whatever it is about (docs/design/asvs.md)."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from louzu.settings import PASSWORD_HASHERS
from members.models import User
from members.web.files import download
from tests.test_codebase import PAGES, SOURCES, short

RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
UNSAFE = {"pickle", "marshal", "shelve", "yaml", "telnetlib", "ftplib"}
STARTS = {"system", "popen", "execv", "spawnv"}


# Answers -------------------------------------------------------------------------------------------------------------
@pytest.fixture
def answers(secretary: User, logged_in: Callable[[User], Client]) -> dict[str, Any]:
    """Answers of every kind: pages, calls, files, errors, redirects, of a visitor and of a user."""
    client, visitor = logged_in(secretary), Client()
    client.raise_request_exception = False
    pages = ("/", "/roster/", "/nothing/", "/api/v1/areas", "/api/v2/x", "/api/v1/docs", "/admin/members/member/")
    found = {f"user {path}": client.get(path, secure=True) for path in (*pages, "/roster/template.xlsx")}
    found |= {f"visitor {path}": visitor.get(path, secure=True) for path in (*pages, "/admin/login/", "/verify/")}
    found["static"] = visitor.get("/static/louzu/louzu.js", secure=True)
    found["picture"] = visitor.get("/static/louzu/favicon.svg", secure=True)
    found["forged"] = Client(enforce_csrf_checks=True).post("/admin/login/", {}, secure=True)
    for answer in found.values():
        answer.whole = answer.getvalue()
        answer.close()
    return found


def test_every_answer_says_what_a_browser_may_do_with_it(answers: dict[str, Any]) -> None:
    assert {answer.status_code for answer in answers.values()} >= {200, 302, 401, 403, 404}
    wanted = {"object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "default-src 'self'"}
    for name, answer in answers.items():
        assert wanted <= set(answer.headers["Content-Security-Policy"].split("; ")), name
        assert answer["X-Content-Type-Options"] == "nosniff", name
        assert answer["Referrer-Policy"] == "same-origin", name
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", name
        assert "Access-Control-Allow-Origin" not in answer, name


def test_every_answer_with_a_body_says_its_kind_and_letters(answers: dict[str, Any]) -> None:
    kinds = {name: answer.headers["Content-Type"].replace('"', "") for name, answer in answers.items() if answer.whole}
    assert {kind.partition(";")[0] for kind in kinds.values()} >= {"text/html", "application/json", "image/svg+xml"}
    texts = {name: kind for name, kind in kinds.items() if kind.startswith("text/") and "charset=utf-8" not in kind}
    assert texts == {}


def test_what_names_people_is_kept_nowhere(answers: dict[str, Any]) -> None:
    kept = {name for name, answer in answers.items() if "no-store" not in answer.headers.get("Cache-Control", "")}
    assert kept == {"static", "picture"}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/.git/HEAD", "/.env", "/static/", "/static/louzu/", "/static/../.env", "/var/x.env"])
def test_no_folder_or_file_of_the_installation_is_served(path: str) -> None:
    assert Client().get(path).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND"])
def test_no_strange_method_is_answered(method: str) -> None:
    for path in ("/admin/login/", "/verify/", "/api/v1/areas"):
        assert Client().generic(method, path).status_code == 405


def test_every_page_leads_out(secretary: User, logged_in: Callable[[User], Client]) -> None:
    for path in ("/", "/roster/", "/admin/members/member/", "/search/"):
        assert "/admin/logout/" in logged_in(secretary).get(path).content.decode()


@pytest.mark.parametrize("name", ['名单".xlsx', "../../etc/passwd.xlsx", "a;b.xlsx", "a\r\nSet-Cookie: x=1.xlsx"])
def test_the_name_of_a_file_stays_a_name(name: str) -> None:
    header = download(b"", name).headers["Content-Disposition"]
    assert re.fullmatch(r"""attachment; filename(="(?:[^"\\\r\n]|\\.)*"|\*=utf-8''[\w%.-]+)""", header)


# Code ----------------------------------------------------------------------------------------------------------------
def calls() -> Iterator[tuple[Path, ast.Call]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield path, node


def test_no_text_is_run_as_code_and_no_shell_is_started() -> None:
    found = []
    for path, call in calls():
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        is_bare = isinstance(call.func, ast.Name)
        has_shell = any(word.arg == "shell" for word in call.keywords)
        if has_shell or name in STARTS or (is_bare and name in RUNS_TEXT):
            found.append((short(path), name))
    assert found == []
    assert sum(1 for _ in calls()) > 10_000


def imported() -> set[tuple[str, str]]:
    """(file, module) of every import of ours."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
                found |= {(short(path), name.partition(".")[0]) for name in names}
    return found


def test_nothing_is_read_that_may_run_on_reading() -> None:
    assert [each for each in imported() if each[1] in UNSAFE] == []
    assert "json" in configured.SESSION_SERIALIZER.casefold()


def test_what_must_not_be_guessed_is_not_made_by_chance_that_can_be() -> None:
    """`random` serves the demonstration and the pauses between messages; all else asks the system."""
    users = {path for path, name in imported() if name == "random"}
    assert {path for path in users if not path.startswith("louzu/demo/")} == {"feedback/feed/delivering.py"}


def test_no_digest_is_of_a_broken_kind() -> None:
    broken = {"md5", "sha1", "MD5", "SHA1", "DES", "RC4", "ECB"}
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = getattr(node, "attr", None) or getattr(node, "value", None)
            if isinstance(named, str) and named in broken:
                found.add((short(path), named))
    assert found == set()


def test_passwords_are_hashed_by_argon2() -> None:
    assert PASSWORD_HASHERS[0].endswith(".Argon2PasswordHasher")
    hashed = Argon2PasswordHasher().encode("a-long-secret-1", "salt-of-sixteen-")
    memory, times = re.search(r"argon2id\$v=19\$m=(\d+),t=(\d+)", hashed).groups()  # type: ignore[union-attr]
    assert (int(memory) >= 19_456, int(times) >= 2) == (True, True), "as OWASP advises"


def test_no_script_of_ours_makes_code_or_html_of_text_or_listens_to_other_windows() -> None:
    scripts = [path for path in PAGES if path.suffix == ".js"]
    assert len(scripts) > 10
    words = ("eval(", "new Function", "document.write", "postMessage", "onmessage", "WebSocket", "importScripts")
    assert [(short(path), word) for path in scripts for word in words if word in path.read_text("utf-8")] == []
