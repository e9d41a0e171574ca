"""No URL is open by oversight: the whole resolver is walked by a visitor and by somebody who holds no post."""

from typing import Any

import pytest
from django.test import Client

from members.models import Area, AuditEntry, Member, RosterImport, StaffToken, User
from tests.conftest import BACKEND
from tests.half_year import sent
from tests.routes import filled, routes
from tests.week import lived

SIGNS_IN = "s/<str:code>/"  # what a poster's code opens on a phone; that it tells nothing is tested as well
# A member's link tells nothing before the digits; a check tells of number and code alone: both are tested as well.
SCANNED = "ask/<str:code>/"  # what a code for cards opens: it tells no more than its poster
OF_CARDS = {f"c/<str:token>/{step}" for step in ("", "agree/", "object/", "refuse/", "unsay/", "take-back/")} | {
    SCANNED,
    "r/<str:code>/",
    "verify/",
    "verify/<str:number>/",
}
# A member's own file tells nothing before the digits: tested as well.
OF_FILES = {f"o/<str:token>/{step}" for step in ("", "correct/", "own-file.pdf", "own-file.json")}
PUBLIC_KEYS = "api/v1/keys"  # of receipts
CONTACTS = ".well-known/security.txt"
OPEN_TO_VISITORS = {"admin/login/", "admin/jsi18n/", PUBLIC_KEYS, CONTACTS, SIGNS_IN} | OF_CARDS | OF_FILES
# What anybody who logged in may have; that it holds no data is tested as well.
OPEN_WITHOUT_A_POST = OPEN_TO_VISITORS | {
    "",
    "admin/password_change/",
    "admin/password_change/done/",
    "api/v1/docs",
    "api/v1/employer/docs",
    "api/v1/employer/schema",
    "api/v1/schema",
    "help/",
    "help/interface/",
    "help/interface/print/",
    "help/print/",
    "mine/",
    "search/",
}
LOGS_OUT = "admin/logout/"
# What a page about rows would hold.
DATA = (
    "欧阳建国",
    "单秀英",
    "19900005678",
    "199****5678",
    "迎晖苑",
    "上海嘉定仪表厂",
    "shuji1",
    "春季花名册",
    "邬阿婆家",
    "郁待认",
    "郁发出",
    "本社区会议室",
)


@pytest.fixture
def rows(member: Member, other_member: Member, other_street: Area, secretary: User) -> None:
    lived(member, other_member, by=secretary)
    sent(by=secretary)
    StaffToken.issue(secretary, label="报表程序")
    community = Area.objects.get(name="第一社区")
    RosterImport.objects.create(area=community, user=secretary, file_name="春季花名册.xlsx", status="discarded")


def walk(client: Client, user: User | None = None) -> dict[str, Any]:
    """Return the answers to GET and POST of every URL; whoever is logged out by one is logged in again."""
    answers = {}
    for route in sorted(set(routes())):
        for method in ("get", "post"):
            if user:
                client.force_login(user, backend=BACKEND)
            answers[f"{method} {route}"] = getattr(client, method)(filled(route))
    return answers


def route_of(call: str) -> str:
    return call.rpartition(" ")[2]


def told(answers: dict[str, Any]) -> set[str]:
    """Return the calls whose answer holds something of the rows."""
    pages = {call: answer.content.decode(errors="replace") for call, answer in answers.items()}
    return {
        call
        for call, page in pages.items()
        for word in DATA
        if word in page and route_of(call) not in (SIGNS_IN, SCANNED)
    }


def test_a_visitor_is_asked_to_log_in(rows: None) -> None:
    answers = walk(Client())
    asked = {call for call, answer in answers.items() if answer.headers.get("Location", "").startswith("/admin/login/")}
    refused = {call for call, answer in answers.items() if answer.status_code in (401, 403)}
    open_ = {route_of(call) for call in answers.keys() - asked - refused}
    assert open_ <= OPEN_TO_VISITORS
    assert told(answers) == set()


def test_a_poster_s_code_tells_what_the_poster_tells(rows: None) -> None:
    page = Client().get(filled(SIGNS_IN)).content.decode()
    assert ("歌会" in page, "迎晖苑 1号楼" in page) == (True, True)
    assert [word for word in DATA if word in page] == ["迎晖苑"]
    page = Client().get(filled(SCANNED)).content.decode()
    assert [word for word in DATA if word in page] == ["迎晖苑"]


def test_whoever_holds_no_post_finds_nothing(rows: None, outsider: User) -> None:
    answers = walk(Client(), outsider)
    shown = {route_of(call) for call, answer in answers.items() if answer.status_code < 300}
    assert shown <= OPEN_WITHOUT_A_POST | {LOGS_OUT}
    assert {answer.status_code for answer in answers.values()} <= {200, 302, 403, 404, 405}
    assert told(answers) == set()
    assert not AuditEntry.objects.filter(user=outsider).exclude(action__in=("login", "logout", "refuse")).exists()


def test_the_walk_knocks_at_real_doors(rows: None, street_officer: User) -> None:
    """Otherwise the two tests above could not fail."""
    client = Client()
    client.force_login(street_officer, backend=BACKEND)
    pages = {route: client.get(filled(route)) for route in sorted(set(routes())) if route != LOGS_OUT}
    shown = {route for route, answer in pages.items() if answer.status_code == 200}
    assert len(pages) > 60
    assert len(shown) > 35, sorted(pages.keys() - shown)
    assert len(told(pages)) > 15
