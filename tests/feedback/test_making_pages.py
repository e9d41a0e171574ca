"""Making a period's cards by the page, and what a street or community says of itself on them."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.models import Attendance
from feedback.ground.periods import CardPeriod
from feedback.models import RecordCard, Sender
from members.models import Area, AuditEntry, Member, User
from tests import cards, factories

NOW = CardPeriod.on(timezone.localdate(), months=6)
ENDED = NOW.previous


@pytest.fixture
def client(logged_in, secretary: User) -> Client:
    return logged_in(secretary)


@pytest.fixture
def resident(group: Area) -> Member:
    """Somebody who came to an activity of the period that has ended."""
    member = cards.in_post("安一明", group)
    came(member, group, ENDED.last - timedelta(days=3))
    return member


def came(member: Member, place: Area, day: date) -> None:
    event = factories.activity(place, held_on=day)
    Attendance.objects.create(activity=event, member=member, source="tick")


def text(answer: Any) -> str:
    return answer.content.decode()


class TestMaking:
    def test_it_offers_past_periods_and_the_present_one(self, client) -> None:
        answer = text(client.get("/cards/make/"))
        assert f'value="{ENDED.code}" selected' in answer
        assert f"{NOW.label}（还没有结束" in answer
        assert NOW.next.label not in answer

    def test_it_makes_and_leads_back_with_what_came_of_it(self, client, community, resident) -> None:
        body = {"area": community.pk, "period": ENDED.code}
        answer = client.post("/cards/make/", body, follow=True)
        assert "新生成 1 张" in text(answer)
        assert answer.redirect_chain[-1][0].startswith("/cards/?period=")
        card = RecordCard.objects.get()
        assert (card.member, card.area, card.period) == (resident, community, ENDED)
        assert AuditEntry.objects.filter(model="feedback.RecordCard", action="create").count() == 1

    def test_again_it_makes_no_second_card(self, client, community, group, resident) -> None:
        body = {"area": community.pk, "period": ENDED.code}
        client.post("/cards/make/", body)
        assert "第一社区，2026年上半年：其余 1 张没有变化" in text(client.post("/cards/make/", body, follow=True))
        came(resident, group, ENDED.first)
        assert "更新草稿 1 张" in text(client.post("/cards/make/", body, follow=True))
        assert len(RecordCard.objects.get().lines) == 2

    def test_where_nobody_did_anything_it_says_so(self, client, community, group) -> None:
        cards.in_post("没来人", group)
        answer = text(client.post("/cards/make/", {"area": community.pk, "period": NOW.code}, follow=True))
        assert "没有卡可以生成" in answer
        assert "没来人" not in answer

    @pytest.mark.parametrize("period", ["", "2031H1", "9" * 25, "２０２６H1", "a\0b", NOW.next.code])
    def test_a_period_that_is_not_offered_is_refused(self, client, community, resident, period: str) -> None:
        answer = client.post("/cards/make/", {"area": community.pk, "period": period})
        assert answer.status_code == 200
        assert "lz-problem" in text(answer)
        assert not RecordCard.objects.exists()

    @pytest.mark.parametrize("area", ["other_community", "street", "other_street", "station"])
    def test_an_area_that_is_not_the_user_s_is_refused(self, request, client, resident, area: str) -> None:
        pk = request.getfixturevalue(area).pk
        answer = client.post("/cards/make/", {"area": pk, "period": ENDED.code})
        assert "lz-problem" in text(answer)
        assert not RecordCard.objects.exists()

    @pytest.mark.parametrize("area", ["9" * 25, "a\0b", "１", ""])
    def test_junk_is_refused(self, client, resident, area: str) -> None:
        answer = client.post("/cards/make/", {"area": area, "period": ENDED.code})
        assert (answer.status_code, RecordCard.objects.exists()) == (200, False)

    def test_a_street_makes_all_communities(self, logged_in, street_officer, street, resident, other_group) -> None:
        came(cards.in_post("邻社区人", other_group), other_group, ENDED.last)
        logged_in(street_officer).post("/cards/make/", {"area": street.pk, "period": ENDED.code})
        assert {card.area.name for card in RecordCard.objects.select_related("area")} == {"第一社区", "第二社区"}

    def test_the_street_s_length_is_offered(self, client, street) -> None:
        Sender.objects.create(area=street, months=3)
        assert "季度" in text(client.get("/cards/make/"))


class TestSettings:
    def test_a_secretary_says_whom_to_ask(self, client, community) -> None:
        answer = client.post("/cards/settings/", {"contact": "党建办 69980000", "months": "1"}, follow=True)
        assert "已保存" in text(answer)
        kept = Sender.objects.get()
        assert (kept.area, kept.contact, kept.months) == (community, "党建办 69980000", 6)
        client.post("/cards/settings/", {"contact": "党建办 69980001"})
        assert Sender.objects.get().contact == "党建办 69980001"

    def test_the_street_says_how_long_a_period_is(self, logged_in, street_officer, street) -> None:
        browser = logged_in(street_officer)
        browser.post("/cards/settings/", {"contact": "", "months": "3"})
        assert Sender.objects.get(area=street).months == 3
        for months in ("2", "", "9" * 25, "a\0b"):
            assert "lz-problem" in text(browser.post("/cards/settings/", {"contact": "", "months": months}))
        assert Sender.objects.get(area=street).months == 3

    def test_a_street_says_it_for_its_communities_too(self, logged_in, street_officer, community) -> None:
        logged_in(street_officer).post(f"/cards/settings/?area={community.pk}", {"contact": "一社区党群站"})
        assert Sender.objects.get().area == community

    @pytest.mark.parametrize("contact", ["长" * 101, "a\0b"])
    def test_what_is_too_long_is_said(self, client, contact: str) -> None:
        assert "lz-problem" in text(client.post("/cards/settings/", {"contact": contact}))
        assert not Sender.objects.exists()

    def test_others_areas_are_not_there(self, client, street, other_community, station) -> None:
        for area in (street, other_community, station):
            assert client.get(f"/cards/settings/?area={area.pk}").status_code == 404
            assert client.post(f"/cards/settings/?area={area.pk}", {"contact": "x"}).status_code == 404
        for junk in ("9" * 25, "１", "x", ""):
            assert client.get("/cards/settings/", {"area": junk}).status_code == 404
        assert not Sender.objects.exists()
