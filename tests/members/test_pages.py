"""What the pages do for each post: doors, words, headers, sizes, query counts; and a member's record by its forms."""

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook
from rest_framework.test import APIClient

from louzu.views.errors import broken
from members.ground.access import PostKind
from members.models import Area, AreaRole, AuditEntry, Duty, Member, Residence, RosterImport, StaffToken, User
from tests import factories
from tests.bench.ground import with_leaders
from tests.conftest import BACKEND
from tests.matrix import inline
from tests.members.uploads import bring_in, called, cells, plan_of, preview, sheet

ROSTERS = Path(__file__).resolve().parent.parent / "rosters"
MEMBERS, AREAS, USERS = "/admin/members/member/", "/admin/members/area/", "/admin/members/user/"
LOGIN, CHANGE_PASSWORD = "/admin/login/", "/admin/password_change/"
TODAY = timezone.localdate()
TOMORROW = TODAY + timedelta(days=1)
NUMBER = factories.id_number("19780512", 431)
PERSON = {"name": "翟建军", "sex": "male", "affiliation": "local"}
REASON = {"format": "0", "reason": "核对三月花名册"}
TABS = ("new", "same", "changed", "error", "doubt", "absent")
POSTS = "/admin/members/arearole/"
NEW_PASSWORD = "yinghuiyuan-3hao-2026"
ACTS = "登记活动 记走访 登记群众需求"


# Landing -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "acts"),
    [
        ("street_officer", f"{ACTS} 登记一名党员 导入花名册"),
        ("secretary", f"{ACTS} 登记一名党员 导入花名册"),
        ("liaison", ACTS),
        ("leader", ACTS),
        ("instructor", ""),
        ("auditor", ""),
        ("outsider", ""),
    ],
)
def test_each_post_lands_on_its_own_acts(request: Any, logged_in: Any, member: Member, who: str, acts: str) -> None:
    client = logged_in(request.getfixturevalue(who))
    page = client.get("/").content.decode()
    found = re.findall(r'class="lz-button lz-act[^"]*" href="([^"]+)"><span[^>]*>\w+</span>([^<]+)</a>', page)
    assert [label for _, label in found] == acts.split()
    assert ("您现在没有岗位" in page) == (who == "outsider")
    for address, _ in found:
        assert client.get(address, follow=True).status_code == 200


@pytest.mark.parametrize("address", ["/admin/", "/admin/members/"])
def test_nobody_lands_on_a_list_of_tables(logged_in: Any, street_officer: User, address: str) -> None:
    answer = logged_in(street_officer).get(address)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


# Doors ---------------------------------------------------------------------------------------------------------------
def log_in(user: User, password: str = factories.PASSWORD, client: Client | None = None) -> tuple[Client, Any]:
    client = client or Client()
    return client, client.post(LOGIN, {"username": user.username, "password": password})


