"""No URL is open by oversight: the whole resolver is walked by a visitor and by somebody who holds no post."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

from members.models import Area, AreaRole, AuditEntry, Employer, Member, Residence, RosterImport, StaffToken, User
from tests.conftest import BACKEND

OPEN_TO_VISITORS = {"admin/login/", "admin/jsi18n/"}
# What anybody who logged in may have; that it holds no data is tested as well.
OPEN_WITHOUT_A_POST = OPEN_TO_VISITORS | {
    "",
    "admin/password_change/",
    "admin/password_change/done/",
    "api/v1/docs",
    "api/v1/schema",
}
LOGS_OUT = "admin/logout/"
# What a page about rows would hold.
DATA = ("欧阳建国", "单秀英", "19900005678", "199****5678", "迎晖苑", "上海嘉定仪表厂", "shuji1", "春季花名册")
MODELS = {
    "coverage": Area,
    "area/": Area,
    "areas": Area,
    "employer": Employer,
    "residence": Residence,
    "roster": RosterImport,
    "token": StaffToken,
    "user": User,
    "arearole": AreaRole,
    "auditentry": AuditEntry,
    "member/": Member,
    "api/v1/members": Member,
    "members/<": Member,
}


@pytest.fixture
def rows(member: Member, other_member: Member, secretary: User) -> None:
    community = Area.objects.get(name="第一社区")
    StaffToken.issue(secretary, label="报表程序")
    RosterImport.objects.create(area=community, user=secretary, file_name="春季花名册.xlsx", status="discarded")


def routes(resolver: Any = None, before: str = "") -> Iterator[str]:
    """Yield the route of every pattern of the project, down the includes."""
    for each in (resolver or get_resolver()).url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each, route)
        elif isinstance(each, URLPattern):
            yield route if not isinstance(each.pattern, RegexPattern) else before + plain(str(each.pattern))


def plain(regex: str) -> str:
    """Write a regular expression of the admin as a route."""
    return re.sub(
        r"\((?:\?P<\w+>)?(\w+|[^()]*)\)", lambda group: group[1] if group[1].isalpha() else "<id>", regex
    ).strip("^$")


def filled(route: str) -> str:
    """Return the URL of a row that exists."""
    model = next((model for sign, model in MODELS.items() if sign in route), Member)
    row = model.objects.order_by("pk").first()
    assert row
    return "/" + re.sub(r"<[^>]+>", str(row.pk), route)


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
    return call.partition(" ")[2]


def told(answers: dict[str, Any]) -> set[str]:
    """Return the calls whose answer holds something of the rows."""
    return {
        call for call, answer in answers.items() for word in DATA if word in answer.content.decode(errors="replace")
    }


def test_a_visitor_is_asked_to_log_in(rows: None) -> None:
    answers = walk(Client())
    asked = {call for call, answer in answers.items() if answer.headers.get("Location", "").startswith("/admin/login/")}
    refused = {call for call, answer in answers.items() if answer.status_code in (401, 403)}
    open_ = {route_of(call) for call in answers.keys() - asked - refused}
    assert open_ <= OPEN_TO_VISITORS
    assert told(answers) == set()


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
