"""Pages, answers to forms, files and commands speak Chinese; large numbers can be read, buttons say what they do."""

import io
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
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

# Names of things that have no Chinese name; what is typed as an example; what the cast and its rows are called.
KNOWN = {
    "api", "csv", "ctrl", "esc", "excel", "gb", "https", "id", "json", "mb", "pdf", "tab", "word", "wps", "xls", "xlsx",
    "make", "postgres", "python", "zjg", "ouyang", "oyjg", "zhang", "zhangsan", "zhaofang", "zs",
    "claimed", "done", "withdrawn", "danwei", "fardanwei", "jiedao", "lianxiren", "root", "shuji", "zuzhang", *NAMES,
}  # fmt: skip
OF_ROWS = re.compile(
    r"(?<=密码是 )\S+?(?=（)|whsec_[\w+/=]+|https?://\S+|"
    r"[\w.-]+@[\w.-]+|[\w-]*[._/=-]\w[\w./=,-]*|\b\w*\d\w*\b|\b[0-9a-f]{4}\b",
    re.ASCII,
)
ENGLISH = re.compile(r"[A-Za-z]{2,}")
# Four digits and more without a separator: a year, a month, a door, a phone or a code is no number.
LARGE = re.compile(r"(?<![\w.,*:/—-])[1-9]\d{3,}(?= ?[人户对次张条家处个项名行字])")
VAGUE = re.compile(r">\s*(执行|确定|提交|more_vert|more_horiz)\s*<")  # a button says what it does
SAID = ("title", "alt", "placeholder", "aria-label", "data-label", "data-confirm")
SILENT = ("script", "style", "code")
SYMBOLS = "material-symbols-outlined"
NO_PAGES = (
    "admin/jsi18n/",
    "admin/logout/",
    "api/v1/",
    "/progress/",
    "help/interface/",
)  # the guide is for programmers
COUNTS = {"TOTAL_FORMS": "1", "INITIAL_FORMS": "0", "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": "1000"}
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


def page_of(answer: Any) -> str:
    """Return the HTML of an answer that is a page, else nothing."""
    is_page = answer.headers.get("Content-Type", "").startswith("text/html")
    return content_of(answer).decode().strip() if is_page else ""


def content_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def texts_of(answer: Any) -> list[str]:
    if answer.headers.get("Content-Type") == XLSX:
        sheets = load_workbook(io.BytesIO(content_of(answer))).worksheets
        return [str(cell) for sheet in sheets for row in sheet.values for cell in row if cell]
    page = page_of(answer)
    return list(said(page)) if page else []


def told(found: dict[str, str]) -> str:
    return "\n".join(f"{where}: {text}" for text, where in sorted(found.items()))


def addresses() -> list[str]:
    return [filled(route) for route in sorted(set(routes())) if not any(sign in f"/{route}" for sign in NO_PAGES)]


def forms_of(page: str, url: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the forms of a page that write: where each goes, and its fields."""
    for form in html.fromstring(page, base_url=f"http://testserver{url}").forms:
        if form.method == "POST" and "logout" not in (form.action or ""):
            yield urljoin(url, form.action or ""), frozenset(filter(None, form.inputs.keys()))


def filled_with(junk: str, names: frozenset[str]) -> dict[str, str]:
    """Return the fields of a form full of junk; a formset keeps one form."""
    return {name: COUNTS.get(name.rpartition("-")[2], junk) for name in names}


@pytest.mark.parametrize("who", ["street_officer", "secretary", "superuser", "leader", "unit", "visitor"])
def test_every_page_and_every_answer_speaks_chinese(browsers: dict[str, Client], who: str) -> None:
    """Each form is sent empty and full of junk; the secretary's are the street's."""
    client, found, large, vague = browsers[who], {}, {}, {}
    sent_forms: dict[tuple[str, frozenset[str]], str] = {}
    for url in addresses():
        answer = client.get(url)
        texts, page = texts_of(answer), page_of(answer)
        found |= dict.fromkeys(english(texts), url)
        large |= {text: url for text in texts if LARGE.search(text)}
        vague |= dict.fromkeys(VAGUE.findall(page), url)
        sent_forms |= dict.fromkeys(forms_of(page, url), url) if page and who in ("street_officer", "unit") else {}
    for (action, names), url in sent_forms.items():
        for junk in JUNK:
            with transaction.atomic():
                answer = client.post(action, filled_with(junk, names), follow=True)
                transaction.set_rollback(True)
            found |= dict.fromkeys(english(texts_of(answer)), f"{url} → {action}")
    assert not found, told(found)
    assert not large, told(large)
    assert not vague, told(vague)
    assert len(sent_forms) > {"street_officer": 80, "unit": 5}.get(who, -1)


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
        own = [each.help for each in parser._actions if each.help][9:]  # after Django's own
        if name == "migrate":  # its options are Django's, too, and for administrators
            own, command.help = [], ""
        found[name] = english([command.help, *own])
    assert not any(found.values()), found
    assert len(ours) > 5


@pytest.mark.parametrize(
    "name", ["verify_tree", "verify_audit", "audit_heads", "purge", "restart_feeds", "check_figures"]
)
def test_what_a_command_says_is_chinese(browsers: dict[str, Client], name: str) -> None:
    out = io.StringIO()
    try:
        call_command(name, stdout=out)
    except CommandError as error:
        out.write(str(error))
    assert out.getvalue()
    assert english(out.getvalue().splitlines()) == set()
