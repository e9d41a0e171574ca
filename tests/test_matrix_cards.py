"""Who × page × action → status: record cards, offers, and what lets employers in.

The table of docs/design/privacy.md, as in `test_matrix`; which rows are whose says `tests.half_year`. Contacts hold no
post: they have a table of their own, below.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from members.models import Area, Employer, User
from tests import cards
from tests.half_year import bodies, sent
from tests.matrix import FILE, LOGIN, Clients, Table, browsers, kind, statuses, tell_tales, url

PUBLIC = (200,) * 9
CLOSED = (403,) * 8 + (LOGIN,)
# Own rows are for the street and the community's secretary; the other community's for the street; the other street's
# for nobody here.
OFFICE = (403, 200, 200, 403, 403, 403, 403, 403, LOGIN)
DONE = (403, 302, 302, 403, 403, 403, 403, 403, LOGIN)
OWN = (404, 200, 200, 404, 404, 404, 404, 404, LOGIN)
MOVED = (404, 302, 302, 404, 404, 404, 404, 404, LOGIN)
OTHER = (404, 200, 404, 404, 404, 404, 404, 404, LOGIN)
OTHER_MOVED = (404, 302, 404, 404, 404, 404, 404, 404, LOGIN)
FAR = (404, 404, 404, 404, 404, 404, 404, 404, LOGIN)
FAR_MOVED = (404, 404, 404, 404, 404, 404, 404, 404, LOGIN)
STREET = (404, 200, 404, 404, 404, 404, 404, 404, LOGIN)
STREET_MOVED = (404, 302, 404, 404, 404, 404, 404, 404, LOGIN)
# Sheets of many are a page that is kept on record like the files are.
LINKS = "GET cards/links/?period=2026H1&show=shown&card={shown}"
SHEETS = "GET cards/sheets/?period=2026H1&show=shown&card={shown}"

TABLE: Table = {
    "lists": {
        "GET cards/": OFFICE,
        "GET cards/make/": OFFICE,
        "POST cards/make/": DONE,
        "GET cards/ask/": OFFICE,
        "POST cards/ask/": DONE,
        LINKS: OFFICE,
        LINKS.replace("GET", "POST"): (403, FILE, FILE, 403, 403, 403, 403, 403, LOGIN),
        "POST cards/links/": DONE,
        "GET cards/settings/": OFFICE,
        "POST cards/settings/": DONE,
        "POST cards/show/": DONE,
        "POST cards/agree/": DONE,
        "POST cards/correct/": DONE,
        "POST cards/issue/": DONE,
        SHEETS: OFFICE,
        "GET cards/cards.pdf?show=issued&card={issued}": (403, FILE, FILE, 403, 403, 403, 403, 403, LOGIN),
        "GET cards/runs/{run}/": OWN,
        "GET cards/runs/{other_run}/": OTHER,
        "POST cards/runs/{run}/stop/": MOVED,
        "POST cards/runs/{other_run}/stop/": OTHER_MOVED,
        "GET cards/runs/{run}/progress/": OWN,
        "GET cards/runs/{other_run}/progress/": OTHER,
    },
    "codes": {
        "GET cards/codes/{code}/": OWN,
        "GET cards/codes/{other_code}/": OTHER,
        "GET cards/codes/{far_code}/": FAR,
        "GET cards/codes/{code}/poster.pdf": (404, FILE, FILE, 404, 404, 404, 404, 404, LOGIN),
        "GET cards/codes/{other_code}/poster.pdf": (404, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST cards/codes/{code}/close/": MOVED,
        "POST cards/codes/{other_code}/close/": OTHER_MOVED,
        "POST cards/codes/{far_code}/close/": FAR_MOVED,
    },
    "one card": {
        **{f"GET cards/{{{word}}}/": OWN for word in ("draft", "shown", "objected", "issued", "answered", "withdrawn")},
        "GET cards/{other_shown}/": OTHER,
        "GET cards/{far_issued}/": FAR,
        "GET cards/{test_card}/": FAR,
        "GET cards/{test_card}/print/": FAR,
        "POST cards/{test_card}/withdraw/": FAR_MOVED,
        "POST cards/{draft}/": MOVED,
        "POST cards/{other_shown}/": OTHER,  # not a draft: the page says so
        "POST cards/{draft}/show/": MOVED,
        "POST cards/{shown}/agree/": MOVED,
        "POST cards/{other_shown}/agree/": OTHER_MOVED,
        "POST cards/{shown}/correct/": MOVED,
        "POST cards/{other_shown}/correct/": OTHER_MOVED,
        "POST cards/{agreed}/issue/": MOVED,
        "POST cards/{other_shown}/issue/": OTHER_MOVED,
        "POST cards/{agreed}/stop/": MOVED,
        "POST cards/{other_shown}/stop/": OTHER_MOVED,
        "GET cards/{issued}/withdraw/": OWN,
        "POST cards/{issued}/withdraw/": MOVED,
        "POST cards/{other_issued}/withdraw/": OTHER_MOVED,
        "POST cards/{far_issued}/withdraw/": FAR_MOVED,
        "GET cards/{objected}/drop/": OWN,
        "POST cards/{objected}/drop/": MOVED,
        "POST cards/{other_shown}/drop/": OTHER_MOVED,
        "POST cards/{returned}/remake/": MOVED,
        "POST cards/{other_issued}/remake/": OTHER_MOVED,
        "GET cards/{issued}/print/": OWN,
        "GET cards/{other_issued}/print/": OTHER,
        "GET cards/{far_issued}/print/": FAR,
    },
    "anybody": {
        "GET c/{token}/": PUBLIC,
        "POST c/{token}/": (302,) * 9,
        "GET c/nothing/": (404,) * 9,
        "POST c/nothing/": (404,) * 9,
        "POST c/nothing/agree/": (404,) * 9,
        "POST c/{token}/refuse/": (302,) * 9,
        "POST c/{token}/unsay/": (302,) * 9,
        "GET ask/{scanned}/": PUBLIC,
        "POST ask/{scanned}/": (302,) * 9,
        "GET ask/nothing/": (404,) * 9,
        "GET r/{reporting}/": PUBLIC,
        "POST r/{reporting}/": PUBLIC,
        "GET r/nothing/": (404,) * 9,
        "POST r/nothing/": (404,) * 9,
        "GET verify/": PUBLIC,
        "GET verify/310114001-2026-00001/": PUBLIC,
        "GET verify/nothing/": PUBLIC,
    },
    "offers": {
        "GET offers/": OFFICE,
        "GET offers/{offer}/": OWN,
        "GET offers/{street_offer}/": OWN,
        "GET offers/{other_offer}/": OTHER,
        "GET offers/{far_offer}/": FAR,
        "POST offers/{offer}/used-up/": MOVED,
        "POST offers/{other_offer}/used-up/": OTHER_MOVED,
        "POST offers/{far_offer}/used-up/": FAR_MOVED,
    },
    "reporting codes": {
        "GET slip-codes/": OFFICE,
        "POST slip-codes/": DONE,
        "GET slip-codes/{slip_code}/": OWN,
        "GET slip-codes/{other_slip_code}/": OTHER,
        "GET slip-codes/{far_slip_code}/": FAR,
        "GET slip-codes/{slip_code}/poster.pdf": (404, FILE, FILE, 404, 404, 404, 404, 404, LOGIN),
        "GET slip-codes/{other_slip_code}/poster.pdf": (404, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST slip-codes/{slip_code}/close/": MOVED,
        "POST slip-codes/{other_slip_code}/close/": OTHER_MOVED,
        "POST slip-codes/{far_slip_code}/close/": FAR_MOVED,
    },
    "reporting slips": {
        "GET slips/": OFFICE,
        "GET slips/add/": OFFICE,
        "POST slips/add/": DONE,
        "POST slips/accept/": DONE,
        "POST slips/decline/": DONE,
        "GET slips/{slip}/": OWN,
        "GET slips/{other_slip}/": OTHER,
        "GET slips/{far_slip}/": FAR,
        "GET slips/{test_slip}/": FAR,
        "GET slips/{test_slip}/phone/": FAR,
        "POST slips/{test_slip}/accept/": FAR_MOVED,
        "POST slips/{slip}/accept/": MOVED,
        "POST slips/{other_slip}/accept/": OTHER_MOVED,
        "POST slips/{far_slip}/accept/": FAR_MOVED,
        "POST slips/{slip}/ask/": MOVED,
        "POST slips/{other_slip}/ask/": OTHER_MOVED,
        "POST slips/{far_slip}/ask/": FAR_MOVED,
        "POST slips/{slip}/decline/": MOVED,
        "POST slips/{other_slip}/decline/": OTHER_MOVED,
        "POST slips/{far_slip}/decline/": FAR_MOVED,
        "POST slips/{slip}/place/": MOVED,
        "POST slips/{slip}/forward/": (404, 302, 403, 404, 404, 404, 404, 404, LOGIN),
        "POST slips/{slip}/end/": OWN,
        "POST slips/{other_slip}/end/": OTHER,
        "POST slips/{slip}/withdraw/": MOVED,
        "POST slips/{far_slip}/withdraw/": FAR_MOVED,
        "GET slips/{slip}/phone/": OWN,
        "GET slips/{other_slip}/phone/": OTHER,
        "GET slips/{far_slip}/phone/": FAR,
        "GET slips/{unit_accepted}/receipt.pdf": (404, FILE, FILE, 404, 404, 404, 404, 404, LOGIN),
        "GET slips/{unit_accepted}/receipt.json": (404, FILE, FILE, 404, 404, 404, 404, 404, LOGIN),
    },
    # Counts of slips are for whoever reads slips: the street and the secretaries.
    "report on slips": {
        "GET slips-report/": DONE,
        "GET slips-report/{community}/": OFFICE,
        "GET slips-report/{other_community}/": (403, 200, 404, 403, 403, 403, 403, 403, LOGIN),
        "GET slips-report/{group}/": (403, 404, 404, 403, 403, 403, 403, 403, LOGIN),
        "GET slips-report/{community}/print/": OFFICE,
        "GET slips-report/{other_community}/print/": (403, 200, 404, 403, 403, 403, 403, 403, LOGIN),
        "GET slips-report/{community}/slips-report.xlsx": (403, FILE, FILE, 403, 403, 403, 403, 403, LOGIN),
        "GET slips-report/{other_community}/slips-report.xlsx": (403, FILE, 404, 403, 403, 403, 403, 403, LOGIN),
    },
    # An instructor counts the cards of their community; liaison officers and group leaders do not even do that.
    "report": {
        "GET cards-report/": (403, 302, 302, 403, 403, 302, 403, 403, LOGIN),
        "GET cards-report/{community}/": (403, 200, 200, 403, 403, 200, 403, 403, LOGIN),
        "GET cards-report/{other_community}/": (403, 200, 404, 403, 403, 404, 403, 403, LOGIN),
        "GET cards-report/{group}/": (403, 404, 404, 403, 403, 404, 403, 403, LOGIN),
        "GET cards-report/{community}/print/": (403, 200, 200, 403, 403, 200, 403, 403, LOGIN),
        "GET cards-report/{other_community}/print/": (403, 200, 404, 403, 403, 404, 403, 403, LOGIN),
        "GET cards-report/{community}/cards-report.xlsx": (403, FILE, FILE, 403, 403, FILE, 403, 403, LOGIN),
        "GET cards-report/{other_community}/cards-report.xlsx": (403, FILE, 404, 403, 403, 404, 403, 403, LOGIN),
    },
    "what lets employers in": {
        **{f"GET {page}/{{{word}}}/{act}/": STREET for page, word, act in (
            ("employer-keys", "key", "rotate"), ("employer-keys", "key", "revoke"), ("contacts", "contact", "reset"),
            ("contacts", "contact", "end"), ("webhooks", "webhook", "secret"), ("webhooks", "webhook", "test"),
            ("deliveries", "delivery", "send"),
        )},
        **{f"POST {page}/{{{word}}}/{act}/": STREET_MOVED for page, word, act in (
            ("employer-keys", "key", "revoke"), ("contacts", "contact", "end"), ("webhooks", "webhook", "test"),
            ("deliveries", "delivery", "send"),
        )},
        "GET employer-keys/{test_key}/rotate/": STREET,
        "POST employer-keys/{test_key}/revoke/": STREET_MOVED,
        **{f"POST {page}/{{far_{word}}}/{act}/": FAR_MOVED for page, word, act in (
            ("employer-keys", "key", "revoke"), ("contacts", "contact", "end"), ("webhooks", "webhook", "test"),
            ("deliveries", "delivery", "send"),
        )},
    },
    "inbox": {
        "GET inbox/": CLOSED,
        "GET inbox/{issued}/": CLOSED,
        "POST inbox/{issued}/receive/": CLOSED,
        "POST inbox/{received}/answer/": CLOSED,
        "POST inbox/{issued}/return/": CLOSED,
        "GET inbox/{issued}/print/": CLOSED,
        "GET inbox/{received}/receipt.json": CLOSED,
        "GET inbox/{received}/receipt.pdf": CLOSED,
        "POST inbox/{received}/take-back/": CLOSED,
        "POST inbox/receive/": CLOSED,
        "POST inbox/answer/": CLOSED,
        "GET inbox/cards.xlsx": CLOSED,
        "GET inbox/cards.pdf": CLOSED,
        "GET inbox/keys/": CLOSED,
        "POST inbox/webhooks/{webhook}/test/": CLOSED,
        "GET inbox/slips/": CLOSED,
        "GET inbox/slips/add/": CLOSED,
        "GET inbox/slips/template.xlsx": CLOSED,
        "GET inbox/slips/workbook/": CLOSED,
        "POST inbox/slips/workbook/send/": CLOSED,
        "GET inbox/slips/link/": CLOSED,
        "POST inbox/slips/link/close/": CLOSED,
        "GET inbox/slips/{slip}/": CLOSED,
        "POST inbox/slips/{slip}/answer/": CLOSED,
        "POST inbox/slips/{slip}/withdraw/": CLOSED,
        "POST inbox/slips/{slip}/end/": CLOSED,
        "POST inbox/slips/{slip}/ours/": CLOSED,
        "GET inbox/slips/{slip}/receipt.json": CLOSED,
        "GET inbox/slips/{slip}/receipt.pdf": CLOSED,
        "GET our-offers/": CLOSED,
        "GET our-offers/add/": CLOSED,
        "GET our-offers/{offer}/": CLOSED,
    },
    "admin": {
        "GET admin/feedback/recordcard/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/feedback/recordcard/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/feedback/recordcard/{issued}/change/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/feedback/recordcard/{other_issued}/change/": (403, 200, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/feedback/recordcard/{far_issued}/change/": (403, 404, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/feedback/recordcard/{test_card}/change/": (403, 404, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/feedback/recordcard/{issued}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/feedback/recordcard/export/": (403, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/feedback/offer/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/feedback/offer/{offer}/change/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/feedback/offer/{other_offer}/change/": (403, 200, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/feedback/offer/export/": (403, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/feedback/slip/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/feedback/slip/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/feedback/slip/{slip}/change/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/feedback/slip/{other_slip}/change/": (403, 200, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/feedback/slip/{far_slip}/change/": (403, 404, 404, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/feedback/slip/{slip}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/feedback/slip/export/": (403, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
        **{
            f"GET admin/feedback/{model}/{page}": (403, 200, 403, 403, 403, 403, 403, LOGIN, LOGIN)
            for model, page in (
                ("employerkey", ""), ("employerkey", "add/"), ("employerkey", "{key}/change/"), ("contact", ""),
                ("contact", "add/"), ("webhook", ""), ("webhook", "add/"), ("webhook", "{webhook}/change/"),
                ("delivery", ""), ("delivery", "{delivery}/change/"),
            )
        },
        **{
            f"GET admin/feedback/{model}/{{far_{word}}}/change/": (403, 404, 403, 403, 403, 403, 403, LOGIN, LOGIN)
            for model, word in (("employerkey", "key"), ("webhook", "webhook"), ("delivery", "delivery"))
        },
    },
}  # fmt: skip

# For the employer's own contact, another employer's, one whose time is over, and the same employer's contact with the
# other street.
READERS = ("contact", "other_contact", "former_contact", "far_contact")
INBOX = {
    "GET inbox/": (200, 200, 403, 200),
    "GET inbox/{issued}/": (200, 404, 403, 404),
    "GET inbox/{withdrawn}/": (410, 404, 403, 404),
    "GET inbox/{draft}/": (404, 404, 403, 404),
    "GET inbox/{agreed}/": (404, 404, 403, 404),
    "GET inbox/{foreign}/": (404, 200, 403, 404),
    "POST inbox/{issued}/receive/": (302, 404, 403, 404),
    "POST inbox/{received}/answer/": (302, 404, 403, 404),
    "POST inbox/{issued}/return/": (302, 404, 403, 404),
    "GET inbox/{issued}/print/": (200, 404, 403, 404),
    "GET inbox/{received}/receipt.json": (FILE, 404, 403, 404),
    "GET inbox/{received}/receipt.pdf": (FILE, 404, 403, 404),
    "POST inbox/{received}/take-back/": (302, 404, 403, 404),
    "POST inbox/receive/": (302, 302, 403, 302),
    "POST inbox/answer/": (302, 302, 403, 302),
    "GET inbox/cards.pdf": (FILE, FILE, 403, FILE),
    "GET inbox/cards.xlsx": (FILE, FILE, 403, FILE),
    "GET inbox/slips/": (200, 200, 403, 200),
    "GET inbox/slips/add/": (200, 200, 403, 200),
    "GET inbox/slips/template.xlsx": (FILE, FILE, 403, FILE),
    "GET inbox/slips/workbook/": (200, 200, 403, 200),
    "POST inbox/slips/workbook/send/": (302, 302, 403, 302),
    "GET inbox/slips/link/": (200, 200, 403, 200),
    "POST inbox/slips/link/close/": (302, 302, 403, 302),
    "GET inbox/slips/{unit_slip}/": (200, 404, 403, 404),
    "GET inbox/slips/{unit_accepted}/receipt.json": (FILE, 404, 403, 404),
    "GET inbox/slips/{unit_accepted}/receipt.pdf": (FILE, 404, 403, 404),
    "POST inbox/slips/{unit_slip}/answer/": (200, 404, 403, 404),
    "POST inbox/slips/{unit_slip}/ours/": (302, 404, 403, 404),
    "POST inbox/slips/{unit_slip}/end/": (200, 404, 403, 404),
    "POST inbox/slips/{unit_slip}/withdraw/": (302, 404, 403, 404),
    "GET our-offers/": (200, 200, 403, 200),
    "POST our-offers/add/": (302, 302, 403, 200),
    "GET our-offers/{offer}/": (200, 404, 403, 404),
    "POST our-offers/{offer}/": (302, 404, 403, 404),
    "POST our-offers/{offer}/take-back/": (302, 404, 403, 404),
    "GET inbox/keys/": (200, 200, 403, 200),
    "POST inbox/keys/{key}/rotate/": (302, 404, 403, 404),
    "POST inbox/webhooks/{webhook}/test/": (302, 404, 403, 404),
    "POST inbox/webhooks/{far_webhook}/test/": (404, 404, 403, 302),
    "GET inbox/{test_card}/": (404, 404, 403, 404),
    "POST inbox/{test_card}/receive/": (404, 404, 403, 404),
    "GET inbox/slips/{test_slip}/": (404, 404, 403, 404),
    "POST inbox/slips/{test_slip}/withdraw/": (404, 404, 403, 404),
    "POST inbox/keys/{test_key}/rotate/": (302, 404, 403, 404),
    "GET inbox/{far_issued}/": (404, 404, 403, 200),
    "POST inbox/{far_issued}/receive/": (404, 404, 403, 302),
    "GET inbox/{far_issued}/print/": (404, 404, 403, 200),
    "GET our-offers/{far_offer}/": (404, 404, 403, 200),
    "POST our-offers/{far_offer}/take-back/": (404, 404, 403, 302),
    "POST inbox/keys/{far_key}/rotate/": (404, 404, 403, 302),
    "GET cards/": (403, 403, 403, 403),
    "GET cards/{issued}/": (404, 404, 404, 404),
    "GET offers/": (403, 403, 403, 403),
    "GET cards-report/{community}/": (403, 403, 403, 403),
    "GET slips-report/{community}/": (403, 403, 403, 403),
    "GET slip-codes/": (403, 403, 403, 403),
    "GET slip-codes/{slip_code}/": (404, 404, 404, 404),
    "GET admin/feedback/recordcard/": (LOGIN, LOGIN, LOGIN, LOGIN),
}


@pytest.fixture
def rows(other_group: Area, group: Area, other_street: Area, secretary: User) -> dict[str, Any]:
    return sent(by=secretary)


@pytest.fixture
def clients(request: pytest.FixtureRequest, logged_in: Callable[[User], Client]) -> Clients:
    return browsers(request, logged_in)


@pytest.fixture
def readers(rows: Any, street: Area, other_street: Area, logged_in: Callable[[User], Client]) -> dict[str, Client]:
    units = [Employer.objects.get(name=name) for name in ("上海嘉定仪表厂", "嘉定自来水厂", "上海嘉定仪表厂")]
    users = [cards.contact(name, unit, street) for name, unit in zip(READERS, units, strict=False)]
    users[-1].contacts.update(until="2026-01-01", since="2025-01-01")
    users.append(cards.contact("far_contact", units[0], other_street))
    return {user.username: logged_in(user) for user in users}


@pytest.mark.parametrize("section", TABLE)
def test_status(rows: dict[str, Any], clients: Clients, section: str) -> None:
    found, written_by = statuses(TABLE[section], rows=rows, clients=clients, bodies=bodies)
    assert found == TABLE[section]
    assert {call for _, call in written_by} <= {SHEETS}


@pytest.mark.parametrize("section", TABLE)
def test_what_is_closed_answers_as_what_does_not_exist(rows: dict[str, Any], clients: Clients, section: str) -> None:
    assert tell_tales(TABLE[section], rows=rows, clients=clients) == []


@pytest.mark.parametrize("section", [section for section in TABLE if section != "anybody"])
def test_the_other_street_finds_none_of_it(
    rows: dict[str, Any], far_officer: User, far_secretary: User, logged_in: Callable[[User], Client], section: str
) -> None:
    """Every call that names one of our rows, by the other street's office and a secretary of it."""
    found = {}
    for call in (call for call in TABLE[section] if "{" in call and "{far_" not in call and "?" not in call):
        method, _, address = call.partition(" ")
        for user in (far_officer, far_secretary):
            client = logged_in(user)
            ask = client.get if method == "GET" else client.post
            found[call, user.username] = kind(ask(url(address, rows), bodies(rows).get(address, {})))
    closed = (403, 404) if section in ("admin", "inbox") else (404,)
    assert {key: status for key, status in found.items() if status not in closed} == {}


@pytest.mark.parametrize("call", INBOX)
def test_a_contact_reads_their_own_unit_s(rows: dict[str, Any], readers: dict[str, Client], call: str) -> None:
    method, _, address = call.partition(" ")
    body = bodies(rows).get(address, {})
    found = []
    for client in readers.values():
        ask = client.get if method == "GET" else client.post
        found.append(kind(ask(url(address, rows), body if method == "POST" else None)))
    assert tuple(found) == INBOX[call]
