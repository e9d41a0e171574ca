"""The second step of a login: who must, setting it up, the right digits once, the wrong ones slowed down."""

import re
import time
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from members.login import second_factor
from members.models import Area, AuditEntry, StaffToken, User
from tests.racing import raced

URL = "/second-factor/"
CODE = re.compile(r"<b class=\"lz-key\">([a-z2-9]{5}-[a-z2-9]{5})</b>")


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
    assert 'href="/roster/"' in answer.content.decode()
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
    assert "恢复码" in first.post(URL, {"digits": shown}).content.decode()
    assert "不对，或者已经用过" in second.post(URL, {"digits": shown}).content.decode()
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
    assert "不对，或者已经用过" in browser.post(URL, {"digits": digits(street_officer)}).content.decode()
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
    page = browser.post(f"{URL}?next=https://example.com/", {"digits": digits(street_officer)}).content.decode()
    assert ('href="/"' in page, "example.com" in page) == (True, False)


def test_a_visitor_is_asked_to_log_in() -> None:
    assert Client().get(URL)["Location"].startswith("/admin/login/")


def test_a_token_needs_no_phone(street_officer) -> None:
    token = StaffToken.issue(street_officer, label="报表程序")[1]
    assert Client().get("/api/v1/areas", headers={"Authorization": f"Bearer {token}"}).status_code == 200


# Recovery codes -----------------------------------------------------------------------------------------------------
@pytest.fixture
def codes(street_officer: User, logged_in: Any) -> list[str]:
    """The codes that the officer saw when the app was set up."""
    browser = logged_in(street_officer)
    browser.get(URL)
    page = browser.post(URL, {"digits": digits(street_officer)}).content.decode()
    return CODE.findall(page)


def test_a_code_opens_once_and_is_on_record(street_officer: User, logged_in: Any, codes: list[str]) -> None:
    assert len(set(codes)) == 10
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert not kept & ({*codes} | {code.replace("-", "") for code in codes})
    browser = logged_in(street_officer)
    answer = browser.post(f"{URL}?next=/roster/", {"digits": f" {codes[0].upper().replace('-', ' － ')} "})
    assert (answer.status_code, answer["Location"]) == (302, "/roster/")
    assert "还剩 9 个" in browser.get("/roster/").content.decode()
    entry = AuditEntry.objects.filter(action="login", row=str(street_officer.pk)).latest("pk")
    assert entry.changes == {"second_factor": True, "recovery_codes": 9}
    assert "不对，或者已经用过" in logged_in(street_officer).post(URL, {"digits": codes[0]}).content.decode()
    assert AuditEntry.objects.filter(action="login_failed", row=str(street_officer.pk)).count() == 1


def test_guessing_codes_is_slowed_down_until_somebody_forgives(
    street_officer: User, logged_in: Any, codes: list[str]
) -> None:
    browser = logged_in(street_officer)
    for typed in ("aaaaa-aaaaa", codes[1]):
        assert "不对，或者已经用过" in browser.post(URL, {"digits": typed}).content.decode()
    StaticDevice.objects.update(throttling_failure_count=99, throttling_failure_timestamp=None)
    assert "不对，或者已经用过" in browser.post(URL, {"digits": "bbbbb-bbbbb"}).content.decode()
    assert StaticDevice.objects.get().throttling_failure_count == second_factor.MOST_FAILURES
    second_factor.forgive(street_officer)
    assert browser.post(URL, {"digits": codes[1]}).status_code == 302


@pytest.mark.parametrize("typed", ["aaaaa-aaaa", "aaaaa-aaaal", "a" * 500, "０" * 10, "\0" * 10])
def test_what_is_no_code_is_told_so(street_officer: User, logged_in: Any, codes: list[str], typed: str) -> None:
    page = logged_in(street_officer).post(URL, {"digits": typed}).content.decode()
    assert "lz-problem" in page
    assert second_factor.codes_left(street_officer) == 10


def test_new_codes_void_the_old(street_officer: User, secretary: User, logged_in: Any, codes: list[str]) -> None:
    browser = logged_in(street_officer)
    assert browser.post(f"{URL}codes/").headers["Location"].startswith(URL)
    browser.post(URL, {"digits": codes[0]})
    assert "还有 9 个" in browser.get(f"{URL}codes/").content.decode()
    assert "请填写" in browser.post(f"{URL}codes/").content.decode()
    assert "不对，或者已经用过" in browser.post(f"{URL}codes/", {"digits": codes[0]}).content.decode()
    assert second_factor.codes_left(street_officer) == 9
    second_factor.forgive(street_officer)
    new = CODE.findall(browser.post(f"{URL}codes/", {"digits": codes[2]}).content.decode())
    assert len(set(new) - set(codes)) == 10
    assert logged_in(street_officer).post(URL, {"digits": new[0]}).status_code == 302
    assert "lz-problem" in logged_in(street_officer).post(URL, {"digits": codes[1]}).content.decode()
    assert logged_in(secretary).post(f"{URL}codes/")["Location"] == "/"
    assert StaticDevice.objects.count() == 1


def test_codes_go_with_the_app(street_officer: User, logged_in: Any, codes: list[str]) -> None:
    second_factor.forget(street_officer)
    assert not StaticToken.objects.exists()
    page = logged_in(street_officer).post(URL, {"digits": codes[0]}).content.decode()
    assert ("data:image/svg" in page, "lz-problem" in page) == (True, True)


@pytest.mark.django_db(transaction=True)
def test_a_code_used_twice_at_once_opens_once(street_officer: User, logged_in: Any, codes: list[str]) -> None:
    browsers = [logged_in(street_officer) for _ in range(4)]
    answers = raced(*(partial(browser.post, URL, {"digits": codes[0]}) for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 302]
    assert second_factor.codes_left(street_officer) == 9
