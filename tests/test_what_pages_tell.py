"""Every page, list, JSON and file of a week: nothing outside the posts, no name to an instructor, none to be broken.

The scope is asked by each page for itself; here all that they answer is read at once.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client
from django.utils import timezone

from activities.models import Activity, Attendance
from feedback.models import IssueRun
from feedback.rules.asking import ask_with_code
from members.models import Area, Household, Member, Residence, Transfer, User
from tests import cards, factories
from tests.routes import addresses, by_row, routes
from tests.week import bodies, lived, read

FAR = ("外街道卡", "菊园新区", "平城社区", "嘉富丽苑", "9号楼", "外街道人", "车老师家")
OTHER = ("邻社区卡", "第二社区", "仓场公寓", "2号楼", "单秀英", "费师傅家", "88170017")
COMMUNITY = ("社区读书会", "社区要一块黑板")
NEAR = ("3号楼", "近邻人", "柳阿姨家", "88190019")
# Whoever holds such an address learns which place asks, and of whom nothing.
BY_SECRET, PLACES = (
    ("/c/", "/o/", "/ask/", "/r/"),
    {"菊园新区", "平城社区", "嘉富丽苑", "9号楼", "第二社区", "仓场公寓", "2号楼"},
)
CLOSED_TO = {
    "street_officer": FAR,
    "secretary": FAR + OTHER,
    "liaison": FAR + OTHER + COMMUNITY,
    "leader": FAR + OTHER + COMMUNITY + NEAR,
    "instructor": FAR + OTHER,
}
# A door's number counts where it stands alone: it may well come up inside a moment or a token.
DOOR = r"(?<![\w-]){}(?![\w%])"
WEEK = re.compile(
    r"(api/v1/)?(buildings|compounds|households|pairings|unvisited-pairings|consents|activities|attendances|visits|needs"
    r"|honours|rhythm|thin|reminders|participation|balance|months|monthly|monthly-reports|cards(-report)?|verify|ask|c|o|s|corrections|correction-requests"
    r"|own-files)(/|$)"
    r"|members/<int:pk>/((looked|own-file|corrections/add)/)?$"
    r"|admin/(activities|members/(household|pairing|consent|correctionrequest))/"
)
OFFERED = (
    "members&model_name=household&field_name=area", "members&model_name=pairing&field_name=household",
    "members&model_name=consent&field_name=member", "members&model_name=consent&field_name=recorded_by",
    "activities&model_name=activity&field_name=area", "activities&model_name=attendance&field_name=member",
    "activities&model_name=attendance&field_name=activity", "activities&model_name=visit&field_name=pairing",
    "activities&model_name=need&field_name=household", "activities&model_name=need&field_name=employer",
)  # fmt: skip
TERMS = ("ouyang", "o", "1", "号楼", "社区", "1234", "卡", "读书")
SEARCHED = (
    *(f"/admin/autocomplete/?app_label={field}&term={term}" for field in OFFERED for term in ("", "o", "1")),
    *(f"/{page}={term}" for page in ("admin/search/?s", "search/?q", "api/v1/search?q") for term in TERMS),
    *(f"/pairings/?show={name}" for name in ("paired", "unpaired", "neighbours")),
    *(f"/{page}?q=ouyang" for page in ("visits/", "visits/overdue/", "admin/members/household/")),
)
REFUSED = 6
JUNK = ("9" * 25, "1902-01-01", "'\"><%😀")
ASKED = (
    "field", "from", "known", "made", "members", "month", "most", "on", "own", "p", "part", "period", "pick", "place",
    "q", "quarter", "recorded", "show", "shown", "since", "skill", "status", "to", "wider", "with", "year", "o", "all",
)  # fmt: skip
OF_CARDS = {
    "sentence", "line", "keep", "given_on", "reason", "contact", "months", "digits", "card", "all", "place", "show",
    "q", "area", "next", "target", "ends_on", "name", "phone_end",
}  # fmt: skip
QUESTIONS = (ASKED, ("area",), ("again",))  # the last two are answered by 404, before anything else is read


@pytest.fixture
def rows(member: Member, other_member: Member, other_street: Area, secretary: User) -> dict[str, int]:
    """The week; besides, a pair across two buildings, and two who came and have moved since."""
    week = lived(member, other_member, by=secretary)
    factories.pairing(Household.objects.get(pk=week["door"]), Household.objects.get(pk=week["near_free"]))
    group, today = Area.objects.get(name="1号楼"), timezone.localdate()
    for name, place in (("外街道卡", "9号楼"), ("邻社区卡", "2号楼"), ("本楼卡", "1号楼")):
        home = Area.objects.get(name=place)
        cards.shown(cards.in_post(name, home, room="8831"))
        cards.issued(cards.in_post(name, home, room="8837"))
    for name in ("1号楼", "2号楼", "9号楼"):
        ask_with_code(Area.objects.get(name=name), None, cards.PERIOD, ends_on=today)
    IssueRun.objects.create(area=Area.objects.get(name="第一社区"), user=secretary)
    past = factories.activity(group, title="去年的", held_on=today - timedelta(days=300))
    for name, place, room in (("迁出人", "2号楼", "88170017"), ("搬家人", "3号楼", "88190019")):
        gone = factories.person(name, group, room="707")
        Attendance.objects.create(activity=past, member=gone, source="tick")
        gone.move(to=Area.objects.get(name=place), room=room, on=today)
    # Who sent a member to another street is told its name, which is looked for here.
    Transfer.objects.update(status=Transfer.Status.WITHDRAWN, withdrawn_at=timezone.now())
    return week


def of_the_week() -> list[str]:
    return [route for route in sorted(set(routes())) if WEEK.match(route)]


def shown(client: Client) -> Iterator[tuple[str, str]]:
    """Open every page of the week, of every row, and whatever searches; yield those that open, and what they tell.

    A row that six pages refused, and none opened, is asked for no more: the matrices ask every page for it.
    """
    refused: Counter[tuple[str, Any]] = Counter()
    pages = [page for route in of_the_week() for page in by_row(route).items()]
    for row, url in pages + [(("", url), url) for url in SEARCHED]:
        if refused[row] < REFUSED:
            answer = client.get(url)
            refused[row] += (answer.status_code in (403, 404)) - len(pages) * (answer.status_code < 300)
            if answer.status_code < 300:
                yield url, read(answer)


def tells(page: str, word: str) -> bool:
    return bool(re.search(DOOR.format(word), page, re.ASCII)) if word.isdecimal() else word in page


@pytest.mark.parametrize("who", CLOSED_TO)
def test_nothing_is_told_of_what_is_outside(rows: Any, request: Any, logged_in: Any, who: str) -> None:
    pages = list(shown(logged_in(request.getfixturevalue(who))))
    told = [(url, word) for url, page in pages for word in CLOSED_TO[who] if tells(page, word)]
    assert [(url, word) for url, word in told if not (url.startswith(BY_SECRET) and word in PLACES)] == []
    assert len(pages) > 60
    assert any("1号楼" in page for _, page in pages)


def test_an_instructor_is_told_nobody_s_name_or_door(rows: Any, logged_in: Any, instructor: User) -> None:
    names = {
        *Member.objects.values_list("name", flat=True),
        *Household.objects.values_list("name", flat=True),
        "无名氏",
    }
    for homes in (Household, Residence):  # no key of a row looks like these
        homes.objects.update(room=Concat("room", Value("880055")))
    rooms = {*Household.objects.values_list("room", flat=True), *Residence.objects.values_list("room", flat=True)}
    secret = re.compile("|".join([*filter(None, names), *map(DOOR.format, rooms), r"\*{4}"]), re.ASCII)
    pages = list(shown(logged_in(instructor)))
    assert [(url, found[0]) for url, page in pages if (found := secret.search(page))] == []
    assert len(pages) > 60


@pytest.mark.parametrize("junk", JUNK, ids=lambda junk: junk[:10])
def test_no_question_breaks_a_page(rows: Any, logged_in: Any, secretary: User, junk: str) -> None:
    client = logged_in(secretary)
    client.raise_request_exception = False
    pages = [url for route in of_the_week() for url in addresses(route, most=1)]
    found = {
        (url, asked[-1]): client.get(url, dict.fromkeys(asked, junk)).status_code
        for url in pages
        for asked in QUESTIONS
    }
    assert {url: status for url, status in found.items() if status >= 500} == {}


@pytest.mark.parametrize("number", ["9" * 30, "%00", "１"])
def test_no_number_breaks_a_page(rows: Any, logged_in: Any, secretary: User, number: str) -> None:
    client = logged_in(secretary)
    client.raise_request_exception = False
    pages = [f"/{re.sub(r'<[^>]+>', number, route)}" for route in of_the_week() if "<" in route]
    found = {url: client.get(url).status_code for url in pages}
    assert {url: status for url, status in found.items() if status >= 500} == {}


@pytest.mark.parametrize("junk", ["", "9" * 25, "1902-01-01", "a\x00b"])
def test_nothing_that_is_sent_breaks_a_page(rows: Any, logged_in: Any, secretary: User, junk: str) -> None:
    """A page answers, and what it writes holds: junk in one field that nobody needs may well be left out."""
    client = logged_in(secretary)
    client.raise_request_exception = False
    fields = (
        {name for body in bodies(rows).values() for name in body} | OF_CARDS | {"save", "back", "mark", "gone", "wider"}
    )
    pages = [url for route in of_the_week() if "api/" not in route for url in addresses(route, most=1)]
    found = {url: client.post(url, dict.fromkeys(fields, junk)).status_code for url in pages}
    assert {url: status for url, status in found.items() if status >= 500} == {}
    assert not Activity.objects.filter(held_on__year__in=(1902, 2150)).exists()
