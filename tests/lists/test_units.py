"""Employers in a list: found by any of their names, near names asked about, none taken in silence."""

from typing import Any

import pytest
from django.db import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from members.ground.unit_names import are_near, core, folded
from members.models import Area, AuditEntry, Employer, EmployerName, Member, RosterImport, User
from members.roster import steps
from members.roster.planned import Plan, Status
from members.rules import employing
from tests import factories
from tests.members.uploads import bring_in, cells, only_row, plan_of, preview, sheet, statuses, write

CODE, OTHER_CODE = factories.credit_code("MA1000017"), factories.credit_code("MA1000025")
IN_POST = {"在职/在册": "在职"}


@pytest.fixture
def works(group: Area, secretary: User) -> Member:
    """Who belongs to a unit that had another name."""
    unit = factories.employer("测试旧名公司")
    member = factories.person("测试戊", group, room="101", affiliation="in_post", employer=unit)
    employing.change(unit, by=secretary, name="测试新名公司")
    return member


def listed(community: Area, unit: str, user: User | None = None, **more: str) -> RosterImport:
    return preview(sheet(cells("测试戊", 工作单位=unit, **IN_POST, **more)), community, user)


def answered(upload: RosterImport, answer: str) -> RosterImport:
    (key,) = plan_of(upload).near_units
    steps.choose_step(upload, {key: answer})
    return RosterImport.objects.get(pk=upload.pk)


@pytest.mark.parametrize(
    "unit", ["测试旧名公司", "测试新名公 司", "测试新名公司。", "（测试）新名公司", "测试新名公司"]
)
def test_any_name_of_a_unit_means_it(community: Area, works: Member, unit: str) -> None:
    assert statuses(listed(community, unit)) == [Status.SAME]


def test_25_a_list_of_before_the_renaming_moves_nobody(community: Area, works: Member) -> None:
    before = works.employer
    for unit in ("测试旧名公司", "测试新名公 司", "测试新名公司。"):
        upload = listed(community, unit)
        assert statuses(upload) == [Status.SAME], unit
        assert plan_of(upload).new_employers == {}
    bring_in(sheet(cells("测试戊", 工作单位="测试旧名公司", 特长="书法", **IN_POST)), community)
    works.refresh_from_db()
    assert (works.employer, works.skills) == (before, "书法")
    assert Employer.objects.count() == 1


def test_a_rename_keeps_the_old_name_for_every_street(works: Member, secretary: User) -> None:
    (name,) = EmployerName.objects.all()
    assert (name.name, name.street, name.employer) == ("测试旧名公司", None, works.employer)
    assert AuditEntry.objects.filter(model="members.EmployerName", action="create").exists()
    employing.change(name.employer, by=secretary, name="测试旧名公司")
    assert [name.name for name in EmployerName.objects.all()] == ["测试新名公司"]


def test_a_present_name_goes_before_a_former_one(community: Area, works: Member) -> None:
    other = Employer.objects.create(name="测试旧名公司", credit_code=CODE)
    assert only_row(listed(community, "测试旧名公司")).employer == other.pk


def test_a_street_that_writes_a_new_name_once_writes_one_unit(community: Area, group: Area) -> None:
    rows = [cells(f"新人{sign}", 工作单位=unit, **IN_POST) for sign, unit in zip("甲乙丙", WAYS, strict=True)]
    bring_in(sheet(*rows), community)
    assert Employer.objects.count() == 1


WAYS = ("上海海泰（集团）有限责任公司", "上海海泰(集团)有限公司", "上海海泰集团有限公司．")


@pytest.mark.parametrize("answer", ["it", "new"])
def test_a_near_name_is_asked_about_once(community: Area, works: Member, answer: str) -> None:
    unit = factories.employer("嘉定区教育局")
    rows = [
        cells(f"新人{sign}", 工作单位=name, **IN_POST)
        for sign, name in zip("甲乙", ("区教育局", "区教育 局"), strict=True)
    ]
    upload = preview(sheet(*rows), community)
    assert statuses(upload) == [Status.DOUBT] * 2
    ((question),) = plan_of(upload).near_units.values()
    assert question == {"name": "区教育局", "answer": "", "units": [[unit.pk, "嘉定区教育局"]], "rows": 2}
    with pytest.raises(steps.NotReady, match="1 个单位名称和登记的相近"):
        steps.check_ready(upload, plan_of(upload), only_good=False, confirmed=True)
    upload = answered(upload, str(unit.pk) if answer == "it" else answer)
    assert statuses(upload) == [Status.NEW] * 2
    write(upload)
    found = set(Member.objects.filter(name__startswith="新人").values_list("employer__name", flat=True))
    assert found == {"嘉定区教育局" if answer == "it" else "区教育局"}
    assert statuses(preview(sheet(*rows), community)) == [Status.SAME] * 2


def test_what_was_learned_is_unlearned(community: Area, street: Area, works: Member) -> None:
    factories.employer("嘉定区教育局")
    upload = write(answered(listed(community, "区教育局"), str(Employer.objects.get(name="嘉定区教育局").pk)))
    assert EmployerName.objects.get(street=street).name == "区教育局"
    steps.undo_step(upload)
    assert not EmployerName.objects.filter(street=street).exists()
    works.refresh_from_db()
    assert str(works.employer) == "测试新名公司"


