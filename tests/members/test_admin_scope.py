"""Side doors of the pages and the admin: whatever is tried by hand, nothing outside the posts is seen or written."""

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from members.ground import audit
from members.ground.access import PostKind
from members.models import Area, AreaRole, AuditEntry, Duty, Member, Residence, RosterImport, User
from tests import factories
from tests.matrix import inline
from tests.members.uploads import cells, only_row, preview, sheet, statuses

TODAY = timezone.localdate().isoformat()
MEMBERS, AREAS, USERS = "/admin/members/member/", "/admin/members/area/", "/admin/members/user/"
PERSON = {"name": "翟建军", "sex": "male", "affiliation": "local"}
REASON = {"format": "0", "reason": "核对三月花名册"}


@pytest.fixture
def client(logged_in: Callable[[User], Client], secretary: User, member: Member, other_member: Member) -> Client:
    """The secretary of 第一社区, where 欧阳建国 lives; 单秀英 lives in 第二社区."""
    return logged_in(secretary)


@pytest.fixture
def two_posts(secretary: User, other_group: Area) -> User:
    """Secretary here, leader of one building in the other community."""
    factories.post(secretary, PostKind.LEADER, other_group)
    return secretary


@pytest.fixture
def areas(client: Client, other_street: Area, other_group: Area) -> dict[str, int]:
    return {area.name: area.pk for area in Area.objects.all()}


def exported(answer: Any) -> list[tuple]:
    """The rows of a workbook, without its headings."""
    return list(load_workbook(io.BytesIO(answer.content)).active.values)[1:]


# What is offered -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "offered"),
    [
        ("model_name=residence&field_name=area", {"第一社区 迎晖苑 1号楼"}),
        ("model_name=arearole&field_name=area", {"第一社区", "第一社区 迎晖苑", "第一社区 迎晖苑 1号楼"}),
        ("model_name=user&field_name=member", {"欧阳建国"}),
        ("model_name=residence&field_name=member", {"欧阳建国"}),
        ("model_name=arearole&field_name=user", {"社区书记"}),
    ],
)
def test_autocompletes_offer_only_the_scope(client: Client, other_secretary: User, field: str, offered: set) -> None:
    answer = client.get(f"/admin/autocomplete/?app_label=members&{field}&term=").json()
    assert {row["text"] for row in answer["results"]} == offered


@pytest.mark.parametrize("field", ["model_name=member&field_name=street", "model_name=member&field_name=id_digest"])
def test_autocompletes_of_other_columns_tell_nothing_outside(client: Client, field: str) -> None:
    answer = client.get(f"/admin/autocomplete/?app_label=members&{field}&term=")
    assert answer.status_code in (403, 404) or answer.json()["results"] == []


def test_the_search_of_the_theme_finds_nobody_outside(client: Client) -> None:
    assert "单秀英" not in client.get("/admin/search/?s=单秀英&extended=1").content.decode()


# Choices posted by hand ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("home", ["2号楼", "9号楼", "迎晖苑", "第一社区"])
def test_nobody_moves_in_outside(client: Client, areas: dict[str, int], home: str) -> None:
    answer = client.post(f"{MEMBERS}add/", PERSON | {"home": areas[home], "room": "101"})
    assert (answer.status_code, Member.objects.filter(name="翟建军").count()) == (200, 0)


@pytest.mark.parametrize("home", ["2号楼", "9号楼", "迎晖苑"])
def test_nobody_moves_house_to_outside(client: Client, areas: dict[str, int], member: Member, home: str) -> None:
    answer = client.post(f"/members/{member.pk}/move/", {"to": areas[home], "on": TODAY})
    assert (answer.status_code, member.residences.count()) == (200, 1)


def test_nobody_moves_into_a_closed_group(client: Client, station: Area) -> None:
    closed = factories.building("8号楼", station, until=date(2025, 1, 1))
    assert client.post(f"{MEMBERS}add/", PERSON | {"home": closed.pk}).status_code == 200
    assert not Member.objects.filter(name="翟建军").exists()


