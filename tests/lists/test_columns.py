"""What the columns of a list mean: by headings, by words in them, by content, and by what somebody said before."""

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from members.ground.access import PostKind
from members.models import Area, AuditEntry, Member, RosterColumns, RosterImport, User
from members.roster.columns import parts
from members.roster.stored import unseal_heads
from tests import factories
from tests.lists.conftest import Reporting
from tests.members.uploads import cells, named_columns, plan_of, preview, sheet, statuses, write

ODD = {"同志": "新人甲", "男女": "男", "门洞": "1号楼", "哪个小区": "迎晖苑", "号头": "101"}
HEAD, PERSON = ["姓名", "性别", "楼组", "小区", "在职/在册"], ["新人甲", "男", "1号楼", "迎晖苑", "在册"]
MEANT = {"同志": "name", "男女": "sex", "门洞": "group", "哪个小区": "station", "号头": "room"}


def book(**sheets: list[list[Any]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        page = made.create_sheet(name.removesuffix("_hidden"))
        page.sheet_state = "hidden" if name.endswith("_hidden") else "visible"
        for row in rows:
            page.append(row)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def asked(upload: RosterImport) -> dict[str, tuple[str, bool]]:
    """Each column of the question: what it was taken for, and whether that is certain."""
    assert upload.status == RosterImport.Status.COLUMNS, (upload.status, upload.message)
    (head,) = unseal_heads(upload.reading).heads
    return {column.heading: (column.field, column.certain) for column in head.columns}


def settle(client: Client, upload: RosterImport, sent: dict[str, str]) -> RosterImport:
    client.post(reverse("members:roster_columns", args=[upload.pk]), sent)
    return RosterImport.objects.get(pk=upload.pk)


def test_23_a_sheet_of_points_does_not_count(reported: Reporting) -> None:
    said = reported("23-points-sheet.xlsx")
    assert said["counts"]["new"] == 1
    assert [each["name"] for each in said["sheets"]] == ["党员"]


def test_24_two_columns_that_agree_are_one(reported: Reporting) -> None:
    said = reported("24-two-columns-alike.xlsx", check=False)
    assert (said["counts"]["new"], said["counts"]["error"]) == (1, 0)
    member = Member.objects.get(name="测试甲")
    assert (member.phone, member.party_since, member.standing) == ("19900001234", "2010-07-01", "full")


def test_24_two_columns_that_differ_are_refused_by_the_command_and_asked_by_the_page(
    reported: Reporting, tmp_path: Any
) -> None:
    rows = [["姓名", "性别", "手机", "联系电话", "楼组", "小区", "在职/在册"],
            ["新人甲", "男", "19900001234", "19900001235", "1号楼", "迎晖苑", "在册"]]  # fmt: skip
    (tmp_path / "twice.xlsx").write_bytes(book(名单=rows))
    assert "“手机”和“联系电话”两列" in reported(tmp_path / "twice.xlsx")["refused"]
    street = Area.objects.streets().get()
    upload = preview(book(名单=rows), street, factories.official("yuan", PostKind.STREET, street))
    assert asked(upload)["联系电话"] == ("phone", True)


def test_30_whom_the_list_calls_gone_is_not_written(reported: Reporting) -> None:
    said = reported("30-fate-column.xlsx")
    assert said["counts"]["new"] == 1
    gone = {row["row"]: row for row in said["rows"] if row["status"] == "skipped"}
    assert set(gone) == {2, 3}
    assert "已死亡" in gone[2]["errors"][0]["message"]
    assert "停止党籍" in gone[3]["errors"][0]["message"]


@pytest.mark.parametrize(
    ("remark", "status"),
    [("2025年去世", "left"), ("组织关系转出", "left"), ("失联", "left"), ("组织关系未转出", "new"), ("无", "new"),
     ("书法", "new")],
)  # fmt: skip
def test_a_remark_may_say_it_too(community: Area, group: Area, remark: str, status: str) -> None:
    assert statuses(preview(sheet(cells("新人甲", 备注=remark)), community)) == [status]


def test_what_to_do_about_somebody_gone_who_is_registered(
    community: Area, group: Area, other_group: Area, secretary: User, logged_in: Callable[[User], Client]
) -> None:
    here, far = factories.person("新人甲", group, room="9"), factories.person("新人甲", other_group, room="9")
    upload = preview(sheet(cells("新人甲", 党籍状态="已死亡"), cells("新人乙")), community, secretary)
    page = logged_in(secretary).get(reverse("members:roster", args=[upload.pk]) + "?show=left").content.decode()
    assert f'href="{reverse("person", args=[here.pk])}"' in page
    assert f'href="{reverse("person", args=[far.pk])}"' not in page
    assert "确实的办理迁出" in page
    assert write(upload).status == RosterImport.Status.APPLIED
    assert Member.objects.filter(name="新人乙").exists()


def test_words_in_a_heading(street: Area, group: Area, secretary: User, community: Area) -> None:
    row = {
        "党员姓名（全名）": "新人甲", "性别": "男", "住宅小区名称": "迎晖苑", "楼号/门牌": "1号楼",
        "是否在册党员": "在册", "本人手机号码": "19900001234", "配偶手机": "19900009999", "单位电话": "59990000",
    }  # fmt: skip
    upload = preview(sheet(row), community, secretary)
    (planned,) = plan_of(upload).rows
    (note,) = plan_of(upload).sheets
    assert planned.status == "new"
    assert planned.writes["phone"] == "19900001234"
    assert note.not_taken == ["配偶手机", "单位电话"]


def test_content_is_a_guess_that_is_asked_about(community: Area, group: Area, secretary: User) -> None:
    number = factories.id_number("19850302", 213)
    row = cells("新人甲") | {"证": number, "号": "19900001234"}
    guesses = asked(preview(sheet(row), community, secretary))
    assert (guesses["证"], guesses["号"]) == (("id_number", False), ("phone", False))
    assert guesses["姓名"] == ("name", True)
    shown = unseal_heads(RosterImport.objects.get().reading).heads[0].columns
    assert number not in repr(shown)
    assert "19900001234" not in repr(shown)


def test_only_known_names_are_taken_for_places(community: Area, group: Area, secretary: User) -> None:
    guesses = asked(
        preview(sheet({"人员": "新人甲", "哪里": "迎晖苑", "号": "1号楼", "归": "第一社区"}), community, secretary)
    )
    assert {heading: field for heading, (field, _) in guesses.items()} == {
        "人员": "", "哪里": "station", "号": "", "归": "community",
    }  # fmt: skip


def test_a_dash_below_a_compound_says_nothing(community: Area, group: Area, station: Area) -> None:
    assert statuses(preview(sheet(cells("新人甲", 小区="—")), station)) == ["new"]


def test_the_command_leaves_guesses_alone(reported: Reporting, tmp_path: Any) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(sheet(cells("新人甲", 小区="迎晖苑1期", 楼组="3号楼") | {"号": "19900001234"}))
    (note,) = reported(path)["sheets"]
    assert note["not_taken"] == ["号"]
    (note,) = reported(path, columns="号=phone")["sheets"]
    assert note["columns"]["phone"] == "号"
    with pytest.raises(CommandError, match="不知道“血型”是什么"):
        reported(path, columns="号=血型")


def test_the_heading_stands_below_notes(community: Area, group: Area) -> None:
    rows = [[f"说明第{number}条"] for number in range(25)]
    content = book(
        名单=[*rows, ["姓名", "性别", "楼组", "小区", "在职/在册"], ["新人甲", "男", "1号楼", "迎晖苑", "在册"]]
    )
    assert statuses(preview(content, community)) == ["new"]


def test_two_halves_are_read_one_below_the_other(community: Area, group: Area) -> None:
    half = ["序号", "姓名", "性别", "楼组", "小区", "在职/在册"]
    left, right = [1, "新人甲", "男", "1号楼", "迎晖苑", "在册"], [2, "新人乙", "女", "1号楼", "迎晖苑", "在册"]
    upload = preview(book(名单=[half + half, left + right, left[:1]]), community)
    assert [(row.sheet, row.row, row.name) for row in plan_of(upload).rows] == [
        ("名单", 2, "新人甲"), ("名单（第2栏）", 2, "新人乙"),
    ]  # fmt: skip
    assert len({row.key for row in plan_of(upload).rows}) == 2
    spaced = preview(book(名单=[[*half, "", *half], [*left, "", *right]]), community)
    assert [row.name for row in plan_of(spaced).rows] == ["新人甲", "新人乙"]


@pytest.mark.parametrize(
    ("keys", "found"),
    [("甲 乙 甲 乙", 2), ("甲 乙 丙", 1), ("甲 乙 甲", 1), ("甲 甲", 1), ("甲 乙 甲 乙 甲 乙", 3), ("", 1)],
)
def test_parts(keys: str, found: int) -> None:
    assert len(parts(keys.split())) == found


def test_a_sheet_whose_names_are_not_found_is_named_and_can_be_settled(
    community: Area, group: Area, secretary: User, logged_in: Callable[[User], Client]
) -> None:
    content = book(名单=[HEAD, PERSON], 二组=[["同志", *HEAD[1:]], ["新人乙", *PERSON[1:]]], 说明=[["请如实填写。"]])
    upload = preview(content, community, secretary)
    assert [row.name for row in plan_of(upload).rows] == ["新人甲"]
    assert plan_of(upload).notes[0].startswith("没有读取的工作表：二组（没有认出“姓名”是哪一列）")
    client = logged_in(secretary)
    client.post(f"/roster/{upload.pk}/columns/again/")
    upload.refresh_from_db()
    upload = settle(client, upload, named_columns(upload, {"同志": "name"}))
    assert [row.name for row in plan_of(upload).rows] == ["新人甲", "新人乙"]
    assert plan_of(upload).notes == []


def test_a_sheet_that_was_left_out_is_not_named_again(
    community: Area, group: Area, secretary: User, logged_in: Callable[[User], Client]
) -> None:
    content = book(名单=[HEAD, PERSON], 汇总=[["楼组数", "党员数"], [3, 1]])
    upload = preview(content, community, secretary)
    client = logged_in(secretary)
    client.post(f"/roster/{upload.pk}/columns/again/")
    upload.refresh_from_db()
    upload = settle(client, upload, named_columns(upload, {"楼组数": "", "党员数": ""}))
    assert plan_of(upload).notes == []
    assert plan_of(preview(content, community, secretary)).notes == []


def test_hidden_sheets_are_named_and_read_only_when_wanted(
    community: Area, group: Area, secretary: User, logged_in: Callable[[User], Client]
) -> None:
    content = book(名单=[HEAD, PERSON], 旧_hidden=[HEAD, ["新人乙", *PERSON[1:]]])
    upload = preview(content, community, secretary)
    assert [row.name for row in plan_of(upload).rows] == ["新人甲"]
    assert "工作表“旧”是隐藏的，没有读取" in plan_of(upload).notes[0]
    client = logged_in(secretary)
    client.post(reverse("members:roster_columns_again", args=[upload.pk]))
    upload.refresh_from_db()
    upload = settle(client, upload, named_columns(upload, {}) | {"hidden_sheets": "on"})
    assert {row.name for row in plan_of(upload).rows} == {"新人甲", "新人乙"}


def test_what_was_said_once_is_remembered_for_the_area(
    street: Area, community: Area, group: Area, other_street: Area, secretary: User, logged_in: Callable[[User], Client]
) -> None:
    upload = preview(sheet(ODD), community, secretary)
    upload = settle(logged_in(secretary), upload, named_columns(upload, MEANT, affiliation="local"))
    assert (upload.status, statuses(upload)) == (RosterImport.Status.REVIEW, ["new"])
    assert AuditEntry.objects.filter(model="members.RosterColumns", area_path=community.path).exists()
    assert statuses(preview(sheet(ODD | {"同志": "新人乙"}), community, secretary)) == ["new"]
    far = factories.official("yuan", PostKind.STREET, other_street)
    assert preview(sheet(ODD), other_street, far).status == RosterImport.Status.COLUMNS
    assert not RosterColumns.objects.for_user(far).exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [({}, "请先找出“姓名”是哪一列"), (MEANT | {"号头": "name"}, "“姓名”选了两列"), (MEANT, "都是在册还是都是在职")],
)
def test_what_cannot_be_is_said(
    community: Area, group: Area, secretary: User, logged_in: Callable[[User], Client], fields: Any, sentence: str
) -> None:
    upload = preview(sheet(ODD), community, secretary)
    sent = named_columns(upload, fields)
    page = logged_in(secretary).post(reverse("members:roster_columns", args=[upload.pk]), sent)
    assert sentence in page.content.decode()
    assert not RosterColumns.objects.exists()


def test_the_page_takes_as_many_queries_for_many_columns(
    community: Area,
    group: Area,
    secretary: User,
    logged_in: Callable[[User], Client],
    django_assert_max_num_queries: Any,
) -> None:
    upload = preview(sheet({f"栏目{chr(0x4E00 + number)}": "值" for number in range(150)}), community, secretary)
    client = logged_in(secretary)
    with django_assert_max_num_queries(20):
        assert client.get(reverse("members:roster", args=[upload.pk])).status_code == 200


def test_a_long_file_whose_columns_nobody_can_name_is_a_page(community: Area, group: Area, secretary: User) -> None:
    content = sheet(*({"甲栏": f"值{number}", "乙栏": "无名"} for number in range(20_000)))
    assert asked(preview(content, community, secretary)).keys() == {"甲栏", "乙栏"}


def test_a_refusal_says_where_a_heading_was_looked_for(reported: Reporting, tmp_path: Any) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(sheet(ODD))
    assert "最像表头的是工作表“csv”第 1 行：同志、男女、门洞" in reported(path)["refused"]