def test_a_first_password_opens_one_page_only(logged_in: Any, street_officer: User, secretary: User) -> None:
    page = logged_in(street_officer).post(f"/users/{secretary.pk}/password/", follow=True).content.decode()
    token = StaffToken.issue(secretary, label="报表")[1]
    (password,) = re.findall(r"新密码是 ([\w-]{12})（", page)
    client, answer = log_in(secretary, password)
    assert answer.status_code == 302
    for url in ("/", MEMBERS, "/roster/", "/coverage/", "/api/v1/docs", "/nothing/"):
        answer = client.get(url)
        closed = answer.status_code == 403 if url.startswith("/api/") else answer.headers.get("Location")
        assert closed in (True, CHANGE_PASSWORD), url
    for url in ("areas", "members"):
        assert client.get(f"/api/v1/{url}").status_code == 403
        assert APIClient().get(f"/api/v1/{url}", headers={"Authorization": f"Bearer {token}"}).status_code == 403
    body = {"old_password": password, "new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    assert client.post(CHANGE_PASSWORD, body).status_code == 302
    assert client.get(MEMBERS).status_code == 200


def test_the_first_password_is_no_second_one(logged_in: Any, street_officer: User, secretary: User) -> None:
    """Changing it to itself would leave in use what the office knows."""
    page = logged_in(street_officer).post(f"/users/{secretary.pk}/password/", follow=True).content.decode()
    (password,) = re.findall(r"新密码是 ([\w-]{12})（", page)
    client, _ = log_in(secretary, password)
    client.post(CHANGE_PASSWORD, {"old_password": password, "new_password1": password, "new_password2": password})
    assert User.objects.get(pk=secretary.pk).must_change_password


def test_a_reset_ends_what_was_logged_in(logged_in: Any, street_officer: User, secretary: User) -> None:
    client = logged_in(secretary)
    logged_in(street_officer).post(f"/users/{secretary.pk}/password/")
    assert client.get("/").headers["Location"].startswith(LOGIN)


def test_repeated_failures_lock_out_until_somebody_above_unlocks(
    logged_in: Any, secretary: User, other_secretary: User, street_officer: User
) -> None:
    for _ in range(6):
        _, answer = log_in(secretary, "wrong")
    page = answer.content.decode()
    assert (answer.status_code, "暂时不能登录" in page, "解除登录锁定" in page) == (429, True, True)
    assert foreign_words(page) == set()
    assert log_in(secretary)[1].status_code == 429
    assert log_in(other_secretary)[1].status_code == 302
    assert AuditEntry.objects.filter(action="locked_out").exists()
    assert logged_in(other_secretary).post(f"/users/{secretary.pk}/unlock/").status_code == 404
    assert log_in(secretary)[1].status_code == 429
    assert logged_in(street_officer).post(f"/users/{secretary.pk}/unlock/").status_code == 302
    assert log_in(secretary)[1].status_code == 302


# A walk through all that a secretary sees ----------------------------------------------------------------------------
@pytest.fixture
def place(community: Area, station: Area, group: Area, member: Member, moved_away: Member, liaison: User) -> Area:
    """The secretary's community with something in every list."""
    Duty(member=member, kind=Duty.Kind.HELPER).save()
    member.rank, member.name = Member.Rank.SECTION, "欧阳建军"
    member.save()
    home = Residence.objects.get(member=member)
    home.room, home.joined_on = "303", None
    home.save()
    return community


@pytest.fixture
def imports(place: Area, secretary: User) -> dict[str, RosterImport]:
    """One import in each state, the preview with rows of each kind."""
    in_post = {"在职/在册": "在职", "工作单位": "上海嘉定仪表厂"}
    applied = bring_in(sheet(cells("新人甲", 室号="701", 备注="热心")), place, secretary)
    rows = [
        cells("新人甲", 室号="701", 备注="热心"),
        cells("新人乙", 室号="702", 楼组="9号楼", **in_post | {"工作单位": "新单位"}),
        cells("新人丙", 性别="", 出生年月="明年", 身份证号="123", 联系电话="12", 入党时间="2999"),
        cells("欧阳建军", 联系电话="19900005678", 室号="304", 特长="书法", 职务层次="处级", **in_post),
        cells("新人甲", 室号=""),
    ]
    review = preview(sheet(*rows), place, secretary, create_groups=True)
    found = {"applied": applied, "review": review}
    for status in ("reading", "refused", "failed", "discarded"):
        found[status] = RosterImport.objects.create(area=place, user=secretary, file_name="名单.csv", status=status)
    return found


SEEN: dict[str, Any] = {}


@pytest.fixture
def visited(request: pytest.FixtureRequest, db: None) -> dict[str, Any]:
    """Every page of the secretary's, by its address, with what was posted to it; the walk is taken once."""
    if not SEEN:
        names = ("place", "imports", "secretary", "liaison")
        SEEN.update(walk(*(request.getfixturevalue(name) for name in names)))
    return SEEN


def walk(place: Area, imports: dict[str, RosterImport], secretary: User, user: User) -> dict[str, Any]:
    client = Client()
    client.force_login(secretary, backend=BACKEND)
    token, entry = StaffToken.issue(secretary, label="报表")[0], AreaRole.objects.get(user=user)
    someone, gone = Member.objects.get(name="欧阳建军"), Member.objects.get(name="曾国强")
    areas = list(Area.objects.inside(place))
    addresses = [
        *("/", CHANGE_PASSWORD, f"{CHANGE_PASSWORD}done/", "/nothing/", "/coverage/0/"),
        *("/roster/", *(f"/roster/{upload.pk}/" for upload in imports.values())),
        *(f"/roster/{imports['review'].pk}/?show={tab}" for tab in TABS),
        *(f"/roster/{imports['applied'].pk}/undo/", f"/roster/{imports['reading'].pk}/progress/"),
        *(MEMBERS, f"{MEMBERS}?q=nobody", f"{MEMBERS}?place={areas[1].path}&affiliation__exact=in_post&joined=no"),
        *(f"{MEMBERS}?living=away&standing__exact=full&rank__exact=section&o=-1.2", f"{MEMBERS}?p=9", f"{MEMBERS}?e=1"),
        *(f"{MEMBERS}add/", f"{MEMBERS}export/", f"{MEMBERS}export/?q=x"),
        *(f"{MEMBERS}{m.pk}/{page}/" for m in (someone, gone) for page in ("change", "history", "delete")),
        *(f"/members/{m.pk}/{page}/" for m in (someone, gone) for page in ("move", "leave", "phone")),
        *(AREAS, f"{AREAS}?q=nobody", f"{AREAS}add/", f"{AREAS}export/", f"{AREAS}?level__exact=4&stage__exact=none"),
        *(f"{AREAS}{area.pk}/change/" for area in areas),
        *(f"/admin/members/employer/{page}" for page in ("", "add/", "export/", f"{someone.employer_id}/change/")),
        *(USERS, f"{USERS}add/", f"{USERS}{user.pk}/change/", f"{USERS}{secretary.pk}/change/", f"{USERS}?q=nobody"),
        *(f"{USERS}?is_active__exact=1", *(f"/users/{user.pk}/{page}/" for page in ("password", "unlock"))),
        *(POSTS, f"{POSTS}?q=nobody", f"{POSTS}?kind__exact=leader", f"{POSTS}{entry.pk}/change/"),
        *(f"/admin/members/stafftoken/{page}" for page in ("", "add/", f"{token.pk}/change/")),
        f"/tokens/{token.pk}/revoke/",
        *(f"/coverage/{area.pk}/{page}" for area in areas for page in ("", "print/", "?day=2021-01-01")),
        *("/admin/members/auditentry/", f"{MEMBERS}?residences__area__path__startswith=0001", "/admin/jsi18n/"),
        *("/admin/search/?s=nobody", "/admin/search/?s=欧阳"),
    ]  # fmt: skip
    seen = {address: client.get(address, follow=True) for address in addresses}
    for address, body in posted(someone, areas, secretary, user).items():
        seen[f"POST {address}"] = client.post(address.partition(" ")[0], body, follow=True)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(secretary, backend=BACKEND)
    seen["without token"] = strict.post("/roster/")
    return seen | {"login": Client().get(LOGIN), "wrong login": log_in(secretary, "wrong")[1]}


def posted(someone: Member, areas: list[Area], secretary: User, user: User) -> dict[str, dict[str, Any]]:
    """What is filled in wrongly, and rightly, so that the sentences of the forms are seen; by address and a word."""
    community, station, group = areas[0], areas[1], areas[2]
    in_post = PERSON | {"affiliation": "in_post", "birth_date": "明年", "id_number": "1", "phone_number": "12"}
    home, duty = Residence.objects.get(member=someone), Duty.objects.get(member=someone)
    kept = {"id": home.pk, "member": someone.pk, "room": "9", "since": "2020-03-01"}
    wrong_home = kept | {"since": "x", "until": "1999-01-01", "joined_on": "y"}
    wrong_duty = {"id": duty.pk, "member": someone.pk, "kind": "x", "since": "", "until": "1999-01-01"}
    role, held = ({"kind": PostKind.LIAISON, "area": area.pk, "since": TODAY} for area in (group, station))
    login = {"name": "新人", "username": "shuji1"}
    wrong_password = {"old_password": "x", "new_password1": "123", "new_password2": "124"}
    weak = {"old_password": factories.PASSWORD, "new_password1": "12345", "new_password2": "12345"}
    return {
        "/roster/": {}, "/roster/ big": {"area": "x", "file": "y"},
        f"{MEMBERS}add/": {}, f"{MEMBERS}add/ wrong": in_post | {"home": "999999", "room": "9" * 31, "joined_on": "x"},
        f"{MEMBERS}add/ saved": PERSON | {"home": group.pk, "room": "808"},
        f"{MEMBERS}add/ more": PERSON | {"name": "翟建民", "home": group.pk, "_addanother": "1"},
        f"{MEMBERS}{someone.pk}/change/": inline("residences", [wrong_home]) | inline("duties", [wrong_duty]),
        f"{MEMBERS}{someone.pk}/change/ saved": PERSON | inline("residences", [kept]) | inline("duties", []),
        f"{MEMBERS}export/": {}, f"{MEMBERS}export/ wrong": {"format": "9", "reason": ""},
        f"/members/{someone.pk}/move/": {}, f"/members/{someone.pk}/move/ wrong": {"to": "999999", "on": "2999-01-01"},
        f"/members/{someone.pk}/move/ early": {"to": group.pk, "on": "1999-01-01"},
        f"/members/{someone.pk}/leave/": {}, f"/members/{someone.pk}/leave/ early": {"on": "1999-01-01"},
        f"/members/{someone.pk}/move/ done": {"to": group.pk, "room": "1", "on": TODAY},
        f"/members/{someone.pk}/leave/ done": {"on": TODAY},
        f"{AREAS}add/": {}, f"{AREAS}add/ twin": {"name": "1号楼", "parent": station.pk},
        f"{AREAS}add/ saved": {"name": "9号楼", "parent": station.pk},
        f"{AREAS}{group.pk}/change/": {"name": "", "parent": community.pk, "division_code": "x", "until": "x"},
        f"{AREAS}{group.pk}/change/ saved": {"name": "1号楼", "parent": station.pk, "stage": "established"},
        f"{AREAS}{station.pk}/change/": {"name": "迎晖苑", "parent": group.pk, "since": TODAY, "until": "2000-01-01"},
        f"{AREAS}{community.pk}/change/": {"name": "改名"},
        "/admin/members/employer/add/": {}, "/admin/members/employer/add/ twin": {"name": "上海嘉定仪表厂"},
        "/admin/members/employer/add/ wrong": {"name": "x", "credit_code": "123"},
        "/admin/members/employer/add/ saved": {"name": "嘉定区实验小学"},
        f"{USERS}add/": inline("roles", []), f"{USERS}add/ wrong": login | inline("roles", [role]),
        f"{USERS}add/ saved": {"name": "新人", "username": "新人"} | inline("roles", [held]),
        f"{USERS}{user.pk}/change/": {"username": "a b", "member": "999999"} | inline("roles", [{"kind": "x"}]),
        f"{USERS}{user.pk}/change/ saved": {"name": "改名", "username": "gaiming"} | inline("roles", []),
        f"/users/{user.pk}/password/": {}, f"/users/{user.pk}/unlock/": {}, f"/users/{secretary.pk}/password/": {},
        "/admin/members/stafftoken/add/": {}, "/admin/members/stafftoken/add/ saved": {"label": "报表"},
        CHANGE_PASSWORD: {}, f"{CHANGE_PASSWORD} wrong": wrong_password, f"{CHANGE_PASSWORD} weak": weak,
    }  # fmt: skip


class Words(HTMLParser):
    """What a reader sees of a page: its text and hints, without scripts, styles and icons (named by English words)."""

    UNSEEN, HINTS = {"script", "style", "template", "svg"}, {"placeholder", "title", "alt", "aria-label"}
    EMPTY = {"input", "br", "img", "meta", "link", "hr", "col", "wbr", "source", "embed", "area", "base", "track"}

    def __init__(self, page: str):
        super().__init__()
        self.open: list[bool] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        unseen = tag in self.UNSEEN or "material-symbols" in (given.get("class") or "")
        if not any(self.open) and not unseen:
            self.texts += [value for name, value in attrs if value and name in self.HINTS]
            if tag == "input" and given.get("type") in ("submit", "button", "reset"):
                self.texts.append(given.get("value") or "")
        if tag not in self.EMPTY:
            self.open.append(unseen)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY and self.open:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.open):
            self.texts.append(data)