@pytest.mark.parametrize("parent", ["仓场公寓", "第二社区", "新成路街道", "菊园新区", "1号楼"])
def test_no_area_is_made_outside(client: Client, areas: dict[str, int], parent: str) -> None:
    answer = client.post(f"{AREAS}add/", {"name": "新处", "parent": areas[parent]})
    assert (answer.status_code, Area.objects.filter(name="新处").count()) == (200, 0)


@pytest.mark.parametrize("parent", ["仓场公寓", "第二社区", "嘉富丽苑", "菊园新区"])
def test_no_area_is_moved_outside(client: Client, areas: dict[str, int], group: Area, parent: str) -> None:
    answer = client.post(f"{AREAS}{group.pk}/change/", {"name": "1号楼", "parent": areas[parent], "stage": "none"})
    assert (answer.status_code, Area.objects.get(pk=group.pk).path) == (200, group.path)


def test_no_area_is_moved_to_where_one_only_reads(
    client: Client, secretary: User, group: Area, other_group: Area
) -> None:
    elsewhere = other_group.parent
    assert elsewhere
    factories.post(secretary, PostKind.LIAISON, elsewhere)
    answer = client.post(f"{AREAS}{group.pk}/change/", {"name": "1号楼", "parent": elsewhere.pk, "stage": "none"})
    assert (answer.status_code, Area.objects.get(pk=group.pk).path) == (403, group.path)


@pytest.mark.parametrize("place", ["第二社区", "新成路街道", "菊园新区", "1号楼"])
def test_no_roster_is_brought_in_outside(client: Client, areas: dict[str, int], place: str) -> None:
    file = SimpleUploadedFile("名单.csv", sheet(cells("新人甲")))
    assert client.post("/roster/", {"area": areas[place], "file": file}).status_code == 200
    assert not RosterImport.objects.exists()


@pytest.mark.parametrize("until", [None, date(2099, 1, 1)])
def test_a_tree_goes_into_the_street_that_was_chosen(
    logged_in: Any, street: Area, street_officer: User, other_street: Area, until: date | None
) -> None:
    Area.objects.filter(pk=street.pk).update(until=until)
    file = SimpleUploadedFile("组织架构.csv", "社区,小区,楼组\n第九社区,新苑,1号楼\n".encode())
    before = set(Area.objects.values_list("pk", flat=True))
    logged_in(street_officer).post("/areas/upload/", {"street": street.pk, "file": file})
    made = Area.objects.exclude(pk__in=before)
    assert {area.street_path for area in made} <= {street.path}


def test_where_one_only_leads_nothing_is_written(logged_in: Any, two_posts: User, client: Client) -> None:
    """Two posts add up row by row: the right to write here is none over there."""
    theirs, group = Member.objects.get(name="单秀英"), Area.objects.get(name="2号楼")
    mine = Member.objects.get(name="欧阳建国")
    assert client.get(f"{MEMBERS}{theirs.pk}/change/").status_code == 200
    tried = {
        f"{MEMBERS}{theirs.pk}/change/": (PERSON | inline("residences", []) | inline("duties", []), 403),
        f"/members/{theirs.pk}/phone/": ({}, 403),
        f"/members/{theirs.pk}/leave/": ({"on": TODAY}, 403),
        f"/members/{mine.pk}/move/": ({"to": group.pk, "on": TODAY}, 200),
        f"{MEMBERS}add/": (PERSON | {"home": group.pk}, 200),
        f"{AREAS}{group.pk}/change/": ({"name": "改名"}, 403),
        "/roster/": ({"area": Area.objects.get(name="仓场公寓").pk, "file": io.BytesIO(sheet(cells("新人甲")))}, 200),
    }
    assert {url: client.post(url, body).status_code for url, (body, _) in tried.items()} == {
        url: status for url, (_, status) in tried.items()
    }
    assert set(Residence.objects.values_list("member__name", "area__name", "until")) == {
        ("欧阳建国", "1号楼", None),
        ("单秀英", "2号楼", None),
    }


