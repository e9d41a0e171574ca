"""Moving house and away: what ends with it, and taking it back for seven days."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activities.models import Need
from members.ground.access import PostKind
from members.ground.audit import acting
from members.ground.states import Conflict
from members.models import Area, AreaRole, AuditEntry, Duty, Member, Move, Pairing, Residence, User
from members.rules import moving, registering
from members.rules.coverage import coverage
from tests import cards, factories
from tests.parity.asking import rolled_back
from tests.racing import raced

OURS = ("members", "activities", "feedback", "louzu")
ASIDE = {"AuditEntry", "AuditHead", "Move"}
ALL = ("pairings", "posts", "duties", "claims")
TODAY = timezone.localdate()
YESTERDAY = TODAY - timedelta(days=1)


def rows() -> dict[str, list]:
    """Return every row of the product, history and trail aside."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label in OURS]
    kept = [model for model in models if not hasattr(model, "instance_type") and model.__name__ not in ASIDE]
    return {model._meta.label: _links(model) for model in kept}


def _links(model: Any) -> list:
    """Return a table's rows; links of two rows without their own ids, which are new where a link is put back."""
    names = [
        field.attname for field in model._meta.concrete_fields if not (model._meta.auto_created and field.name == "id")
    ]
    return sorted(map(repr, model._base_manager.values_list(*names)))


@pytest.fixture
def tied(member: Member, other_member: Member, group: Area, station: Area, street: Area) -> Member:
    """The member with a pairing, a post, a duty, a need of their own and one claimed together, and a card's draft."""
    door = factories.household(group, "302")
    factories.pairing(door, factories.household(group, "303"))
    holder = factories.user("louzhang", member=member)
    factories.post(holder, PostKind.LEADER, group)
    factories.post(holder, PostKind.LIAISON, station)
    Duty.objects.create(member=member, kind="helper", since=date(2024, 1, 1))
    for text, more in (("修灯", []), ("搬东西", [other_member])):
        factories.need(group, text=text).claim(members=[member, *more])
    cards.shown(member)
    return member


@pytest.fixture
def near_group(station: Area) -> Area:
    return factories.building("3号楼", station)


def ended(member: Member) -> dict[str, int]:
    return {
        "pairings": Pairing.objects.exclude(until=None).count(),
        "posts": AreaRole.objects.filter(user__member=member).exclude(until=None).count(),
        "duties": Duty.objects.exclude(until=None).count(),
        "claims": 2 - member.needs.count(),
    }


def test_all_that_hangs_on_a_home_is_said_and_ends(tied: Member, street_officer: User) -> None:
    held = moving.held_by(tied, by=street_officer)
    assert [str(each) for each in held] == ["1 对结对", "2 个岗位", "1 项六员", "2 条认领"]
    moving.leave(tied, by=street_officer, end=ALL, on=YESTERDAY)
    assert ended(tied) == {"pairings": 1, "posts": 2, "duties": 1, "claims": 2}
    assert sorted(Need.objects.values_list("text", "status")) == [("修灯", "open"), ("搬东西", "claimed")]
    assert moving.held_by(tied, by=street_officer) == []


def test_what_is_kept_stays(tied: Member, street_officer: User) -> None:
    moving.leave(tied, by=street_officer, end=["duties"])
    assert ended(tied) == {"pairings": 0, "posts": 0, "duties": 1, "claims": 0}


def test_moving_next_door_keeps_the_post_of_the_compound(tied: Member, street_officer: User, near_group: Area) -> None:
    moving.settle(tied, to=near_group, room="201", by=street_officer, end=ALL)
    kinds = AreaRole.objects.filter(user__member=tied).order_by("kind").values_list("kind", "until")
    assert list(kinds) == [("leader", TODAY), ("liaison", None)]


def test_a_household_in_which_another_member_stays_keeps_its_pairings(
    tied: Member, group: Area, street_officer: User
) -> None:
    factories.person("同住人", group, room="302")
    assert "pairings" not in [each.tie.key for each in moving.held_by(tied, by=street_officer)]
    moving.leave(tied, by=street_officer, end=ALL)
    assert ended(tied)["pairings"] == 0


