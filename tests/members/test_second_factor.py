"""The second step of a login: who must, setting it up, the right digits once, the wrong ones slowed down."""

import time

import pytest
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from members.models import Area, AuditEntry, StaffToken, User

URL = "/second-factor/"


@pytest.fixture(autouse=True)
def asked_of_the_street(settings) -> None:
    settings.SECOND_FACTOR = ["street", "auditor"]


def digits(user: User) -> str:
    """What the user's app shows now."""
    clock = TOTP(TOTPDevice.objects.get(user=user).bin_key)
    clock.time = time.time()
    return f"{clock.token():06}"


def test_nothing_is_open_before_it(street_officer, auditor, logged_in) -> None:
    for user in (street_officer, auditor):
        browser = logged_in(user)
        for url in ("/", "/roster/", "/admin/members/member/"):
            answer = browser.get(url)
            assert (answer.status_code, answer["Location"].split("?")[0]) == (302, URL)
        assert browser.get("/api/v1/areas").json()["type"] == "/problems/second-factor"


def test_others_are_not_asked(secretary, leader, logged_in) -> None:
    for user in (secretary, leader):
        assert logged_in(user).get("/").status_code == 200


def test_a_made_up_street_asks_nobody(street_officer, street, logged_in) -> None:
    Area.objects.filter(pk=street.pk).update(is_demo=True)
    assert logged_in(street_officer).get("/").status_code == 200


def test_it_is_set_up_once(street_officer, logged_in) -> None:
    browser = logged_in(street_officer)
    html = browser.get(f"{URL}?next=/roster/").content.decode()
    assert "data:image/svg" in html
    answer = browser.post(f"{URL}?next=/roster/", {"digits": digits(street_officer)})
    assert (answer.status_code, answer["Location"]) == (302, "/roster/")
    assert browser.get("/roster/").status_code == 200
    again = logged_in(street_officer).get(URL).content.decode()
    assert "data:image/svg" not in again
    assert "密钥" not in again


def test_each_login_asks_anew(street_officer, logged_in) -> None:
    browser = logged_in(street_officer)
    browser.get(URL)
    browser.post(URL, {"digits": digits(street_officer)})
    assert logged_in(street_officer).get("/").status_code == 302


def test_digits_are_good_once(street_officer, logged_in) -> None:
    first, second = logged_in(street_officer), logged_in(street_officer)
    first.get(URL)
    shown = digits(street_officer)
    assert first.post(URL, {"digits": shown}).status_code == 302
    assert "数字不对" in second.post(URL, {"digits": shown}).content.decode()
    assert second.get("/").status_code == 302


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "１２３４５６", "000000", "\0\0\0\0\0\0"])
def test_wrong_digits_open_nothing(street_officer, logged_in, typed) -> None:
    browser = logged_in(street_officer)
    browser.get(URL)
    if typed == digits(street_officer):
        pytest.skip("One in a million.")
    answer = browser.post(URL, {"digits": typed})
    assert answer.status_code == 200
    assert "lz-problem" in answer.content.decode()
    assert browser.get("/").status_code == 302


def test_guessing_is_slowed_down_and_on_record(street_officer, logged_in) -> None:
    browser = logged_in(street_officer)
    browser.get(URL)
    browser.post(URL, {"digits": "000000"})
    assert "数字不对" in browser.post(URL, {"digits": digits(street_officer)}).content.decode()
    refused = AuditEntry.objects.filter(action="login_failed", row=str(street_officer.pk))
    assert refused.count() == 2


def test_a_lost_phone_is_forgotten(street_officer, superuser, logged_in) -> None:
    """The first office user has nobody above but the superuser, who shows a second factor too."""
    above = logged_in(superuser)
    above.get(URL)
    above.post(URL, {"digits": digits(superuser)})
    browser = logged_in(street_officer)
    browser.get(URL)
    browser.post(URL, {"digits": digits(street_officer)})
    above.post(f"/users/{street_officer.pk}/second-factor/")
    street_officer.refresh_from_db()
    assert "data:image/svg" in logged_in(street_officer).get(URL).content.decode()


def test_only_who_manages_the_user_may_forget_it(street_officer, other_secretary, secretary, logged_in) -> None:
    for user in (secretary, other_secretary):
        assert logged_in(user).post(f"/users/{street_officer.pk}/second-factor/").status_code in (403, 404)


def test_nobody_is_led_elsewhere(street_officer, logged_in) -> None:
    browser = logged_in(street_officer)
    browser.get(URL)
    answer = browser.post(f"{URL}?next=https://example.com/", {"digits": digits(street_officer)})
    assert answer["Location"] == "/"


def test_a_visitor_is_asked_to_log_in() -> None:
    assert Client().get(URL)["Location"].startswith("/admin/login/")


def test_a_token_needs_no_phone(street_officer) -> None:
    token = StaffToken.issue(street_officer, label="报表程序")[1]
    assert Client().get("/api/v1/areas", headers={"Authorization": f"Bearer {token}"}).status_code == 200
