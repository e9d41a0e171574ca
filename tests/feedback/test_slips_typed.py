"""Slips on paper: to which street one goes that somebody types who works in two."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from feedback.models import Slip
from members.ground.access import PostKind
from members.models import Area, User
from tests import factories
from tests.slips import FAR, fresh, from_unit, phone

TYPED = {
    "name": "安静", "phone": "19900008765", "home": "迎晖苑1号楼302室", "employer_name": "市第一医院",
    "agreed_how": "paper",
}  # fmt: skip


@pytest.fixture
def typed() -> dict[str, str]:
    return TYPED | {"agreed_on": f"{timezone.localdate()}"}


@pytest.fixture
def of_two(secretary: User, other_street: Area) -> User:
    """A secretary here, who is of the other street's office as well."""
    factories.post(secretary, PostKind.STREET, other_street)
    return secretary


def test_who_works_in_one_street_is_not_asked_which(
    logged_in: Callable[[User], Client], secretary: User, street: Area, other_street: Area, typed: dict[str, str]
) -> None:
    client = logged_in(secretary)
    assert "报到的街道" not in client.get("/slips/add/").content.decode()
    assert client.post("/slips/add/", typed | {"street": other_street.pk}).status_code == 302
    assert Slip.objects.get().street == street


def test_who_works_in_two_streets_says_to_which_it_goes(
    logged_in: Callable[[User], Client], of_two: User, other_street: Area, typed: dict[str, str]
) -> None:
    client = logged_in(of_two)
    assert other_street.name in client.get("/slips/add/").content.decode()
    refused = client.post("/slips/add/", typed)
    assert "请选街道。" in refused.content.decode()
    assert not Slip.objects.exists()
    client.post("/slips/add/", typed | {"street": other_street.pk})
    assert Slip.objects.get().street == other_street


@pytest.mark.parametrize("chosen", ["third", "community", "0", "x"])
def test_a_slip_goes_to_one_of_their_own_streets_only(
    logged_in: Callable[[User], Client], of_two: User, community: Area, typed: dict[str, str], chosen: str
) -> None:
    known = {"third": factories.area("外冈镇").pk, "community": community.pk}
    answer = logged_in(of_two).post("/slips/add/", typed | {"street": known.get(chosen, chosen)})
    assert "请从列出的街道中选。" in answer.content.decode()
    assert not Slip.objects.exists()


@pytest.mark.parametrize("home", ["仓场公寓2号楼501室", "新华路99弄3号502室"])
def test_what_is_typed_for_others_is_said_and_leads_nowhere(
    logged_in: Callable[[User], Client], secretary: User, other_group: Area, typed: dict[str, str], home: str
) -> None:
    client = logged_in(secretary)
    for _ in range(2):
        answer = client.post("/slips/add/", typed | {"home": home}, follow=True)
        assert answer.redirect_chain == [("/slips/", 302)]
        assert "由街道或者那个社区接着办" in answer.content.decode()
    assert Slip.objects.count() == 1


def test_certain_slips_of_two_streets_are_accepted_at_once(
    logged_in: Callable[[User], Client], of_two: User, street: Area, group: Area, other_street: Area, far_group: Area
) -> None:
    here, there = from_unit(street), from_unit(other_street, "王强", home=FAR, phone=phone(1))
    doubtful = from_unit(other_street, "孙丙", home=FAR, phone=phone(3))
    factories.person("孙丙", far_group, phone=phone(3))
    answer = logged_in(of_two).post("/slips/accept/", {}, follow=True)
    assert "已接收 2 张" in answer.content.decode()
    assert [fresh(slip).status for slip in (here, there, doubtful)] == ["accepted", "accepted", "sent"]


def test_nobody_types_for_a_street_that_is_closed(
    logged_in: Callable[[User], Client], of_two: User, street: Area, other_street: Area, typed: dict[str, str]
) -> None:
    Area.objects.filter(path__startswith=other_street.path).update(until=factories.EARLY)
    assert logged_in(of_two).post("/slips/add/", typed).status_code == 302
    assert Slip.objects.get().street == street
