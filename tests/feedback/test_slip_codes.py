"""Reporting codes of communities: made, shown, printed and closed by the office."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pypdf
import pytest
from django.test import Client
from django.utils import timezone

from feedback.models import SlipCode
from members.models import Area, AuditEntry, User
from tests import factories, slips

TODAY = timezone.localdate()
SOON = TODAY + timedelta(days=30)


@pytest.fixture
def client(logged_in: Any, secretary: User) -> Client:
    return logged_in(secretary)


def post(client: Client, place: Area, day: Any = SOON) -> str:
    return client.post("/slip-codes/", {"place": place.pk, "ends_on": str(day)}, follow=True).content.decode()


def test_one_click_makes_a_poster_and_a_second_keeps_its_code(client: Client, community: Area) -> None:
    assert "打印海报（PDF）" in post(client, community)
    made = SlipCode.objects.get()
    assert (made.place, made.employer, made.ends_on) == (community, None, SOON)
    post(client, community, TODAY)
    assert SlipCode.objects.get().secret_code == made.secret_code
    assert SlipCode.objects.get().ends_on == TODAY
    entry = AuditEntry.objects.filter(model="feedback.SlipCode").earliest("pk")
    assert (entry.action, made.secret_code in str(entry.changes)) == ("create", False)


def test_the_poster_says_where_and_until_when(client: Client, community: Area) -> None:
    made = slips.code(community, ends_on=SOON)
    pdf = client.get(f"/slip-codes/{made.pk}/poster.pdf")
    pages = pypdf.PdfReader(BytesIO(pdf.content)).pages
    told = "".join(pages[0].extract_text().split())
    assert len(pages) == 1
    assert "在职党员请到社区报到" in told
    assert f"{SOON.year}年{SOON.month}月{SOON.day}日" in told
    assert community.name in told


def test_a_closed_code_is_not_printed_and_takes_no_report(client: Client, community: Area) -> None:
    made = slips.code(community)
    public = f"/r/{made.secret_code}/"
    assert Client().get(public).status_code == 200
    page = client.post(f"/slip-codes/{made.pk}/close/", follow=True).content.decode()
    assert "这个码已经结束" in page
    assert Client().get(public).status_code == 404
    assert client.get(f"/slip-codes/{made.pk}/poster.pdf")["Location"] == f"/slip-codes/{made.pk}/"
    assert "正在用的码" not in client.get("/slip-codes/").content.decode()


@pytest.mark.parametrize("day", ["", "x", "2020-01-01", "2999-01-01"])
def test_a_wrong_day_makes_nothing(client: Client, community: Area, day: str) -> None:
    assert "lz-problem" in post(client, community, day)
    assert not SlipCode.objects.exists()


def test_another_community_and_another_street_are_not_offered(
    client: Client, community: Area, other_group: Area, far_group: Area
) -> None:
    for place in (other_group.parent.parent, far_group.parent.parent, community.parent):
        assert "请从名单里选社区" in post(client, place)
    assert not SlipCode.objects.exists()


def test_the_links_of_employers_are_theirs(logged_in: Any, street_officer: User, street: Area) -> None:
    link, client = slips.code(street, employer=factories.employer()), logged_in(street_officer)
    assert "正在用的码" not in client.get("/slip-codes/").content.decode()
    assert client.get(f"/slip-codes/{link.pk}/").status_code == 404
    assert client.post(f"/slip-codes/{link.pk}/close/").status_code == 404
    assert slips.SlipCode.objects.get().is_open