# What stands so on the keyboard or in a menu of the office.
KNOWN = {"Excel", "WPS", "CSV", "API", "MB", "PDF", "Word", "xlsx", "csv", "esc", "Esc", "Ctrl", "K"}
# What the fixtures typed: logins, search terms, file names.
TYPED = {"shuji", "lianluo", "nobody", "gaiming", "x", "y", "a", "b"}


def foreign_words(page: str) -> set[str]:
    """The words in Latin letters that a reader meets; what bears digits or an underscore is a number or a key."""
    text = re.sub(r"(?<=密码是 )[\w-]+", "", "\n".join(Words(page).texts))
    text = re.sub(r"[\w-]*[\d_][\w-]*", lambda found: re.sub(r"[A-Za-z]", "", found[0]), text, flags=re.ASCII)
    return set(re.findall(r"[A-Za-z]+", text)) - KNOWN - TYPED


def html(visited: dict[str, Any]) -> dict[str, str]:
    return {
        address: answer.content.decode()
        for address, answer in visited.items()
        if answer.headers["Content-Type"].startswith("text/html")
    }


def test_the_walk_sees_what_it_should(visited: dict[str, Any]) -> None:
    """Otherwise the tests below could not fail."""
    assert len(html(visited)) > 100
    assert {answer.status_code for answer in visited.values()} <= {200, 400, 403, 404}
    errors = [address for address, page in html(visited).items() if "errorlist" in page or "lz-problem" in page]
    assert len(errors) > 15, errors
    assert {"English", "Save"} == foreign_words("<p title='English'>王 <b>Save</b> 3MB lz_ab Excel</p><i>shuji1</i>")


