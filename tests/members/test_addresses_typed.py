"""Addresses typed into forms, and the step that asks which compound an unknown address is."""

from typing import Any

import pytest
from django.utils import timezone

from members.models import Area, AreaName, AuditEntry, Member, RosterImport, User
from members.roster import stages, steps
from members.roster.compounds import settle_compounds, unknown_compounds
from members.rules import naming
from tests import factories
from tests.members.uploads import cells, errors, plan_of, preview, sheet, statuses, write

TODAY = timezone.localdate().isoformat()


def _named(area: Area, text: str = "迎园路218弄") -> AreaName:
    return naming.name_area(area=area, text=text, kind="address")


def _at(name: str, address: str) -> dict[str, str]:
    row = cells(name, 家庭住址=address)
    return {heading: text for heading, text in row.items() if heading not in ("小区", "楼组", "室号")}


# In forms -----------------------------------------------------------------------------------------------------------
def test_an_address_is_enough_to_register_and_to_move(
    logged_in: Any, secretary: User, station: Area, group: Area
) -> None:
    _named(station)
    browser = logged_in(secretary)
    body = {"name": "诸葛静", "sex": "male", "affiliation": "local", "address": "迎园路２１８弄1号302室"}
    assert browser.post("/admin/members/member/add/", body).status_code == 302
    member = Member.objects.get(name="诸葛静")
    assert (member.home.area, member.home.room) == (group, "302")
    second = factories.building("2号楼", station)
    moved = browser.post(f"/members/{member.pk}/move/", {"address": "迎园路218弄2号101", "on": TODAY})
    assert moved.status_code == 302
    assert (member.home.area, member.home.room) == (second, "101")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("1号楼302室", "可能是"),
        ("新华路99弄1号302", "不知道“新华路99弄”是哪个小区"),
        ("迎晖苑99号302", "里没有“99号楼”"),
        ("", "请选择楼组，或在上面写整个住址"),
    ],
)
def test_an_address_that_means_no_door_says_what_to_do(
    logged_in: Any, secretary: User, member: Member, address: str, sentence: str
) -> None:
    told = logged_in(secretary).post(f"/members/{member.pk}/move/", {"address": address, "on": "2026-01-05"})
    assert sentence in told.content.decode()
    assert member.residences.count() == 1


def test_an_address_in_another_street_or_community_never_matches(
    logged_in: Any, secretary: User, member: Member, far_group: Area, other_group: Area
) -> None:
    _named(far_group.parent, "平城路8弄")
    browser = logged_in(secretary)
    for address in (
        "平城路8弄9号101",
        f"{far_group.parent.name}9号101",
        f"{other_group.parent.name}{other_group.name}",
    ):
        told = browser.post(f"/members/{member.pk}/move/", {"address": address, "on": "2026-01-05"})
        assert told.status_code == 200
    assert member.residences.count() == 1


# In rosters ---------------------------------------------------------------------------------------------------------
def test_one_answer_settles_all_rows_of_an_unknown_compound(
    street: Area, station: Area, group: Area, street_officer: User
) -> None:
    rows = [_at(name, f"新华路99弄1号{room}室") for name, room in (("新甲甲", 101), ("新甲乙", 102), ("新甲丙", 103))]
    upload = preview(sheet(*rows, _at("新甲丁", "外环路7弄1号101")), street, street_officer)
    assert statuses(upload) == ["doubt"] * 4
    assert [each[:2] for each in unknown_compounds(plan_of(upload))] == [("新华路99弄", 3), ("外环路7弄", 1)]
    done = settle_compounds(upload, named={"新华路99弄": station}, outside=["外环路7弄"], plan=plan_of(upload))
    assert done == 2
    assert AreaName.objects.get().area == station
    upload.refresh_from_db()
    assert statuses(upload) == ["new"] * 3 + ["skipped"]
    write(upload)
    assert Member.objects.count() == 3
    again = preview(sheet(*rows, _at("新乙甲", "新华路99弄1号201")), street, street_officer)
    assert statuses(again) == ["same"] * 3 + ["new"]


def test_the_page_asks_page_by_page_and_keeps_to_the_importers_compounds(
    logged_in: Any, secretary: User, community: Area, station: Area, group: Area, other_group: Area
) -> None:
    rows = [
        _at("新甲甲", "新华路99弄1号101"),
        *(_at(f"新乙{'甲乙丙丁戊'[n % 5]}{'子丑寅卯辰巳'[n // 5]}", f"第一路{n}弄1号101") for n in range(30)),
    ]
    upload = preview(sheet(*rows), community, secretary)
    browser, url = logged_in(secretary), f"/roster/{upload.pk}/places/"
    text = browser.get(url).content.decode()
    assert "共 2 页" in text
    assert "是哪个小区" in browser.get(f"/roster/{upload.pk}/?show=doubt").content.decode()
    assert other_group.parent.label not in text
    far = {"name-1": "新华路99弄", "compound-1": str(other_group.parent.pk)}
    browser.post(url, far)
    assert not AreaName.objects.exists()
    mine = {"name-1": "新华路99弄", "compound-1": str(station.pk), "name-2": "第一路0弄", "compound-2": "outside"}
    assert browser.post(url, mine, follow=True).status_code == 200
    assert AuditEntry.objects.filter(model="members.AreaName", user=secretary).count() == 1
    upload.refresh_from_db()
    assert statuses(upload)[:2] == ["new", "skipped"]
    browser.post(url, {"name-1": "别的路1弄", "compound-1": str(station.pk)})  # no name of this roster
    assert AreaName.objects.count() == 1


