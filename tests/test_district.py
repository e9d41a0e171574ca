"""A user of the district opens its own pages and nothing else, whatever the matrices and the resolver name.

It sees counts of streets and communities: no name of a person, no phone, no name of a compound or a building.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from louzu.rules.figures import keep_days
from members.ground import access
from members.ground.access import PostKind, Resource, Right
from members.login import second_factor
from members.models import Area, AreaRole, AuditEntry, Member, RosterImport, StaffToken, User
from members.rules.appointing import set_above, set_post
from tests import factories, test_matrix, test_matrix_cards, test_matrix_homes, test_matrix_week
from tests.half_year import sent
from tests.matrix import FILE, LOGIN, Rows, ask, kind, plain, url, watched, written
from tests.members.api import test_matrix as of_api
from tests.members.api.test_matrix import bodies, rows  # noqa: F401
from tests.routes import addresses, routes
from tests.test_matrix import rows as pages_rows  # noqa: F401
from tests.test_matrix import users  # noqa: F401
from tests.test_matrix_cards import rows as cards_rows  # noqa: F401
from tests.test_matrix_homes import rows as homes_rows  # noqa: F401
from tests.test_matrix_week import rows as week_rows  # noqa: F401
from tests.week import lived

YESTERDAY = timezone.localdate() - timedelta(days=1)
MODULES: dict[str, Any] = {
    "pages": test_matrix,
    "week": test_matrix_week,
    "homes": test_matrix_homes,
    "cards": test_matrix_cards,
}
SECTIONS = [(name, section) for name, module in MODULES.items() for section in module.TABLE]
# Beside its own pages: what anybody who logged in may have, and the search of what a post opens, which is nothing.
OWN = ("district/", "api/v1/district", "admin/password_change/", "admin/logout/", "api/v1/docs", "api/v1/schema")
OWN += ("api/v1/employer/docs", "api/v1/employer/schema")
OPEN = (
    *OWN,
    "admin/login/",
    "admin/jsi18n/",
    "admin/search/",
    "help/",
    "mine/",
    "search/",
    "api/v1/keys",
    ".well-known/security.txt",
    "ask/<",
    "ask/{",
    "r/<",
    "r/{",
    "c/<",
    "o/<",
    "o/{",
    "verify/",
    "s/<",
    "second-factor/",
    "health/",
    "version",
    "metrics",
)
PUBLIC = ("ask/", "r/", "c/", "o/", "s/", "verify/")  # what a link, a poster or a number tells anybody
NAMES = (
    "欧阳建国", "单秀英", "199****5678", "19900005678", "迎晖苑", "仓场公寓", "1号楼", "2号楼", "3号楼",
    "上海嘉定仪表厂", "shuji1", "春季花名册", "邬阿婆家", "郁待认", "郁发出", "外街道人", "嘉富丽苑",
    "9号楼", "社区读书会",
)  # fmt: skip


@pytest.fixture
def district(street: Area) -> User:
    """Somebody of the district, for our street; the other street is another district's."""
    return factories.official("quji", PostKind.DISTRICT, street)


@pytest.fixture
def client(logged_in: Callable[[User], Client], district: User) -> Client:
    return logged_in(district)


def told(answer: Any) -> list[str]:
    page = plain(answer)
    return [name for name in NAMES if re.search(rf"(?<!\d){name.replace('*', '[*]')}", page)]


def is_own(address: str) -> bool:
    return address in ("", "admin/") or address.startswith(OPEN)


@pytest.mark.parametrize(("module", "section"), SECTIONS)
def test_no_row_of_the_matrices_opens(request: Any, client: Client, module: str, section: str) -> None:
    """All that stands in them, as whoever holds no right: nothing opens, tells or writes."""
    found = opened(client, MODULES[module], section, request.getfixturevalue(f"{module}_rows"))
    assert found == []


def opened(client: Client, module: Any, section: str, there: Rows) -> list:
    found, before = [], written()
    for call in module.TABLE[section]:
        method, _, address = call.partition(" ")
        if address.startswith(PUBLIC):
            continue
        body = module.bodies(there).get(address, {}) if method == "POST" else None
        with transaction.atomic():
            with watched() as sent_:
                answer = ask(client, url(address, there), body)
            has_written = bool(sent_) and written() != before
            transaction.set_rollback(True)
        status, names = kind(answer), told(answer)
        is_open = status not in (403, 404, 405, LOGIN)
        is_file_of_ours = status == FILE and address.startswith("district/")  # its entry is written
        if names or (is_open and not is_own(address)) or (has_written and not is_file_of_ours):
            found.append((call, status, names, has_written))
    return found


def test_no_call_of_the_api_opens(api: Callable, district: User, rows: Any, bodies: Any) -> None:  # noqa: F811
    client: APIClient = api(district)
    found = []
    for method, path in of_api.CALLS:
        noun = path.split("/", 1)[0]
        body = bodies.get((method, path.rsplit("/", 1)[-1])) or bodies.get((method, noun), {})
        answer = of_api.undone(client, method, f"/api/v1/{path.format(**rows)}", body)
        if answer.status_code not in (403, 404, 405) and noun not in ("district", "schema"):
            found.append((method, path, answer.status_code))
        found += [(method, path, told(answer))] if told(answer) else []
    assert found == []