def test_no_page_of_the_secretary_bears_an_english_word(visited: dict[str, Any]) -> None:
    found = {address: words for address, page in html(visited).items() if (words := foreign_words(page))}
    everywhere = set.intersection(*(foreign_words(page) for page in html(visited).values()))
    assert {address: words - everywhere for address, words in found.items()} == {}
    assert everywhere == set()


def test_the_page_of_a_breakdown_is_chinese_too(rf: Any) -> None:
    answer = broken(rf.get("/"))
    assert (answer.status_code, foreign_words(answer.content.decode())) == (500, set())


def test_no_page_asks_another_host(visited: dict[str, Any]) -> None:
    loads = re.compile(
        r"""(?:\b(?:src|href|action|srcset|data|poster|hx-\w+)=["']?|url\(["']?|@import\s+["']?)((?:https?:)?//[^"'\s)>]+)"""
    )
    found = {address: hosts for address, page in html(visited).items() if (hosts := set(loads.findall(page)))}
    assert found == {}


def test_every_page_forbids_to_be_kept_or_to_run_what_is_not_ours(visited: dict[str, Any]) -> None:
    for address, answer in visited.items():
        assert "no-store" in answer.headers.get("Cache-Control", ""), address
        policy = answer.headers.get("Content-Security-Policy", "")
        assert "default-src 'self'" in policy, address
        assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0], address
        assert answer.headers.get("X-Frame-Options") == "DENY", address


def test_no_page_bears_a_script_that_the_policy_would_stop(visited: dict[str, Any]) -> None:
    found = {}
    for address, page in html(visited).items():
        inline_scripts = re.findall(r"<script(?![^>]*(?:\bsrc=|\bnonce=|application/json))[^>]*>", page)
        handlers = re.findall(r"<[^>]*\s(on\w+)=", page)
        if inline_scripts or handlers:
            found[address] = {*inline_scripts, *handlers}
    assert found == {}


