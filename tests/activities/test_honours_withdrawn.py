"""An honour given to the wrong place is taken back; and what stands beside the form for the right one."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.models import Activity, Attendance, Honour, Need
from activities.rules import honouring
from activities.rules.in_the_year import in_the_year
from activities.rules.outcomes import outcomes
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Member
from tests import factories
from tests.activities.test_honours import ADD, PAGE, text
from tests.activities.test_honours import given as posted

pytestmark = pytest.mark.django_db
THEMES = st.tuples(st.integers(2023, 2026), st.sampled_from(Honour.Theme.values))


class TestWithdrawing:
    @pytest.mark.parametrize("door", ["page", "api"])
    def test_it_stays_on_record_and_in_no_list(self, logged_in, api, street_officer, group, door) -> None:
        honour, kept = factories.honour(group, deeds="给错的。"), factories.honour(group, kind="theme", theme="arts")
        browser = logged_in(street_officer)
        if door == "page":
            answer = browser.post(f"/honours/{honour.pk}/withdraw/", {"reason": " 选错了楼组 "})
            assert answer.url == f"{PAGE}?year=2025"
        else:
            answer = api(street_officer).post(f"/api/v1/honours/{honour.pk}/withdraw", {"reason": "选错了楼组"})
            assert (answer.status_code, answer.data["withdrawal_reason"]) == (200, "选错了楼组")
        shown = browser.get(PAGE)
        assert [each.pk for section in shown.context["sections"] for each in section.honours] == [kept.pk]
        assert "已撤回 1 项" in text(shown)
        assert "已撤回：选错了楼组" in text(browser.get(f"/honours/{honour.pk}/"))
        listed = api(street_officer).get("/api/v1/honours").data["results"]
        assert [row["id"] for row in listed] == [kept.pk]
        admin = "/admin/activities/honour/"
        assert [row.pk for row in browser.get(admin).context["cl"].queryset] == [kept.pk]
        assert [row.pk for row in browser.get(f"{admin}?withdrawn=yes").context["cl"].queryset] == [honour.pk]
        entry = AuditEntry.objects.filter(model="activities.Honour", action="change").latest("pk")
        assert entry.changes["withdrawal_reason"] == ["", "选错了楼组"]

    def test_it_is_out_of_the_booklet(self, logged_in, secretary, group) -> None:
        honouring.withdraw(factories.honour(group), reason="选错了楼组")
        assert logged_in(secretary).get("/honours/2025/booklet.pdf").url == PAGE

    def test_the_same_can_be_given_again(self, group) -> None:
        honouring.withdraw(factories.honour(group), reason="选错了楼组")
        again = honouring.give(area=group, year=2025, kind="commended", deeds="这次对了。")
        with pytest.raises(ValidationError, match="这一年已有这项荣誉"):
            honouring.give(area=group, year=2025, kind="commended", deeds="又一次。")
        honouring.withdraw(again, reason="又错了")

    def test_twice_and_a_late_correction_are_refused(self, logged_in, secretary, group) -> None:
        """Of two users the second is told, and nothing changes."""
        honour = factories.honour(group)
        seen_before = Honour.objects.get()
        honouring.withdraw(honour, reason="选错了楼组")
        browser = logged_in(secretary)
        for address, body in (
            (f"/honours/{honour.pk}/withdraw/", {"reason": "别的原因"}),
            (f"/honours/{honour.pk}/", posted(group, year=2025, kind="commended")),
        ):
            assert "这项评优已经撤回" in text(browser.post(address, body))
        with pytest.raises(Conflict):
            honouring.withdraw(seen_before, reason="别的原因")
        honour.refresh_from_db()
        assert (honour.withdrawal_reason, honour.deeds) == ("选错了楼组", "楼道干净，邻里互助。")

    @pytest.mark.parametrize("reason", ["", "  ", "错" * 101, "a\0b"])
    def test_a_reason_is_needed(self, logged_in, secretary, group, reason) -> None:
        honour = factories.honour(group)
        answer = logged_in(secretary).post(f"/honours/{honour.pk}/withdraw/", {"reason": reason})
        assert answer.status_code == 200
        assert 'class="lz-problem"' in text(answer)
        assert Honour.objects.standing().exists()

    def test_the_admin_leads_to_it(self, logged_in, secretary, leader, group) -> None:
        honour = factories.honour(group)
        address = f"/admin/activities/honour/{honour.pk}/change/"
        [link] = re.findall(r'href="([^"]*take_back[^"]*)"', text(logged_in(secretary).get(address)))
        assert logged_in(secretary).get(link).url == f"/honours/{honour.pk}/withdraw/"
        assert "take_back" not in text(logged_in(leader).get(address))

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        kept=st.lists(
            st.tuples(st.integers(2023, 2026), st.sampled_from(Honour.Theme.values)), unique=True, max_size=4
        ),
        drawn=st.tuples(st.integers(2023, 2026), st.sampled_from(Honour.Theme.values)),
        reason=st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=100),
    )
    def test_giving_and_withdrawing_leave_figures_as_before(self, street_officer, group, kept, drawn, reason) -> None:
        with transaction.atomic():
            for year, theme in kept:
                factories.honour(group, year=year, kind="theme", theme=theme)
            before = figures(group)
            if drawn not in kept:
                year, theme = drawn
                honour = honouring.give(area=group, year=year, kind="theme", theme=theme, deeds="给错的。")
                assert figures(group) != before
                honouring.withdraw(honour, reason=reason)
            assert figures(group) == before
            transaction.set_rollback(True)


def figures(place: Area) -> Any:
    """What reports count, and the honours that lists show, with all their fields."""
    counted = outcomes(place, areas=Area.objects.all(), first=date(2023, 1, 1), last=date(2026, 12, 31))
    return counted.as_dict(), list(Honour.objects.standing().order_by("pk").values())


class TestInTheYear:
    """Beside the form stands what the place did in the year."""

    @pytest.fixture
    def lively(self, group: Area, member: Member) -> Area:
        door = factories.household(group, member.home.room)
        pair = factories.pairing(door, factories.household(group, "909", name="王阿姨家"), since=date(2025, 3, 1))
        for day in (date(2025, 4, 1), date(2025, 5, 1), date(2026, 1, 1)):
            factories.visit(pair, on=day)
        for number in range(32):
            factories.activity(group, title=f"第{number}次打扫", held_on=date(2025, 6, 1) + timedelta(days=number))
        Attendance.objects.create(activity=Activity.objects.earliest("held_on"), member=member, source="tick")
        factories.activity(group, title="次年的", held_on=date(2026, 1, 1))
        need = factories.need(group, text="修路灯", opened_on=date(2025, 7, 1))
        need.claim(members=[member])
        need.finish()
        Need.objects.update(done_at=timezone.make_aware(datetime(2025, 12, 31, 23, 30)))
        return group

    def test_places_and_no_persons(self, logged_in, secretary, lively, member, django_assert_max_num_queries) -> None:
        with django_assert_max_num_queries(5):  # one is for the posts
            did = in_the_year(secretary, lively, 2025)
        assert [each.label for each in did] == ["活动 32 次", "走访 2 次", "办结的需求 1 条", "结对 1 对"]
        assert did[0].lines[0] == "6月1日 第0次打扫，1 名党员参加"
        assert (len(did[0].lines), did[0].besides) == (30, 2)
        assert [each.lines for each in did[1:]] == [["上门 2 次"], ["12月31日 修路灯"], ["这一年新结对 1 对"]]
        shown = text(logged_in(secretary).get(f"{ADD}?area={lively.pk}&year=2025"))
        assert "第0次打扫" in shown
        assert "还有 2 项没有列出" in shown
        for name in (member.name, "王阿姨家", "909"):
            assert name not in shown

    def test_of_the_honour_s_own_year_and_place(self, logged_in, secretary, lively, other_group) -> None:
        honour, browser = factories.honour(lively, year=2026), logged_in(secretary)
        assert "次年的" in text(browser.get(f"/honours/{honour.pk}/"))
        for query in (f"area={other_group.pk}&year=2025", f"area={lively.pk}&year=1066", "area=x&year=y"):
            assert "次打扫" not in text(browser.get(f"{ADD}?{query}"))
