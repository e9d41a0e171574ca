"""Other names of areas: in the admin, by the tree's workbook, one meaning a street."""

import io
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from members.ground.export import workbook
from members.models import Area, AreaName, AuditEntry, User
from members.roster.tree import import_tree
from members.rules import naming
from tests import factories

TODAY = date(2026, 11, 29)
NAMES = "/admin/members/areaname/"


def _named(area: Area, text: str = "迎园路218弄") -> AreaName:
    return naming.name_area(area=area, text=text, kind="address")


def test_a_secretary_names_compounds_of_the_community_alone(
    logged_in: Any, secretary: User, far_secretary: User, station: Area, other_group: Area
) -> None:
    browser = logged_in(secretary)
    body = {"area": station.pk, "text": "迎园路 ２１８弄", "kind": "address"}
    assert browser.post(f"{NAMES}add/", body).status_code == 302
    name = AreaName.objects.get()
    assert (name.key, name.street.path) == ("迎园路218弄", station.street_path)
    entry = AuditEntry.objects.filter(model="members.AreaName").get()
    assert (entry.user, entry.area_path, entry.action) == (secretary, station.path, "create")
    far = logged_in(far_secretary)
    assert far.get(f"{NAMES}{name.pk}/change/").status_code == 404
    assert far.post(f"{NAMES}{name.pk}/delete/", {"post": "yes"}).status_code == 404
    assert "迎园路" not in far.get(NAMES).content.decode()
    far.post(f"{NAMES}add/", body | {"text": "别处路1弄"})
    assert AreaName.objects.count() == 1
    assert browser.post(f"{NAMES}{name.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not AreaName.objects.exists()


@pytest.mark.parametrize(
    "text", ["12号楼", "12", "A座", "迎", "上海市嘉定区", "迎园路218弄5号302", "迎园路218弄302室", "　"]
)
def test_what_is_no_name_is_refused_in_a_sentence(station: Area, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        _named(station, text)
    assert refused.value.message_dict["text"]


def test_a_name_means_one_area_of_its_street(station: Area, group: Area, far_group: Area) -> None:
    _named(station)
    for area, text in ((group, "迎园路２１８弄"), (group, station.name)):
        with pytest.raises(ValidationError):
            _named(area, text)
    assert _named(far_group).street.path != station.street_path  # another street's 迎园路218弄 is its own


def test_names_come_with_the_trees_workbook(street: Area, station: Area, community: Area) -> None:
    headings = ["社区", "小区", "小区地址", "楼组", "楼组地址", "建组日期", "楼组党小组状态"]
    rows = [
        [community.name, station.name, "迎园路218弄、迎园三村", "3号楼", "仓场路70号", "2005-05-15", ""],
        [community.name, station.name, "迎园路218弄", "4号楼", "", "2005-05-15", "培育中"],
        [community.name, station.name, "", "5号楼", "", "", ""],
    ]
    report = import_tree(workbook("架构", headings, rows, formats={}), street=street, today=TODAY)
    assert report.errors == []
    assert dict(AreaName.objects.values_list("text", "kind")) == {
        "迎园路218弄": "address",
        "迎园三村": "other",
        "仓场路70号": "address",
    }
    stages = dict(Area.objects.filter(level=4, path__startswith=station.path).values_list("name", "stage"))
    assert (stages["3号楼"], stages["4号楼"], stages["5号楼"]) == ("established", "preparing", "none")
    again = import_tree(workbook("架构", headings, rows, formats={}), street=street, today=TODAY)
    assert AreaName.objects.count() == 3
    assert all(not counts["new"] + counts["changed"] for counts in again.counts.values())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_export_comes_in_again(
    logged_in: Any, street_officer: User, street: Area, station: Area, group: Area, other_group: Area
) -> None:
    closed = factories.building("7号楼", station)
    closed.close(on=closed.since)
    for area, text in ((station, "迎园路218弄"), (station, "迎园三村"), (group, "仓场路70号")):
        _named(area, text)
    facts = ("level", "name", "residents", "housing", "stage", "established_on", "until")
    before = list(Area.objects.order_by("path").values_list("path", *facts))
    told = logged_in(street_officer).post("/admin/members/area/export/", {"format": "0", "reason": "核对组织架构"})
    again = import_tree(told.content, street=street, today=TODAY)
    assert (again.errors, [list(counts.values()) for counts in again.counts.values()]) == (
        [], [[0, 0, 2], [0, 0, 2], [0, 0, 2]],
    )  # fmt: skip
    assert list(Area.objects.order_by("path").values_list("path", *facts)) == before
    report = import_tree(told.content, street=Area(name="新街道", level=1), today=TODAY)
    assert report.errors == []
    new = Area.objects.get(name="新街道")
    assert sorted(AreaName.objects.filter(street=new).values_list("area__name", "text")) == [
        ("1号楼", "仓场路70号"), ("迎晖苑", "迎园三村"), ("迎晖苑", "迎园路218弄"),
    ]  # fmt: skip
    kept = Area.objects.below(new).order_by("path").values_list(*facts)
    assert sorted(kept, key=str) == sorted((row[1:] for row in before[1:] if row[2] != "7号楼"), key=str)


def test_one_address_of_two_compounds_is_an_error_of_its_row(street: Area) -> None:
    rows = [
        ["甲社区", "甲苑", "甲路1弄", "1号楼"],
        ["甲社区", "乙苑", "甲路１弄", "1号楼"],
        ["甲社区", "乙苑", "1号楼", "1号楼"],
    ]
    content = workbook("架构", ["社区", "小区", "小区地址", "楼组"], rows, formats={})
    report = import_tree(content, street=street, today=TODAY)
    assert [(error["row"], error["column"]) for error in report.errors] == [(3, "小区地址"), (4, "小区地址")]
    assert not AreaName.objects.exists()


def test_an_area_taken_back_takes_its_names_with_it(group: Area) -> None:
    _named(group, "仓场路70号")
    call_command("verify_tree", stdout=io.StringIO())
    group.delete()
    assert not AreaName.objects.exists()
    assert AuditEntry.objects.filter(model="members.AreaName", action="delete").exists()


@pytest.mark.parametrize("who", ["liaison", "leader", "instructor"])
def test_others_write_no_names(request: Any, logged_in: Any, who: str, station: Area) -> None:
    body = {"area": station.pk, "text": "迎园路218弄", "kind": "address"}
    assert logged_in(request.getfixturevalue(who)).post(f"{NAMES}add/", body).status_code == 403
    assert not AreaName.objects.exists()