def test_no_page_shows_a_phone_number(visited: dict[str, Any]) -> None:
    told = {address for address, page in html(visited).items() if re.search(r"(?<!\d)199\d{8}(?!\d)", page)}
    assert told == set()
    assert "199****5678" in html(visited)[MEMBERS]


# With a whole street -------------------------------------------------------------------------------------------------
@pytest.fixture
def whole_street(db: None) -> dict[str, Any]:
    """5,200 members in 873 groups, a login for each group's leader, as many entries in the trail; three previews."""
    call_command("import_areas", str(ROSTERS / "areas.xlsx"), street="新成路街道", stdout=io.StringIO())
    street, roster = Area.objects.get(level=Area.Level.STREET), (ROSTERS / "street.xlsx").read_bytes()
    previews = {"new": preview(roster, street)}
    assert bring_in(roster, street).counts["new"] == 5_200
    officer = with_leaders()
    AuditEntry.objects.extend(
        [
            AuditEntry(at=timezone.now(), user=officer, action="change", model="members.Member", area_path="0001")
            for _ in range(5_200)
        ]
    )
    Member.objects.filter(pk__lte=Member.objects.earliest("pk").pk + 2_600).update(skills="摄影", remark="待核")
    previews["changed"] = preview(roster, street)
    previews["error"] = preview(roster, Area.objects.get(name="第二社区"))
    RosterImport.objects.bulk_create(RosterImport(area=street, file_name="名单.xlsx") for _ in range(100))
    if connection.vendor == "postgresql":
        connection.cursor().execute("ANALYZE")  # what the server does by itself, once the rows are committed
    return {"officer": officer, "previews": previews, "street": street}


def test_no_page_of_a_whole_street_is_heavy(whole_street: dict[str, Any], logged_in: Any) -> None:
    client, street = logged_in(whole_street["officer"]), whole_street["street"]
    group = Area.objects.filter(level=Area.Level.BUILDING_GROUP).earliest("pk")
    person = Member.objects.earliest("pk")
    addresses = [
        *("/", "/roster/", MEMBERS, f"{MEMBERS}?p=50", f"{MEMBERS}?place={street.path}&all=", f"{MEMBERS}?q=王"),
        *(f"{MEMBERS}add/", f"{MEMBERS}export/", f"{MEMBERS}{person.pk}/change/", f"/members/{person.pk}/move/"),
        *(AREAS, f"{AREAS}add/", f"{AREAS}{group.pk}/change/", "/admin/members/employer/", "/admin/members/arearole/"),
        *(USERS, f"{USERS}add/", "/admin/members/auditentry/", "/coverage/"),
        *(f"/coverage/{area.pk}/{page}" for area in (*Area.objects.above(group), group) for page in ("", "print/")),
        *(
            f"/roster/{upload.pk}/?show={tab}"
            for upload in whole_street["previews"].values()
            for tab in TABS
        ),
        "/admin/autocomplete/?app_label=members&model_name=residence&field_name=area&term=",
    ]  # fmt: skip
    sizes = {}
    for address in addresses:
        answer = client.get(address, headers={"Accept-Encoding": "gzip"}, follow=True)
        assert answer.status_code == 200, address
        sizes[address] = len(answer.content)
        assert answer.headers.get("Content-Encoding") == "gzip" or sizes[address] < 2_000, address
    assert {address: size for address, size in sizes.items() if size >= 100_000} == {}
    assert {len(plan_of(upload).rows) for upload in whole_street["previews"].values()} == {5_200}


def many(street: Area, numbers: range) -> None:
    """People, homes, groups, logins, employers, imports and entries of the trail, one of each a number."""
    compound = Area.objects.get(name="迎晖苑")
    for number in numbers:
        home = factories.building(f"{number + 10}号楼", compound)
        unit = factories.employer(f"单位{number}")
        person = factories.person(called(number), home, room=str(number), affiliation="in_post", employer=unit)
        leader = factories.user(f"leader{number}", member=person)
        factories.post(leader, PostKind.LEADER, home)
        RosterImport.objects.create(area=compound, user=leader, file_name="名单.csv", status="discarded")


def plans(community: Area, size: int) -> RosterImport:
    """A preview with so many rows of each kind."""
    known = Member.objects.filter(name__startswith="新").with_home().order_by("pk")[:size]
    rows = [
        row
        for number, person in enumerate(known)
        for row in (
            cells(person.name, 小区="迎晖苑", 楼组=f"{number + 10}号楼", 室号=str(number), 特长="书法"),
            cells(f"{person.name}娃", 小区="迎晖苑", 楼组=f"{number + 10}号楼", 室号="9"),
            cells(f"{person.name}错", 性别="", 小区="迎晖苑", 楼组=f"{number + 10}号楼"),
        )
    ]
    doubts = [cells("同名人", 室号="", 联系电话=f"199000{number:05d}") for number in range(size)]
    return preview(sheet(*rows, *doubts), community)


