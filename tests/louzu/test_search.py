"""Search in the header: each kind, in the scope alone, whatever is typed."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from louzu.rules import searching
from louzu.rules.searching import FoundKind, search
from members.ground.atomic import atomic_write
from members.models import Area, AuditEntry, EmployerName, Member, User
from members.rules.finding import called
from members.rules.naming import name_area
from tests import factories

PEOPLE, PLACES, ACTIVITIES, EMPLOYERS, USERS, PAGES = FoundKind
ODD = (
    "王" * 500, "w" * 500, ",", "，", "   ", "%", "_", "\\", "😀", "a\0b", "\0", "''", '"><script>', "ｗ", "１２３４",
    "９" * 40, "\u200b", "\ufffd", "#REF!", "%_%", "^[", "0", "1-2-3-4", "．", "🈚1号楼", "\ud800", "İ", "ß",
)  # fmt: skip


@pytest.fixture
def rows(member: Member, other_member: Member, far_member: Member, group: Area, other_group: Area) -> Any:
    """Somebody, an address and an activity in each of two communities and in the other street."""
    factories.activity(group, title="端午包粽子")
    factories.activity(other_group, title="端午歌会")
    factories.activity(far_member.home.area, title="端午龙舟")
    for area, text in ((group, "仓场路70号"), (other_group, "仓场路90号"), (far_member.home.area, "仓场路10号")):
        name_area(area=area, text=text)
    with atomic_write():
        EmployerName(employer=member.employer, street=member.street, name="老仪表厂").save()
    return member


def titles(user: User, words: str) -> dict[str, list[str]]:
    return {group.kind: [row.title for row in group.rows] for group in search(user, words)}


# What is found -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "words",
    ["欧阳", "欧阳建国", "国", "ouyang", "oyjg", "OuYang JianGuo", "ｏｙ", "o", "5678", "19900005678", "199 0000 5678"],
)
def test_a_member_is_found(rows: Any, secretary: User, words: str) -> None:
    [people] = [group for group in search(secretary, words) if group.kind == PEOPLE]
    [row] = people.rows
    assert (row.id, row.title, row.note) == (rows.pk, "欧阳建国", "第一社区 迎晖苑 1号楼 · 在职（上海嘉定仪表厂）")
    assert not people.has_more


@pytest.mark.parametrize(
    ("words", "kind", "found"),
    [
        ("1号楼", PLACES, ["第一社区 迎晖苑 1号楼"]),
        ("1幢", PLACES, ["第一社区 迎晖苑 1号楼"]),
        ("迎晖苑1号", PLACES, ["第一社区 迎晖苑 1号楼"]),
        ("迎晖苑 1号楼", PLACES, ["第一社区 迎晖苑 1号楼"]),
        ("迎晖苑", PLACES, ["第一社区 迎晖苑", "第一社区 迎晖苑 1号楼"]),
        ("仓场路", PLACES, ["第一社区 迎晖苑 1号楼"]),
        ("仓场路70号302室", PLACES, ["第一社区 迎晖苑 1号楼"]),
        ("端午", ACTIVITIES, ["端午包粽子"]),
        ("仪表", EMPLOYERS, ["上海嘉定仪表厂"]),
        ("老仪表厂", EMPLOYERS, ["上海嘉定仪表厂"]),
        ("覆盖", PAGES, ["覆盖情况"]),
        ("fugai", PAGES, ["覆盖情况"]),
        ("sld", PAGES, ["四联动"]),
        ("quyu", PAGES, ["区域"]),
    ],
)
def test_what_else_is_found(rows: Any, secretary: User, words: str, kind: FoundKind, found: list[str]) -> None:
    assert titles(secretary, words)[kind] == found


def test_activities_come_latest_first_and_eight_of_many(group: Area, secretary: User) -> None:
    for day in range(1, 12):
        factories.activity(group, title=f"读书会{day}", held_on=factories.EARLY.replace(day=day))
    [found] = search(secretary, "读书")
    assert ([row.title for row in found.rows][:2], len(found.rows)) == (["读书会11", "读书会10"], 8)
    assert found.has_more


def test_who_moved_away_is_found_as_such(moved_away: Member, secretary: User) -> None:
    [found] = search(secretary, "zengguoqiang")
    assert found.rows[0].note == "已迁出 · 在册"


def test_users_are_found_by_who_looks_after_posts(secretary: User, leader: User, street_officer: User) -> None:
    assert titles(street_officer, "zuzhang")[USERS] == ["楼组党小组长"]
    assert USERS not in titles(leader, "zuzhang")


# The scope -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "people", "activities"),
    [
        ("superuser", [], []),
        ("street_officer", ["欧阳建国", "单秀英"], ["端午歌会", "端午包粽子"]),
        ("secretary", ["欧阳建国"], ["端午包粽子"]),
        ("liaison", ["欧阳建国"], ["端午包粽子"]),
        ("leader", ["欧阳建国"], ["端午包粽子"]),
        ("instructor", [], ["端午包粽子"]),
        ("auditor", [], []),
        ("outsider", [], []),
        ("far_secretary", ["闵行舟"], ["端午龙舟"]),
    ],
)
def test_each_post_finds_its_own(rows: Any, request: Any, who: str, people: list, activities: list) -> None:
    user = request.getfixturevalue(who)
    found = [
        name
        for words in ("欧阳", "shanxiuying", "1234", "闵行", "5678")
        for name in titles(user, words).get(PEOPLE, [])
    ]
    assert list(dict.fromkeys(found)) == people
    assert titles(user, "端午").get(ACTIVITIES, []) == activities
    nothing = {PEOPLE, PLACES, ACTIVITIES, EMPLOYERS, USERS}
    if who in ("auditor", "outsider"):
        assert {kind for words in ("1", "欧阳", "仪表", "s", "社区") for kind in titles(user, words)} & nothing == set()


@pytest.mark.parametrize(
    ("who", "found"),
    [("leader", ["第一社区 迎晖苑 1号楼"]), ("far_secretary", ["平城社区 嘉富丽苑 9号楼"]), ("auditor", [])],
)
def test_places_are_the_posts_own(rows: Any, request: Any, who: str, found: list[str]) -> None:
    assert titles(request.getfixturevalue(who), "仓场路").get(PLACES, []) == found
    assert titles(request.getfixturevalue(who), "仓场路90号101室").get(PLACES, []) == []


def test_the_superuser_finds_places_employers_and_users(rows: Any, superuser: User, secretary: User) -> None:
    assert titles(superuser, "迎晖苑")[PLACES] == ["第一社区 迎晖苑", "第一社区 迎晖苑 1号楼"]
    assert titles(superuser, "仪表")[EMPLOYERS] == ["上海嘉定仪表厂"]
    assert titles(superuser, "shuji")[USERS] == ["社区书记"]
    assert search(superuser, "仓场路55号302室") == []


def test_a_street_s_own_name_of_a_unit_is_found_there_alone(rows: Any, far_secretary: User) -> None:
    assert EMPLOYERS not in titles(far_secretary, "老仪表厂")
    assert titles(far_secretary, "嘉定仪表厂")[EMPLOYERS] == ["上海嘉定仪表厂"]


@pytest.mark.parametrize("words", ["05678", "900005678", "19900005678"])
def test_more_than_the_mask_shows_takes_the_right_to_reveal(rows: Any, leader: User, liaison: User, words: str) -> None:
    assert PEOPLE in titles(liaison, words)
    assert PEOPLE not in titles(leader, words)
    assert PEOPLE in titles(leader, "5678")


def test_other_digits_find_nobody(rows: Any, secretary: User) -> None:
    assert [words for words in ("567", "1990", "0567", "9990") if PEOPLE in titles(secretary, words)] == []


# What is typed -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", ODD, ids=lambda words: ascii(words)[:12])
def test_odd_text_is_answered(rows: Any, logged_in: Any, api: Any, secretary: User, words: str) -> None:
    said, found = "", []
    try:
        found = search(secretary, words)
    except ValidationError as refusal:
        said = refusal.messages[0]
    assert said.endswith("。") if said else all(len(group.rows) <= 8 for group in found)
    client, words = logged_in(secretary), words.encode(errors="replace").decode()
    for address, asked in (("/search/", "q"), ("/admin/search/", "s")):
        assert client.get(address, {asked: words}).status_code == (400 if "\0" in words else 200)
    assert api(secretary).get("/api/v1/search", {"q": words}).status_code in (200, 400)


def test_a_long_text_is_answered_by_a_sentence(logged_in: Any, api: Any, secretary: User) -> None:
    page = logged_in(secretary).get("/search/", {"q": "王" * 500}).content.decode()
    assert searching.TOO_LONG in page
    refusal = api(secretary).get("/api/v1/search", {"q": "王" * 500})
    assert (refusal.status_code, refusal["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("words", ["%", "_", ",", "  ", "", "阿阿阿"])
def test_what_means_nothing_finds_nothing(rows: Any, secretary: User, words: str) -> None:
    assert search(secretary, words) == []


# The doors -----------------------------------------------------------------------------------------------------------
def test_the_page_links_to_rows_and_lists(rows: Any, logged_in: Any, secretary: User, group: Area) -> None:
    client = logged_in(secretary)
    page = client.get("/search/?q=oyjg").content.decode()
    assert f'href="/members/{rows.pk}/"' in page
    assert f'href="/buildings/{group.pk}/"' in client.get("/search/?q=1号楼").content.decode()
    assert "看全部" not in page
    for number in range(9):
        factories.person(f"欧阳{'一二三四五六七八九'[number]}", group, room="201")
    many = client.get("/search/?q=欧阳")
    assert 'href="/admin/members/member/?q=%E6%AC%A7%E9%98%B3"' in many.content.decode()
    assert many["Cache-Control"] == "no-store, private"


def test_every_link_opens(rows: Any, logged_in: Any, request: Any) -> None:
    for who in ("superuser", "street_officer", "secretary", "liaison", "leader", "instructor", "auditor"):
        client = logged_in(request.getfixturevalue(who))
        for words in ("oyjg", "1号楼", "第一", "端午", "仪表", "shuji", "报", "况"):
            shown = client.get("/search/", {"q": words}).context["groups"]
            links = [row.address for each in shown for row in each.rows] + [
                each.all_at for each in shown if each.all_at
            ]
            assert [link for link in links if client.get(link, follow=True).status_code != 200] == [], (who, words)


def test_the_box_is_on_pages_and_lists_alike(rows: Any, logged_in: Any, secretary: User, outsider: User) -> None:
    client = logged_in(secretary)
    for address in (
        "/",
        "/activities/",
        "/admin/members/member/",
        f"/admin/members/member/{rows.pk}/change/",
        "/search/",
    ):
        page = client.get(address).content.decode()
        assert page.count('class="lz-searchbox"') == page.count('id="search-input-command"') == 1, address
    assert 'class="lz-searchbox"' not in logged_in(outsider).get("/").content.decode()


def test_what_ctrl_k_opens_keeps_nothing(rows: Any, logged_in: Any, secretary: User) -> None:
    """The theme's own view keeps results in the cache; ours answers anew, as the posts are by then."""
    client = logged_in(secretary)
    answer = client.get("/admin/search/?s=oyjg")
    assert "欧阳建国" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    secretary.roles.update(until=factories.EARLY.replace(month=5))
    assert "欧阳建国" not in client.get("/admin/search/?s=oyjg", follow=True).content.decode()
    assert "欧阳" not in str(dict(client.session))


