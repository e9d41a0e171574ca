"""Benchmark of record cards: making those of a half year, listing an employer's cards, pulling all of them."""

import re
from collections.abc import Callable
from random import Random
from unittest import mock

from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIRequestFactory, force_authenticate

from activities.models import Activity, Attendance
from feedback.api.cards import CardsView
from feedback.ground.periods import CardPeriod
from feedback.models import EmployerKey, RecordCard, Scope
from feedback.rules import agreeing, issuing, making
from members.login.tokens import live_key
from members.models import Area, Employer, Member
from tests.bench import stock_cards
from tests.bench.ground import settle
from tests.bench.lines import BenchLine, median, shown, stock_runs

CAME = 6  # attendances of each member in the half year


def card_lines(street: Area, runs: int) -> list[BenchLine]:
    """Return the lines on making, listing and pulling the cards of the street's in-post members."""
    period = CardPeriod.on(timezone.localdate(), months=6).previous
    with_attendances(period)
    settle()
    ours = median(lambda: made_and_taken_back(lambda: making.make(street, period).new), runs)
    stock = median(lambda: made_and_taken_back(lambda: stock_cards.make(street, period)), stock_runs(runs))
    settle("ANALYZE")  # after the rollbacks, PostgreSQL sees many pages and no rows
    key = with_one_employer(street, period)
    return [
        BenchLine("3,900 cards made, vs row by row", shown(stock), shown(ours), stock / ours, 20, True),
        *pulling_lines(key, runs),
    ]


def with_attendances(period: CardPeriod) -> None:
    """Give every in-post member six attendances in the period, at random activities of the street."""
    rng = Random("记录卡")
    activities = Activity.objects.bulk_create(
        Activity(area=area, title="楼道大扫除", held_on=period.first, field="surroundings", status="held",
                 recorded_at=timezone.now())
        for area in Area.objects.filter(level__lte=Area.Level.STATION)
    )  # fmt: skip
    members = Member.objects.filter(affiliation="in_post").values_list("pk", flat=True)
    Attendance.objects.bulk_create(
        Attendance(activity=activity, member_id=pk, source="tick")
        for pk in members
        for activity in rng.sample(activities, CAME)
    )


def made_and_taken_back(make: Callable[[], int]) -> None:
    """Make the cards, and roll back."""
    with transaction.atomic():
        assert make() == 3_900
        transaction.set_rollback(True)


def with_one_employer(street: Area, period: CardPeriod) -> str:
    """Make and issue the cards, all to one employer; return the text of its key."""
    employer = Employer.objects.create(name="一家大单位")
    Member.objects.filter(affiliation="in_post").update(employer=employer)
    making.make(street, period)
    pks = list(RecordCard.objects.values_list("pk", flat=True))
    agreeing.show_all(pks)
    agreeing.agree_all(pks, how=RecordCard.How.PAPER)
    issuing.issue_all(pks)
    return EmployerKey.make(label="系统", employer=employer, street=street, scopes=Scope.values)[1]


def pulling_lines(key: str, runs: int) -> list[BenchLine]:
    """Pull the issued cards: ours first, on PostgreSQL's old statistics, then stock on fresh ones."""
    client = Client(headers={"Authorization": f"Bearer {key}"})
    held = live_key(EmployerKey.objects.select_related("street", "employer"), key)
    assert held
    pulled = median(lambda: pull(client), runs)
    settle()
    with mock.patch("feedback.api.cards.record_pull"), mock.patch("tests.bench.stock_cards.record_pull"):
        page = median(lambda: viewed(CardsView.as_view(), held), runs * 3)
        stock_page = median(lambda: viewed(stock_cards.CardViewSet.as_view({"get": "list"}), held), runs * 3)
    whole = median(lambda: ours(client, "cards?limit=100"), runs * 3)
    stock_whole = median(lambda: stock(client, "cards"), runs)
    stock_pulled = median(lambda: stock_pull(client), stock_runs(runs))
    depths = [queries_of(client, after) for after in ("", deep(client))]
    assert depths[0] == depths[1], depths
    ratio, over_http, pulling = stock_page / page, stock_whole / whole, stock_pulled / pulled
    return [
        BenchLine("ten pages of 100 cards, vs ModelViewSet", shown(stock_page), shown(page), ratio, 10, True),
        BenchLine("one with key and audit entry", shown(stock_whole), shown(whole), over_http, 2, True),
        BenchLine("3,900 pulled from the feed, vs ModelViewSet", shown(stock_pulled), shown(pulled), pulling, 15, True),
        BenchLine("queries of a page of it, at any depth", "", str(depths[0]), depths[0], 12, False),
    ]


def viewed(view: Callable, key: EmployerKey) -> None:
    """Get ten pages from the view itself, without the cost of a request."""
    for _ in range(10):
        request = APIRequestFactory().get("/", {"limit": 100})
        force_authenticate(request, AnonymousUser(), key)
        answer = view(request)
        whole = (answer.render() if hasattr(answer, "render") else answer).content
        assert whole.count(b'"credit_code"') == 100


def ours(client: Client, address: str) -> bytes:
    return _asked(client, f"/api/v1/{address}")


def stock(client: Client, address: str) -> bytes:
    with override_settings(ROOT_URLCONF="tests.bench.stock_cards"):
        return _asked(client, f"/{address}")


def pull(client: Client) -> None:
    """Pull the whole feed; only the cursor of each page is parsed, as by a program that stores the bytes."""
    cursor, more, number = "", True, 0
    while more:
        page = ours(client, f"feed?limit=500&after={cursor}")
        cursor, more, number = _next(page), page.endswith(b"true}"), number + page.count(b'"seq"')
    assert number == 3_900


def stock_pull(client: Client) -> None:
    address, number = "events", 0
    while address:
        page = stock(client, address)
        address, number = _next(page).rpartition("/")[2], number + page.count(b'"seq"')
    assert number == 3_900


def deep(client: Client) -> str:
    return _next(ours(client, f"feed?limit=500&after={_next(ours(client, 'feed?limit=500'))}"))


def queries_of(client: Client, after: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        ours(client, f"feed?limit=100&after={after}")
    return len(queries)


def _next(page: bytes) -> str:
    """Return the page's `next`, which stands near one of its ends; "" on the last page."""
    found = re.search(rb'"next":"([^"]*)"', page[:300] + page[-300:])
    return found[1].decode() if found else ""


def _asked(client: Client, address: str) -> bytes:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:500]
    return answer.content