def test_nobody_ends_a_post_that_they_could_not_give(tied: Member, leader: User, secretary: User) -> None:
    factories.post(User.objects.get(username="louzhang"), PostKind.SECRETARY, Area.objects.get(name="第一社区"))
    held = {each.tie.key: each.rows for each in moving.held_by(tied, by=secretary)}
    assert {role.kind for role in held["posts"]} == {"leader", "liaison"}
    assert "posts" not in {each.tie.key for each in moving.held_by(tied, by=leader)}


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["away", "near", "other", "back"]),
        st.sets(st.sampled_from(ALL)),
        st.integers(0, 400),
        st.sampled_from(["", "201", "302"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, is_shared=st.booleans())
def test_moves_and_their_undos_leave_everything_as_it_was(
    tied: Member, street_officer: User, street: Area, group: Area, near_group: Area, other_group: Area,
    steps: Any, is_shared: bool,
) -> None:  # fmt: skip
    groups = {"near": near_group, "other": other_group, "back": group}
    with rolled_back():
        if is_shared:
            factories.person("同住人", group, room="302")
        before, figures, moves = rows(), coverage(street, areas=Area.objects.all(), day=TODAY), []
        for where, end, days, room, joins in steps:
            day = TODAY - timedelta(days=days)
            try:
                if where == "away":
                    move = moving.leave(tied, by=street_officer, end=end, on=day)
                else:
                    more = {"on": day, "room": room, "joined_on": day if joins else None}
                    move = moving.settle(tied, to=groups[where], by=street_officer, end=end, **more)
            except (ValidationError, Conflict):
                continue  # earlier than the move before, or nobody there to leave
            moves += [move] if move else []
        for move in reversed(moves):
            moving.undo(move, by=street_officer)
        assert rows() == before
        assert coverage(street, areas=Area.objects.all(), day=TODAY) == figures
        assert AuditEntry.objects.first_broken() is None


def test_an_undo_counts_once(tied: Member, street_officer: User) -> None:
    move = moving.leave(tied, by=street_officer, end=ALL)
    moving.undo(move, by=street_officer)
    with pytest.raises(Conflict, match="已经撤销过了"):
        moving.undo(move, by=street_officer)
    with pytest.raises(Conflict, match="7 天内没有办理过"):
        moving.undo_last(tied, by=street_officer)


def test_after_seven_days_it_stays(member: Member, street_officer: User) -> None:
    move = moving.leave(member, by=street_officer)
    assert move.days_left == 7
    Move.objects.update(at=timezone.now() - timedelta(days=7, seconds=1))
    with pytest.raises(ValidationError, match="超过 7 天"):
        moving.undo(move, by=street_officer)
    assert moving.undoable_of(member, by=street_officer) is None


def changed_home(member: Member, by: User) -> None:
    registering.correct_home(member.home, room="808")  # type: ignore[arg-type]


def resumed_pairing(member: Member, by: User) -> None:
    Pairing.objects.get().correct(until=YESTERDAY - timedelta(days=9))


def paired_again(member: Member, by: User) -> None:
    group = Area.objects.get(name="1号楼", label__startswith="第一社区")
    factories.person("新住户", group, room="601")
    door = factories.household(group, "601")
    Pairing.objects.begin(household=door, neighbour=Pairing.objects.get().neighbour)


def claimed_by_others(member: Member, by: User) -> None:
    Need.objects.get(text="修灯").claim(members=[Member.objects.get(name="单秀英")])


def post_changed(member: Member, by: User) -> None:
    role = AreaRole.objects.get(user__member=member, kind="leader")
    role.until = TODAY - timedelta(days=30)
    role.save()


def paired_the_empty_home(member: Member, by: User) -> None:
    group = Area.objects.get(name="1号楼", label__startswith="第一社区")
    factories.person("新住户", group, room="601")
    doors = factories.household(group, "601"), group.households.get(room="302")
    Pairing.objects.begin(household=doors[0], neighbour=doors[1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed_home, "社区书记于 .*又改过欧阳建国的住址"),
        (resumed_pairing, "社区书记于 .*改过结对“第一社区 迎晖苑 1号楼 302 — 303”"),
        (paired_again, "第一社区 迎晖苑 1号楼 303已和第一社区 迎晖苑 1号楼 601结对"),
        (claimed_by_others, "社区书记于 .*改过认领的需求“修灯”"),
        (post_changed, "社区书记于 .*改过岗位“第一社区 迎晖苑 1号楼 楼组党小组长”"),
        (paired_the_empty_home, "社区书记于 .*给第一社区 迎晖苑 1号楼 302登记了结对"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_somebody_changed_since_is_said_and_left(
    tied: Member, street_officer: User, secretary: User, change: Any, said: str
) -> None:
    move = moving.leave(tied, by=street_officer, end=ALL, on=YESTERDAY)
    with acting(secretary):
        change(tied, secretary)
    before = rows()
    with pytest.raises(Conflict, match=said):
        moving.undo(move, by=street_officer)
    assert rows() == before


def test_a_pair_of_the_new_home_stands_in_the_way(
    member: Member, near_group: Area, street_officer: User, secretary: User
) -> None:
    move = moving.settle(member, to=near_group, room="201", by=street_officer)
    with acting(secretary):
        doors = factories.household(near_group, "201"), factories.household(near_group, "202")
        Pairing.objects.begin(household=doors[0], neighbour=doors[1])
    with pytest.raises(Conflict, match=r"社区书记于 .*给第一社区 迎晖苑 3号楼 201登记了结对"):
        moving.undo(move, by=street_officer)  # type: ignore[arg-type]


def test_who_cannot_give_the_post_cannot_undo(tied: Member, street_officer: User, secretary: User) -> None:
    move = moving.leave(tied, by=street_officer, end=["posts"])
    AreaRole.objects.filter(user=secretary).update(kind=PostKind.LIAISON, area=Area.objects.get(name="迎晖苑"))
    with pytest.raises(Conflict, match="您不能安排这个岗位"):
        moving.undo(move, by=User.objects.get(pk=secretary.pk))


def test_a_move_belongs_to_who_reaches_both_homes(
    member: Member, other_group: Area, street_officer: User, secretary: User, other_secretary: User,
    far_officer: User,
) -> None:  # fmt: skip
    moving.settle(member, to=other_group, room="201", by=street_officer)
    reached = [who.username for who in (street_officer, secretary, other_secretary, far_officer)
               if moving.undoable_of(member, by=who)]  # fmt: skip
    assert reached == ["jiedao"]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite writes one after the other")
@pytest.mark.parametrize("_", range(3))
@pytest.mark.parametrize("other", ["undo", "move"])
def test_an_undo_against_a_second_write(transactional_db: None, other: str, _: int) -> None:
    street = factories.area("新成路街道", division_code="310114001")
    station = factories.area("迎晖苑", factories.area("第一社区", street))
    group, near = factories.building("1号楼", station), factories.building("3号楼", station)
    officer, member = factories.official("jiedao", PostKind.STREET, street), factories.person("欧阳建国", group)
    move = moving.settle(member, to=near, room="201", by=officer)
    seconds = {
        "undo": lambda: moving.undo(Move.objects.get(), by=officer),
        "move": lambda: moving.settle(Member.objects.get(), to=group, room="888", by=officer),
    }
    ends = raced(lambda: moving.undo(Move.objects.get(pk=move.pk), by=officer), seconds[other])  # type: ignore[union-attr]
    homes = list(Residence.objects.filter(until=None).values_list("area__name", "room"))
    errors = [end for end in ends if isinstance(end, Exception)]
    if other == "undo":
        assert [type(error) for error in errors] == [Conflict]
        assert homes == [("1号楼", "101")]
    else:
        assert homes == [("1号楼", "888")]
        assert Residence.objects.count() == (2 if not errors else 3)


def test_the_page_asks_and_the_member_s_page_takes_back(
    tied: Member, near_group: Area, secretary: User, logged_in: Any
) -> None:
    client, page = logged_in(secretary), f"/members/{tied.pk}/move/"
    asked = client.get(page).context["form"]
    assert (asked["joins"].value(), asked["end"].value()) == (True, list(ALL))
    sent = {"to": near_group.pk, "room": "201", "on": TODAY, "joins": "on", "end": ["pairings", "claims"]}
    told = client.post(page, sent, follow=True)
    assert "已迁到第一社区 迎晖苑 3号楼。一起结束了1 对结对、2 条认领。" in told.content.decode()
    assert "撤销迁居" in told.content.decode()
    assert ended(tied) == {"pairings": 1, "posts": 0, "duties": 0, "claims": 2}
    assert tied.home.joined_on == TODAY  # type: ignore[union-attr]
    told = client.post(f"/moves/{Move.objects.get().pk}/undo/", follow=True)
    assert "已撤销欧阳建国的迁居，和办理以前一样。" in told.content.decode()
    assert "撤销迁居" not in told.content.decode()
    newcomer = factories.person("新来人", near_group)
    assert "end" not in client.get(f"/members/{newcomer.pk}/leave/").context["form"].fields


def test_the_api_ends_what_is_named(tied: Member, secretary: User, api: Any) -> None:
    client, url = api(secretary), f"/api/v1/members/{tied.pk}"
    refused = client.post(f"{url}/leave", {"end": ["pairings", "everything"]})
    assert (refused.status_code, "没有这一种：everything。" in str(refused.data)) == (400, True)
    assert client.post(f"{url}/leave", {"end": ["pairings"]}).data["home"]["until"] == TODAY
    assert ended(tied) == {"pairings": 1, "posts": 0, "duties": 0, "claims": 0}
    assert client.post(f"{url}/undo-move").data["home"]["until"] is None
    again = client.post(f"{url}/undo-move")
    assert (again.status_code, again.data["detail"]) == (409, moving.NO_MOVE)
