"""A plan as it is kept between preview and writing: what comes back is what went in, also from another release."""

import zlib
from dataclasses import asdict

import orjson
import pytest

from members.ground.rows import maker
from members.ground.sealing import encrypt
from members.models import Area, Member, Residence
from members.roster.planned import Plan
from members.roster.stored import ROW, seal_plan, unseal_plan
from tests.members.uploads import cells, plan_of, preview, sheet

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(community: Area, group: Area, member: Member) -> Plan:
    """A plan with a new row, one in doubt, and one with an error."""
    rows = cells("新人甲", 联系电话="19900001234"), cells("欧阳建国", 室号=""), cells("新人乙", 性别="")
    return plan_of(preview(sheet(*rows), community))


def sealed(rows: list[object], plan: Plan, **more: object) -> bytes:
    packed = orjson.dumps(asdict(plan) | {"rows": rows} | more, option=orjson.OPT_NON_STR_KEYS)
    return encrypt(zlib.compress(packed))


def test_a_plan_comes_back_as_it_was(plan: Plan) -> None:
    assert {row.status for row in plan.rows} == {"new", "doubt", "error"}
    assert unseal_plan(seal_plan(plan)) == plan


def test_rows_kept_with_their_names_are_read(plan: Plan) -> None:
    assert unseal_plan(sealed([asdict(row) for row in plan.rows], plan)) == plan


def test_rows_kept_in_another_order_are_read(plan: Plan) -> None:
    names = ROW[::-1]
    rows: list[object] = [[asdict(row)[name] for name in names] for row in plan.rows]
    assert unseal_plan(sealed(rows, plan, fields=names)) == plan


@pytest.mark.parametrize("model", [Member, Residence])
def test_a_row_made_quickly_is_one_made_by_its_model(model: type[Member] | type[Residence]) -> None:
    quick, other, plain = maker(model)(), maker(model)(), model()
    apart = {"_state": None, "token": ""}  # whoever inserts a member gives it a token of its own
    assert {**vars(quick), **apart} == {**vars(plain), **apart}
    assert vars(quick._state) == vars(plain._state)
    assert quick._state is not other._state
