"""Whether the tree is whole, and what each door may write to it."""

import io
import re
from datetime import date
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from members.ground.paths import LAST_CHILD
from members.models import Area, Member, User
from members.rules.tree import Misfit, misfits, misfits_among
from tests import factories
from tests.members.pages import OLD, Page, told

URL = "/api/v1/areas"
NEXT_YEAR = date(timezone.localdate().year + 1, 1, 1)


@pytest.fixture
def by_page(logged_in: Any, street_officer: User) -> Client:
    return logged_in(street_officer)


@pytest.fixture
def by_api(api: Any, street_officer: User) -> APIClient:
    return api(street_officer)


def verified() -> tuple[str, str]:
    """What the command prints, and what it fails with."""
    out = io.StringIO()
    try:
        call_command("verify_tree", stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


class TestVerifying:
    def test_a_whole_tree(self, member: Member, other_group: Area, far_member: Member) -> None:
        assert verified() == (f"{Area.objects.count()} 个区域，树是完整的。\n", "")

    @pytest.mark.parametrize(
        ("torn", "sentence"),
        [
            ({"path": "0001" + "0007" + "0001" + "0001"}, "没有上级：路径 000100070001 上没有区域"),
            ({"label": "迎晖苑 1号楼"}, "全称应是“第一社区 迎晖苑 1号楼”"),
            ({"name": "11号楼"}, "全称应是“第一社区 迎晖苑 11号楼”"),
            ({"path": "0009" + "0001" + "0001" + "0001"}, "没有上级：路径 000900010001 上没有区域"),
        ],
    )
    def test_a_group_that_does_not_fit_is_named(self, group: Area, torn: dict, sentence: str) -> None:
        Area.objects.filter(pk=group.pk).update(**torn)
        now = Area.objects.get(pk=group.pk)
        assert misfits() == [Misfit(now.path, now.label, sentence)]
        printed, failed = verified()
        assert printed == f"{now.path} {now.label}：{sentence}。\n"
        assert "有 1 处对不上" in failed

    def test_a_group_open_in_a_closed_compound_is_named(self, station: Area, group: Area) -> None:
        Area.objects.filter(pk=station.pk).update(until=date(2025, 7, 1))
        assert [misfit.sentence for misfit in misfits()] == ["上级“迎晖苑”于 2025-07-01 停用，它却用得更久"]

    def test_a_group_with_members_of_another_street_is_named(self, member: Member, other_street: Area) -> None:
        Member.objects.filter(pk=member.pk).update(street=other_street)
        assert [misfit.sentence for misfit in misfits()] == ["街道不对：有 1 位在这里住过的党员登记在别的街道"]

    def test_a_level_that_is_not_the_paths_and_a_street_that_is_gone(self) -> None:
        areas = [
            Area(path="00010001", level=3, name="第一社区", label="第一社区"),
            Area(path="000100010001", level=3, name="迎晖苑", label="第一社区 迎晖苑"),
        ]
        assert [(misfit.label, misfit.sentence) for misfit in misfits_among(areas)] == [
            ("第一社区", "层级是 3，路径却有 2 级"),
            ("第一社区", "没有上级：路径 0001 上没有区域"),
            ("第一社区 迎晖苑", "没有街道：路径 0001 上没有区域"),
        ]

    def test_it_asks_two_queries(self, group: Area, other_group: Area, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(2):
            misfits()


class TestMending:
    """What was torn before is mended at the doors that there are."""

    def test_a_group_without_a_parent_gets_one(self, by_page: Client, station: Area, group: Area) -> None:
        Area.objects.filter(pk=group.pk).update(path="0001000100070001")
        assert Page(by_page, group).send(parent=station.pk).wrote
        assert misfits() == []

    def test_nothing_new_takes_in_what_lost_its_parent(self, by_page: Client, community: Area, group: Area) -> None:
        Area.objects.filter(pk=group.pk).update(path="0001000100070001")
        assert factories.area("新苑", community).path == "000100010008"
        content = io.BytesIO("社区,小区\n第一社区,另苑\n".encode("utf-8-sig"))
        content.name = "areas.csv"
        by_page.post("/areas/upload/", {"street": Area.objects.get(level=1).pk, "file": content})
        assert Area.objects.get(name="另苑").path == "000100010009"

    def test_labels_are_written_anew_below_what_is_renamed(self, by_page: Client, station: Area, group: Area) -> None:
        Area.objects.filter(pk=group.pk).update(label="别处 1号楼")
        assert Page(by_page, station).send(name="迎晖苑1期").wrote
        assert misfits() == []


class TestPageThatIsOld:
    """Somebody else wrote since it was opened."""

    def test_only_what_was_changed_is_written(self, by_page: Client, station: Area, group: Area) -> None:
        page = Page(by_page, station)
        station.change(name="迎晖苑1期", division_code="310114001001")
        assert page.send(housing="old").wrote
        now = Area.objects.get(pk=station.pk)
        assert (now.name, now.division_code, now.housing) == ("迎晖苑1期", "310114001001", "old")
        assert misfits() == []

    def test_a_move_is_not_taken_back(self, by_page: Client, station: Area, other_community: Area) -> None:
        page = Page(by_page, station)
        station.move(to=other_community)
        assert page.send(housing="old").wrote
        assert Area.objects.get(pk=station.pk).parent == other_community

    @pytest.mark.parametrize(
        ("theirs", "mine"),
        [({"name": "迎晖苑1期"}, {"name": "迎晖苑2期"}), ({"housing": "old"}, {"housing": "villa"})],
    )
    def test_what_both_changed_is_told(self, by_page: Client, station: Area, theirs: dict, mine: dict) -> None:
        page = Page(by_page, station)
        station.change(**theirs)
        assert page.send(**mine) == (False, OLD)
        now = Area.objects.get(pk=station.pk)
        assert {name: getattr(now, name) for name in theirs} == theirs

    def test_what_both_changed_alike_is_no_matter(self, by_page: Client, station: Area) -> None:
        page = Page(by_page, station)
        station.change(name="迎晖苑1期")
        assert page.send(name="迎晖苑1期").wrote

    def test_a_parent_closed_meanwhile_is_told(self, by_page: Client, station: Area, other_community: Area) -> None:
        page = Page(by_page, station)
        other_community.close(on=date(2026, 1, 1))
        assert page.send(parent=other_community.pk).said.startswith("没有这个上级，或者它已停用")

    def test_shown_again_it_remembers_what_it_showed(self, by_page: Client, station: Area) -> None:
        page = Page(by_page, station)
        shown = by_page.post(page.url, page.body | {"name": ""}).content.decode()
        assert 'name="initial-name" value="迎晖苑"' in shown
        assert f'name="initial-parent" value="{page.body["parent"]}"' in shown


def test_a_rename_writes_the_name_and_the_labels_alone(by_page: Client, station: Area, group: Area) -> None:
    page = Page(by_page, station)
    with CaptureQueriesContext(connection) as captured:
        assert page.send(name="迎晖苑1期").wrote
    writes = [query["sql"] for query in captured if query["sql"].startswith('UPDATE "members_area"')]
    assert len(writes) == 2
    assert not [sql for sql in writes if '"path" =' in sql.partition("WHERE")[0]]


@pytest.mark.parametrize(("change", "most"), [("name", 20), ("parent", 24)])
def test_a_write_asks_few_queries_whatever_lies_below(
    by_api: APIClient, community: Area, station: Area, other_community: Area, change: str, most: int
) -> None:
    """Beside the savepoints and checks of Django's own validation."""
    by_api.get(URL)  # the session is written once
    counts = []
    for number, parent in enumerate((other_community, community)):
        values = {"name": f"迎晖苑{number}期", "parent": parent.pk}
        with CaptureQueriesContext(connection) as captured:
            assert by_api.patch(f"{URL}/{station.pk}", {change: values[change]}).status_code == 200
        counts.append(len([1 for query in captured if not re.search(r"SAVEPOINT|_check", query["sql"])]))
        for door in range(20):
            factories.building(f"{number}{door:02d}号楼", Area.objects.get(pk=station.pk))
    assert counts[0] == counts[1] <= most


def test_a_blank_in_a_new_name_stays_out_of_the_label_too(by_page: Client, station: Area) -> None:
    by_page.post("/admin/members/area/add/", {"parent": station.pk, "name": " 12 号楼 "})
    assert Area.objects.get(name="12号楼").label == "第一社区 迎晖苑 12号楼"
    assert misfits() == []


def test_a_move_with_a_new_name_asks_only_where_it_goes(by_api: APIClient, station: Area, group: Area) -> None:
    """The old compound has a namesake of the new name, the new one a namesake of the old."""
    factories.building("2号楼", station)
    elsewhere = factories.area("沪宜苑", Area.objects.get(path=station.parent_path))
    factories.building("1号楼", elsewhere)
    answer = by_api.patch(f"{URL}/{group.pk}", {"parent": elsewhere.pk, "name": "2号楼"})
    assert (answer.status_code, answer.data["label"]) == (200, "第一社区 沪宜苑 2号楼")


def test_a_move_that_closes_too_takes_all_below_along(by_api: APIClient, station: Area, group: Area, other_community):
    body = {"parent": other_community.pk, "name": "老苑", "until": "2026-01-01"}
    assert by_api.patch(f"{URL}/{station.pk}", body).status_code == 200
    now = Area.objects.get(pk=group.pk)
    assert (now.label, now.until) == ("第二社区 老苑 1号楼", date(2026, 1, 1))
    assert misfits() == []


class TestWhatIsRefused:
    """The same sentence at the page and the API."""

    @pytest.fixture(params=["page", "api"])
    def refusal(self, request: Any, by_page: Client, by_api: APIClient) -> Any:
        def asked(area: Area | None, **values: Any) -> str:
            if request.param == "page":
                if area:
                    return Page(by_page, area).send(**values).said
                return told(by_page.post("/admin/members/area/add/", values)).said
            answer = by_api.patch(f"{URL}/{area.pk}", values) if area else by_api.post(URL, values)
            assert answer.status_code == 400, answer.data
            return " ".join(str(each) for errors in answer.data["errors"].values() for each in errors)

        return asked

    def test_below_a_group(self, refusal: Any, group: Area) -> None:
        assert refusal(None, parent=group.pk, name="1单元") == "楼组之下不能再设区域，请选择小区、社区或街道。"

    def test_a_name_twice(self, refusal: Any, group: Area, station: Area) -> None:
        said = "这里已经有“1号楼”，请换一个名称，或修改原来的那一条。"
        assert refusal(None, parent=station.pk, name="1号楼") == said
        assert refusal(factories.building("2号楼", station), name="1号楼") == said

    def test_another_street(self, refusal: Any, superuser: User, street_officer: User, station: Area, far_community):
        factories.post(street_officer, "street", Area.objects.get(path=far_community.street_path))
        assert refusal(station, parent=far_community.pk) == "不能移到别的街道：每个街道的资料各管各的。"
        assert misfits() == []

    def test_another_level(self, refusal: Any, group: Area, other_community: Area) -> None:
        assert refusal(group, parent=other_community.pk) == "楼组只能移到小区党员联络站之下。"

    def test_an_end_while_somebody_lives_there(self, refusal: Any, member: Member, station: Area) -> None:
        assert refusal(station, until="2026-01-01") == "“迎晖苑”还有党员居住，请先为他们办理迁居，再停用。"

    def test_an_end_behind_that_of_the_compound(self, refusal: Any, station: Area, group: Area) -> None:
        station.close(on=date(2026, 1, 1))
        said = (
            "上级“迎晖苑”于 2026-01-01 停用，下级不能用得更久。请先恢复上级，或另选上级，或填不晚于这一天的停用日期。"
        )
        assert refusal(group, until="2026-02-01") == said


def test_a_street_is_not_moved(by_api: APIClient, street: Area, community: Area) -> None:
    answer = by_api.patch(f"{URL}/{street.pk}", {"parent": community.pk})
    assert (answer.status_code, answer.data["errors"]) == (400, {"parent": ["街道没有上级，不能移动。"]})


def test_nothing_is_added_to_what_is_closed(by_api: APIClient, station: Area) -> None:
    station.close(on=date(2026, 1, 1))
    answer = by_api.post(URL, {"parent": station.pk, "name": "7号楼"})
    assert answer.status_code == 400
    assert "请先恢复上级，或另选上级，" in answer.data["errors"]["parent"][0]


def test_nothing_opens_again_in_what_is_closed(by_api: APIClient, station: Area, group: Area) -> None:
    station.close(on=date(2026, 1, 1))
    answer = by_api.patch(f"{URL}/{group.pk}", {"until": None})
    assert "请先恢复上级，或另选上级，" in answer.data["errors"]["until"][0]
    assert by_api.patch(f"{URL}/{station.pk}", {"until": None}).status_code == 200
    assert by_api.patch(f"{URL}/{group.pk}", {"until": None}).status_code == 200


def test_what_is_added_to_what_will_close_closes_with_it(by_api: APIClient, station: Area) -> None:
    station.close(on=NEXT_YEAR)
    answer = by_api.post(URL, {"parent": station.pk, "name": "7号楼"})
    assert (answer.status_code, answer.data["until"]) == (201, str(NEXT_YEAR))


def test_an_earlier_end_ends_what_lies_below_earlier(by_api: APIClient, station: Area, group: Area) -> None:
    station.close(on=NEXT_YEAR)
    assert by_api.patch(f"{URL}/{station.pk}", {"until": "2026-01-01"}).status_code == 200
    assert Area.objects.get(pk=group.pk).until == date(2026, 1, 1)
    assert misfits() == []


def test_a_group_in_a_closed_compound_can_still_be_corrected(by_page: Client, station: Area, group: Area) -> None:
    station.close(on=date(2026, 1, 1))
    assert Page(by_page, group).send(name="1号楼（已拆）").wrote


def test_one_deleted_meanwhile_is_told(group: Area) -> None:
    gone = Area.objects.get(pk=group.pk)
    Area.objects.filter(pk=group.pk).delete()
    with pytest.raises(Exception, match="这个区域刚刚被删除了，请刷新页面看看。"):
        gone.change(name="2号楼")
    with pytest.raises(Exception, match="选的上级刚刚被删除了，请重新选择。"):
        Area(name="1单元").place(under=gone)


def test_a_sheet_that_brings_too_many_is_refused_whole(by_page: Client, street: Area) -> None:
    full = Area(name="末").stand_at(f"{street.path}{LAST_CHILD}", street)
    Area.objects.bulk_create([full])
    content = io.BytesIO("社区,小区,楼组\n新社区,新苑,1号楼\n".encode("utf-8-sig"))
    content.name = "areas.csv"
    page = by_page.post("/areas/upload/", {"street": street.pk, "file": content}).content.decode()
    assert f"同一上级下最多 {LAST_CHILD} 个区域。" in page
    assert not Area.objects.filter(name="新社区").exists()
