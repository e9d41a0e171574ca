"""Coverage: the figures of a small tree, today and on a past day, and what they must never say."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from members.ground.access import PostKind, Resource
from members.models import Area, Member, Pairing, User
from members.rules.coverage import RATES, Coverage, CoverageFigures, coverage
from tests import factories

TODAY = timezone.localdate()


def report(area: Area, day: date = TODAY, **options: Any) -> Coverage:
    return coverage(area, areas=Area.objects.all(), day=day, **options)


def test_the_figures_of_a_street(street: Area, leader: User, member: Member, other_member: Member) -> None:
    figures = report(street).figures
    assert figures == CoverageFigures(
        members=2,
        local=1,
        in_post=1,
        taking_part=2,
        groups=2,
        established=2,
        communities=2,
        residents=12_200,
        stated=2,
        led=1,
        led_by_cadre=0,
        households=2,
        paired=0,
    )
    assert (figures.coverage, figures.taking_part_share, figures.local_share, figures.in_post_share) == (1, 1, 0.5, 0.5)
    assert figures.share_of_residents == 2 / 12_200


def test_rows_are_the_areas_one_level_down(street: Area, member: Member, other_member: Member) -> None:
    assert [(row.area.name, row.figures.members) for row in report(street).rows] == [("第一社区", 1), ("第二社区", 1)]
    rows = report(street, level=Area.Level.BUILDING_GROUP).rows
    assert [(row.area.name, row.figures.members) for row in rows] == [("1号楼", 1), ("2号楼", 1)]


@pytest.mark.parametrize("level", [2, 3, 4])
def test_each_level_adds_up_to_the_one_above(
    street: Area, leader: User, pairing: Pairing, moved_away: Member, other_member: Member, level: int
) -> None:
    whole = report(street, level=level)
    total = CoverageFigures.total(row.figures for row in whole.rows)
    names = {"members", "local", "in_post", "taking_part", "groups", "established", "led", "households", "paired"}
    assert {name: getattr(total, name) for name in names} == {name: getattr(whole.figures, name) for name in names}


def test_a_past_day_has_its_own_people(group: Area, member: Member, moved_away: Member) -> None:
    assert report(group).figures.members == 1
    assert report(group, date(2024, 5, 31)).figures.members == 2
    assert report(group, date(2024, 6, 1)).figures.members == 1
    assert report(group, date(2020, 2, 29)).figures.members == 0


def test_a_past_day_has_its_own_groups(community: Area, group: Area) -> None:
    day = group.established_on
    assert day
    assert report(community, day).figures.coverage == 1
    assert report(community, day - timedelta(days=1)).figures.coverage == 0


def test_a_closed_group_counts_up_to_its_end(community: Area, group: Area, member: Member) -> None:
    member.leave(on=date(2025, 1, 1))
    group.close(on=date(2025, 1, 1))
    before, after = report(community, date(2024, 12, 31)).figures, report(community, date(2025, 1, 1)).figures
    assert (before.groups, before.established, before.members) == (1, 1, 1)
    assert (after.groups, after.established, after.members) == (0, 0, 0)


def test_who_joins_later_does_not_take_part_yet(group: Area) -> None:
    factories.person("某某", group).residences.update(joined_on=TODAY + timedelta(days=1))
    factories.person("某甲", group, joined_on=None)
    assert (report(group).figures.members, report(group).figures.taking_part) == (2, 0)


def test_a_rate_of_nothing_is_none(station: Area) -> None:
    figures = report(station).figures.as_dict()
    assert {figures[name] for name in RATES} == {None}


def test_a_group_with_two_leaders_is_led_once(group: Area, leader: User) -> None:
    cadre = factories.person("处长", group, rank=Member.Rank.DIVISION)
    second = factories.user("zuzhang2", member=cadre)
    factories.post(second, PostKind.LEADER, group)
    figures = report(group).figures
    assert (figures.led, figures.led_by_cadre, figures.cadre_share) == (1, 1, 1)


def test_a_leader_of_the_past_leads_no_more(group: Area, leader: User) -> None:
    leader.roles.update(until=TODAY)
    assert report(group).figures.led == 0


@pytest.fixture
def pairing(group: Area, member: Member) -> Pairing:
    """The member's household and a neighbour's, since 2024."""
    home, neighbour = factories.household(group, "302"), factories.household(group, "401")
    return factories.pairing(home, neighbour, since=date(2024, 1, 1))


def test_member_households_with_a_pairing(group: Area, pairing: Pairing) -> None:
    factories.person("同户人", group, room="302室")
    factories.person("别户人", group, room="502")
    factories.person("没有室号", group, room="")
    figures = report(group).figures
    assert (figures.members, figures.households, figures.paired, figures.paired_share) == (4, 2, 1, 0.5)
    factories.pairing(pairing.household, factories.household(group, "402"), since=date(2024, 1, 1))
    assert report(group).figures.paired == 1
    assert report(group, date(2023, 12, 31)).figures.paired == 0


def test_the_same_room_of_two_buildings_is_two_households(station: Area, group: Area, pairing: Pairing) -> None:
    factories.person("隔壁楼", factories.building("2号楼", station), room="302")
    figures = report(station).figures
    assert (figures.households, figures.paired) == (2, 1)


def test_a_pairing_that_ended_counts_up_to_its_end(group: Area, pairing: Pairing) -> None:
    pairing.end(on=date(2025, 1, 1))
    assert report(group, date(2024, 12, 31)).figures.paired == 1
    assert report(group, date(2025, 1, 1)).figures.paired == 0


def test_a_household_whose_members_left_is_none_any_more(group: Area, member: Member, pairing: Pairing) -> None:
    member.leave(on=date(2025, 1, 1))
    assert (report(group, date(2024, 12, 31)).figures.paired, report(group).figures.paired) == (1, 0)
    assert report(group).figures.paired_share is None


def test_a_neighbour_where_a_member_moves_in_is_a_household_without_a_pairing(group: Area, pairing: Pairing) -> None:
    factories.person("新搬来", group, room="401")
    figures = report(group).figures
    assert (figures.households, figures.paired) == (2, 1)


def test_only_communities_that_state_residents_are_compared_with_them(
    street: Area, other_community: Area, member: Member, other_member: Member
) -> None:
    other_community.residents = None
    other_community.save()
    figures = report(street).figures
    assert (figures.members, figures.stated, figures.residents) == (2, 1, 6_800)
    assert figures.share_of_residents == 1 / 6_800


@pytest.mark.parametrize("day", [date(2003, 1, 1), date(2020, 3, 1), date(2024, 5, 31), TODAY])
def test_the_top_is_part_of_the_bottom(
    street: Area, leader: User, pairing: Pairing, moved_away: Member, other_member: Member, day: date
) -> None:
    whole = report(street, day, level=Area.Level.BUILDING_GROUP)
    for figures in (whole.figures, *(row.figures for row in whole.rows)):
        assert figures.established <= figures.groups
        assert figures.taking_part <= figures.members == figures.local + figures.in_post
        assert figures.led_by_cadre <= figures.led <= figures.groups
        assert figures.stated <= figures.members
        assert figures.paired <= figures.households <= figures.members


def test_the_readers_scope_is_kept(street: Area, secretary: User, member: Member, other_member: Member) -> None:
    own = Area.objects.for_user(secretary, resource=Resource.REPORT)
    seen = coverage(street, areas=own, day=TODAY)
    assert [row.area.name for row in seen.rows] == ["第一社区"]
    assert seen.figures.members == 1


def test_the_other_street_stays_out(street: Area, other_street: Area, member: Member) -> None:
    factories.person("外街道人", Area.objects.inside(other_street).get(level=4))
    assert report(street).figures.members == report(other_street).figures.members == 1


@pytest.mark.parametrize("level", [2, 3, 4])
def test_three_queries_whatever_the_level(
    street: Area, leader: User, pairing: Pairing, other_member: Member, level: int, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        report(street, level=level).as_dict()
