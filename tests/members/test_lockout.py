"""Guessing passwords: by name and place, by name from everywhere, by several at once; and whose address counts."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from members.ground.access import PostKind
from members.login import second_factor
from members.login.lockout import ANYWHERE, KNOWN, PLACE
from members.login.proxies import seen_through_proxies
from members.models import AuditEntry, LoginAttempts, User
from members.models.attempts import Limit
from tests import factories
from tests.racing import raced

LOGIN = "/admin/login/"


def log_in(name: str, password: str = "wrong", *, address: str = "203.0.113.7", browser: Client | None = None) -> int:
    client = browser or Client()
    return client.post(LOGIN, {"username": name, "password": password}, REMOTE_ADDR=address).status_code


def addresses(count: int) -> list[str]:
    return [f"198.51.{number // 250}.{number % 250 + 1}" for number in range(count)]


def test_a_name_is_not_tried_on_from_everywhere(secretary: User) -> None:
    """Seen: 250 wrong passwords for one name pass from 50 addresses."""
    answers = [log_in(secretary.username, address=address) for address in addresses(50) for _ in range(5)]
    assert answers.count(200) == ANYWHERE.most - 1
    assert log_in(secretary.username, factories.PASSWORD) == 429
    page = Client().post(LOGIN, {"username": secretary.username, "password": "x"}).content.decode()
    assert "请等 60 分钟再试" in page


def test_nobody_is_locked_out_for_ever(secretary: User) -> None:
    for address in addresses(40):
        log_in(secretary.username, address=address)
    assert log_in(secretary.username, factories.PASSWORD) == 429
    LoginAttempts.objects.update(since=timezone.now() - ANYWHERE.within)
    assert log_in(secretary.username, factories.PASSWORD) == 302


def test_trying_on_makes_the_wait_no_longer(secretary: User) -> None:
    for _ in range(20):
        log_in(secretary.username)
    LoginAttempts.objects.update(since=timezone.now() - PLACE.within)
    assert log_in(secretary.username, factories.PASSWORD) == 302


def test_strangers_do_not_lock_a_browser_out_that_is_known(secretary: User, other_secretary: User) -> None:
    office = Client()
    assert log_in(secretary.username, factories.PASSWORD, browser=office) == 302
    office.get("/")
    office.post("/admin/logout/")
    for address in addresses(40):
        log_in(secretary.username, address=address)
    assert log_in(secretary.username, factories.PASSWORD) == 429
    assert log_in(secretary.username, factories.PASSWORD, browser=office) == 302
    assert log_in(other_secretary.username, browser=office) == 200


def test_a_known_browser_is_held_to_a_limit_too(secretary: User) -> None:
    office = Client()
    log_in(secretary.username, factories.PASSWORD, browser=office)
    office.get("/")
    answers = [log_in(secretary.username, address=address, browser=office) for address in addresses(20)]
    assert answers.count(200) == PLACE.most - 1


@pytest.mark.parametrize("mark", ["", "x", "x:y:z"])
def test_a_mark_that_is_not_ours_is_none(secretary: User, mark: str) -> None:
    for address in addresses(40):
        browser = Client()
        browser.cookies[KNOWN] = mark
        log_in(secretary.username, address=address, browser=browser)
    assert log_in(secretary.username, factories.PASSWORD) == 429


def test_names_are_counted_however_they_are_typed(secretary: User) -> None:
    for typed in ("shuji1", "SHUJI1", "ｓｈｕｊｉ１") * 2:
        log_in(typed)
    assert log_in("shuji1", factories.PASSWORD) == 429


def test_names_that_nobody_has_are_locked_alike(db: None) -> None:
    assert [log_in("nobody") for _ in range(6)] == [200] * 5 + [429]


def test_no_name_is_kept_in_clear(db: None) -> None:
    log_in("my-own-password")
    assert "my-own" not in str(list(LoginAttempts.objects.values()))


def test_an_ipv6_subscriber_is_one_place(secretary: User) -> None:
    answers = [log_in(secretary.username, address=f"2001:db8:1:2::{number:x}") for number in range(1, 8)]
    assert answers[4:] == [200, 429, 429]
    assert log_in(secretary.username, address="2001:db8:1:3::1") == 200
    entry = AuditEntry.objects.filter(action="login_failed").earliest("pk")
    assert entry.address == "2001:db8:1:2::1", "the trail keeps the whole address"


def test_an_ipv4_address_in_the_guise_of_ipv6_is_itself(secretary: User) -> None:
    for _ in range(6):
        log_in(secretary.username, address="::ffff:203.0.113.7")
    assert log_in(secretary.username, factories.PASSWORD) == 429
    assert log_in(secretary.username, factories.PASSWORD, address="::ffff:203.0.113.8") == 302


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_share_one_count() -> None:
    limits = {"": Limit(5, timedelta(hours=1)), "here": Limit(20, timedelta(hours=1))}
    ends = raced(*[lambda: [LoginAttempts.take("n" * 64, limits) for _ in range(3)]] * 8)
    standings = [standing for end in ends for standing in end]
    assert sum(standing.is_allowed for standing in standings) == 5
    assert sum(standing.is_allowed and standing.is_last for standing in standings) == 1
    assert set(LoginAttempts.objects.values_list("place", "count")) == {("", 5), ("here", 5)}


@pytest.mark.django_db(transaction=True)
def test_eight_guesses_at_once_are_no_more_than_allowed() -> None:
    street = factories.area("新成路街道")
    officer = factories.official("jiedao", PostKind.STREET, street)

    def guess() -> int:
        try:
            return log_in(officer.username)
        finally:
            connection.close()

    assert sorted(raced(*[guess] * 8)) == [200] * 5 + [429] * 3


def test_digits_are_slowed_down_but_not_for_ever(secretary: User, rf: Any) -> None:
    device = TOTPDevice.objects.create(user=secretary, confirmed=True, throttling_failure_count=40)
    TOTPDevice.objects.update(throttling_failure_timestamp=timezone.now() - timedelta(days=40_000))
    request = rf.get("/")
    request.user, request.session = secretary, Client().session
    assert not second_factor.show(request, "000000")
    device.refresh_from_db()
    assert device.throttling_failure_count == second_factor.MOST_FAILURES


def test_unlocking_lets_the_next_digits_be_tried(logged_in: Any, street_officer: User, secretary: User) -> None:
    device = TOTPDevice.objects.create(user=secretary, confirmed=True, throttling_failure_count=9)
    logged_in(street_officer).post(f"/users/{secretary.pk}/unlock/")
    device.refresh_from_db()
    assert device.throttling_failure_count == 0


# Proxies ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "address", "is_secure"),
    [
        ([], "203.0.113.7", "1.2.3.4", "203.0.113.7", False),
        (["127.0.0.1"], "127.0.0.1", "1.2.3.4", "1.2.3.4", True),
        (["127.0.0.1"], "127.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4", True),
        (["127.0.0.1"], "203.0.113.7", "1.2.3.4", "203.0.113.7", False),
        (["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", "6.6.6.6, 1.2.3.4, 10.1.2.3", "1.2.3.4", True),
        (["127.0.0.1", "10.0.0.0/8"], "127.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9", True),
        (["127.0.0.1"], "127.0.0.1", "1.2.3.4, unknown", "127.0.0.1", True),
        (["127.0.0.1"], "127.0.0.1", "", "127.0.0.1", True),
        (["fd00::/8"], "fd00::1", "2001:db8::7", "2001:db8::7", True),
        (["127.0.0.1"], "::ffff:127.0.0.1", "1.2.3.4", "1.2.3.4", True),
        (["unix"], "", "1.2.3.4", "1.2.3.4", True),
        ([], "", "1.2.3.4", "", False),
        (["1"], "203.0.113.7", "6.6.6.6, 1.2.3.4", "1.2.3.4", True),
        (["2"], "203.0.113.7", "6.6.6.6, 5.5.5.5, 1.2.3.4", "5.5.5.5", True),
        (["0"], "203.0.113.7", "1.2.3.4", "203.0.113.7", False),
    ],
)
def test_only_named_proxies_are_believed(
    rf: Any, settings: Any, proxies: list[str], peer: str, forwarded: str, address: str, is_secure: bool
) -> None:
    settings.PROXIES = proxies
    request = rf.get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded, HTTP_X_FORWARDED_PROTO="https")
    seen_through_proxies(lambda request: HttpResponse())(request)
    assert (request.META["REMOTE_ADDR"], request.is_secure()) == (address, is_secure)
    assert "HTTP_X_FORWARDED_FOR" not in request.META


def test_a_proxy_that_is_none_is_refused_at_the_start(settings: Any) -> None:
    settings.PROXIES = ["proxy.example"]
    with pytest.raises(ImproperlyConfigured, match="LOUZU_PROXIES 写得不对"):
        seen_through_proxies(lambda request: HttpResponse())


def test_a_forged_address_does_not_begin_another_count(secretary: User) -> None:
    for number in range(6):
        Client().post(
            LOGIN, {"username": secretary.username, "password": "x"}, headers={"X-Forwarded-For": f"1.2.3.{number}"}
        )
    body = {"username": secretary.username, "password": factories.PASSWORD}
    assert Client().post(LOGIN, body).status_code == 429
