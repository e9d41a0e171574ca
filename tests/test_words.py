"""Words on screen: the packages say 您 as we do, and lists count what they hold."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils.translation.trans_real import DjangoTranslation

from members.models import Member, User

LIST = "/admin/members/member/"
NEW_USER = "/admin/members/user/add/"


@pytest.mark.parametrize("domain", ["django", "djangojs"])
def test_no_package_calls_a_user_by_the_familiar_word(domain: str) -> None:
    catalogue = DjangoTranslation("zh-hans", domain=domain)._catalog
    assert {words for words in map(catalogue.get, set(catalogue.keys())) if "你" in str(words)} == set()


@pytest.mark.django_db
def test_a_list_counts_what_it_holds(
    logged_in: Callable[..., Client], secretary: User, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "共 1 人" in logged_in(secretary).get(LIST).content.decode()
    monkeypatch.setattr("django.core.paginator.Paginator.count", 5200)
    assert "共 5,200 人" in logged_in(secretary).get(LIST).content.decode()


@pytest.mark.django_db
def test_a_user_without_a_post_is_refused_in_plain_words(
    logged_in: Callable[..., Client], street_officer: User
) -> None:
    nothing = {"name": "", "username": "", "roles-TOTAL_FORMS": "0", "roles-INITIAL_FORMS": "0"}
    shown = logged_in(street_officer).post(NEW_USER, nothing).content.decode()
    assert "请至少填一个岗位。" in shown
    assert "请填写。" in shown
    assert "必填项" not in shown