# Lists ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("query", ["place={path}", "q=单秀英", "q=shanxiuying", "q=19900001234", "id__exact={pk}", ""])
def test_no_filter_leads_outside(client: Client, other_member: Member, query: str) -> None:
    home = other_member.home
    assert home
    query = query.format(path=home.area.path, pk=other_member.pk)
    for url in (f"{MEMBERS}?{query}", f"{MEMBERS}?{query}&all="):
        page = client.get(url).content.decode()
        assert f"{MEMBERS}{other_member.pk}/" not in page
        assert "第二社区" not in page
    assert "单秀英" not in str(exported(client.post(f"{MEMBERS}export/?{query}", REASON)))


def test_an_employers_members_are_those_of_the_scope(client: Client, member: Member, other_group: Area) -> None:
    factories.person("外人", other_group, affiliation="in_post", employer=member.employer)
    page = client.get(f"{MEMBERS}?employer__id__exact={member.employer_id}").content.decode()
    assert ("欧阳建国" in page, "外人" in page) == (True, False)


@pytest.mark.parametrize(
    "url",
    [
        f"{MEMBERS}?residences__area__path__startswith=0001",
        f"{MEMBERS}?user__password__startswith=md5",
        f"{MEMBERS}?employer__members__name=单秀英",
        "/admin/members/arearole/?user__password__startswith=md5",
        "/admin/members/arearole/?user__member__name=单秀英",
        "/admin/members/stafftoken/?user__password__startswith=md5",
        f"{USERS}?roles__area__path__startswith=0001",
        f"{USERS}?member__phone_digest__startswith=a",
    ],
)
def test_lookups_across_tables_are_refused(client: Client, url: str) -> None:
    for address in (url, url.replace("/?", "/export/?")):
        assert client.get(address).status_code in (302, 400, 404)


@pytest.mark.parametrize(
    "url",
    [
        *(f"{MEMBERS}?{column}__startswith=a" for column in ("id_digest", "phone_digest", "phone_sealed")),
        f"{USERS}?password__startswith=md5",
        f"{USERS}?password__regex=.",
        "/admin/members/stafftoken/?digest__startswith=a",
    ],
)
def test_lookups_of_what_is_never_shown_are_refused(client: Client, url: str) -> None:
    """A filter that answers yes or no spells a digest out letter by letter."""
    assert client.get(url).status_code in (302, 400, 404)


@pytest.mark.parametrize("url", [MEMBERS, AREAS, USERS, "/admin/members/employer/", "/admin/members/arearole/"])
@pytest.mark.parametrize("query", ["nonsense=1", "place=%00", "p=%00", "q=%00", "o=99", "joined=%00", "place=x", "e=1"])
def test_a_query_by_hand_breaks_no_list(client: Client, url: str, query: str) -> None:
    assert client.get(f"{url}?{query}").status_code in (200, 302, 400)


@pytest.mark.parametrize("query", ["nonsense=1", "place=%00", "q=%00", "id__exact=x"])
def test_a_query_by_hand_breaks_no_export(client: Client, query: str) -> None:
    assert client.get(f"{MEMBERS}export/?{query}").status_code in (200, 302, 400)


@pytest.mark.parametrize("number", ["99999999999999999999", "0", "x", "-1"])
def test_a_number_by_hand_is_not_found(client: Client, number: str) -> None:
    for url in (f"{MEMBERS}{number}/change/", f"{MEMBERS}{number}/history/", f"{AREAS}{number}/change/"):
        assert client.get(url).status_code == 404
    for url in (f"/members/{number}/move/", f"/roster/{number}/", f"/coverage/{number}/", f"/users/{number}/unlock/"):
        assert client.get(url).status_code == 404


def test_whoever_holds_no_post_sees_no_list(logged_in: Any, outsider: User, member: Member) -> None:
    for url in (MEMBERS, AREAS, USERS):
        answer = logged_in(outsider).get(url)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/admin/login/?next={url}")