def test_a_search_leaves_no_entry(rows: Any, logged_in: Any, secretary: User) -> None:
    client = logged_in(secretary)
    before = AuditEntry.objects.count()
    client.get("/search/?q=oyjg")
    client.get("/admin/search/?s=5678")
    assert AuditEntry.objects.count() == before


def test_the_api_answers_alike(rows: Any, api: Any, secretary: User) -> None:
    [people] = api(secretary).get("/api/v1/search?q=oyjg").data["groups"]
    note = "第一社区 迎晖苑 1号楼 · 在职（上海嘉定仪表厂）"
    assert people == {"kind": "people", "has_more": False, "rows": [{"id": rows.pk, "title": "欧阳建国", "note": note}]}
    assert api(secretary).get("/api/v1/search?q=覆盖").data == {"groups": []}


# How much it takes ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "most"),
    [("o", 8), ("欧阳", 8), ("5678", 8), ("1号楼", 8), ("端午", 8), ("仓场路70号302室", 10), ("啊啊12", 10)],
)
def test_few_queries_are_asked(rows: Any, secretary: User, words: str, most: int) -> None:
    """One a kind; more for the ends of phones, and for an address, which is read with all names of the street."""
    with CaptureQueriesContext(connection) as queries:
        search(secretary, words)
    assert len(queries) <= most


