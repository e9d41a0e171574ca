"""The public page by which members report themselves: what it takes, what it never tells, how much it takes."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from feedback.models import Sender, Slip, SlipCode
from feedback.rules.slips_coding import open_code
from feedback.views import reporting
from members.models import Area, Employer, Member
from tests import factories

TODAY = timezone.localdate()
NAMED = {"name": "安一明", "phone": "19900002001", "home": "迎晖苑1号楼302", "employer_name": "嘉定区图书馆"}
AGREED = NAMED | {"receives": "on"}


@pytest.fixture
def code(community: Area, group: Area) -> SlipCode:
    return open_code(community, ends_on=TODAY + timedelta(days=30))


def address(code: SlipCode) -> str:
    return f"/r/{code.secret_code}/"


def bare(answer: Any) -> str:
    """Return the page without its one-time token."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())


def test_the_page_says_who_asks_and_ticks_nothing(code: SlipCode, community: Area) -> None:
    Sender.objects.create(area=community, contact="021-59990001")
    page = Client().get(address(code)).content.decode()
    assert community.name in page
    assert "021-59990001" in page
    assert "checked" not in page


def test_a_report_becomes_a_slip_of_the_community(code: SlipCode, community: Area, group: Area) -> None:
    answer = Client().post(address(code), AGREED | {"skills": "书法", "tells_employer": "on"})
    assert "已收到" in answer.content.decode()
    slip = Slip.objects.get()
    assert (slip.name, slip.phone, slip.area, slip.home, slip.room) == (
        "安一明",
        "19900002001",
        community,
        group,
        "302",
    )
    assert (slip.origin, slip.status, slip.skills, slip.code) == ("member", "sent", "书法", code)
    assert (slip.agreed_how, slip.agreed_on, slip.tells_employer) == ("link", TODAY, True)


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("receives", "", "接收本人信息"),
        ("name", "", "请填姓名"),
        ("phone", "", "请填手机号"),
        ("phone", "1234", "电话号码不对"),
        ("home", "", "请填住址"),
        ("employer_name", "", "请填单位名称"),
        ("skills", "长" * 201, "最多写 200 个字"),
    ],
)
def test_what_is_missing_or_cannot_be_read_is_said(code: SlipCode, field: str, typed: str, sentence: str) -> None:
    page = Client().post(address(code), AGREED | {field: typed}).content.decode()
    assert sentence in page
    assert "安一明" in page or field == "name"
    assert not Slip.objects.exists()


def test_the_answer_is_the_same_whatever_was_typed(code: SlipCode, member: Member, far_member: Member) -> None:
    registered = AGREED | {"name": member.name, "phone": member.phone}
    typed = [
        AGREED, AGREED, registered, registered | {"name": "安二明"}, AGREED | {"name": far_member.name},
        AGREED | {"home": "北京市海淀区1号"}, AGREED | {"employer_name": str(member.employer), "tells_employer": "on"},
    ]  # fmt: skip
    answers = [Client().post(address(code), each) for each in typed]
    assert {answer.status_code for answer in answers} == {200}
    assert len({bare(answer) for answer in answers}) == 1


def test_registered_or_made_up_takes_the_same_queries(
    code: SlipCode, member: Member, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    Client().post(address(code), AGREED | {"phone": "19900002000"})  # the street's names are known from now on
    with django_assert_max_num_queries(25) as taken:
        Client().post(address(code), AGREED)
    with django_assert_num_queries(len(taken)):
        Client().post(address(code), AGREED | {"name": member.name, "phone": member.phone})
    with django_assert_max_num_queries(9):
        Client().get(address(code))


def test_an_employers_link_names_the_unit(street: Area, group: Area, other_street: Area) -> None:
    unit = factories.employer()
    code = open_code(street, ends_on=TODAY, employer=unit)
    phone = Client()
    assert unit.name in phone.get(address(code)).content.decode()
    phone.post(address(code), {name: typed for name, typed in AGREED.items() if name != "employer_name"})
    slip = Slip.objects.get()
    assert (slip.employer, slip.street, slip.area) == (Employer.objects.get(pk=unit.pk), street, group.parent.parent)


def test_closed_late_and_made_up_codes_open_nothing(code: SlipCode, community: Area, other_community: Area) -> None:
    other = open_code(other_community, ends_on=TODAY)
    other.close()
    SlipCode.objects.filter(pk=code.pk).update(ends_on=TODAY - timedelta(days=1))
    for word in (code.secret_code, other.secret_code, "x" * 22):
        for answer in (Client().get(f"/r/{word}/"), Client().post(f"/r/{word}/", AGREED)):
            assert answer.status_code == 404
            assert community.name not in answer.content.decode()
    assert not Slip.objects.exists()


def test_a_flood_is_stopped_by_address_and_by_place(
    code: SlipCode, other_community: Area, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting.Reporting, "rate", "2/hour")
    monkeypatch.setattr(reporting.ReportingTo, "rate", "3/hour")
    phones = iter(range(2_100, 2_200))

    def sent(where: SlipCode, host: str) -> int:
        body = AGREED | {"phone": f"1990000{next(phones)}"}
        return Client(REMOTE_ADDR=host).post(address(where), body).status_code

    assert [sent(code, "203.0.113.1") for _ in range(3)] == [200, 200, 429]
    assert [sent(code, "203.0.113.2") for _ in range(2)] == [200, 429]
    assert sent(open_code(other_community, ends_on=TODAY), "203.0.113.3") == 200
    assert Slip.objects.count() == 4
    refused = Client(REMOTE_ADDR="203.0.113.1").post(address(code), AGREED).content.decode()
    assert reporting.BUSY in refused
    assert "安一明" in refused