@pytest.mark.parametrize("action", ["delete_selected", "export_admin_action", "make_published"])
def test_there_is_no_bulk_action(client: Client, member: Member, action: str) -> None:
    before = list(Member.objects.values())
    client.post(MEMBERS, {"action": action, "_selected_action": [member.pk], "post": "yes", "index": 0})
    assert list(Member.objects.values()) == before
    assert "delete_selected" not in client.get(MEMBERS).content.decode()


def test_a_list_takes_no_edits(client: Client, member: Member) -> None:
    form = inline("form", [{"id": member.pk, "name": "改名"}])
    client.post(MEMBERS, form | {"_save": "1"})
    assert Member.objects.get(pk=member.pk).name == "欧阳建国"


# Exports -------------------------------------------------------------------------------------------------------------
def test_an_export_holds_the_scope_only(client: Client, moved_away: Member) -> None:
    """Who left is a list of its own: a roster names homes."""
    for query, names in (("", {"欧阳建国"}), ("?living=away", {"曾国强"})):
        assert {row[0] for row in exported(client.post(f"{MEMBERS}export/{query}", REASON))} == names


def test_an_export_holds_what_the_post_with_that_right_opens(client: Client, two_posts: User) -> None:
    """A leader sees the members of a building, and may not take them away."""
    assert "单秀英" in client.get(MEMBERS).content.decode()
    answer = client.post(f"{MEMBERS}export/", REASON)
    assert {row[0] for row in exported(answer)} == {"欧阳建国"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_export_of_chosen_rows_holds_none_from_outside(client: Client, other_member: Member) -> None:
    answer = client.post(f"{MEMBERS}export/", REASON | {"export_items": [other_member.pk]})
    assert "单秀英" not in str(exported(answer) if answer.headers.get("Content-Disposition") else "")


def test_an_export_of_areas_and_employers_holds_the_scope(client: Client, other_group: Area) -> None:
    assert "第二社区" not in str(exported(client.post(f"{AREAS}export/", REASON)))


# Popups and other fields ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("field", ["id_digest", "phone_sealed", "password"])
def test_no_other_column_is_reached_by_to_field(client: Client, member: Member, liaison: User, field: str) -> None:
    base = USERS if field == "password" else MEMBERS
    for url in (f"{base}?_to_field={field}", f"{base}add/?_to_field={field}&_popup=1"):
        assert client.get(url).status_code == 400
    row = User.objects.get(pk=liaison.pk).password if field == "password" else getattr(member, field)
    assert client.get(f"{base}{row}/change/?_to_field={field}").status_code in (400, 404)


def test_a_popup_shows_no_more_and_saves_no_more(client: Client, areas: dict[str, int], other_member: Member) -> None:
    assert "单秀英" not in client.get(f"{MEMBERS}?_popup=1").content.decode()
    assert client.get(f"{MEMBERS}{other_member.pk}/change/?_popup=1").status_code == 404
    answer = client.post(f"{MEMBERS}add/?_popup=1", PERSON | {"home": areas["2号楼"], "_popup": "1"})
    assert (answer.status_code, Member.objects.filter(name="翟建军").exists()) == (200, False)


# Users and posts -----------------------------------------------------------------------------------------------------
@pytest.fixture
def someone(liaison: User) -> dict[str, Any]:
    return {"name": liaison.name, "username": liaison.username, "is_active": "on"}


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (PostKind.STREET, "新成路街道"),
        (PostKind.SECRETARY, "第一社区"),
        (PostKind.SECRETARY, "第二社区"),
        (PostKind.AUDITOR, "迎晖苑"),
        (PostKind.INSTRUCTOR, "迎晖苑"),
        (PostKind.LIAISON, "仓场公寓"),
        (PostKind.LEADER, "2号楼"),
        (PostKind.LEADER, "9号楼"),
        (PostKind.LIAISON, "第一社区"),
        ("root", "迎晖苑"),
    ],
)
def test_nobody_gives_a_post_they_may_not(
    client: Client, areas: dict[str, int], liaison: User, someone: dict, kind: str, place: str
) -> None:
    before = list(AreaRole.objects.values())
    post = inline("roles", [{"kind": kind, "area": areas[place], "since": TODAY}])
    new = client.post(f"{USERS}add/", {"name": "新人", "username": "xinren"} | post)
    more = client.post(f"{USERS}{liaison.pk}/change/", someone | post)
    own = liaison.roles.get()
    raised = {"id": own.pk, "user": liaison.pk, "kind": kind, "area": areas[place], "since": TODAY}
    other = client.post(f"{USERS}{liaison.pk}/change/", someone | inline("roles", [raised]))
    assert {answer.status_code for answer in (new, more, other)} <= {200, 403}
    assert list(AreaRole.objects.values()) == before
    assert not User.objects.filter(username="xinren").exists()


