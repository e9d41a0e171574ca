"""Keys of units' systems: given by the street, exchanged by the unit, never shown twice; so are webhooks' secrets."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from feedback.models import Contact, EmployerKey, Webhook
from members.ground.states import Conflict
from members.login.tokens import live_key
from members.models import Area, AuditEntry, Employer, User
from tests import cards, factories
from tests.feedback.test_inbox import text, told

KEYS, ADMIN = "/inbox/keys/", "/admin/feedback/employerkey/"
TEXT = re.compile(r"lz_[0-9a-f]{10}_[\w-]{40,}")


@pytest.fixture
def unit(db: None) -> Employer:
    return factories.employer()


@pytest.fixture
def key(unit: Employer, street: Area) -> EmployerKey:
    return cards.key(unit, street, addresses="203.0.113.0/24")[0]


@pytest.fixture
def contact(logged_in: Callable[[User], Client], unit: Employer, street: Area) -> Client:
    return logged_in(cards.contact("lianxiren", unit, street))


@pytest.fixture
def client(logged_in: Callable[[User], Client], street_officer: User) -> Client:
    return logged_in(street_officer)


def body(unit: Employer, street: Area, **fields: Any) -> dict[str, Any]:
    given = {"employer": unit.pk, "street": street.pk, "label": "党建系统", "scopes": ["cards:read", "cards:answer"]}
    return given | {"addresses": "203.0.113.7 198.51.100.0/24", "life": "90"} | fields


def shown_in(answer: Any) -> str:
    """The text of a key that a message tells."""
    found = TEXT.search(" ".join(told(answer)))
    assert found
    return found[0]


# Given by the street -------------------------------------------------------------------------------------------------
def test_a_key_is_given_and_shown_once(client: Client, unit: Employer, street: Area, street_officer: User) -> None:
    assert client.get(f"{ADMIN}add/").status_code == 200
    page = client.post(f"{ADMIN}add/", body(unit, street), follow=True)
    key, shown = EmployerKey.objects.get(), shown_in(page)
    assert live_key(EmployerKey.objects.all(), shown) == key
    assert (key.employer, key.street, key.scopes) == (unit, street, ["cards:read", "cards:answer"])
    assert key.works_from("203.0.113.7")
    assert not key.works_from("203.0.113.8")
    assert timedelta(days=89) < key.expires_at - timezone.now() <= timedelta(days=90)
    assert AuditEntry.objects.filter(model="feedback.EmployerKey", action="create", user=street_officer).count() == 1
    secret = shown.split("_", 2)[2]
    for address in (ADMIN, f"{ADMIN}{key.pk}/change/"):
        later = text(client.get(address))
        assert (key.prefix in later, secret in later, key.digest in later) == (True, False, False)
    assert secret not in str(list(AuditEntry.objects.values_list("changes", flat=True)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": []}, {"scopes": ["everything"]}, {"addresses": "nowhere"}, {"addresses": "1.2.3.4/99"},
        {"life": "9999"}, {"life": ""}, {"label": ""}, {"label": "好\0"},
        {"employer": ""}, {"employer": "9" * 25}, {"street": "\0"},
    ],
)  # fmt: skip
def test_a_key_that_makes_no_sense_is_not_given(client: Client, unit: Employer, street: Area, wrong: dict) -> None:
    assert client.post(f"{ADMIN}add/", body(unit, street) | wrong).status_code == 200
    assert EmployerKey.objects.count() == 0


def test_no_key_is_given_for_another_street_or_a_community(
    client: Client, unit: Employer, community: Area, other_street: Area
) -> None:
    for place in (community, other_street):
        assert client.post(f"{ADMIN}add/", body(unit, place)).status_code == 200
    assert EmployerKey.objects.count() == 0


WHO = ("superuser", "street_officer", "secretary", "liaison", "leader", "instructor", "auditor")


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("model", ["employerkey", "contact", "webhook", "delivery"])
def test_the_street_office_alone_lets_units_in(request: Any, logged_in: Any, who: str, model: str) -> None:
    client = logged_in(request.getfixturevalue(who))
    may = who == "street_officer"
    assert client.get(f"/admin/feedback/{model}/").status_code == (200 if may else 403)
    gives = may and model != "delivery"
    assert client.get(f"/admin/feedback/{model}/add/").status_code == (200 if gives else 403)


@pytest.mark.parametrize("act", ["rotate", "revoke"])
def test_keys_of_another_street_are_not_there(
    logged_in: Any, client: Client, secretary: User, key: EmployerKey, unit: Employer, other_street: Area, act: str
) -> None:
    far = cards.key(unit, other_street)[0]
    assert client.get(f"{ADMIN}{far.pk}/change/").status_code == 404
    assert far.prefix not in text(client.get(ADMIN))
    for browser, row in ((client, far), (logged_in(secretary), key)):
        for method in ("get", "post"):
            assert getattr(browser, method)(f"/employer-keys/{row.pk}/{act}/").status_code == 404
    assert EmployerKey.objects.live().count() == 2


def test_the_street_exchanges_and_stops_keys(client: Client, key: EmployerKey) -> None:
    assert client.get(f"/employer-keys/{key.pk}/rotate/").status_code == 200
    fresh = live_key(EmployerKey.objects.all(), shown_in(client.post(f"/employer-keys/{key.pk}/rotate/", follow=True)))
    assert fresh
    assert fresh.pk != key.pk
    client.post(f"/employer-keys/{fresh.pk}/revoke/")
    assert [each.pk for each in EmployerKey.objects.live()] == [key.pk]
    assert "停用" in text(client.get(f"{ADMIN}{fresh.pk}/change/"))


def test_keys_are_neither_changed_nor_deleted(client: Client, key: EmployerKey) -> None:
    assert client.post(f"{ADMIN}{key.pk}/change/", {"label": "别的"}).status_code == 403
    assert client.post(f"{ADMIN}{key.pk}/delete/", {"post": "yes"}).status_code == 403
    assert EmployerKey.objects.get().label == key.label


# Exchanged by the unit -----------------------------------------------------------------------------------------------
def test_a_unit_exchanges_its_own_key(contact: Client, key: EmployerKey) -> None:
    page = text(contact.get(KEYS))
    assert (key.prefix in page, key.digest in page) == (True, False)
    assert contact.get(f"{KEYS}{key.pk}/rotate/").status_code == 200
    answer = contact.post(f"{KEYS}{key.pk}/rotate/", follow=True)
    fresh = live_key(EmployerKey.objects.all(), shown_in(answer))
    assert fresh
    kept = ("employer_id", "street_id", "scopes", "addresses", "label")
    assert [getattr(fresh, name) for name in kept] == [getattr(key, name) for name in kept]
    key.refresh_from_db()
    assert timedelta(days=6, hours=23) < key.expires_at - timezone.now() <= timedelta(days=7)
    assert TEXT.search(text(contact.get(KEYS))) is None
    again = contact.post(f"{KEYS}{key.pk}/rotate/", follow=True)
    assert told(again) == ["这把密钥刚才已经换过，请用换出来的那一把。"]
    assert EmployerKey.objects.count() == 2


@pytest.mark.parametrize("ended", ["expires_at", "revoked_at"])
def test_a_dead_key_has_no_successor(contact: Client, key: EmployerKey, ended: str) -> None:
    EmployerKey.objects.update(**{ended: timezone.now()})
    assert "不能更换" in told(contact.post(f"{KEYS}{key.pk}/rotate/", follow=True))[0]
    assert EmployerKey.objects.count() == 1
    assert f"{KEYS}{key.pk}/rotate/" not in text(contact.get(KEYS))


def test_keys_of_different_use_do_not_stand_in_for_each_other(unit: Employer, street: Area) -> None:
    reading, offering = cards.key(unit, street, "cards:read")[0], cards.key(unit, street, "offers:write")[0]
    assert (reading.has_successor(), offering.has_successor()) == (False, False)
    reading.rotate()
    with pytest.raises(Conflict):
        reading.rotate()
    offering.rotate()


def test_the_keys_of_another_unit_are_not_there(contact: Client, street: Area) -> None:
    theirs = cards.key(factories.employer("别家公司"), street)[0]
    assert theirs.prefix not in text(contact.get(KEYS))
    for method in ("get", "post"):
        assert getattr(contact, method)(f"{KEYS}{theirs.pk}/rotate/").status_code == 404
    assert EmployerKey.objects.count() == 1


def test_whoever_no_longer_acts_exchanges_nothing(contact: Client, key: EmployerKey) -> None:
    Contact.objects.update(until=timezone.localdate())
    assert contact.post(f"{KEYS}{key.pk}/rotate/").status_code == 403
    assert EmployerKey.objects.count() == 1


# Webhooks' secrets ---------------------------------------------------------------------------------------------------
def test_a_webhook_s_secret_is_shown_once(client: Client, unit: Employer, street: Area) -> None:
    given = {"employer": unit.pk, "street": street.pk, "url": "https://hooks.example/louzu"}
    page = client.post("/admin/feedback/webhook/add/", given, follow=True)
    webhook = Webhook.objects.get()
    first = webhook.secret
    assert first in " ".join(told(page))
    address = f"/admin/feedback/webhook/{webhook.pk}/change/"
    assert first not in text(client.get(address))
    assert first not in str(list(AuditEntry.objects.values_list("changes", flat=True)))
    changed = client.post(address, {"url": "https://hooks.example/new"})
    assert changed.status_code == 302
    webhook.refresh_from_db()
    assert (webhook.url, webhook.is_active, webhook.secret) == ("https://hooks.example/new", False, first)
    assert client.get(f"/webhooks/{webhook.pk}/secret/").status_code == 200
    page = client.post(f"/webhooks/{webhook.pk}/secret/", follow=True)
    second = Webhook.objects.get().secret
    assert second != first
    assert second in " ".join(told(page))


@pytest.mark.parametrize(
    "url", ["http://hooks.example/", "https://10.0.0.1/", "javascript:1", "https://a\0b/", "x" * 400, ""]
)
def test_a_webhook_leads_to_the_open_internet(
    settings: Any, client: Client, unit: Employer, street: Area, url: str
) -> None:
    settings.WEBHOOK_NETWORKS = []
    given = {"employer": unit.pk, "street": street.pk, "url": url}
    assert client.post("/admin/feedback/webhook/add/", given).status_code == 200
    assert Webhook.objects.count() == 0