@pytest.mark.parametrize(
    ("unit", "code", "is_asked"),
    [
        ("上海市嘉定区教育局", "", True),
        ("教育局", "", True),
        ("宝山区教育局", "", False),
        ("上海市教育局", "", False),
        ("区教育局", OTHER_CODE, False),
        ("区教育局", CODE, False),
        ("嘉定区教育局", "", False),
    ],
)
def test_which_names_are_near(community: Area, group: Area, unit: str, code: str, is_asked: bool) -> None:
    factories.employer("嘉定区教育局", credit_code=CODE)
    upload = listed(community, unit, 统一社会信用代码=code)
    assert [row.is_of_near_unit for row in plan_of(upload).rows] == [is_asked]


def test_the_choice_is_on_the_page(logged_in: Any, secretary: User, community: Area, works: Member) -> None:
    unit = factories.employer("嘉定区教育局")
    upload = listed(community, "区教育局", secretary)
    client = logged_in(secretary)
    page = client.get(f"/roster/{upload.pk}/").content.decode()
    assert "“区教育局”（1 行）" in page
    assert "就是“嘉定区教育局”" in page
    (key,) = plan_of(upload).near_units
    client.post(f"/roster/{upload.pk}/choose/", {f"choice-{key}": str(unit.pk)})
    assert only_row(RosterImport.objects.get(pk=upload.pk)).employer == unit.pk


def test_two_new_units_of_near_names_are_told(community: Area, group: Area) -> None:
    rows = [
        cells(f"新人{sign}", 工作单位=unit, **IN_POST) for sign, unit in (("甲", "区教育局"), ("乙", "嘉定区教育局"))
    ]
    plan: Plan = plan_of(preview(sheet(*rows), community))
    assert len(plan.new_employers) == 2
    assert any("名称相近，将登记成两家单位" in note for note in plan.notes)


def test_names_are_looked_up_in_as_many_queries_for_many_as_for_few(
    community: Area, group: Area, django_assert_max_num_queries: Any
) -> None:
    Employer.objects.bulk_create(Employer(name=f"上海第{number}厂") for number in range(300))
    rows = [cells("测试戊", 工作单位=f"第{number}厂", **IN_POST) for number in range(300)]
    with django_assert_max_num_queries(34):
        preview(sheet(*rows), community)


# Doors ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["测试新名公 司", "测试新名公司。", "测试旧名公司"])
def test_no_door_takes_a_unit_in_twice(api: Any, logged_in: Any, secretary: User, works: Member, name: str) -> None:
    answer = api(secretary).post("/api/v1/employers", {"name": name})
    assert (answer.status_code, "请选用" in str(answer.data)) == (400, True)
    logged_in(secretary).post("/admin/members/employer/add/", {"name": name, "credit_code": ""})
    assert Employer.objects.count() == 1
    assert api(secretary).post("/api/v1/employers", {"name": name, "credit_code": CODE}).status_code == 201


@pytest.mark.parametrize("term", ["新名公 司", "旧名", "（测试）"])
def test_forms_find_a_unit_by_any_of_its_names(
    api: Any, logged_in: Any, secretary: User, works: Member, term: str
) -> None:
    found = api(secretary).get("/api/v1/employers", {"name": term}).data["results"]
    assert [each["name"] for each in found] == ["测试新名公司"]
    asked = {"app_label": "members", "model_name": "member", "field_name": "employer", "term": term}
    answer = logged_in(secretary).get("/admin/autocomplete/", asked).json()
    assert [each["text"] for each in answer["results"]] == ["测试新名公司"]


def test_a_former_name_is_deleted_by_who_may_change_the_unit(
    logged_in: Any, secretary: User, far_secretary: User, far_member: Member, works: Member
) -> None:
    name = EmployerName.objects.get()
    assert (
        logged_in(far_secretary).post(f"/admin/members/employername/{name.pk}/delete/", {"post": "yes"}).status_code
        == 403
    )
    assert (
        logged_in(secretary).post(f"/admin/members/employername/{name.pk}/delete/", {"post": "yes"}).status_code == 302
    )
    assert not EmployerName.objects.exists()


def test_a_unit_has_a_former_name_once(works: Member) -> None:
    assert works.employer
    with pytest.raises(IntegrityError):
        EmployerName.objects.create(employer=works.employer, name="测试旧名公司。")


# Folding -------------------------------------------------------------------------------------------------------------
NAMES = st.text(st.sampled_from("上海市嘉定区教育局公司有限责任 （）()。.·Aａ\u3000\u200b"), max_size=20)


@given(NAMES, NAMES)
def test_folding_is_once_for_all(one: str, other: str) -> None:
    assert folded(folded(one)) == folded(one) or not one.strip()
    assert not (are_near(one, other) and folded(one) == folded(other))
    assert are_near(one, other) == are_near(other, one)
    if folded(one) == folded(other):
        assert core(one) == core(other)