@pytest.mark.parametrize("who", ["secretary", "street_officer"])
def test_nobody_edits_their_own_posts(logged_in: Any, request: pytest.FixtureRequest, street: Area, who: str) -> None:
    user = request.getfixturevalue(who)
    role = user.roles.get()
    post = {"id": role.pk, "user": user.pk, "kind": PostKind.STREET, "area": street.pk, "since": TODAY}
    body = {"name": user.name, "username": user.username, "is_active": "on"} | inline("roles", [post])
    assert logged_in(user).post(f"{USERS}{user.pk}/change/", body).status_code == 403
    assert logged_in(user).post(f"/users/{user.pk}/password/").status_code == 403
    assert AreaRole.objects.get(pk=role.pk).kind == role.kind


def test_a_post_of_somebody_else_is_not_edited_under_ones_own_user(
    client: Client, liaison: User, someone: dict, secretary: User, other_secretary: User, station: Area
) -> None:
    before = list(AreaRole.objects.values())
    for user in (secretary, other_secretary):
        stolen = {"id": user.roles.get().pk, "user": liaison.pk, "kind": PostKind.LIAISON, "area": station.pk}
        answer = client.post(f"{USERS}{liaison.pk}/change/", someone | inline("roles", [stolen | {"since": TODAY}]))
        assert answer.status_code < 500
    assert list(AreaRole.objects.values()) == before


def test_nothing_but_the_forms_fields_is_taken(client: Client, liaison: User, someone: dict) -> None:
    before = User.objects.filter(pk=liaison.pk).values().get()
    smuggled = {"is_superuser": "on", "is_staff": "on", "password": "x", "must_change_password": "", "id": 1}
    client.post(f"{USERS}{liaison.pk}/change/", someone | smuggled | inline("roles", []))
    assert User.objects.filter(pk=liaison.pk).values().get() == before


@pytest.mark.parametrize("step", ["password", "unlock"])
@pytest.mark.parametrize(("kind", "place"), [(PostKind.SECRETARY, "第二社区"), (PostKind.STREET, "新成路街道")])
@pytest.mark.parametrize("begins", [-10, 10])
def test_who_holds_a_higher_post_too_is_left_alone(
    client: Client, areas: dict[str, int], liaison: User, step: str, kind: PostKind, place: str, begins: int
) -> None:
    """Their password would open the higher post, today or from the day it begins."""
    factories.post(liaison, kind, Area.objects.get(name=place), since=timezone.localdate() + timedelta(begins))
    before = User.objects.get(pk=liaison.pk).password
    assert client.post(f"/users/{liaison.pk}/{step}/").status_code == 403
    assert User.objects.get(pk=liaison.pk).password == before


def test_the_street_officers_password_stays(client: Client, street_officer: User) -> None:
    assert client.post(f"/users/{street_officer.pk}/password/").status_code == 404
    assert User.objects.get(pk=street_officer.pk).check_password(factories.PASSWORD)


@pytest.mark.parametrize("name", ["单秀英", "欧阳建国"])
def test_a_login_is_tied_to_members_of_the_scope(client: Client, liaison: User, someone: dict, name: str) -> None:
    person = Member.objects.get(name=name)
    answer = client.post(f"{USERS}{liaison.pk}/change/", someone | {"member": person.pk} | inline("roles", []))
    assert answer.status_code == (302 if name == "欧阳建国" else 200)
    assert User.objects.filter(pk=liaison.pk, member=person).exists() == (name == "欧阳建国")


