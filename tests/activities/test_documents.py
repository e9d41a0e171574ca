"""The papers: which names a plate bears, what a booklet says, and that no row can steer how they are set."""

import io
from datetime import date
from typing import Any

import pypdf
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activities.documents import booklet, typesetting
from activities.models import Honour
from members.ground.access import PostKind
from members.models import Area, AuditEntry, Duty, Member, User
from tests import factories

pytestmark = pytest.mark.django_db
MARKUP = (
    "#panic(1) #sys.inputs #read(\"/etc/passwd\") $x^2$ *粗* _斜_ `代码` = 标题 <label> @ref // 注 /* 注 */ \\u{41} "
    "#include \"plates.typ\" ]) #{ } ~ --- \" \\ & < >"
)  # fmt: skip


def pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def text(answer: Any) -> str:
    """All that can be selected in a PDF, without breaks."""
    assert answer["Content-Type"] == "application/pdf", answer.content.decode()[:200]
    return plain("".join(pages(answer.content)))


def plain(told: str) -> str:
    return "".join(told.split())


def plate_of(area: Area) -> str:
    return f"/buildings/{area.pk}/plate.pdf" if area.level == 4 else f"/compounds/{area.pk}/plates.pdf"


def leads(member: Member, group: Area) -> User:
    """Make the member the leader of the building group."""
    user = factories.user(f"leader{member.pk}", name=member.name, member=member)
    factories.post(user, PostKind.LEADER, group)
    return user


class TestPlateNames:
    """Only who lives there today and agreed."""

    @pytest.fixture
    def building(self, group: Area, other_group: Area) -> dict[str, Member]:
        names = {
            "agreed": "安同意", "refused": "柏不肯", "withdrawn": "曹撤回", "unasked": "单没问", "left": "段迁走",
            "elsewhere": "方别处", "back": "顾又肯", "moved": "韩搬来",
        }  # fmt: skip
        people = {key: factories.person(name, group) for key, name in names.items() if key != "elsewhere"}
        people["elsewhere"] = factories.person(names["elsewhere"], other_group)
        for key in ("agreed", "withdrawn", "left", "elsewhere", "back", "moved"):
            consent = factories.consent(people[key])
            if key in ("withdrawn", "back"):
                consent.withdraw()
        factories.consent(people["back"])
        factories.consent(people["refused"], is_agreed=False)
        people["left"].leave(on=date(2024, 6, 1))
        people["moved"].move(to=other_group, on=date(2024, 6, 1))
        people["moved"].move(to=group, on=date(2024, 7, 1))
        return people

    def test_no_other_name_is_printed(self, logged_in, secretary, group, building) -> None:
        shown = text(logged_in(secretary).get(plate_of(group)))
        printed = {key for key, member in building.items() if member.name in shown}
        assert printed == {"agreed", "back", "moved"}

    def test_it_bears_nothing_but_names_and_duties(self, logged_in, secretary, group) -> None:
        known = factories.person("欧阳建国", group, room="302", phone="19900005678", affiliation="in_post")
        factories.consent(known)
        Duty(member=known, kind="mediator").save()
        Duty(member=known, kind="helper", since=date(2020, 1, 1), until=date(2021, 1, 1)).save()
        shown = text(logged_in(secretary).get(plate_of(group)))
        for word in ("新成路街道", "第一社区", "迎晖苑", "1号楼", "欧阳建国", "调解员", "群众有需求"):
            assert word in shown
        for word in ("302", "1990000", "5678", "服务员", "在职", "上海嘉定仪表厂", "同意于"):
            assert word not in shown

    def test_a_leader_is_named_as_one_if_they_agreed(self, logged_in, secretary, group) -> None:
        known = factories.person("欧阳建国", group)
        leads(known, group)
        factories.consent(known)
        assert "党小组组长欧阳建国" in text(logged_in(secretary).get(plate_of(group)))

    def test_a_leader_who_did_not_agree_is_not(self, logged_in, secretary, group, building) -> None:
        leads(building["refused"], group)
        shown = text(logged_in(secretary).get(plate_of(group)))
        assert "组长" not in shown
        assert "柏不肯" not in shown

    def test_a_leader_who_lives_elsewhere_agreed_for_there_alone(self, logged_in, secretary, group, building) -> None:
        leads(building["elsewhere"], group)
        shown = text(logged_in(secretary).get(plate_of(group)))
        assert "组长" not in shown
        assert "方别处" not in shown

    def test_a_leader_whose_time_ended_is_a_member_like_others(self, logged_in, secretary, group, building) -> None:
        former = leads(building["agreed"], group)
        former.roles.update(until=date(2024, 1, 1))
        assert "组长" not in text(logged_in(secretary).get(plate_of(group)))

    def test_withdrawal_works_at_once(self, logged_in, secretary, group, building) -> None:
        browser = logged_in(secretary)
        consent = building["agreed"].consents.get()
        assert "安同意" in text(browser.get(plate_of(group)))
        browser.post(f"/consents/{consent.pk}/withdraw/")
        assert "安同意" not in text(browser.get(plate_of(group)))

    def test_where_nobody_agreed_a_page_says_so(self, logged_in, secretary, group, member) -> None:
        factories.consent(member, is_agreed=False)
        answer = logged_in(secretary).get(plate_of(group))
        assert answer["Content-Type"].startswith("text/html")
        assert "还没有人同意" in answer.content.decode()
        assert f"/consents/?area={group.pk}" in answer.content.decode()
        assert not AuditEntry.objects.filter(action="export").exists()

    def test_a_compound_is_one_page_a_building(self, logged_in, secretary, station, group, building) -> None:
        second = factories.building("2号楼", station)
        factories.building("3号楼", station)
        factories.consent(factories.person("温念慈", second))
        content = logged_in(secretary).get(plate_of(station)).content
        first_page, second_page = map(plain, pages(content))
        assert "安同意" in first_page
        assert "温念慈" not in first_page
        assert "温念慈" in second_page
        assert "3号楼" not in first_page + second_page

    def test_seventy_names_are_all_there(self, logged_in, secretary, group) -> None:
        for number in range(70):
            factories.consent(factories.person(f"第{number:02}人", group))
        shown = text(logged_in(secretary).get(plate_of(group)))
        assert all(f"第{number:02}人" in shown for number in range(70))

    def test_queries_do_not_grow(self, logged_in, secretary, station, group) -> None:
        browser = logged_in(secretary)
        browser.get(plate_of(station))
        counts = []
        for more in (1, 6):
            for number in range(more):
                building = factories.building(f"{more}{number}号楼", station)
                known = factories.person(f"党员{number}", building)
                leads(known, building)
                Duty(member=known, kind="helper").save()
                factories.consent(known)
            with CaptureQueriesContext(connection) as asked:
                browser.get(plate_of(station))
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 16


