"""Honours of places: who gives them, who reads them, and what cannot be one."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activities.models import Honour
from members.models import Area, AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db
PAGE, ADD = "/honours/", "/honours/add/"
FOUR = ("no_violations", "no_disputes", "no_accidents", "no_superstition")


def given(place: Area, **fields: Any) -> dict[str, Any]:
    """What is posted for a theme building of this year."""
    today = timezone.localdate()
    return {
        "area": place.pk, "year": today.year, "kind": "theme", "theme": "green", "deeds": "楼前种花，邻里一起养。",
        "awarded_on": today.isoformat(), "stated_on": "",
    } | fields  # fmt: skip


def text(answer: Any) -> str:
    return answer.content.decode()


class TestGiving:
    def test_a_theme_building_with_its_statements(self, logged_in, secretary, group) -> None:
        today = timezone.localdate()
        body = given(group, no_disputes="on", no_accidents="on", stated_on=today.isoformat())
        answer = logged_in(secretary).post(ADD, body)
        assert answer.url == f"{PAGE}?year={today.year}"
        honour = Honour.objects.get()
        assert (honour.area, honour.theme, honour.stated_on) == (group, "green", today)
        assert honour.statements == ["无邻里矛盾纠纷", "无安全防范事故"]
        assert AuditEntry.objects.filter(model="activities.Honour", action="create", area_path=group.path).exists()

    def test_no_statement_is_ticked_beforehand(self, logged_in, secretary, group) -> None:
        shown = text(logged_in(secretary).get(ADD))
        assert shown.count('type="checkbox" name="no_') == 4
        assert " checked" not in shown

    def test_the_reminder_stands_beside_the_deeds(self, logged_in, secretary, group) -> None:
        shown = text(logged_in(secretary).get(ADD))
        assert "不评价个人，不写群众姓名" in shown
        assert "请勿填写思想、信仰、健康" in shown

    def test_a_commended_group_has_no_theme(self, logged_in, secretary, group) -> None:
        logged_in(secretary).post(ADD, given(group, kind="commended"))
        assert Honour.objects.get().theme == ""

    def test_a_compound_can_have_one(self, logged_in, secretary, station) -> None:
        assert logged_in(secretary).post(ADD, given(station)).status_code == 302

    def test_twice_the_same_is_said_and_not_saved(self, logged_in, secretary, group) -> None:
        browser = logged_in(secretary)
        browser.post(ADD, given(group))
        answer = browser.post(ADD, given(group, deeds="又写了一遍。"))
        assert "这个楼组这一年已有这项荣誉。" in text(answer)
        assert "又写了一遍。" in text(answer)
        assert Honour.objects.get().deeds == "楼前种花，邻里一起养。"

    def test_an_area_asked_for_stands_there(self, logged_in, secretary, group) -> None:
        assert f'<option value="{group.pk}" selected' in text(logged_in(secretary).get(f"{ADD}?area={group.pk}"))

    @pytest.mark.parametrize("asked", ["x", "-1", "99999999999999999999", "{other}"])
    def test_one_that_cannot_be_is_left_out(self, logged_in, secretary, group, other_group, asked) -> None:
        answer = logged_in(secretary).get(f"{ADD}?area={asked.format(other=other_group.pk)}")
        assert answer.status_code == 200
        assert "仓场公寓" not in text(answer)

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"area": ""}, "请选择楼组或小区"),
            ({"area": "x"}, "不在您的岗位范围内"),
            ({"area": "99999999999999999999"}, "不在您的岗位范围内"),
            ({"kind": ""}, "请选择类别"),
            ({"kind": "best"}, "请选择有效的选项"),
            ({"theme": ""}, "特色楼组要选主题"),
            ({"theme": "gold"}, "请选择有效的选项"),
            ({"deeds": ""}, "请写上事迹"),
            ({"deeds": "长" * 1001}, "1000"),
            ({"deeds": "a\0b"}, "不允许包含空字符"),
            ({"year": "1902"}, "请选择有效的选项"),
            ({"year": "2150"}, "请选择有效的选项"),
            ({"year": "今年"}, "请选择有效的选项"),
            ({"awarded_on": "1902-01-01"}, "早得多"),
            ({"awarded_on": "2150-01-01"}, "授予日期不能晚于今天"),
            ({"awarded_on": "昨天"}, "请输入有效的日期"),
            ({"awarded_on": ""}, "请填写"),
            ({"stated_on": "1902-01-01"}, "早得多"),
            ({"stated_on": "2150-01-01"}, "声明日期不能晚于今天"),
            ({"no_disputes": "on"}, "请填写声明日期"),
        ],
    )
    def test_what_cannot_be_is_answered(self, logged_in, secretary, group, fields, sentence) -> None:
        answer = logged_in(secretary).post(ADD, given(group, **fields))
        assert answer.status_code == 200
        assert sentence in text(answer)
        assert not Honour.objects.exists()

    @pytest.mark.parametrize("where", ["street", "community", "other_group"])
    def test_only_buildings_and_compounds_of_the_scope(self, request, logged_in, secretary, group, where) -> None:
        answer = logged_in(secretary).post(ADD, given(request.getfixturevalue(where)))
        assert answer.status_code == 200
        assert "不在您的岗位范围内" in text(answer)
        assert not Honour.objects.exists()

    def test_a_closed_building_keeps_what_it_has(self, logged_in, secretary, group) -> None:
        honour = factories.honour(group)
        group.close(on=timezone.localdate() - timedelta(days=1))
        browser = logged_in(secretary)
        assert "不在您的岗位范围内" in text(browser.post(ADD, given(group)))
        body = given(group, year=2025, kind="commended", deeds="改过的事迹。")
        assert browser.post(f"/honours/{honour.pk}/", body).status_code == 302
        honour.refresh_from_db()
        assert honour.deeds == "改过的事迹。"


class TestScope:
    @pytest.mark.parametrize(
        ("who", "listed", "adds", "reads", "reads_other", "writes"),
        [
            ("superuser", 403, 403, 404, 404, 404), ("street_officer", 200, 200, 200, 200, 302),
            ("secretary", 200, 200, 200, 404, 302), ("liaison", 200, 403, 200, 404, 403),
            ("leader", 200, 403, 200, 404, 403), ("instructor", 200, 403, 200, 404, 403),
            ("auditor", 403, 403, 404, 404, 404), ("outsider", 403, 403, 404, 404, 404),
        ],
    )  # fmt: skip
    def test_each_post(
        self, request, logged_in, group, other_group, who, listed, adds, reads, reads_other, writes
    ) -> None:
        mine, theirs = factories.honour(group), factories.honour(other_group)
        browser = logged_in(request.getfixturevalue(who))
        body = given(group, deeds="改过的事迹。")
        assert browser.get(PAGE).status_code == listed
        assert browser.get(ADD).status_code == adds
        assert browser.get(f"/honours/{mine.pk}/").status_code == reads
        assert browser.get(f"/honours/{theirs.pk}/").status_code == reads_other
        assert browser.post(f"/honours/{mine.pk}/", body).status_code == writes
        assert Honour.objects.filter(deeds="改过的事迹。").exists() == (writes == 302)
        assert browser.post(ADD, given(group, theme="arts")).status_code == (302 if adds == 200 else 403)
        body |= {"area": other_group.pk}
        assert browser.post(f"/honours/{theirs.pk}/", body).status_code == (reads_other if reads_other == 404 else 302)

    def test_whoever_only_reads_has_no_form(self, logged_in, leader, group) -> None:
        honour = factories.honour(group, deeds="第一段。\n\n第二段。")
        shown = text(logged_in(leader).get(f"/honours/{honour.pk}/"))
        assert "<p>第一段。</p>" in shown
        assert "<textarea" not in shown
        assert "授予评优" not in text(logged_in(leader).get(PAGE))

    def test_what_is_written_is_shown_as_text(self, logged_in, leader, group) -> None:
        honour = factories.honour(group, deeds="<script>alert(1)</script>")
        for address in (PAGE, f"/honours/{honour.pk}/"):
            assert "<script>alert(1)" not in text(logged_in(leader).get(address))


class TestYear:
    @pytest.fixture
    def honours(self, group: Area, other_group: Area) -> None:
        factories.honour(group, kind="theme", theme="study", deeds="书声琅琅。")
        factories.honour(group, deeds="人人帮忙。")
        factories.honour(other_group, kind="theme", theme="study", deeds="老少同学。")
        factories.honour(group, year=2023, deeds="早先的事。")

    def test_the_latest_year_by_theme(self, logged_in, street_officer, honours) -> None:
        shown = logged_in(street_officer).get(PAGE)
        assert shown.context["year"] == 2025
        sections = [(section.label, len(section.honours)) for section in shown.context["sections"]]
        assert sections == [("先进楼组党小组", 1), ("学习楼", 2)]
        assert "早先的事" not in text(shown)

    def test_another_year(self, logged_in, street_officer, honours) -> None:
        shown = text(logged_in(street_officer).get(f"{PAGE}?year=2023"))
        assert "早先的事" in shown
        assert "/honours/2023/booklet.pdf" in shown

    @pytest.mark.parametrize("year", ["", "x", "1902", "-2025", "99999999999999999999", "２０２３"])
    def test_a_year_without_any_is_the_latest(self, logged_in, street_officer, honours, year) -> None:
        assert logged_in(street_officer).get(f"{PAGE}?year={year}").context["year"] == 2025

    def test_one_area(self, logged_in, street_officer, honours) -> None:
        community = Area.objects.get(name="第二社区")
        shown = text(logged_in(street_officer).get(f"{PAGE}?year=2025&area={community.pk}"))
        assert "老少同学" in shown
        assert "书声琅琅" not in shown
        assert f"/honours/2025/booklet.pdf?area={community.pk}" in shown

    def test_an_area_with_none_that_year(self, logged_in, street_officer, honours) -> None:
        community = Area.objects.get(name="第二社区")
        assert "没有评优" in text(logged_in(street_officer).get(f"{PAGE}?year=2023&area={community.pk}"))

    @pytest.mark.parametrize("area", ["x", "-1", "99999999999999999999", "{other}"])
    def test_an_area_outside_is_not_found(self, logged_in, secretary, honours, other_group, area) -> None:
        assert logged_in(secretary).get(f"{PAGE}?area={area.format(other=other_group.pk)}").status_code == 404

    def test_before_the_first_it_says_what_to_do(self, logged_in, secretary, leader, group) -> None:
        assert "点“授予评优”" in text(logged_in(secretary).get(PAGE))
        assert "社区书记或街道登记以后" in text(logged_in(leader).get(PAGE))

    def test_queries_do_not_grow(self, logged_in, secretary, station) -> None:
        browser = logged_in(secretary)
        browser.get(PAGE)
        counts = []
        for more in (1, 12):
            for number in range(more):
                factories.honour(factories.building(f"{more}{number}号楼", station))
            with CaptureQueriesContext(connection) as asked:
                browser.get(PAGE)
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 8


class TestAdmin:
    def test_the_list_is_of_the_scope(self, logged_in, secretary, group, other_group) -> None:
        factories.honour(group)
        factories.honour(other_group)
        shown = text(logged_in(secretary).get("/admin/activities/honour/"))
        assert "迎晖苑" in shown
        assert "仓场公寓" not in shown

    def test_an_export_has_chinese_columns_and_a_reason(self, logged_in, secretary, group, other_group) -> None:
        factories.honour(group, deeds="=1+1", no_disputes=True, stated_on=timezone.localdate())
        factories.honour(other_group, deeds="别处的事迹")
        browser, address = logged_in(secretary), "/admin/activities/honour/export/"
        assert "attachment" not in browser.post(address, {"format": "1"}).headers.get("Content-Disposition", "")
        answer = browser.post(address, {"format": "1", "reason": "年终汇总"})
        heading, row = text(answer).removeprefix("\ufeff").splitlines()
        assert heading == "年度,楼组或小区,类别,主题,事迹,授予日期,楼组自己声明,声明日期"
        assert row.startswith("2025,第一社区 迎晖苑 1号楼,先进楼组党小组,,'=1+1,")
        assert "无邻里矛盾纠纷" in row
        entry = AuditEntry.objects.get(action="export")
        assert (entry.model, entry.reason, entry.changes["rows"]) == ("activities.Honour", "年终汇总", 1)

    @pytest.mark.parametrize(("who", "status"), [("liaison", 403), ("leader", 403), ("instructor", 403)])
    def test_who_may_not_export(self, request, logged_in, group, who, status) -> None:
        browser = logged_in(request.getfixturevalue(who))
        assert browser.get("/admin/activities/honour/").status_code == 200
        assert browser.get("/admin/activities/honour/export/").status_code == status

    def test_nothing_is_written_there(self, logged_in, street_officer, group) -> None:
        honour = factories.honour(group)
        browser = logged_in(street_officer)
        assert browser.get("/admin/activities/honour/add/").status_code == 403
        assert browser.post(f"/admin/activities/honour/{honour.pk}/change/", given(group)).status_code == 403
        assert browser.get(f"/admin/activities/honour/{honour.pk}/change/").status_code == 200

    def test_the_list_takes_few_queries(self, logged_in, secretary, station) -> None:
        browser = logged_in(secretary)
        browser.get("/admin/activities/honour/")
        counts = []
        for more in (1, 8):
            for number in range(more):
                factories.honour(factories.building(f"{more}{number}号楼", station))
            with CaptureQueriesContext(connection) as asked:
                browser.get("/admin/activities/honour/")
            counts.append(len(asked))
        assert counts[0] == counts[1]
