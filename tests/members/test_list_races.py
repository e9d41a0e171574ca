"""Two people who settle the same thing of their lists at once: one wins or both agree, and nothing is doubled."""

from typing import Any, NamedTuple

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from members.ground.access import PostKind
from members.ground.states import Conflict
from members.models import Area, AreaName, AuditEntry, Employer, EmployerName, Member, RosterImport, User
from members.roster.compounds import settle_compounds
from members.rules import merging
from tests import factories
from tests.conftest import BACKEND
from tests.members.uploads import cells, plan_of, preview, sheet, statuses
from tests.racing import raced

UNKNOWN = "新华路99弄"


class Ground(NamedTuple):
    """A street with two compounds in one community, its officer and the community's secretaries."""

    street: Area
    community: Area
    compounds: tuple[Area, Area]
    officer: User
    secretaries: tuple[User, User]


@pytest.fixture
def ground(transactional_db: None) -> Ground:
    street = factories.area("新成路街道", division_code="310114001")
    community = factories.area("第一社区", street)
    compounds = factories.area("迎晖苑", community), factories.area("阳光苑", community)
    for compound in compounds:
        factories.building("1号楼", compound)
    secretaries = [factories.official(name, PostKind.SECRETARY, community) for name in ("shuji", "fushuji")]
    officer = factories.official("jiedao", PostKind.STREET, street)
    return Ground(street, community, compounds, officer, (secretaries[0], secretaries[1]))


# Two who merge the same employers


@pytest.fixture
def units(ground: Ground) -> tuple[Employer, Employer]:
    group = Area.objects.get(label="第一社区 迎晖苑 1号楼")
    units = factories.employer("嘉定仪表厂"), factories.employer("嘉定仪表总厂")
    for name, unit in zip(("甲一", "乙二"), units, strict=True):
        factories.person(name, group, affiliation="in_post", employer=unit)
    return units


@pytest.mark.parametrize("_", range(4))
@pytest.mark.parametrize("is_crossed", [False, True], ids=["the same way", "each into the other"])
def test_of_two_who_merge_the_same_employers_one_wins(
    ground: Ground, units: tuple[Employer, Employer], is_crossed: bool, _: int
) -> None:
    others = units[::-1] if is_crossed else units
    ends = raced(
        *(lambda pair=pair: merging.merge(pair[0], into=pair[1], by=ground.officer) for pair in (units, others))
    )
    (into,) = [end for end in ends if isinstance(end, Employer)]
    (refusal,) = [end for end in ends if end is not into]
    assert isinstance(refusal, ValidationError)
    assert refusal.messages == [merging.MERGED]
    gone = units[1] if into == units[0] else units[0]
    assert set(Member.objects.values_list("employer", flat=True)) == {into.pk}
    assert dict(Employer.objects.values_list("pk", "merged_into")) == {into.pk: None, gone.pk: into.pk}
    assert list(EmployerName.objects.values_list("name", "employer")) == [(gone.name, into.pk)]
    assert AuditEntry.objects.filter(model="members.Member", changes__employer_id=[gone.pk, into.pk]).count() == 1


# Two who answer which compound an unknown address is


def _at(name: str) -> dict[str, str]:
    row = cells(name, 家庭住址=f"{UNKNOWN}1号101室")
    return {heading: text for heading, text in row.items() if heading not in ("小区", "楼组", "室号")}


@pytest.fixture
def uploads(ground: Ground) -> tuple[RosterImport, RosterImport]:
    """The lists of two secretaries, with the same unknown compound."""
    one, other = ground.secretaries
    first, second = (
        preview(sheet(_at("新甲")), ground.community, one),
        preview(sheet(_at("新乙")), ground.community, other),
    )
    return first, second


@pytest.mark.parametrize("_", range(4))
@pytest.mark.parametrize("is_one_list", [True, False], ids=["of one list", "of two lists"])
@pytest.mark.parametrize("is_agreed", [True, False], ids=["as the same", "as two"])
def test_of_two_who_name_a_compound_one_wins_or_both_agree(
    ground: Ground, uploads: tuple[RosterImport, RosterImport], is_one_list: bool, is_agreed: bool, _: int
) -> None:
    pks = [uploads[0].pk, uploads[0 if is_one_list else 1].pk]
    compounds = [ground.compounds[0], ground.compounds[0 if is_agreed else 1]]
    lists = [RosterImport.objects.select_related("area", "user").get(pk=pk) for pk in pks]
    plans = [plan_of(each) for each in lists]

    def settle(number: int) -> int:
        return settle_compounds(lists[number], named={UNKNOWN: compounds[number]}, plan=plans[number])

    ends = raced(lambda: settle(0), lambda: settle(1))
    assert 1 in ends
    assert all(end == 1 or isinstance(end, ValidationError if not is_agreed else Conflict) for end in ends)
    assert is_one_list or (ends == [1, 1]) == is_agreed
    name = AreaName.objects.get()
    assert (name.key, name.area in compounds) == (UNKNOWN, True)
    for winner in RosterImport.objects.filter(pk__in=[pk for pk, end in zip(pks, ends, strict=True) if end == 1]):
        assert statuses(winner) == ["new"]
        assert plan_of(winner).rows[0].place.path.startswith(name.area.path)


def test_on_the_page_both_are_told_that_it_is_settled(
    ground: Ground, uploads: tuple[RosterImport, RosterImport]
) -> None:
    clients = [Client(), Client()]
    for client, user in zip(clients, ground.secretaries, strict=True):
        client.force_login(user, backend=BACKEND)
    body = {"name-1": UNKNOWN, "compound-1": str(ground.compounds[0].pk)}

    def answer(number: int) -> Any:
        return clients[number].post(f"/roster/{uploads[number].pk}/places/", body, follow=True)

    for each in raced(lambda: answer(0), lambda: answer(1)):
        assert each.status_code == 200
        assert "已按选择处理 1 个地址" in each.content.decode()
    assert AreaName.objects.count() == 1
