"""Coverage: the figures of a small tree, today and on a past day, and what they must never say."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from members.access import Kind, Resource
from members.coverage import Coverage, Figures, coverage
from members.models import Area, Member, User
from tests import factories

TODAY = timezone.localdate()


def report(area: Area, day: date = TODAY, **options: Any) -> Coverage:
    return coverage(area, areas=Area.objects.all(), day=day, **options)


def test_the_figures_of_a_street(street: Area, leader: User, member: Member, other_member: Member) -> None:
    figures = report(street).figures
    assert figures == Figures(
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
    )
    assert (figures.coverage, figures.taking_part_share, figures.local_share, figures.in_post_share) == (1, 1, 0.5, 0.5)
    assert figures.share_of_residents == 2 / 12_200


def test_rows_are_the_areas_one_level_down(street: Area, member: Member, other_member: Member) -> None:
    assert [(row.area.name, row.figures.members) for row in report(street).rows] == [("第一社区", 1), ("第二社区", 1)]
    rows = report(street, level=Area.Level.BUILDING_GROUP).rows
    assert [(row.area.name, row.figures.members) for row in rows] == [("1号楼", 1), ("2号楼", 1)]


@pytest.mark.parametrize("level", [2, 3, 4])
def test_each_level_adds_up_to_the_one_above(
    street: Area, leader: User, member: Member, moved_away: Member, other_member: Member, level: int
) -> None:
    whole, total = report(street, level=level), Figures()
    for row in whole.rows:
        total.add(row.figures)
    names = {"members", "local", "in_post", "taking_part", "groups", "established", "led"}
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
    rates = ("coverage", "taking_part_share", "local_share", "in_post_share", "share_of_residents", "cadre_share")
    assert {figures[name] for name in rates} == {None}


def test_a_group_with_two_leaders_is_led_once(group: Area, leader: User) -> None:
    cadre = factories.person("处长", group, rank=Member.Rank.DIVISION)
    second = factories.user("zuzhang2", member=cadre)
    factories.post(second, Kind.LEADER, group)
    figures = report(group).figures
    assert (figures.led, figures.led_by_cadre, figures.cadre_share) == (1, 1, 1)


def test_a_leader_of_the_past_leads_no_more(group: Area, leader: User) -> None:
    leader.roles.update(until=TODAY)
    assert report(group).figures.led == 0


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
    street: Area, leader: User, member: Member, moved_away: Member, other_member: Member, day: date
) -> None:
    whole = report(street, day, level=Area.Level.BUILDING_GROUP)
    for figures in (whole.figures, *(row.figures for row in whole.rows)):
        assert figures.established <= figures.groups
        assert figures.taking_part <= figures.members == figures.local + figures.in_post
        assert figures.led_by_cadre <= figures.led <= figures.groups
        assert figures.stated <= figures.members


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
    street: Area, leader: User, member: Member, other_member: Member, level: int, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):
        report(street, level=level).as_dict()