# Inline rows of a member ---------------------------------------------------------------------------------------------
def test_a_home_or_duty_of_another_member_is_not_edited(client: Client, member: Member, other_member: Member) -> None:
    Duty(member=other_member, kind=Duty.Kind.HELPER).save()
    home, duty = Residence.objects.get(member=other_member), Duty.objects.get()
    homes = inline("residences", [{"id": home.pk, "member": member.pk, "room": "9", "since": TODAY}])
    duties = inline("duties", [{"id": duty.pk, "member": member.pk, "kind": "watcher", "since": TODAY}])
    for forms in (homes | inline("duties", []), inline("residences", []) | duties):
        assert client.post(f"{MEMBERS}{member.pk}/change/", PERSON | forms).status_code < 500
    assert (Residence.objects.get(pk=home.pk).room, Duty.objects.get().kind) == ("501", "helper")
    assert Duty.objects.get().member == other_member


def test_no_home_is_added_or_readdressed_beside_the_page_for_moving(
    client: Client, member: Member, other_group: Area
) -> None:
    home = Residence.objects.get(member=member)
    new = {"member": member.pk, "area": other_group.pk, "room": "9", "since": TODAY}
    kept = {"id": home.pk, "member": member.pk, "area": other_group.pk, "room": "303", "since": home.since}
    for forms in ([new], [kept]):
        body = PERSON | inline("residences", forms) | inline("duties", [])
        client.post(f"{MEMBERS}{member.pk}/change/", body)
    assert list(member.residences.values_list("area__name", "room")) == [("1号楼", "303")]


def test_homes_in_other_places_are_not_shown(client: Client, member: Member, other_member: Member) -> None:
    """Who came from the other community brings no address of theirs along."""
    other_member.move(to=Area.objects.get(name="1号楼"))
    assert "第二社区" not in client.get(f"{MEMBERS}{other_member.pk}/change/").content.decode()


# Rosters -------------------------------------------------------------------------------------------------------------
def test_another_communitys_import_is_not_touched(client: Client, other_community: Area, other_secretary: User) -> None:
    row = cells("新人甲", 小区="仓场公寓", 楼组="2号楼")
    theirs = preview(sheet(row), other_community, other_secretary)
    before = RosterImport.objects.filter(pk=theirs.pk).values().get()
    for step in ("apply", "apply-good", "discard", "choose", "undo"):
        assert client.post(f"/roster/{theirs.pk}/{step}/").status_code == 404
    assert RosterImport.objects.filter(pk=theirs.pk).values().get() == before
    assert not Member.objects.filter(name="新人甲").exists()


@pytest.fixture
def in_doubt(client: Client, community: Area, secretary: User) -> RosterImport:
    """A row that may be 欧阳建国."""
    upload = preview(sheet(cells("欧阳建国", 室号="")), community, secretary)
    assert statuses(upload) == ["doubt"]
    return upload


def test_a_candidate_outside_the_scope_is_no_choice(
    client: Client, in_doubt: RosterImport, other_member: Member
) -> None:
    client.post(f"/roster/{in_doubt.pk}/choose/", {f"choice-{only_row(in_doubt).key}": str(other_member.pk)})
    in_doubt.refresh_from_db()
    assert only_row(in_doubt).status == "doubt"


@pytest.mark.parametrize("choice", ["²", "\x00", "x", "-1", "9" * 30, "新" * 9_000])
def test_a_choice_by_hand_breaks_nothing(client: Client, in_doubt: RosterImport, choice: str) -> None:
    answer = client.post(f"/roster/{in_doubt.pk}/choose/", {f"choice-{only_row(in_doubt).key}": choice})
    assert answer.status_code == 302
    in_doubt.refresh_from_db()
    assert (in_doubt.status, only_row(in_doubt).status) == ("review", "doubt")
    assert len(str(in_doubt.choices)) < 1_000


