"""The report on a period's cards: what each figure counts, what adds up, what employers did; the pages of each post."""

import io
from collections import Counter
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from feedback.ground.periods import CardPeriod
from feedback.models import Feed, RecordCard
from feedback.rules import agreeing, making, receiving, withdrawing
from feedback.rules.card_figures import STEPS, CardCounts, CardFigures, card_figures, card_periods, reached
from members.ground.atomic import atomic_write
from members.models import Area, AuditEntry, Employer, Member, User
from tests import cards, factories

PERIOD = cards.PERIOD
NOON = timezone.make_aware(datetime(2026, 8, 3, 12))
STATES = ("draft", "shown", "objected", "agreed", "issued", "received", "answered", "returned", "withdrawn", "dropped")


def report(area: Area, **options: Any) -> CardFigures:
    return card_figures(area, **({"areas": Area.objects.all(), "period": PERIOD, "by_employer": True} | options))


def steps(counts: CardCounts) -> list[int]:
    return [counts.steps[step] for step in STEPS]


def advance(card: RecordCard, state: str) -> None:
    """Take a draft to this state by the product's own rules."""
    if state == "dropped":
        withdrawing.withdraw(card, RecordCard.Withdrawal.DROPPED)
    if state in ("draft", "dropped"):
        return
    agreeing.show_all([card.pk])
    if state == "objected":
        agreeing.object_to(cards.fresh(card), reason="那天我不在")
    if state in ("shown", "objected"):
        return
    agreeing.agree(cards.fresh(card), how=RecordCard.How.PAPER)
    if state == "agreed":
        return
    send(card, state)


def send(card: RecordCard, state: str) -> None:
    cards.issuing.issue(cards.fresh(card))
    card = cards.fresh(card)
    with atomic_write():
        if state in ("received", "answered"):
            receiving.receive(card, digest=card.digest)
        if state == "answered":
            receiving.answer(card, text="谢谢社区。", thanks=True, by=receiving.By())
        if state == "returned":
            receiving.give_back(card, digest=card.digest, code="left_unit", text="")
        if state == "withdrawn":
            withdrawing.withdraw(card, RecordCard.Withdrawal.MISTAKE)


def date_back(card: RecordCard, to_receipt: int, to_answer: int) -> None:
    """Give a card's replies so many days each."""
    now = cards.fresh(card)
    receipt = NOON + timedelta(days=to_receipt)
    answer = receipt + timedelta(days=to_answer)
    moments = {"issued_at": NOON} if now.issued_at else {}
    moments |= {"received_at": receipt} if now.received_at else {}
    moments |= {"answered_at": answer} if now.answered_at else {}
    RecordCard.objects.filter(pk=card.pk).update(**moments)


# What each figure counts ---------------------------------------------------------------------------------------------
def test_a_card_counts_at_each_step_it_came_to_whatever_became_of_it(street: Area, group: Area) -> None:
    for state in STATES:
        advance(cards.draft(cards.in_post("某某", group, room=state)), state)
    found = report(street)
    assert steps(found.counts) == [10, 8, 6, 5, 2, 1]
    assert {status: found.counts.now[status] for status in RecordCard.Status.values} == {
        "draft": 1, "shown": 1, "agreed": 1, "objected": 1, "issued": 1, "received": 1, "answered": 1, "returned": 1,
        "withdrawn": 2,
    }  # fmt: skip
    assert (found.counts.receipt_share, found.counts.answer_share) == (2 / 5, 1 / 2)


def test_a_card_made_anew_is_another_card(street: Area, group: Area) -> None:
    card = cards.draft(cards.in_post("某某", group))
    advance(card, "returned")
    making.remake(cards.fresh(card))
    assert steps(report(street).counts) == [2, 1, 1, 1, 0, 0]


def test_a_card_stays_with_its_community_and_employer(street: Area, group: Area, other_group: Area) -> None:
    member = cards.in_post("某某", group)
    advance(cards.draft(member), "issued")
    member.move(to=other_group, on=timezone.localdate())
    Member.objects.filter(pk=member.pk).update(employer=factories.employer("嘉定自来水厂"))
    found = report(street)
    assert [(row.area.name, steps(row.counts)) for row in found.rows] == [
        ("第一社区", [1, 1, 1, 1, 0, 0]),
        ("第二社区", [0, 0, 0, 0, 0, 0]),
    ]
    assert [unit.name for unit in found.employers or []] == ["上海嘉定仪表厂"]