def test_where_every_row_waits_for_a_place_the_way_is_shown_and_leads_back(
    logged_in: Any, secretary: User, community: Area, station: Area, group: Area
) -> None:
    upload = preview(sheet(_at("新甲甲", "新华路99弄1号101"), _at("新甲乙", "第一路2弄1号102")), community, secretary)
    browser, url = logged_in(secretary), f"/roster/{upload.pk}/"
    text = browser.get(url).content.decode()
    assert "有 2 个地址不认识" in text
    assert "逐行选择" not in text
    assert "保存选择" not in text
    first = {"name-1": "新华路99弄", "compound-1": str(station.pk)}
    assert browser.post(f"{url}places/", first).url == f"{url}places/"
    assert "第一路2弄" in browser.get(f"{url}places/").content.decode()
    last = {"name-1": "第一路2弄", "compound-1": "outside"}
    assert browser.post(f"{url}places/", last).url == url


def test_an_address_of_one_building_is_kept_as_the_buildings(
    logged_in: Any, secretary: User, community: Area, station: Area, group: Area
) -> None:
    upload = preview(sheet(_at("新甲甲", "仓场路70号502室")), community, secretary)
    url = f"/roster/{upload.pk}/places/"
    told = logged_in(secretary).post(
        url, {"name-1": "仓场路70号", "compound-1": "", "building-1": f"{station.name}1号楼"}, follow=True
    )
    assert told.status_code == 200
    assert AreaName.objects.get().area == group
    upload.refresh_from_db()
    assert [(row.status, row.room) for row in plan_of(upload).rows] == [("new", "502")]


def test_a_door_in_doubt_is_chosen_row_by_row(
    logged_in: Any, street: Area, street_officer: User, group: Area, far_group: Area, other_group: Area
) -> None:
    factories.building("1号楼", other_group.parent) if other_group.name != "1号楼" else None
    upload = preview(sheet(_at("新甲甲", "1号楼302室"), _at("新甲乙", "1号楼303室")), street, street_officer)
    rows = plan_of(upload).rows
    assert [row.status for row in rows] == ["doubt", "doubt"]
    answers = {f"choice-place:{rows[0].key}": f"{group.path} 302", f"choice-place:{rows[1].key}": "skip"}
    wrong = {f"choice-place:{rows[0].key}": f"{far_group.path} 302"}
    browser = logged_in(street_officer)
    assert f"{group.path} 302" in browser.get(f"/roster/{upload.pk}/?show=doubt").content.decode()
    browser.post(f"/roster/{upload.pk}/choose/", wrong)
    upload.refresh_from_db()
    assert statuses(upload) == ["doubt", "doubt"]
    browser.post(f"/roster/{upload.pk}/choose/", answers)
    upload.refresh_from_db()
    assert statuses(upload) == ["new", "skipped"]
    write(upload)
    assert (Member.objects.get().home.area, Member.objects.get().home.room) == (group, "302")


def test_a_cell_of_the_building_column_that_says_more_makes_no_group(street: Area, station: Area, group: Area) -> None:
    rows = [
        cells("新甲甲", 楼组="1号楼101室", 室号=""),
        cells("新甲乙", 楼组="9号楼101室", 室号=""),
        cells("新甲丙", 楼组="102室", 室号=""),
    ]
    upload = preview(sheet(*rows), street, create_groups=True)
    plan = plan_of(upload)
    assert [(row.status, row.room) for row in plan.rows] == [("new", "101"), ("new", "101"), ("error", "")]
    assert list(plan.new_groups.values()) == [f"{station.label} 9号楼"]


def test_columns_and_address_must_agree(street: Area, station: Area, group: Area) -> None:
    factories.building("2号楼", station)
    rows = [
        cells("新甲甲", 室号="", 家庭住址="迎晖苑1号302"),
        cells("新甲乙", 室号="302", 家庭住址="迎晖苑2号302"),
        cells("新甲丙", 室号="303", 家庭住址="迎晖苑1号302"),
        cells("新甲丁", 室号="303", 家庭住址="不详"),
        cells("新甲戊", 楼组="", 室号="", 家庭住址="2号楼405"),
    ]
    upload = preview(sheet(*rows), street)
    assert [(row.status, row.room) for row in plan_of(upload).rows] == [
        ("new", "302"), ("doubt", ""), ("error", ""), ("new", "303"), ("new", "405"),
    ]  # fmt: skip
    assert [field for _, field, _ in errors(upload)] == ["room"]


def test_a_roster_written_meanwhile_settles_nothing(street: Area, station: Area, group: Area) -> None:
    upload = preview(sheet(_at("新甲甲", "新华路99弄1号101")), street)
    plan = plan_of(upload)
    stages.discard_step(upload)
    with pytest.raises(steps.Conflict):
        settle_compounds(RosterImport.objects.get(), named={"新华路99弄": station}, plan=plan)
    assert not AreaName.objects.exists()


def test_a_long_list_of_addresses_takes_no_query_a_row(
    street: Area, station: Area, group: Area, django_assert_max_num_queries: Any
) -> None:
    rows = [_at(f"新{'甲乙丙丁戊己'[n % 6]}{'子丑寅卯辰巳午'[n // 6]}", f"迎晖苑1号{n + 101}室") for n in range(40)]
    content = sheet(*rows)
    with django_assert_max_num_queries(24):
        upload = preview(content, street)
    assert statuses(upload) == ["new"] * 40
