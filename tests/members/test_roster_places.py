"""The employers and the places that a roster names: known, new, or more than one."""

import pytest

from members.models import Area, Employer
from members.roster.planned import Status
from tests import factories
from tests.members.uploads import cells, errors, only_row, plan_of, preview, sheet, statuses

CODE = factories.credit_code("MA1ABCDE1")


def test_new_employers_are_listed_once(community: Area, group: Area) -> None:
    post = {"在职/在册": "在职", "工作单位": "上海大众"}
    roster = preview(
        sheet(cells("新人甲", **post), cells("新人乙", **post, 室号="2"), cells("新人丙", **post, 楼组="77号楼")),
        community,
    )
    assert list(plan_of(roster).new_employers.values()) == [{"name": "上海大众", "credit_code": ""}]
    assert roster.counts["employers"] == 1


def test_an_employer_is_found_by_its_code_before_its_name(community: Area, group: Area) -> None:
    known = Employer.objects.create(name="上海大众汽车有限公司", credit_code=CODE)
    post = {"在职/在册": "在职", "工作单位": "上海大众", "统一社会信用代码": known.credit_code or ""}
    roster = preview(sheet(cells("新人甲", **post)), community)
    assert only_row(roster).employer == known.pk
    assert plan_of(roster).new_employers == {}


def test_a_code_is_added_to_an_employer_known_by_name(community: Area, group: Area) -> None:
    known = factories.employer("上海大众")
    post = {"在职/在册": "在职", "工作单位": "上海大众", "统一社会信用代码": CODE}
    assert plan_of(preview(sheet(cells("新人甲", **post)), community)).employer_codes == {known.pk: CODE}


def test_a_name_that_fits_two_employers_asks_for_the_code(community: Area, group: Area) -> None:
    factories.employer("上海大众")
    Employer.objects.create(name="上海大众", credit_code=CODE)
    roster = preview(sheet(cells("新人甲", **{"在职/在册": "在职", "工作单位": "上海大众"})), community)
    assert errors(roster) == [(2, "employer", "有不止一家“上海大众”，请填写统一社会信用代码以便区分")]


def test_an_unknown_building_is_an_error_unless_it_may_be_made(community: Area, group: Area) -> None:
    content = sheet(cells("新人甲", 楼组="12号楼"), cells("新人乙", 楼组="012幢"), cells("新人丙", 楼组="1栋"))
    assert [field for _, field, _ in errors(preview(content, community))] == ["group", "group"]
    roster = preview(content, community, create_groups=True)
    assert errors(roster) == []
    assert list(plan_of(roster).new_groups.values()) == ["第一社区 迎晖苑 12号楼"]


@pytest.mark.parametrize(
    ("place", "field"),
    [({"小区": "没有的小区"}, "station"), ({"社区": "第二社区"}, "community"), ({"楼组": ""}, "group")],
)
def test_a_wrong_place_is_an_error(community: Area, group: Area, other_group: Area, place: dict, field: str) -> None:
    assert [name for _, name, _ in errors(preview(sheet(cells("新人甲", **place)), community))] == [field]


def test_a_building_of_two_compounds_asks_for_the_compound(community: Area, group: Area) -> None:
    factories.building("1号楼", factories.area("沪宜苑", community))
    row = cells("新人甲")
    del row["小区"]
    assert [name for _, name, _ in errors(preview(sheet(row), community))] == ["station"]


def test_columns_that_are_missing_come_from_the_chosen_area(group: Area) -> None:
    row = {"姓名": "新人甲", "性别": "女", "在职/在册": "在册"}
    assert statuses(preview(sheet(row), group)) == [Status.NEW]