def test_another_period_and_another_street_do_not_count(
    street: Area, community: Area, group: Area, other_street: Area, far_group: Area
) -> None:
    cards.draft(cards.in_post("某某", group), period=PERIOD.next)
    cards.draft(cards.in_post("外街道人", far_group))
    found = report(street)
    assert (steps(found.counts), found.employers) == ([0] * 6, [])
    assert (found.counts.receipt_share, found.counts.days_to_receipt) == (None, None)
    assert report(street, areas=Area.objects.none()).rows == []


def test_a_closed_community_stays_where_it_has_cards(street: Area, community: Area, other_group: Area) -> None:
    cards.draft(cards.in_post("某某", other_group))
    Area.objects.filter(level=Area.Level.COMMUNITY).update(until=PERIOD.first - timedelta(days=9))
    assert [row.area.name for row in report(street).rows] == ["第二社区"]


def test_days_are_those_of_the_calendar_and_the_one_in_the_middle_counts(street: Area, group: Area) -> None:
    for number, days in enumerate((1, 2, 30)):
        card = cards.draft(cards.in_post("某某", group, room=str(number)))
        advance(card, "answered")
        date_back(card, days, 4)
    found = report(street)
    assert (found.counts.days_to_receipt, found.counts.days_to_answer) == (2, 4)


# Employers -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fetched", "is_unfetched"), [(None, True), (NOON - timedelta(days=1), True), (NOON, False)], ids=str
)
def test_an_employer_that_never_fetched_since_its_cards_were_issued(
    street: Area, group: Area, fetched: Any, is_unfetched: bool
) -> None:
    card = cards.issued(cards.in_post("某某", group))
    RecordCard.objects.filter(pk=card.pk).update(issued_at=NOON)
    Feed.objects.update(fetched_at=fetched)
    (unit,) = report(street).employers or []
    assert (unit.is_unfetched, unit.fetched_at) == (is_unfetched, fetched)


def test_an_employer_that_replied_has_seen_its_cards(street: Area, group: Area) -> None:
    cards.issued(cards.in_post("某某", group, room="1"))
    advance(cards.draft(cards.in_post("某某", group, room="2")), "received")
    (unit,) = report(street).employers or []
    assert not unit.is_unfetched


def test_an_employer_without_cards_that_wait_need_not_fetch(street: Area, group: Area) -> None:
    advance(cards.draft(cards.in_post("某某", group)), "withdrawn")
    (unit,) = report(street).employers or []
    assert not unit.is_unfetched


def test_another_streets_fetch_is_not_this_ones(street: Area, group: Area, far_group: Area) -> None:
    for home in (group, far_group):
        cards.issued(cards.in_post("某某", home))
    Feed.objects.exclude(street=street).update(fetched_at=timezone.now() + timedelta(hours=1))
    (unit,) = report(street).employers or []
    assert unit.is_unfetched


# What adds up --------------------------------------------------------------------------------------------------------
HISTORY = st.lists(  # whose home, which employer, how far, days to receipt and answer; made anew; moved since
    st.tuples(
        st.integers(0, 2), st.integers(0, 1), st.sampled_from(STATES), st.integers(0, 40), st.integers(0, 40),
        st.booleans(), st.booleans(),
    ),
    max_size=7,
)  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORY)
def test_each_figure_is_what_a_plain_count_finds(
    street: Area, station: Area, group: Area, other_group: Area, far_group: Area, history: Any
) -> None:
    with transaction.atomic():
        happen([group, other_group, far_group], history)
        found = report(street)
        check(found, [card for card in RecordCard.objects.select_related("area") if card.street_id == street.pk])
        for row in found.rows:
            assert report(row.area).counts == row.counts
        transaction.set_rollback(True)


def happen(homes: list[Area], history: Any) -> None:
    units = [factories.employer(), factories.employer("嘉定自来水厂")]
    for number, (where, at, state, to_receipt, to_answer, is_anew, is_moved) in enumerate(history):
        member = cards.in_post("某某", homes[where], room=str(number), at=units[at])
        card = cards.draft(member)
        advance(card, state)
        date_back(card, to_receipt, to_answer)
        if is_anew and state in ("returned", "withdrawn", "dropped"):
            making.remake(cards.fresh(card))
        if is_moved and where < 2:
            member.move(to=homes[1 - where], on=timezone.localdate())


def check(found: CardFigures, all_cards: list[RecordCard]) -> None:
    assert plain(all_cards) == shown(found.counts)
    for row in found.rows:
        assert plain([card for card in all_cards if card.area_id == row.area.pk]) == shown(row.counts)
    for unit in found.employers or []:
        assert plain([card for card in all_cards if card.employer_id == unit.pk]) == shown(unit.counts)
    assert {unit.pk for unit in found.employers or []} == {card.employer_id for card in all_cards}
    for part in ([row.counts for row in found.rows], [unit.counts for unit in found.employers or []]):
        assert [sum(each.steps[step] for each in part) for step in STEPS] == steps(found.counts)
    for share in (found.counts.receipt_share, found.counts.answer_share):
        assert share is None or 0 <= share <= 1


