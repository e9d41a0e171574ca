"""Lists as they are pasted: whom they name, what is no name, who is in doubt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.rules.pasted_list import LONGEST, MOST_NAMES, MatchState, PastedEntry, TooLong, match, read_names
from members.models import Member
from tests import factories

CHAIN = """#接龙
楼道大扫除 周六上午九点
1. 张三
2. 李四 302
3、王五（带孩子）
4）赵 六
５．欧阳建国＋1
6. 买买提·吐尔逊 3号楼
7. 孙八同志👍
"""


def named(text: str) -> list[str]:
    return [entry.name for entry in read_names(text) if entry.name]


def test_a_chain_of_a_chat_group_is_read() -> None:
    assert named(CHAIN) == ["张三", "李四", "王五", "赵六", "欧阳建国", "买买提·吐尔逊", "孙八"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1. 张三 2. 李四 302", ["张三", "李四"]),
        ("张三，李四；王五、赵六/孙七|周八", ["张三", "李四", "王五", "赵六", "孙七", "周八"]),
        ("张三 李四\t王五", ["张三", "李四", "王五"]),
        ("①张三②李四", ["张三", "李四"]),
        ("(1)张三 (2)李四", ["张三", "李四"]),
        ("1张三\n2李四", ["张三", "李四"]),
        ("101. 张三\n102. 李四", ["张三", "李四"]),
        ("张　三\n李  四", ["张三", "李四"]),
        ("张三🌹李四💪", ["张三", "李四"]),
        ("@张三 @李四", ["张三", "李四"]),
        ("张三书记、李四老师、王五女士", ["张三", "李四", "王五"]),
        ("13812345678 张三\n李四 13812345678", ["张三", "李四"]),
        ("姓名\n张三\n李四\n合计 2人", ["张三", "李四"]),
        ("买买提•吐尔逊", ["买买提·吐尔逊"]),
        ("", []),
        ("👍👍👍 123 ...", []),
    ],
)
def test_names_are_found_however_they_are_set_apart(text: str, names: list[str]) -> None:
    assert named(text) == names


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("李四 302 王五", [("李四", "", "302"), ("王五", "", "")]),
        ("301张三 302李四", [("张三", "", "301"), ("李四", "", "302")]),
        ("张三 302、李四 401、3号楼王五", [("张三", "", "302"), ("李四", "", "401"), ("王五", "3号楼", "")]),
        ("蒋八(12号楼501)", [("蒋八", "12号楼", "501")]),
        ("1 2号楼 卫七 1-302", [("卫七", "2号楼", "1-302")]),
        ("2单元302室 卫七", [("卫七", "", "2-302")]),
    ],
)
def test_a_building_and_a_room_go_with_their_name(text: str, entries: list[tuple]) -> None:
    assert [(e.name, e.building, e.room) for e in read_names(text)] == entries


def test_what_is_no_name_is_told() -> None:
    assert read_names("楼道大扫除志愿者\n张三") == [PastedEntry("楼道大扫除志愿者"), PastedEntry("张三", "张三")]


def test_a_novel_is_refused() -> None:
    with pytest.raises(TooLong, match="内容太长"):
        read_names("张三" * LONGEST)


def test_ten_thousand_names_are_refused() -> None:
    assert MOST_NAMES < LONGEST / 3
    with pytest.raises(TooLong, match="人太多"):
        read_names("张三 " * (MOST_NAMES + 1))


@given(st.text(max_size=300))
def test_any_text_is_read_without_failing(text: str) -> None:
    for entry in read_names(text):
        assert entry.text
        assert "\n" not in entry.name


def test_who_is_meant(member, other_member, group, station) -> None:
    twin = factories.person("张三", group, room="301")
    other_building = factories.building("2号楼", station)
    other_twin = factories.person("张三", other_building, room="302")
    lines = match(read_names("欧阳建国、张三、没有人"), Member.objects.all())
    assert [(line.state, [p.pk for p in line.people]) for line in lines] == [
        (MatchState.MATCHED, [member.pk]),
        (MatchState.DOUBT, [twin.pk, other_twin.pk]),
        (MatchState.UNKNOWN, []),
    ]
    assert match(read_names("张三 302"), Member.objects.all())[0].person.pk == other_twin.pk
    assert match(read_names("张三 1号楼"), Member.objects.all())[0].person.pk == twin.pk


def test_a_room_that_fits_nobody_leaves_the_doubt(group, station) -> None:
    factories.person("张三", group, room="301")
    factories.person("张三", factories.building("2号楼", station), room="302")
    assert match(read_names("张三 909"), Member.objects.all())[0].state == MatchState.DOUBT


def test_the_same_person_twice_is_one_line(member) -> None:
    assert len(match(read_names("欧阳建国\n欧阳建国 302"), Member.objects.all())) == 1


def test_matching_is_one_query(member, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        match(read_names("欧阳建国 " + "没有人 " * 300), Member.objects.all())
