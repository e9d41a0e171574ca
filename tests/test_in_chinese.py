"""Every page, answer to a form, file and command speaks Chinese, and writes large numbers so that they can be read."""

import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from django.core.management import get_commands, load_command_class
from django.db import transaction
from django.test import Client
from lxml import html
from openpyxl import load_workbook

from members.ground.export import XLSX
from members.models import Area, Member, RosterImport, StaffToken, User
from tests import cards
from tests.half_year import NAMES, sent
from tests.routes import filled, routes
from tests.week import lived

# Names of things that have no Chinese name, and what a key or a file is called.
KNOWN = {
    "api", "bearer", "com", "csv", "ctrl", "esc", "excel", "exif", "html", "http", "https", "id", "jpg", "json", "kb",
    "louzu", "manage", "mb", "ok", "openapi", "pdf", "png", "py", "qr", "sm", "totp", "url", "utf", "word", "wps", "xls",
    "xlsx", "docx", "rest", "hmac", "sha", "ed", "post", "get", "webhook", "x", "v", *NAMES,
}  # fmt: skip
OF_ROWS = re.compile(r"https?://\S+|[\w.-]+@[\w.-]+|\S*[\w-]+[._/=]\S*|\b\w*\d\w*\b", re.ASCII)
ENGLISH = re.compile(r"[A-Za-z]{2,}")
# Four digits and more without a separator: a year, a month, a door, a phone or a code is no number.
LARGE = re.compile(r"(?<![\w.,*:/—-])[1-9]\d{3,}(?= ?[人户对次张条家处个项名])")
SAID = ("title", "alt", "placeholder", "aria-label", "data-label", "data-confirm")
SILENT = ("script", "style", "code")
SYMBOLS = "material-symbols-outlined"
NO_PAGES = ("admin/jsi18n/", "admin/logout/", "api/v1/", "/progress/")
JUNK = ("", "乱" * 300, "-1")


@pytest.fixture
def browsers(
    request: pytest.FixtureRequest, member: Member, other_member: Member, other_street: Area, secretary: User,
    logged_in: Any,
) -> dict[str, Client]:  # fmt: skip
    lived(member, other_member, by=secretary)
    sent(by=secretary)
    StaffToken.issue(secretary, label="报表程序")
    community = Area.objects.get(name="第一社区")
    RosterImport.objects.create(area=community, user=secretary, file_name="春季花名册.xlsx", status="discarded")
    unit = cards.contact("lianxiren", member.employer, Area.objects.get(name="新成路街道"))
    people = {who: request.getfixturevalue(who) for who in ("street_officer", "superuser", "leader")}
    people |= {"secretary": secretary, "unit": unit}
    return {who: logged_in(user) for who, user in people.items()} | {"visitor": Client()}


def said(page: str) -> Iterator[str]:
    """Yield the texts of a page, and what its elements say to who cannot see them."""
    for element in html.fromstring(page).iter():
        texts = [element.tail]
        if isinstance(element.tag, str) and element.tag not in SILENT and SYMBOLS not in element.get("class", ""):
            texts += [element.text, *(element.get(name) for name in SAID)]
        yield from (text.strip() for text in texts if text and text.strip())


def english(texts: Any) -> set[str]:
    """Return the texts with a word that is neither Chinese nor a name."""
    return {text[:120] for text in texts if {word.lower() for word in ENGLISH.findall(OF_ROWS.sub(" ", text))} - KNOWN}


def texts_of(answer: Any) -> list[str]:
    kind = answer.headers.get("Content-Type", "")
    if kind.startswith("text/html"):
        page = (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()
        return list(said(page)) if page.strip() else []
    if kind == XLSX:
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        return [
            str(cell) for sheet in load_workbook(io.BytesIO(content)) for row in sheet.values for cell in row if cell
        ]
    return []


def told(found: dict[str, str]) -> str:
    return "\n".join(f"{where}: {text}" for text, where in sorted(found.items()))


def addresses() -> list[str]:
    return [filled(route) for route in sorted(set(routes())) if not any(sign in f"/{route}" for sign in NO_PAGES)]


def test_every_page_speaks_chinese(browsers: dict[str, Client]) -> None:
    found: dict[str, str] = {}
    large: dict[str, str] = {}
    for who, client in browsers.items():
        for url in addresses():
            texts = texts_of(client.get(url))
            found |= dict.fromkeys(english(texts), f"{who} {url}")
            large |= {text: f"{who} {url}" for text in texts if LARGE.search(text)}
    assert not found, told(found)
    assert not large, told(large)


def forms(client: Client) -> dict[tuple[str, frozenset[str]], str]:
    """Return the forms that write, by their address and fields, each with the page where it stands."""
    found: dict[tuple[str, frozenset[str]], str] = {}
    for url in addresses():
        answer = client.get(url)
        if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
            continue
        for form in html.fromstring(answer.content.decode(), base_url=f"http://testserver{url}").forms:
            if form.method == "POST" and "logout" not in (form.action or ""):
                found.setdefault((urljoin(url, form.action or ""), frozenset(filter(None, form.inputs.keys()))), url)
    return found


@pytest.mark.parametrize("who", ["street_officer", "unit"])
def test_every_answer_to_a_form_speaks_chinese(browsers: dict[str, Client], who: str) -> None:
    """Each form is sent empty and full of junk; a formset keeps the count of its forms."""
    found: dict[str, str] = {}
    sent_forms = forms(browsers[who])
    for (action, names), url in sent_forms.items():
        for junk in JUNK:
            body = {
                name: "1" if name.endswith("TOTAL_FORMS") else "0" if name.endswith("_FORMS") else junk
                for name in names
            }
            with transaction.atomic():
                texts = texts_of(browsers[who].post(action, body, follow=True))
                transaction.set_rollback(True)
            found |= dict.fromkeys(english(texts), f"{url} → {action}")
    assert not found, told(found)
    assert len(sent_forms) > (5 if who == "unit" else 80)


def test_every_heading_of_an_export_speaks_chinese(browsers: dict[str, Client]) -> None:
    found: dict[str, str] = {}
    exports = [url for url in addresses() if url.startswith("/admin/") and url.endswith("/export/")]
    for url in exports:
        answer = browsers["street_officer"].post(url, {"format": "0", "reason": "核对三月名单", "resource": ""})
        headings = next(load_workbook(io.BytesIO(answer.content)).active.values)
        found |= dict.fromkeys(english(filter(None, headings)), url)
    assert not found, told(found)
    assert len(exports) > 9


def test_every_command_speaks_chinese() -> None:
    ours = {name: app for name, app in get_commands().items() if app in ("louzu", "members", "activities", "feedback")}
    found = {}
    for name, app in ours.items():
        command = load_command_class(app, name)
        parser = command.create_parser("manage.py", name)
        own = [each.help for each in parser._actions if each.help][9:]
        found[name] = english([command.help, *own])
    assert not any(found.values()), found
    assert len(ours) > 5