def shown(counts: CardCounts) -> Any:
    now = {status: count for status, count in counts.now.items() if count}
    return steps(counts), now, counts.days_to_receipt, counts.days_to_answer


def plain(some: list[RecordCard]) -> Any:
    """Count card by card."""
    came = [0] * 6
    to_receipt, to_answer = [], []
    for card in some:
        moments = [card.shown_at, card.agreed_at, card.issued_at, card.received_at, card.answered_at]
        came[0] += 1
        for index, moment in enumerate(moments, start=1):
            if moment is None:
                break
            came[index] += 1
        if card.received_at and card.issued_at:
            to_receipt.append((timezone.localdate(card.received_at) - timezone.localdate(card.issued_at)).days)
        if card.answered_at and card.received_at:
            to_answer.append((timezone.localdate(card.answered_at) - timezone.localdate(card.received_at)).days)
    middles = [median(days) if days else None for days in (to_receipt, to_answer)]
    return came, dict(Counter(card.status for card in some)), *middles


def test_four_queries_and_three_whatever_the_size(street: Area, group: Area, django_assert_num_queries: Any) -> None:
    for number in range(5):
        unit = factories.employer(f"单位{number}")
        advance(cards.draft(cards.in_post("某某", group, room=str(number), at=unit)), "received")
    with django_assert_num_queries(4):
        report(street)
    with django_assert_num_queries(3):
        assert report(street, by_employer=False).employers is None


def test_periods_are_those_with_cards_or_the_last_full_one(street: Area, community: Area, group: Area) -> None:
    asked: dict[str, Any] = {"areas": Area.objects.all(), "today": date(2026, 9, 1)}
    assert card_periods(street, **asked) == [PERIOD]
    member = cards.in_post("某某", group)
    for period in (PERIOD.previous, PERIOD.next):
        cards.draft(member, period=period)
    assert card_periods(street, **asked) == [PERIOD.next, PERIOD.previous]


# Pages ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def sent(group: Area, other_group: Area) -> None:
    for home in (group, other_group):
        for state in STATES:
            advance(cards.draft(cards.in_post("某某", home, room=state)), state)


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.mark.usefixtures("sent")
def test_each_number_opens_the_list_of_what_it_counts(logged_in: Any, street_officer: User, street: Area) -> None:
    client = logged_in(street_officer)
    context = client.get(f"/cards-report/{street.pk}/").context
    for line in (context["total"], *context["lines"]):
        for number, url in line.numbers:
            assert client.get(url).context["cl"].result_count == number, url
    for _, (number, url) in context["now"]:
        assert client.get(url).context["shown"].paginator.count == number, url
    for unit, url in context["units"]:
        assert client.get(url).context["cl"].result_count == unit.counts.steps["made"], url


@pytest.mark.usefixtures("sent")
def test_a_secretary_sees_the_own_community(logged_in: Any, secretary: User, community: Area, street: Area) -> None:
    client = logged_in(secretary)
    assert client.get("/cards-report/").url == f"/cards-report/{community.pk}/"
    context = client.get(f"/cards-report/{community.pk}/").context
    assert steps(context["report"].counts) == [10, 8, 6, 5, 2, 1]
    assert context["lines"] == []
    said = [sentence[:8] for sentence, _ in context["steps"]]
    assert said == ["有 1 张本人有", "有 1 张单位退", "有 1 张本人已", "有 1 张等本人", "有 1 张还是草"]
    assert client.get(f"/cards-report/{street.pk}/").status_code == 404


@pytest.mark.usefixtures("sent")
def test_an_instructor_sees_counts_and_no_employer(
    logged_in: Any, api: Any, instructor: User, community: Area, employer_name: str
) -> None:
    client = logged_in(instructor)
    for page in (f"/cards-report/{community.pk}/", f"/cards-report/{community.pk}/print/"):
        shown_page = text(client, page)
        assert employer_name not in shown_page
        assert "recordcard" not in shown_page
    answer = client.get(f"/cards-report/{community.pk}/cards-report.xlsx")
    assert load_workbook(io.BytesIO(answer.content)).sheetnames == ["各社区", "公式"]
    found = api(instructor).get(f"/api/v1/card-report/{community.pk}").json()
    assert (found["figures"]["made"], found["employers"]) == (10, None)


@pytest.fixture
def employer_name() -> str:
    return "上海嘉定仪表厂"