@pytest.fixture
def lives(member: Member, other_member: Member, other_street: Area, street: Area, secretary: User) -> None:
    lived(member, other_member, by=secretary)
    sent(by=secretary)
    StaffToken.issue(secretary, label="报表程序")
    community = Area.objects.get(name="第一社区")
    RosterImport.objects.create(area=community, user=secretary, file_name="春季花名册.xlsx", status="discarded")
    for each in (street, other_street):
        keep_days(each, YESTERDAY - timedelta(days=40), YESTERDAY)


def test_no_address_of_the_project_opens(lives: None, logged_in: Callable, district: User) -> None:
    """Every URL with each row there is (up to three), read and posted to."""
    open_, names = set(), set()
    for route in sorted(set(routes())):
        client = logged_in(district)  # one of them logs out
        for address in addresses(route, most=3):
            for method in ("get", "post"):
                answer = getattr(client, method)(address)
                if answer.status_code < 300:
                    open_.add(route)
                names |= set() if route.startswith(PUBLIC) else {(route, name) for name in told(answer)}
    assert {route for route in open_ if not is_own(route)} == set()
    assert names == set()
    assert "district/<int:pk>/" in open_
    assert (
        not AuditEntry.objects.filter(user=district)
        .exclude(action__in=("login", "logout", "refuse", "export"))
        .exists()
    )


def test_its_own_pages_hold_counts_of_streets_and_communities(lives: None, client: Client, street: Area) -> None:
    pages = ["/district/", "/district/print/", "/district/district.xlsx", "/api/v1/district"]
    pages += [f"/district/{street.pk}/{part}" for part in ("", "print/", "district.xlsx")]
    for page in [*pages, f"/api/v1/district/{street.pk}"]:
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert told(answer) == [], page
    assert "新成路街道" in client.get("/district/").content.decode()
    assert "第一社区" in client.get(f"/district/{street.pk}/").content.decode()


def test_another_district_s_street_is_not_there(client: Client, lives: None, other_street: Area) -> None:
    for page in ("district/{}/", "district/{}/print/", "district/{}/district.xlsx", "api/v1/district/{}"):
        assert client.get(f"/{page.format(other_street.pk)}").status_code == 404, page
        assert client.get(f"/{page.format(9_999_999)}").status_code == 404, page
    assert "菊园新区" not in plain(client.get("/district/district.xlsx"))
    assert "菊园新区" not in client.get("/district/").content.decode()


def test_its_post_is_one_resource_and_no_more(district: User) -> None:
    rights = {resource for resource in Resource for right in Right if access.can(district, resource, right)}
    assert rights == {Resource.DISTRICT}
    assert not access.can(district, Resource.DISTRICT, Right.WRITE)


def test_no_entry_of_its_menu_leads_elsewhere(client: Client) -> None:
    page = client.get("/district/")
    links = [
        item["link"]
        for group in page.context["sidebar_navigation"]
        for item in group["items"]
        if item["has_permission"]
    ]
    assert [str(link) for link in links] == ["/", "/district/"]


# Its post ------------------------------------------------------------------------------------------------------------
def test_it_stands_in_a_street(superuser: User, outsider: User, community: Area) -> None:
    with pytest.raises(ValidationError, match="区级岗位只能设在街道"):
        set_post(AreaRole(user=outsider, area=community, kind=PostKind.DISTRICT), by=superuser)


def test_the_superuser_alone_gives_it(street_officer: User, auditor: User, street: Area, liaison: User) -> None:
    for user in (street_officer, auditor):
        with pytest.raises(PermissionDenied):
            set_above(liaison.pk, [street.pk], by=user)
        with pytest.raises(PermissionDenied):
            set_post(AreaRole(user=liaison, area=street, kind=PostKind.DISTRICT), by=user)
    assert PostKind.DISTRICT not in access.grantable(street_officer)


def test_many_streets_at_once(logged_in: Callable, superuser: User, district: User, street: Area) -> None:
    more = [factories.area(f"街道{number}") for number in range(100)]
    client = logged_in(superuser)
    page = client.get(f"/users/{district.pk}/streets/").content.decode()
    assert page.count('name="streets"') == 101
    assert page.count("已有") == 1
    posts = district.roles.filter(kind=PostKind.DISTRICT)
    for _ in range(2):
        answer = client.post(f"/users/{district.pk}/streets/", {"streets": [each.pk for each in more]})
        assert (answer.status_code, posts.count()) == (302, 101)
    assert logged_in(User.objects.get(pk=district.pk)).get("/district/").content.decode().count("/district/") > 100


def test_a_street_that_closed_meanwhile(logged_in: Callable, superuser: User, district: User) -> None:
    closed = factories.area("旧街道", until=YESTERDAY)
    answer = logged_in(superuser).post(f"/users/{district.pk}/streets/", {"streets": [closed.pk]})
    assert "有的街道刚刚停用了" in answer.content.decode()
    with pytest.raises(ValidationError, match="有的街道刚刚停用了"):
        set_above(district.pk, [closed.pk], by=superuser)


def test_the_street_s_office_sees_who_looks_and_cannot_take_it_over(
    logged_in: Callable, street_officer: User, district: User
) -> None:
    client = logged_in(street_officer)
    assert "quji" in client.get("/admin/members/user/").content.decode()
    for action in ("password", "unlock", "second-factor", "streets"):
        assert client.post(f"/users/{district.pk}/{action}/").status_code == 403, action


def test_the_second_factor_is_asked_for(settings: Any, district: User) -> None:
    settings.SECOND_FACTOR = ["street", "auditor", "district"]
    assert second_factor.is_required(district)