@pytest.mark.parametrize(
    ("who", "own", "other"),
    [
        ("superuser", 404, 404), ("street_officer", 200, 200), ("secretary", 200, 404), ("liaison", 200, 404),
        ("leader", 200, 404), ("instructor", 404, 404), ("auditor", 404, 404), ("outsider", 404, 404),
    ],
)  # fmt: skip
def test_who_may_print_a_plate(request, logged_in, group, other_group, member, other_member, who, own, other) -> None:
    for each in (member, other_member):
        factories.consent(each)
    browser = logged_in(request.getfixturevalue(who))
    before = AuditEntry.objects.filter(action="export").count()
    assert browser.get(plate_of(group)).status_code == own
    assert browser.get(plate_of(other_group)).status_code == other
    written = AuditEntry.objects.filter(action="export").count() - before
    assert written == (own == 200) + (other == 200)


def test_a_leader_prints_no_compound(logged_in, leader, station, member) -> None:
    factories.consent(member)
    assert logged_in(leader).get(plate_of(station)).status_code == 404


def test_a_community_has_no_plate(logged_in, secretary, community, group, member) -> None:
    browser = logged_in(secretary)
    assert browser.get(f"/buildings/{community.pk}/plate.pdf").status_code == 404
    assert browser.get(f"/compounds/{group.pk}/plates.pdf").status_code == 404
    assert browser.post(plate_of(group)).status_code == 405


def test_a_plate_goes_on_record(logged_in, leader, group, member) -> None:
    factories.consent(member)
    logged_in(leader).get(plate_of(group))
    entry = AuditEntry.objects.get(action="export")
    assert (entry.user, entry.model, entry.area_path, entry.changes) == (
        leader, "members.Member", group.path, {"rows": 1},
    )  # fmt: skip