@pytest.mark.usefixtures("sent")
def test_the_export_has_typed_cells(logged_in: Any, street_officer: User, street: Area) -> None:
    answer = logged_in(street_officer).get(f"/cards-report/{street.pk}/cards-report.xlsx")
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["各社区", "各单位", "公式"]
    title, day, headings, *rows = book["各社区"].values
    assert title[0] == "新成路街道记录卡情况"
    assert day[0] == f"2026年上半年　截至 {timezone.localdate()}"
    assert headings[:7] == ("社区", "生成", "请本人确认", "本人同意", "发给单位", "单位签收", "单位反馈")
    assert [row[:11] for row in rows] == [
        ("第一社区", 10, 8, 6, 5, 2, 1, 1, 1, 2, 0.4),
        ("第二社区", 10, 8, 6, 5, 2, 1, 1, 1, 2, 0.4),
        ("合计", 20, 16, 12, 10, 4, 2, 2, 2, 4, 0.4),
    ]
    assert book["各社区"]["K4"].number_format == "0.0%"
    entry = AuditEntry.objects.filter(action="export").latest("pk")
    assert entry.changes == {"report": "记录卡情况", "rows": 3, "period": "2026H1"}


def test_without_cards_it_says_what_to_do(logged_in: Any, secretary: User, community: Area) -> None:
    page = text(logged_in(secretary), f"/cards-report/{community.pk}/")
    assert "还没有生成记录卡" in page
    assert "去生成记录卡" in page


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("query", ["period=x", "period=2099", "units=x", "p=x&units=all"])
def test_what_cannot_be_read_shows_the_last_period(
    logged_in: Any, secretary: User, community: Area, query: str
) -> None:
    context = logged_in(secretary).get(f"/cards-report/{community.pk}/?{query}").context
    assert context["report"].period == PERIOD


def test_the_page_asks_no_query_a_row(
    logged_in: Any, street_officer: User, street: Area, group: Area, django_assert_max_num_queries: Any
) -> None:
    client = logged_in(street_officer)
    for number in range(8):
        cards.issued(cards.in_post("某某", group, room=str(number), at=factories.employer(f"单位{number}")))
    client.get(f"/cards-report/{street.pk}/")
    with django_assert_max_num_queries(14):
        client.get(f"/cards-report/{street.pk}/")


# The API -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("street_officer", 200), ("secretary", 200), ("liaison", 403), ("leader", 403), ("instructor", 200),
        ("auditor", 403), ("outsider", 403), ("superuser", 403),
    ],
)  # fmt: skip
def test_who_counts_cards(request: Any, api: Any, community: Area, group: Area, who: str, status: int) -> None:
    member = cards.in_post("郁某某", group)
    cards.draft(member)
    client = api(request.getfixturevalue(who))
    answer = client.get(f"/api/v1/card-report/{community.pk}")
    assert answer.status_code == status
    assert member.name not in answer.content.decode()


def test_the_api_gives_the_same(api: Any, street_officer: User, street: Area, sent: None) -> None:
    client = api(street_officer)
    found = client.get(f"/api/v1/card-report/{street.pk}", {"period": "2026H1"}).json()
    assert found == client.get(f"/api/v1/card-report/{street.pk}").json() == report(street).as_dict()
    assert client.get(f"/api/v1/card-report/{street.pk}", {"period": "2025H1"}).json()["figures"]["made"] == 0
    wrong = client.get(f"/api/v1/card-report/{street.pk}", {"period": "上半年"})
    assert wrong.status_code == 400
    assert "2026H1" in wrong.content.decode()


def test_an_area_outside_is_not_there(api: Any, secretary: User, other_community: Area, group: Area) -> None:
    for area in (other_community, group):
        assert api(secretary).get(f"/api/v1/card-report/{area.pk}").status_code == 404


def test_the_list_narrows_as_the_report_counts(street: Area, sent: None) -> None:
    counts = report(street).counts
    for step in STEPS:
        assert RecordCard.objects.filter(reached(step)).count() == counts.steps[step]


def test_a_period_is_the_one_that_is_asked_for(logged_in: Any, secretary: User, community: Area, group: Area) -> None:
    member = cards.in_post("某某", group)
    for period in (PERIOD, PERIOD.next):
        cards.draft(member, period=period)
    context = logged_in(secretary).get(f"/cards-report/{community.pk}/?period=2026H1").context
    assert context["report"].period == CardPeriod.read("2026H1")
    assert [each.code for each in context["periods"]] == ["2026H2", "2026H1"]


def test_a_unit_without_cards_is_no_row(street: Area, group: Area) -> None:
    Employer.objects.create(name="没有卡的单位")
    cards.draft(cards.in_post("某某", group))
    assert [unit.name for unit in report(street).employers or []] == ["上海嘉定仪表厂"]