def test_a_namesake_outside_is_not_shown_in_the_preview(
    client: Client, community: Area, secretary: User, other_group: Area
) -> None:
    for room in ("甲-601", "甲-602"):
        factories.person("毛秀兰", other_group, room=room, phone="19900007777", sex="female", birth_date="1960-01-02")
    upload = preview(sheet(cells("毛秀兰", 性别="女", 联系电话="19900007777")), community, secretary)
    for tab in ("doubt", "error", "changed", "new"):
        page = client.get(f"/roster/{upload.pk}/?show={tab}").content.decode()
        assert ("1960-01-02" in page, "甲-60" in page) == (False, False)


def test_who_lives_elsewhere_in_the_street_is_not_taken_over(
    client: Client, community: Area, secretary: User, other_member: Member
) -> None:
    upload = preview(sheet(cells("单秀英", 性别="女", 联系电话="19900001234")), community, secretary)
    client.post(f"/roster/{upload.pk}/apply-good/", {"confirmed": "on"})
    home = Member.objects.get(pk=other_member.pk).home
    assert home
    assert (statuses(upload), home.area.name) == (["error"], "2号楼")


def test_the_trail_names_who_applied_not_who_uploaded(
    logged_in: Any, community: Area, group: Area, secretary: User, street_officer: User
) -> None:
    upload = preview(sheet(cells("新人甲")), community, secretary)
    logged_in(street_officer).post(f"/roster/{upload.pk}/apply/")
    assert RosterImport.objects.get(pk=upload.pk).status == "applied"
    assert AuditEntry.objects.get(action="import").user == street_officer
    assert Member.history.get(name="新人甲").history_user == street_officer  # type: ignore[attr-defined]


# The browser's side --------------------------------------------------------------------------------------------------
def test_every_form_needs_its_token(secretary: User, member: Member, liaison: User, community: Area) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(secretary, backend="django.contrib.auth.backends.ModelBackend")
    upload = preview(sheet(cells("新人甲")), community, secretary)
    before = audit.record and AuditEntry.objects.count()
    for url in (
        *(f"/members/{member.pk}/{step}/" for step in ("move", "leave", "phone")),
        *(f"/users/{liaison.pk}/{step}/" for step in ("password", "unlock")),
        *(f"/roster/{upload.pk}/{step}/" for step in ("apply", "apply-good", "choose", "discard", "undo")),
        *("/roster/", f"{MEMBERS}add/", f"{MEMBERS}export/", f"{USERS}add/", "/admin/logout/"),
    ):
        assert client.post(url).status_code == 403
    assert AuditEntry.objects.exclude(action="refuse").count() == before


def test_what_was_typed_is_shown_as_text(client: Client, community: Area, secretary: User, member: Member) -> None:
    evil = "<img src=x onerror=alert(1)>"
    Member.objects.filter(pk=member.pk).update(name=evil, remark=evil, skills=evil)
    Area.objects.filter(name="1号楼").update(name=evil, label=evil)
    row = cells("新人甲", 备注=evil, 特长=evil, 楼组=evil)
    file = SimpleUploadedFile("x.csv", sheet(row))
    file.name = f"{evil}.csv"
    upload = preview(sheet(row, cells("新人乙", 性别=evil)), community, secretary)
    RosterImport.objects.filter(pk=upload.pk).update(file_name=f"{evil}.csv")
    home = Member.objects.get(pk=member.pk).home
    assert home
    for url in (
        *("/", "/roster/", f"/roster/{upload.pk}/", f"/roster/{upload.pk}/?show=new", MEMBERS, AREAS),
        *(f"{MEMBERS}{member.pk}/{page}/" for page in ("change", "history")),
        *(f"/members/{member.pk}/{page}/" for page in ("move", "leave", "phone")),
        *(f"/coverage/{pk}/{page}" for pk in (home.area_id, community.pk) for page in ("", "print/")),
        f"/roster/{upload.pk}/undo/",
    ):
        assert "<img src=x" not in client.get(url).content.decode(), url