class TestBooklet:
    @pytest.fixture
    def given(self, group: Area, station: Area, other_group: Area) -> dict[str, Honour]:
        four = dict.fromkeys(("no_violations", "no_disputes", "no_accidents", "no_superstition"), True)
        theme = {"kind": "theme", "theme": "study"}
        return {
            "study": factories.honour(
                group, **theme, **four, deeds="每周开办邻里学堂。\n\n读书角天天开放。", stated_on=date(2025, 12, 20)
            ),
            "compound": factories.honour(
                station, deeds="小区绿化人人动手。", no_disputes=True, stated_on=date(2025, 6, 1)
            ),
            "other": factories.honour(other_group, deeds="邻居都来唱歌。"),
            "earlier": factories.honour(group, year=2024, deeds="去年的事迹。"),
        }

    def test_its_text_can_be_selected(self, logged_in, street_officer, given) -> None:
        shown = text(logged_in(street_officer).get("/honours/2025/booklet.pdf"))
        for words in (
            "2025年度", "楼组评优", "事迹册", "新成路街道", "目录", "第一社区", "第二社区", "迎晖苑1号楼", "学习楼",
            "先进楼组党小组", "每周开办邻里学堂。", "读书角天天开放。", "小区绿化人人动手。", "邻居都来唱歌。",
            "楼组自己声明（2025年12月20日）：无违法违约现象、无邻里矛盾纠纷、无安全防范事故、无封建迷信活动。",
            "共收录3项", "先进楼组党小组2个", "学习楼1个",
        ):  # fmt: skip
            assert words in shown, words
        assert "去年的事迹" not in shown

    def test_the_contents_name_the_right_pages(self, logged_in, street_officer, given) -> None:
        found = pages(logged_in(street_officer).get("/honours/2025/booklet.pdf").content)
        contents = plain(found[1]).replace(".", "")
        for place, deed in (("迎晖苑1号楼学习楼", "邻里学堂"), ("仓场公寓2号楼先进楼组党小组", "唱歌")):
            page = next(number for number, told in enumerate(found) if deed in plain(told))
            assert f"{place}{page}" in contents

    def test_an_area_has_its_own(self, logged_in, street_officer, given) -> None:
        community = Area.objects.get(name="第二社区")
        shown = text(logged_in(street_officer).get(f"/honours/2025/booklet.pdf?area={community.pk}"))
        assert "邻居都来唱歌" in shown
        assert "邻里学堂" not in shown

    @pytest.mark.parametrize(
        ("who", "own", "other"),
        [
            ("street_officer", True, True), ("secretary", True, False),
            ("other_secretary", False, True), ("liaison", True, False), ("leader", True, False),
            ("instructor", True, False),
        ],
    )  # fmt: skip
    def test_each_reads_their_own(self, request, logged_in, given, who, own, other) -> None:
        shown = text(logged_in(request.getfixturevalue(who)).get("/honours/2025/booklet.pdf"))
        assert ("邻里学堂" in shown, "唱歌" in shown) == (own, other)

    @pytest.mark.parametrize("who", ["superuser", "auditor", "outsider"])
    def test_others_none(self, request, logged_in, given, who) -> None:
        assert logged_in(request.getfixturevalue(who)).get("/honours/2025/booklet.pdf").status_code == 403

    @pytest.mark.parametrize("year", [1902, 2150, 99999999999999999999999])
    def test_a_year_without_any_leads_back(self, logged_in, secretary, given, year) -> None:
        answer = logged_in(secretary).get(f"/honours/{year}/booklet.pdf", follow=True)
        assert "这一年还没有评优" in answer.content.decode()

    @pytest.mark.parametrize("area", ["x", "-1", "99999999999999999999", "{other}"])
    def test_an_area_outside_is_not_found(self, logged_in, secretary, given, other_group, area) -> None:
        address = f"/honours/2025/booklet.pdf?area={area.format(other=other_group.pk)}"
        assert logged_in(secretary).get(address).status_code == 404

    def test_it_goes_on_record(self, logged_in, secretary, community, given) -> None:
        logged_in(secretary).get("/honours/2025/booklet.pdf")
        entry = AuditEntry.objects.get(action="export")
        assert (entry.model, entry.area_path, entry.changes) == ("activities.Honour", community.path, {"rows": 2})


class TestTexts:
    """What rows say is text, whatever it looks like."""

    def set(self, honour: Honour) -> str:
        honours = Honour.objects.filter(pk=honour.pk).select_related("area")
        return plain("".join(pages(booklet(honours, year=2025, place="新成路街道", day=timezone.localdate()))))

    def test_markup_stays_as_it_was_written(self, group) -> None:
        assert plain(MARKUP) in self.set(factories.honour(group, deeds=MARKUP))

    @pytest.mark.parametrize("deeds", ["字" * 1000, "a" * 1000, "a " * 499 + "b", "\n".join("行" * 500)])
    def test_the_longest_deeds_are_all_there(self, group, deeds) -> None:
        shown = self.set(factories.honour(group, deeds=deeds))
        assert shown.count(deeds[0]) == deeds.count(deeds[0])

    @pytest.mark.parametrize("deeds", ["\u202e反着写", "\u200b\u200d零宽", "\x07\x1b铃", "😀🏮表情", "𠮷野", "ﷺ", "ก็็็็็็็็"])
    def test_odd_signs_do_no_harm(self, group, deeds) -> None:
        honour = factories.honour(group)
        Honour.objects.filter(pk=honour.pk).update(deeds=f"前面{deeds}后面")
        shown = self.set(honour)
        assert "前面" in shown
        assert "后面" in shown
        assert "\u202e" not in shown

    def test_names_of_members_and_areas_are_text(self, logged_in, secretary, station) -> None:
        group = factories.building('#panic("1")号楼$', station)
        factories.consent(factories.person('#eval("1")', group))
        shown = text(logged_in(secretary).get(plate_of(group)))
        assert '#eval("1")' in shown
        assert '#panic("1")号楼$' in shown

    def test_no_font_of_the_machine_is_used(self) -> None:
        assert set(typesetting._fonts().families()) == {"Noto Sans SC", "Noto Serif SC"}
