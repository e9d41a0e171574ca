"""A street without a tree, a community without a roster: each page says what comes first, with its button."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client

from louzu.rules.beginning import first_steps
from members.models import Area, User
from tests import factories

GUIDE = "第一次使用，一步一步来"


def test_the_steps_are_ticked_off_and_go(
    logged_in: Callable[[User], Client], street: Area, street_officer: User, request: Any
) -> None:
    browser = logged_in(street_officer)

    def done() -> int:
        page = browser.get("/").content.decode()
        return page.count("（已办）") if GUIDE in page else -1

    assert done() == 1
    page = browser.get("/").content.decode()
    assert ("先照上面一步一步做，要办的事会列在这里。" in page, "都办了" in page) == (True, False)
    for number, made in enumerate(("group", "secretary", "member"), 2):
        request.getfixturevalue(made)
        assert done() == number
    factories.activity(Area.objects.get(name="第一社区"), held_on=date(2026, 3, 1))
    assert done() == -1


def test_a_community_has_steps_of_its_own(
    logged_in: Any, secretary: User, leader: User, group: Area, other_member: Any, instructor: User
) -> None:
    """What another community has is not this one's."""
    page = logged_in(secretary).get("/").content.decode()
    assert (GUIDE in page, page.count("（已办）"), "/roster/" in page) == (True, 1, True)
    for user in (leader, instructor):
        assert GUIDE not in logged_in(user).get("/").content.decode()


def test_the_steps_ask_once(street: Area, street_officer: User, django_assert_num_queries: Any) -> None:
    user = User.objects.get(pk=street_officer.pk)
    user.is_active  # noqa: B018
    first_steps(user, street)
    with django_assert_num_queries(1):
        assert [step.is_done for step in first_steps(user, street)] == [True, False, False, False, False]


PAGES = ("/activities/", "/needs/", "/visits/", "/buildings/", "/pairings/", "/cards/", "/coverage/")


@pytest.mark.parametrize("url", PAGES)
def test_an_empty_page_leads_on(
    logged_in: Any, street: Area, street_officer: User, secretary: User, url: str, request: Any
) -> None:
    def said(user: User) -> str:
        return str(logged_in(user).get(url, follow=True).content.decode())

    assert ("导入组织架构表</a>" in said(street_officer), "请街道导入组织架构表" in said(secretary)) == (True, True)
    request.getfixturevalue("group")
    if url != "/buildings/":
        assert "导入花名册</a>" in said(secretary)
    request.getfixturevalue("member")
    assert "先要有" not in said(secretary) + said(street_officer)