def test_query_counts_do_not_grow_with_the_rows(logged_in: Any, street_officer: User, member: Member) -> None:
    """Five rows of each kind cost as many queries as a hundred."""
    client, street, community = logged_in(street_officer), member.street, Area.objects.get(name="第一社区")
    for room in ("1", "2"):
        factories.person("同名人", Area.objects.get(name="1号楼"), room=room)
    counts = []
    for numbers in (range(5), range(5, 100)):
        many(street, numbers)
        upload = plans(community, numbers.stop)
        counts.append(queries(client, upload, street, community))
    few, hundred = counts
    assert {address: (few[address], hundred[address]) for address in few if few[address] != hundred[address]} == {}
    assert {address: count for address, count in hundred.items() if "coverage" in address and count > 10} == {}


def queries(client: Client, upload: RosterImport, street: Area, community: Area) -> dict[str, int]:
    """How many each page asks; previews by tab, whatever the import's number."""
    station = Area.objects.get(name="迎晖苑")
    addresses = [
        *("/", MEMBERS, AREAS, USERS, "/roster/", "/admin/members/auditentry/", "/admin/members/employer/"),
        *("/admin/members/arearole/", f"{MEMBERS}?place={community.path}&joined=yes", f"{MEMBERS}export/"),
        *(f"/coverage/{area.pk}/" for area in (street, community, station)),
        *(f"/roster/{upload.pk}/?show={tab}" for tab in ("new", "changed", "error", "doubt", "absent")),
    ]  # fmt: skip
    found = {}
    for address in addresses:
        assert client.get(address).status_code == 200
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        found[address.replace(f"/roster/{upload.pk}/", "/preview/")] = asked(captured)
    return found


def asked(captured: CaptureQueriesContext) -> int:
    """How many queries there were, without those that keep the session."""
    texts = [query["sql"] for query in captured.captured_queries]
    return sum("django_session" not in text and "SAVEPOINT" not in text for text in texts)


def test_an_export_asks_no_query_a_row(logged_in: Any, street_officer: User, member: Member) -> None:
    client, counts = logged_in(street_officer), []
    for numbers in (range(5), range(5, 60)):
        many(member.street, numbers)
        client.post(f"{MEMBERS}export/", REASON)
        with CaptureQueriesContext(connection) as captured:
            client.post(f"{MEMBERS}export/", REASON)
        counts.append(asked(captured))
    assert counts[0] == counts[1]


def test_a_request_reads_the_users_posts_once(logged_in: Any, street_officer: User, member: Member) -> None:
    client = logged_in(street_officer)
    with CaptureQueriesContext(connection) as captured:
        client.get(MEMBERS)
    posts = [query for query in captured.captured_queries if 'FROM "members_arearole"' in query["sql"]]
    assert len(posts) == 1


# Phones and exports --------------------------------------------------------------------------------------------------
@pytest.fixture
def client(logged_in: Callable[[User], Client], secretary: User, member: Member) -> Client:
    return logged_in(secretary)


def test_a_phone_in_full_is_a_click_on_record(client: Client, member: Member, secretary: User) -> None:
    before = AuditEntry.objects.filter(action="reveal")
    assert "19900005678" not in client.get(f"/members/{member.pk}/phone/").content.decode()
    assert not before.exists()
    assert "19900005678" in client.post(f"/members/{member.pk}/phone/").content.decode()
    entry = AuditEntry.objects.get(action="reveal")
    assert (entry.user, entry.row, entry.model) == (secretary, str(member.pk), "members.Member")
    assert "19900005678" not in str(AuditEntry.objects.values())


def table(answer: Any) -> list[dict[str, str]]:
    headings, *rows = load_workbook(io.BytesIO(answer.content)).active.values
    return [dict(zip(headings, row, strict=True)) for row in rows]


def test_an_export_needs_a_reason_and_is_on_record(client: Client, secretary: User) -> None:
    for body in ({"format": "0"}, {"format": "0", "reason": "  "}, {"reason": "核对"}):
        answer = client.post(f"{MEMBERS}export/", body)
        assert answer.headers["Content-Type"].startswith("text/html")
    assert not AuditEntry.objects.filter(action="export").exists()
    client.post(f"{MEMBERS}export/?q=欧阳", REASON)
    entry = AuditEntry.objects.get(action="export")
    assert (entry.user, entry.reason, entry.model, entry.changes["rows"]) == (
        secretary, "核对三月花名册", "members.Member", 1,
    )  # fmt: skip


