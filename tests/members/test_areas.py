"""The tree keeps its shape: paths, levels, labels, moves, closings."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from members.ground.paths import LAST_CHILD, SEGMENT
from members.models import Area, Member
from tests import factories


def names(areas) -> list[str]:
    return [area.name for area in areas]


@pytest.fixture
def second_station(community: Area, station: Area) -> Area:
    return factories.area("沪宜苑", community)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"level": 3}, "area_path_fits_level"),
        ({"path": "00010001000"}, "area_path_fits_level"),
        ({"residents": 100}, "area_residents_of_community"),
        ({"housing": "villa"}, "area_housing_of_station"),
        ({"since": date(2020, 1, 2), "until": date(2020, 1, 1)}, "area_ends_after_it_begins"),
        ({"is_demo": True}, "area_demo_of_street"),
    ],
)
def test_database_refuses_what_does_not_fit_a_group(group: Area, fields: dict, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Area.objects.filter(pk=group.pk).update(**fields)


@pytest.mark.parametrize("fields", [{"stage": "none"}, {"established_on": date(2003, 10, 15)}])
def test_database_keeps_stages_to_groups(station: Area, fields: dict) -> None:
    with pytest.raises(IntegrityError, match="area_stage_of_group"), transaction.atomic():
        Area.objects.filter(pk=station.pk).update(**fields)


def test_two_areas_never_share_a_path(group: Area) -> None:
    twin = Area(path=group.path, level=group.level, name="2号楼", label="2号楼")
    with pytest.raises(IntegrityError), transaction.atomic():
        Area.objects.bulk_create([twin])


def test_forms_get_the_constraints_sentence(group: Area) -> None:
    group.residents = 12
    with pytest.raises(ValidationError, match="只有社区填写常住人口"):
        group.full_clean()


def test_children_lie_one_segment_below(street: Area, community: Area, station: Area, group: Area) -> None:
    assert [area.path for area in (street, community, station, group)] == ["0001", "00010001", "0001" * 3, "0001" * 4]
    assert [area.level for area in (street, community, station, group)] == [1, 2, 3, 4]


def test_inside_takes_the_area_and_all_below(community: Area, group: Area, other_group: Area) -> None:
    assert names(Area.objects.inside(community)) == ["第一社区", "迎晖苑", "1号楼"]
    assert names(Area.objects.below(community)) == ["迎晖苑", "1号楼"]
    assert names(Area.objects.above(group)) == ["新成路街道", "第一社区", "迎晖苑"]


def test_children_of_takes_the_next_level_only(street: Area, group: Area, other_group: Area) -> None:
    assert names(Area.objects.children_of(street)) == ["第一社区", "第二社区"]
    assert names(Area.objects.children_of(group)) == []


@pytest.mark.parametrize("last", ["0009", "0099", "9998"])
def test_inside_ends_where_the_next_sibling_begins(street: Area, last: str) -> None:
    inner = Area(path=f"0001{last}", level=2, name="里", label="里")
    outer = Area(path="00020001", level=2, name="外", label="外")
    below = Area(path=f"0001{last}9998", level=3, name="下", label="下")
    Area.objects.bulk_create([inner, outer, below])
    assert names(Area.objects.inside(inner)) == ["里", "下"]
    assert names(Area.objects.inside(street)) == ["新成路街道", "里", "下"]


def test_on_takes_areas_open_that_day(group: Area) -> None:
    group.since, group.until = date(2020, 1, 1), date(2021, 1, 1)
    group.save()
    open_on = [day for day in ("2019-12-31", "2020-01-01", "2020-12-31", "2021-01-01") if _is_open(group, day)]
    assert open_on == ["2020-01-01", "2020-12-31"]


def _is_open(area: Area, day: str) -> bool:
    return Area.objects.on(date.fromisoformat(day)).filter(pk=area.pk).exists()


def test_labels_read_as_on_an_envelope(street: Area, community: Area, group: Area) -> None:
    assert group.label == "第一社区 迎晖苑 1号楼"
    assert community.label == "第一社区"
    assert str(street) == "新成路街道"


def test_a_new_name_carries_on_into_the_labels_below(community: Area, group: Area, other_group: Area) -> None:
    community.name = "新成一社区"
    community.save()
    assert names(Area.objects.filter(label__startswith="新成一社区")) == ["新成一社区", "迎晖苑", "1号楼"]
    assert Area.objects.get(pk=group.pk).label == "新成一社区 迎晖苑 1号楼"
    assert Area.objects.get(pk=other_group.pk).label == "第二社区 仓场公寓 2号楼"


def test_a_streets_new_name_leaves_the_labels(street: Area, group: Area) -> None:
    street.name = "新城路街道"
    street.save()
    assert Area.objects.get(pk=group.pk).label == "第一社区 迎晖苑 1号楼"


def test_move_takes_all_below_along(station: Area, group: Area, other_group: Area, other_community: Area) -> None:
    station.move(to=other_community)
    moved = Area.objects.get(pk=group.pk)
    assert moved.label == "第二社区 迎晖苑 1号楼"
    assert moved.path == station.path + "0001"
    assert Area.objects.get(pk=station.pk).path == other_community.path + "0002"


def test_move_keeps_who_lives_there(member: Member, station: Area, other_community: Area) -> None:
    station.move(to=other_community)
    assert list(Member.objects.living_in(other_community, timezone.localdate())) == [member]


def test_move_keeps_to_the_level(group: Area, other_community: Area) -> None:
    with pytest.raises(ValidationError, match="楼组只能移到小区党员联络站之下"):
        group.move(to=other_community)


def test_move_to_the_same_parent_changes_nothing(group: Area, station: Area) -> None:
    factories.building("2号楼", station)
    group.move(to=station)
    assert Area.objects.get(pk=group.pk).path == station.path + "0001"


def test_move_into_a_namesake_is_refused_whole(group: Area, second_station: Area) -> None:
    factories.building("1号楼", second_station)
    with pytest.raises(ValidationError, match="已经有“1号楼”"):
        group.move(to=second_station)
    assert names(Area.objects.below(second_station)) == ["1号楼"]


def test_a_second_open_area_of_one_name_is_refused(group: Area, station: Area) -> None:
    with pytest.raises(ValidationError, match="已经有“1号楼”"):
        Area(name=" 1号 楼").place(under=station)


def test_next_path_counts_on_from_the_last_child_ever(station: Area, group: Area) -> None:
    second = factories.building("2号楼", station)
    second.close()
    assert Area.objects.next_path(station) == station.path + "0003"


def test_next_path_ends_at_the_last_number(street: Area) -> None:
    path = f"{street.path}{LAST_CHILD:0{SEGMENT}d}"
    Area.objects.bulk_create([Area(path=path, level=2, name="末", label="末")])
    with pytest.raises(ValidationError, match=f"最多 {LAST_CHILD} 个"):
        Area.objects.next_path(street)


def test_close_ends_all_below(community: Area, station: Area, group: Area) -> None:
    community.close(on=date(2025, 7, 1))
    assert set(Area.objects.inside(community).values_list("until", flat=True)) == {date(2025, 7, 1)}
    assert not Area.objects.current().inside(community).exists()


def test_close_keeps_an_earlier_end(station: Area, group: Area) -> None:
    group.close(on=date(2024, 1, 1))
    station.close(on=date(2025, 1, 1))
    assert Area.objects.get(pk=group.pk).until == date(2024, 1, 1)


def test_close_waits_for_those_who_live_there(member: Member, station: Area) -> None:
    with pytest.raises(ValidationError, match="还有党员居住"):
        station.close()
    assert Area.objects.get(pk=station.pk).until is None


def test_a_subtree_is_found_by_the_index(community: Area) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's planner scans a table this small")
    plan = Area.objects.inside(community).order_by().explain()
    assert "USING INDEX" in plan
    assert "path>? AND path<?" in plan
