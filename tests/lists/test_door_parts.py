"""Addresses in the import of activities, compared part by part from the end."""

import pytest

from activities.imports.known import Known
from members.models import Area, User
from tests import factories
from tests.activities.books import area_of


@pytest.fixture
def namesakes(station: Area, group: Area, community: Area) -> dict[int, str]:
    """Five members of one name, in homes whose texts end alike."""
    homes = (
        (group, "302"), (factories.building("11号楼", station), "302"), (group, "1302"),
        (factories.building("21号楼", station), "2-302"),
        (factories.building("1号楼", factories.area("晖苑", community)), "302"),
    )  # fmt: skip
    return {factories.person("张三", home, room=room).pk: f"{home.label} {room}" for home, room in homes}


@pytest.mark.parametrize(
    ("address", "home"),
    [
        ("第一社区 迎晖苑 1号楼 302", "第一社区 迎晖苑 1号楼 302"),
        ("迎晖苑1号楼302室", "第一社区 迎晖苑 1号楼 302"),
        ("迎晖苑 1幢 302", "第一社区 迎晖苑 1号楼 302"),
        ("迎晖苑１＃３０２", "第一社区 迎晖苑 1号楼 302"),
        ("晖苑 1号楼 302", "第一社区 晖苑 1号楼 302"),
        ("11号楼302", "第一社区 迎晖苑 11号楼 302"),
        ("1号楼1302", "第一社区 迎晖苑 1号楼 1302"),
        ("1302", "第一社区 迎晖苑 1号楼 1302"),
        ("2-302", "第一社区 迎晖苑 21号楼 2-302"),
        ("21号楼2单元302室", "第一社区 迎晖苑 21号楼 2-302"),
        ("11-302", "第一社区 迎晖苑 11号楼 302"),
        ("1号楼302", None), ("302", None), ("2", None), ("号楼302", None), ("苑1号楼302", None), ("3号楼302", None),
    ],
)  # fmt: skip
def test_an_address_is_compared_part_by_part(
    namesakes: dict[int, str], secretary: User, address: str, home: str | None
) -> None:
    known = Known(secretary, area_of(secretary), [])
    if home is None:
        with pytest.raises(ValueError, match="张三"):
            known.person("张三", address)
    else:
        assert namesakes[known.person("张三", address).pk] == home


@pytest.mark.parametrize(
    ("address", "fits"), [("1号楼302", True), ("11号楼302", False), ("1302", False), ("02", False)]
)
def test_a_lone_member_too_is_only_found_at_home(group: Area, secretary: User, address: str, fits: bool) -> None:
    person = factories.person("张三", group, room="302")
    known = Known(secretary, area_of(secretary), [])
    if fits:
        assert known.person("张三", address).pk == person.pk
    else:
        with pytest.raises(ValueError, match="登记的住址不是"):
            known.person("张三", address)