def test_the_page_asks_no_more_for_more(rows: Any, logged_in: Any, secretary: User, group: Area) -> None:
    client, counts = logged_in(secretary), []
    client.get("/search/?q=oy")
    for number in (3, 4):
        with CaptureQueriesContext(connection) as queries:
            client.get("/search/?q=oy")
        counts.append(len(queries))
        for each in range(5):
            factories.person("欧阳甲乙"[:number], group, room=f"20{each}")
    assert counts[0] == counts[1] <= 12


def test_letters_are_a_range_of_an_index(rows: Any, secretary: User) -> None:
    """Names begin in the index of spellings, on SQLite too, where LIKE reads every row."""
    plan = Member.objects.filter(called("ouyang")).order_by().explain()
    if connection.vendor == "sqlite":
        assert plan.count("USING INDEX") == 2, plan
        assert "SCAN" not in plan
    else:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        assert "Index Cond" in Member.objects.filter(called("ouyang")).order_by().explain()


def test_a_range_is_what_begins_so(group: Area) -> None:
    names = ["王伟", "魏征", "张卫国", "吴用", "翁美玲", "Wzzy"]
    people = {factories.person(name, group, room="101") for name in names}
    for letters in ("w", "wang", "ww", "weng", "zwg", "wz", "z"):
        found = set(Member.objects.filter(called(letters)))
        assert found == {
            each for each in people if each.pinyin.startswith(letters) or each.initials.startswith(letters)
        }
