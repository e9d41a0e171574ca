"""Offers: who writes them, who sees them, and using one for what somebody needs."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activities.models import Need
from feedback.models import Contact, Offer
from members.models import Area, AuditEntry, Employer, User
from tests import cards, factories
from tests.feedback.test_inbox import text, told

OURS, OFFERS = "/our-offers/", "/offers/"
Status = Offer.Status


@pytest.fixture
def unit(db: None) -> Employer:
    return factories.employer()


@pytest.fixture
def contact(unit: Employer, street: Area) -> User:
    return cards.contact("lianxiren", unit, street)


@pytest.fixture
def giver(logged_in: Callable[[User], Client], contact: User) -> Client:
    return logged_in(contact)


@pytest.fixture
def client(logged_in: Callable[[User], Client], secretary: User) -> Client:
    return logged_in(secretary)


@pytest.fixture
def offer(unit: Employer, community: Area) -> Offer:
    return cards.offer(unit, community)


@pytest.fixture
def need(group: Area) -> Need:
    return factories.need(group, text="找地方排练合唱")


def body(unit: Employer, place: Area, **fields: Any) -> dict[str, Any]:
    return {"employer": unit.pk, "area": place.pk, "kind": "venue", "title": "会议室", "text": "周末可用"} | fields


def now(offer: Offer) -> str:
    return Offer.objects.get(pk=offer.pk).status


def listed(answer: Any, address: str = OFFERS) -> list[str]:
    return re.findall(rf'<th><a href="{address}\d+/">(.+?)</a>', text(answer))


# The unit's own ------------------------------------------------------------------------------------------------------
def test_a_unit_offers_something(giver: Client, unit: Employer, community: Area, contact: User) -> None:
    assert giver.get(f"{OURS}add/").status_code == 200
    assert told(giver.post(f"{OURS}add/", body(unit, community), follow=True))[-1].startswith("已提供给社区")
    offer = Offer.objects.get()
    assert (offer.employer, offer.area, offer.title, offer.status) == (unit, community, "会议室", "open")
    assert AuditEntry.objects.filter(model="feedback.Offer", action="create", user=contact).count() == 1
    giver.post(f"{OURS}add/", body(unit, community))
    assert Offer.objects.count() == 1, "a form sent twice is one offer"


def test_open_streets_and_communities_may_be_chosen(
    giver: Client, unit: Employer, street: Area, community: Area, station: Area, group: Area, other_street: Area
) -> None:
    factories.area("撤销社区", street, until="2020-01-01")
    page = text(giver.get(f"{OURS}add/"))
    choices = re.findall(
        r'<option value="\d+"[^>]*>([^<]+)', re.search(r'<select name="area".*?</select>', page, re.S)[0]
    )
    assert choices == ["新成路街道", "第一社区"]
    for place in (station, group, other_street, Area.objects.get(name="平城社区")):
        assert giver.post(f"{OURS}add/", body(unit, place)).status_code == 200
    assert Offer.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "x" * 61},
        {"text": "x" * 501},
        {"kind": "nothing"},
        {"area": "9" * 25},
        {"area": "\0"},
        {"title": "好\0"},
    ],
)
def test_what_cannot_be_kept_is_said_on_the_form(giver: Client, unit: Employer, community: Area, wrong: dict) -> None:
    answer = giver.post(f"{OURS}add/", body(unit, community) | wrong)
    assert (answer.status_code, "lz-problem" in text(answer), Offer.objects.count()) == (200, True, 0)


def test_nobody_offers_for_another_unit(
    giver: Client, unit: Employer, contact: User, street: Area, community: Area
) -> None:
    other = factories.employer("别家公司")
    giver.post(f"{OURS}add/", body(other, community))
    assert [each.employer for each in Offer.objects.all()] == [unit]
    theirs = cards.offer(other, community)
    for act in ("", "take-back/", "again/"):
        assert giver.post(f"{OURS}{theirs.pk}/{act}", body(other, community)).status_code == 404
    assert (listed(giver.get(OURS), OURS), Offer.objects.count(), now(theirs)) == (["会议室"], 2, "open")
    second = Contact.objects.create(user=contact, employer=factories.employer("第二家"), street=street)
    giver.post(f"{OURS}add/?unit={second.pk}", body(other, community))
    assert Offer.objects.latest("pk").employer == second.employer
    assert giver.post(f"{OURS}add/?unit=999999", body(other, community)).status_code == 404
    assert Offer.objects.count() == 3


def test_whoever_is_no_contact_offers_nothing(logged_in: Any, secretary: User, offer: Offer) -> None:
    client = logged_in(secretary)
    for address in (OURS, f"{OURS}add/", f"{OURS}{offer.pk}/"):
        assert client.get(address).status_code == 403


def test_an_offer_is_written_anew_taken_back_and_offered_again(giver: Client, offer: Offer, unit: Employer) -> None:
    giver.post(f"{OURS}{offer.pk}/", body(unit, offer.area, title="大会议室"))
    offer.refresh_from_db()
    assert offer.title == "大会议室"
    assert told(giver.post(f"{OURS}{offer.pk}/take-back/", follow=True))[-1].startswith("已收回")
    assert now(offer) == Status.WITHDRAWN
    answer = giver.post(f"{OURS}{offer.pk}/", body(unit, offer.area, title="小会议室"))
    assert "不能再做这一步" in text(answer)
    assert Offer.objects.get().title == "大会议室"
    giver.post(f"{OURS}{offer.pk}/again/")
    assert (now(offer), Offer.objects.get().closed_at) == ("open", None)
    offer.close(Status.USED)
    assert "不能再做这一步" in told(giver.post(f"{OURS}{offer.pk}/again/", follow=True))[-1]
    assert now(offer) == Status.USED


def test_the_unit_an_offer_is_of_stays(giver: Client, contact: User, street: Area, offer: Offer) -> None:
    second = factories.employer("第二家")
    Contact.objects.create(user=contact, employer=second, street=street)
    giver.post(f"{OURS}{offer.pk}/", body(second, offer.area))
    assert Offer.objects.get().employer == offer.employer


def test_a_unit_reads_how_often_not_for_what(giver: Client, offer: Offer, need: Need, client: Client) -> None:
    client.post(f"{OFFERS}{offer.pk}/use/", {"need": need.pk})
    page = text(giver.get(OURS))
    assert ("1 条需求" in page, "排练" in page) == (True, False)


# Who sees what -------------------------------------------------------------------------------------------------------
@pytest.fixture
def everywhere(
    unit: Employer, street: Area, community: Area, other_community: Area, other_street: Area
) -> dict[str, Offer]:
    """An offer to each: the street, its two communities, another street and its community."""
    places = {"street": street, "own": community, "other": other_community, "far_street": other_street}
    places["far"] = Area.objects.get(name="平城社区")
    return {name: cards.offer(unit, place, title=name) for name, place in places.items()}


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("street_officer", {"street", "own", "other"}),
        ("secretary", {"street", "own"}),
        ("other_secretary", {"street", "other"}),
        ("liaison", None),
        ("leader", None),
        ("instructor", None),
        ("auditor", None),
        ("outsider", None),
    ],
)
def test_offers_are_seen_by_those_they_are_for(
    request: Any, logged_in: Any, everywhere: dict[str, Offer], who: str, seen: set[str] | None
) -> None:
    client = logged_in(request.getfixturevalue(who))
    answer = client.get(OFFERS)
    assert answer.status_code == (403 if seen is None else 200)
    assert set(listed(answer)) == (seen or set())
    for name, offer in everywhere.items():
        status = 200 if name in (seen or set()) else 404
        assert client.get(f"{OFFERS}{offer.pk}/").status_code == status
        for act in ("use/", "used-up/", "available/"):
            expected = {302, 403} if status == 200 else {404}
            assert client.post(f"{OFFERS}{offer.pk}/{act}").status_code in expected
    admin = client.get("/admin/feedback/offer/")
    assert admin.status_code == (200 if seen else 302 if who == "outsider" else 403)


def test_the_list_is_narrowed(client: Client, unit: Employer, community: Area, offer: Offer) -> None:
    cards.offer(unit, community, title="讲座", kind="talk")
    cards.offer(unit, community, title="用完的").close(Status.USED)
    assert listed(client.get(OFFERS)) == ["讲座", "会议室"], "at first what can be used"
    assert listed(client.get(OFFERS, {"status": ""})) == ["用完的", "讲座", "会议室"]
    assert listed(client.get(OFFERS, {"status": "used"})) == ["用完的"]
    assert listed(client.get(OFFERS, {"status": "", "kind": "talk"})) == ["讲座"]
    assert listed(client.get(OFFERS, {"kind": "talk"})) == ["讲座"]
    for junk in ("\0", "nothing", "9" * 25, "x" * 3000):
        for name in ("status", "kind", "p"):
            assert client.get(OFFERS, {name: junk}).status_code in (200, 400)
        assert client.get(f"{OFFERS}{offer.pk}/", {"q": junk}).status_code in (200, 400)


def test_a_list_asks_a_fixed_number_of_queries(
    client: Client, giver: Client, unit: Employer, community: Area, group: Area
) -> None:
    first = cards.offer(unit, community)
    pages = [(client, OFFERS), (giver, OURS), (client, f"{OFFERS}{first.pk}/")]

    def asked() -> list[int]:
        counts = []
        for browser, address in pages:
            browser.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert browser.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    factories.need(group, text="第一条")
    before = asked()
    for number in range(5):
        cards.offer(factories.employer(f"第{number}厂"), community)
        cards.offer(unit, community, title=f"第{number}间")
        factories.need(group, text=f"需求{number}")
    assert asked() == before


# Using one -----------------------------------------------------------------------------------------------------------
def test_an_offer_is_used_for_a_need(client: Client, offer: Offer, need: Need, secretary: User) -> None:
    assert "找地方排练合唱" in text(client.get(f"{OFFERS}{offer.pk}/"))
    page = client.post(f"{OFFERS}{offer.pk}/use/", {"need": need.pk}, follow=True)
    assert told(page)[-1].startswith("已用在“找地方排练合唱”上")
    need.refresh_from_db()
    assert (need.status, need.employer, list(offer.needs.all())) == ("claimed", offer.employer, [need])
    assert now(offer) == Status.OPEN
    assert f'href="/needs/{need.pk}/"' in text(page)
    entries = AuditEntry.objects.filter(user=secretary, model="feedback.Offer", action="change")
    assert [entry.changes for entry in entries] == [{"needs": [need.pk]}]
    page = client.post(f"{OFFERS}{offer.pk}/use/", {"need": need.pk}, follow=True)
    assert "不能再做这一步" in told(page)[-1]


def test_a_need_that_was_freed_is_no_longer_shown_as_its_use(client: Client, offer: Offer, need: Need) -> None:
    client.post(f"{OFFERS}{offer.pk}/use/", {"need": need.pk})
    client.post(f"/needs/{need.pk}/unclaim/")
    assert "用在了" not in text(client.get(f"{OFFERS}{offer.pk}/"))
    client.post(f"{OFFERS}{offer.pk}/use/", {"need": need.pk})
    assert "用在了" in text(client.get(f"{OFFERS}{offer.pk}/"))


@pytest.mark.parametrize("status", ["used", "withdrawn"])
def test_what_is_closed_is_not_used(client: Client, offer: Offer, need: Need, status: str) -> None:
    offer.close(status)
    assert "用在这条需求上" not in text(client.get(f"{OFFERS}{offer.pk}/"))
    assert "不能再做这一步" in told(client.post(f"{OFFERS}{offer.pk}/use/", {"need": need.pk}, follow=True))[-1]
    need.refresh_from_db()
    assert (need.status, offer.needs.count()) == ("open", 0)


def test_only_needs_of_the_scope_and_of_the_place_are_offered(
    logged_in: Any, street_officer: User, client: Client, unit: Employer, street: Area, offer: Offer, need: Need,
    other_group: Area,
) -> None:  # fmt: skip
    elsewhere = factories.need(other_group, text="别处的需求")
    for_all = cards.offer(unit, street, title="全街道的")
    office = logged_in(street_officer)
    shown = {
        (who, name): "别处的需求" in text(browser.get(f"{OFFERS}{each.pk}/"))
        for who, browser in {"secretary": client, "office": office}.items()
        for name, each in {"community": offer, "street": for_all}.items()
    }
    assert [where for where, is_shown in shown.items() if is_shown] == [("office", "street")]
    assert client.post(f"{OFFERS}{for_all.pk}/use/", {"need": elsewhere.pk}).status_code == 404
    page = office.post(f"{OFFERS}{offer.pk}/use/", {"need": elsewhere.pk}, follow=True)
    assert told(page)[-1].startswith("这条需求不在这项资源提供的范围里")
    elsewhere.refresh_from_db()
    assert elsewhere.status == "open"
    assert office.post(f"{OFFERS}{for_all.pk}/use/", {"need": elsewhere.pk}).status_code == 302
    elsewhere.refresh_from_db()
    assert elsewhere.status == "claimed"


@pytest.mark.parametrize("asked", ["", "x", "\0", "9" * 25, "１"])
def test_no_need_chosen_is_said(client: Client, offer: Offer, asked: str) -> None:
    page = client.post(f"{OFFERS}{offer.pk}/use/", {"need": asked}, follow=True)
    assert told(page)[-1].startswith("还没有选需求")


def test_needs_are_found_by_a_word(client: Client, offer: Offer, group: Area) -> None:
    for number in range(25):
        factories.need(group, text=f"需求{number:02}")
    page = text(client.get(f"{OFFERS}{offer.pk}/"))
    assert (page.count('name="need"'), "只列出最早的 20 条" in page) == (20, True)
    found = text(client.get(f"{OFFERS}{offer.pk}/", {"q": "24"}))
    assert (found.count('name="need"'), "需求24" in found) == (1, True)
    assert "没有写着“没有的”的待认领需求" in text(client.get(f"{OFFERS}{offer.pk}/", {"q": "没有的"}))


def test_it_is_used_up_and_available_again(client: Client, offer: Offer) -> None:
    client.post(f"{OFFERS}{offer.pk}/used-up/")
    assert now(offer) == Status.USED
    assert "不能再做这一步" in told(client.post(f"{OFFERS}{offer.pk}/used-up/", follow=True))[-1]
    client.post(f"{OFFERS}{offer.pk}/available/")
    assert now(offer) == Status.OPEN
    offer.close(Status.WITHDRAWN)
    assert "不能再做这一步" in told(client.post(f"{OFFERS}{offer.pk}/available/", follow=True))[-1]
    assert now(offer) == Status.WITHDRAWN


def test_what_is_for_the_whole_street_the_street_closes(
    client: Client, logged_in: Any, street_officer: User, unit: Employer, street: Area
) -> None:
    for_all = cards.offer(unit, street)
    assert client.post(f"{OFFERS}{for_all.pk}/used-up/").status_code == 403
    assert "已用完</button>" not in text(client.get(f"{OFFERS}{for_all.pk}/"))
    assert logged_in(street_officer).post(f"{OFFERS}{for_all.pk}/used-up/").status_code == 302
    assert now(for_all) == Status.USED


@pytest.mark.parametrize("act", ["use", "used-up", "available"])
def test_a_look_moves_nothing(client: Client, offer: Offer, act: str) -> None:
    assert client.get(f"{OFFERS}{offer.pk}/{act}/").status_code == 405