@pytest.mark.parametrize("format_", ["0", "1"])
@pytest.mark.parametrize("start", ["=1+1", "+86", "-1", "@SUM(A1)", "\t=1", "＝1+1", "＋86", "－1", "＠SUM(A1)"])
def test_no_exported_cell_is_a_formula(client: Client, member: Member, format_: str, start: str) -> None:
    Member.objects.filter(pk=member.pk).update(name=start, skills=start, remark=start)
    Residence.objects.filter(member=member).update(room=start)
    answer = client.post(f"{MEMBERS}export/", REASON | {"format": format_})
    if format_ == "0":
        (row,) = table(answer)
    else:
        (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert {row[heading] for heading in ("姓名", "特长", "备注", "室号")} == {f"'{start}"}
    assert not [value for value in row.values() if str(value or "").startswith(tuple("=+-@\t＝＋－＠"))]


def upload(client: Client, content: bytes, area: Area) -> RosterImport:
    client.post("/roster/", {"area": area.pk, "file": SimpleUploadedFile("党员.xlsx", content)})
    return RosterImport.objects.latest("pk")


@pytest.mark.parametrize("format_", ["0", "1"])
def test_an_export_uploaded_again_changes_nothing(client: Client, community: Area, group: Area, format_: str) -> None:
    unit = factories.employer("嘉定区图书馆", credit_code=factories.credit_code("MA1ABCDE1"))
    in_post = {"affiliation": "in_post", "employer": unit, "rank": "division"}
    factories.person("新人甲", group, room="3-201", birth_date="1960-05", party_since="1998", phone="021-59990000")
    factories.person("新人乙", group, room="", phone="19900000009", standing="probationary", joined_on=None, **in_post)
    factories.person("买买提·吐尔逊", group, room="1201", skills="书法、水电", remark="=1+1", sex="female")
    factories.person("新人丙", group, room="-1", remark="-", skills="+唱歌", party_since="1998-07-01")
    exported = client.post(f"{MEMBERS}export/", REASON | {"format": format_})
    again = upload(client, exported.content, community)
    problems = [(row.name, row.changes, row.problems) for row in plan_of(again).rows if row.status != "same"]
    assert problems == []
    assert again.counts["same"] == 5


def test_an_export_with_members_who_left_uploads_again(client: Client, community: Area, moved_away: Member) -> None:
    again = upload(client, client.post(f"{MEMBERS}export/", REASON).content, community)
    assert (again.counts["error"], again.counts["new"], again.counts["changed"]) == (0, 0, 0)


# A member by the forms -----------------------------------------------------------------------------------------------
def add(client: Client, **fields: Any) -> Any:
    home = {"home": Area.objects.get(name="1号楼").pk, "room": "101"}
    return client.post(f"{MEMBERS}add/", PERSON | home | fields)


def change(client: Client, member: Member, **fields: Any) -> Any:
    forms = inline("residences", []) | inline("duties", [])
    return client.post(f"{MEMBERS}{member.pk}/change/", PERSON | {"name": member.name} | forms | fields)


def problems(answer: Any) -> set[str]:
    form = answer.context["adminform"].form
    return set(form.errors)


def test_a_member_is_added_with_home_and_digest(client: Client, secretary: User) -> None:
    number = factories.id_number("19900203", 17)
    answer = add(client, id_number=number.lower(), phone_number="+86 199 0000 1111", joined_on=TODAY)
    assert answer.status_code == 302
    person = Member.objects.get(name="翟建军")
    assert (person.birth_date, person.phone, str(person.home)) == (
        "1990-02-03",
        "19900001111",
        "第一社区 迎晖苑 1号楼 101",
    )
    assert person.home
    assert (person.home.since, person.home.joined_on, len(person.id_digest)) == (TODAY, TODAY, 64)
    kept = [*Member.objects.values(), *Member.history.values(), *AuditEntry.objects.values()]  # type: ignore[attr-defined]
    assert number[:17] not in str(kept)
    assert "19900001111" not in str(kept)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"id_number": NUMBER}, "id_number"),
        ({"id_number": NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")}, "id_number"),
        ({"affiliation": "in_post"}, "employer"),
        ({"id_number": factories.id_number("19900203", 18)}, "sex"),
        ({"id_number": factories.id_number("19900203", 17), "birth_date": "1990-02-04"}, "birth_date"),
        ({"birth_date": (TOMORROW).isoformat()}, "birth_date"),
        ({"birth_date": "1980-13"}, "birth_date"),
        ({"birth_date": "1980-05-01", "party_since": "1979"}, "party_since"),
        ({"party_since": TOMORROW.isoformat()}, "party_since"),
        ({"phone_number": "12345"}, "phone_number"),
        ({"joined_on": TOMORROW}, "joined_on"),
        ({"name": "王"}, "name"),
        ({"name": "王1\x00"}, "name"),
        ({"home": ""}, "home"),
        ({"sex": ""}, "sex"),
        ({"affiliation": ""}, "affiliation"),
    ],
)
def test_a_member_that_cannot_be_is_refused(client: Client, fields: dict[str, Any], wrong: str) -> None:
    before = Member.objects.count(), Residence.objects.count()
    answer = add(client, **fields)
    assert answer.status_code == 200
    assert problems(answer) == {wrong}
    assert (Member.objects.count(), Residence.objects.count()) == before


def test_a_phone_is_kept_unless_it_is_typed_anew(client: Client, member: Member) -> None:
    for typed, kept in (("199****5678", "19900005678"), ("19900006666", "19900006666"), ("", "")):
        assert change(client, member, phone_number=typed).status_code == 302
        assert Member.objects.get(pk=member.pk).phone == kept


def test_a_changed_id_number_may_not_be_anothers(client: Client, member: Member, group: Area) -> None:
    twin = factories.person("新人甲", group, room="9")
    assert problems(change(client, twin, id_number=NUMBER)) == {"id_number"}
    assert Member.objects.get(pk=twin.pk).id_digest == ""


@pytest.mark.parametrize("who", ["liaison", "leader"])
def test_who_only_looks_is_given_nothing_to_edit(request: Any, logged_in: Any, member: Member, who: str) -> None:
    Duty(member=member, kind=Duty.Kind.HELPER).save()
    page = logged_in(request.getfixturevalue(who)).get(f"{MEMBERS}{member.pk}/change/").content.decode()
    assert "欧阳建国" in page
    assert "199****5678" in page
    fields = re.findall(r'<(?:input(?![^>]*type="hidden")|select|textarea)[^>]*\bname="([^"]+)"', page)
    doors = re.findall(r'(?:href|action)="[^"]*/(move|leave|add|export|reveal)/?[^"/]*"', page)
    assert (fields, set(doors)) == (["s"], {"reveal"} if who == "liaison" else set()), "but for the search"
    assert 'name="_' not in page


def test_moving_house_away_and_back_by_the_pages(client: Client, member: Member, station: Area) -> None:
    second, address = factories.building("2号楼", station), f"/members/{member.pk}"
    days = [date(2024, 5, 1), date(2025, 1, 1), date(2025, 6, 1)]
    body = {"to": second.pk, "room": "601", "on": days[0], "joined_on": days[0]}
    assert client.post(f"{address}/move/", body).status_code == 302
    assert client.post(f"{address}/leave/", {"on": days[1]}).status_code == 302
    assert "已迁出" in client.get(MEMBERS).content.decode()
    assert client.post(f"{address}/move/", {"to": second.pk, "room": "602", "on": days[2]}).status_code == 302
    homes = member.residences.order_by("since").values_list("area__name", "room", "since", "until")
    assert list(homes) == [
        ("1号楼", "302", factories.EARLY, days[0]),
        ("2号楼", "601", days[0], days[1]),
        ("2号楼", "602", days[2], None),
    ]


@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("move", {"on": TOMORROW}),
        ("move", {"on": factories.EARLY - timedelta(days=1)}),
        ("leave", {"on": TOMORROW}),
        ("leave", {"on": factories.EARLY - timedelta(days=1)}),
        ("leave", {"on": ""}),
    ],
)
def test_a_move_on_a_day_that_cannot_be_is_refused(client: Client, member: Member, step: str, body: dict) -> None:
    before = list(Residence.objects.values())
    to = {"to": Area.objects.get(name="1号楼").pk} if step == "move" else {}
    assert client.post(f"/members/{member.pk}/{step}/", to | body).status_code == 200
    assert list(Residence.objects.values()) == before


def test_nobody_comes_back_before_they_left(client: Client, moved_away: Member, group: Area) -> None:
    """Two homes on one day would be counted twice in the report of that day."""
    answer = client.post(f"/members/{moved_away.pk}/move/", {"to": group.pk, "on": date(2024, 5, 1)})
    assert (answer.status_code, moved_away.residences.count()) == (200, 1)


def test_who_left_does_not_leave_again(client: Client, moved_away: Member) -> None:
    before = list(Residence.objects.values())
    answer = client.post(f"/members/{moved_away.pk}/leave/", {"on": TODAY}, follow=True)
    assert list(Residence.objects.values()) == before
    assert "已办理迁出" not in answer.content.decode()


@pytest.mark.parametrize("column", ["since", "until", "joined_on"])
def test_a_home_is_not_corrected_into_the_future(client: Client, member: Member, column: str) -> None:
    home = Residence.objects.get(member=member)
    form = {"id": home.pk, "member": member.pk, "room": "302", "since": home.since, column: TOMORROW}
    answer = change(client, member, **inline("residences", [form]))
    assert (answer.status_code, getattr(Residence.objects.get(), column)) == (200, getattr(home, column))


# An area by its form -------------------------------------------------------------------------------------------------
def test_an_area_moves_with_all_below_it(
    logged_in: Any, street_officer: User, station: Area, member: Member, other_community: Area
) -> None:
    body = {"name": "迎晖苑", "parent": other_community.pk, "housing": "commercial"}
    assert logged_in(street_officer).post(f"{AREAS}{station.pk}/change/", body).status_code == 302
    assert str(Member.objects.get(pk=member.pk).home) == "第二社区 迎晖苑 1号楼 302"


def test_an_area_does_not_move_to_where_its_name_is_taken(client: Client, community: Area, group: Area) -> None:
    other = factories.area("新成小区", community)
    factories.building("1号楼", other)
    answer = client.post(f"{AREAS}{group.pk}/change/", {"name": "1号楼", "parent": other.pk, "stage": "none"})
    assert (answer.status_code, Area.objects.get(pk=group.pk).path) == (200, group.path)


@pytest.mark.parametrize("place", ["1号楼", "迎晖苑"])
def test_an_area_with_members_is_not_closed(client: Client, place: str) -> None:
    area = Area.objects.get(name=place)
    assert area.parent
    body = {"name": place, "parent": area.parent.pk, "stage": "established", "housing": "commercial", "until": TODAY}
    assert client.post(f"{AREAS}{area.pk}/change/", body).status_code == 200
    assert Area.objects.get(pk=area.pk).until is None
