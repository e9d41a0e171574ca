"""Whose login others may change, what ends a login, and in which order one logs in the first time."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from rest_framework.test import APIClient

from feedback.models import Contact
from louzu.navigation import environment
from members.ground.access import PostKind, Right
from members.login import second_factor
from members.models import Area, AreaRole, AuditEntry, Member, StaffToken, User
from tests import cards, factories
from tests.members.test_second_factor import URL as SECOND_STEP
from tests.members.test_second_factor import digits

ACTS = ("password", "second-factor", "unlock")
CHANGE_PASSWORD = "/admin/password_change/"
NEW = "xincheng-lu-2026"


def bearer(text: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def logged_out(client: Client) -> bool:
    return client.get("/").headers.get("Location", "").startswith("/admin/login/")


# Whose login others may change --------------------------------------------------------------------------------------
@pytest.mark.parametrize("days", [0, 1])
def test_nobody_takes_an_inbox_that_they_could_not_give(
    logged_in: Any, secretary: User, street_officer: User, leader: User, street: Area, days: int
) -> None:
    """Seen: a secretary gave a leader a new password, and read the unit's inbox with it."""
    contact = Contact(user=leader, employer=factories.employer(), street=street)
    contact.since = timezone.localdate() + timedelta(days=days)
    contact.save()
    for act in ACTS:
        answer = logged_in(secretary).post(f"/users/{leader.pk}/{act}/")
        assert (answer.status_code, "您范围以外的岗位或单位" in answer.content.decode()) == (403, True)
    leader.refresh_from_db()
    assert leader.check_password(factories.PASSWORD)
    assert logged_in(street_officer).post(f"/users/{leader.pk}/password/").status_code == 302


@pytest.mark.parametrize("days", [0, 1])
def test_the_street_takes_no_inbox_of_another_street(
    logged_in: Any, street_officer: User, leader: User, other_street: Area, days: int
) -> None:
    since = timezone.localdate() + timedelta(days=days)
    Contact.objects.create(user=leader, employer=factories.employer(), street=other_street, since=since)
    for act in ACTS:
        assert logged_in(street_officer).post(f"/users/{leader.pk}/{act}/").status_code == 403


def test_an_inbox_that_ended_stands_in_nobodys_way(logged_in: Any, secretary: User, leader: User, street: Area) -> None:
    contact = Contact.objects.create(user=leader, employer=factories.employer(), street=street)
    contact.end()
    assert logged_in(secretary).post(f"/users/{leader.pk}/password/").status_code == 302


def test_who_opens_more_is_not_renamed_or_sent_away_either(
    logged_in: Any, secretary: User, leader: User, street: Area
) -> None:
    Contact.objects.create(user=leader, employer=factories.employer(), street=street)
    role = leader.roles.get()
    body = {
        "name": "改名", "username": "gaiming", "roles-TOTAL_FORMS": 1, "roles-INITIAL_FORMS": 1, "roles-0-id": role.pk,
        "roles-0-user": leader.pk, "roles-0-kind": "leader", "roles-0-area": role.area_id,
        "roles-0-since": "2020-03-01", "roles-0-until": "2021-01-01",
    }  # fmt: skip
    answer = logged_in(secretary).post(f"/admin/members/user/{leader.pk}/change/", body)
    assert (answer.status_code, "您范围以外的岗位或单位" in answer.content.decode()) == (403, True)
    leader.refresh_from_db()
    assert (leader.username, leader.is_active) == ("zuzhang", True)
    assert AreaRole.objects.get(pk=role.pk).until is None


def test_a_contact_is_reset_by_whoever_gave_all_they_have(
    logged_in: Any, street_officer: User, far_officer: User, leader: User, street: Area, other_street: Area
) -> None:
    contact = Contact.objects.create(user=leader, employer=factories.employer(), street=street)
    assert logged_in(street_officer).post(f"/contacts/{contact.pk}/reset/").status_code == 302
    factories.post(leader, PostKind.SECRETARY, Area.objects.get(name="平城社区"))
    assert logged_in(street_officer).post(f"/contacts/{contact.pk}/reset/").status_code == 403


def test_a_post_of_former_days_is_not_turned_into_another(
    logged_in: Any, secretary: User, leader: User, community: Area, group: Area
) -> None:
    """What somebody higher gave stays as it was."""
    former = factories.post(leader, PostKind.SECRETARY, community, until=timezone.localdate() - timedelta(days=9))
    body = {
        "name": "改名", "username": "gaiming", "is_active": "on", "roles-TOTAL_FORMS": 1, "roles-INITIAL_FORMS": 1,
        "roles-0-id": former.pk, "roles-0-user": leader.pk, "roles-0-kind": "leader", "roles-0-area": group.pk,
        "roles-0-since": "2020-03-01",
    }  # fmt: skip
    answer = logged_in(secretary).post(f"/admin/members/user/{leader.pk}/change/", body)
    assert answer.status_code == 403
    former.refresh_from_db()
    assert former.kind == PostKind.SECRETARY


def test_the_superuser_sets_up_offices_and_touches_nobody_else(
    superuser: User, street_officer: User, auditor: User, secretary: User, leader: User, street: Area
) -> None:
    holder = cards.contact("lianxiren", factories.employer(), street)
    given = User.objects.for_user(superuser, Right.WRITE)
    assert set(given) == {street_officer, auditor}
    assert holder not in given


# What ends a login --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("act", ["password", "second-factor"])
def test_a_reset_ends_sessions_and_tokens(
    logged_in: Any, street_officer: User, secretary: User, member: Any, act: str
) -> None:
    token = StaffToken.issue(secretary, label="报表程序")[1]
    browser = logged_in(secretary)
    assert (browser.get("/").status_code, bearer(token).get("/api/v1/members").status_code) == (200, 200)
    TOTPDevice.objects.create(user=secretary, confirmed=True)
    logged_in(street_officer).post(f"/users/{secretary.pk}/{act}/")
    assert logged_out(browser)
    assert bearer(token).get("/api/v1/members").status_code == 401
    User.objects.filter(pk=secretary.pk).update(must_change_password=False)
    assert bearer(token).get("/api/v1/members").status_code == 401
    entry = AuditEntry.objects.filter(model="members.StaffToken", action="change").latest("pk")
    assert (entry.user, entry.area_path) == (street_officer, secretary.roles.get().area.path)


def test_a_password_of_ones_own_choice_ends_the_others(logged_in: Any, secretary: User) -> None:
    token = StaffToken.issue(secretary, label="报表程序")[1]
    here, elsewhere = logged_in(secretary), logged_in(secretary)
    body = {"old_password": factories.PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert here.post(CHANGE_PASSWORD, body).status_code == 302
    assert (here.get("/").status_code, logged_out(elsewhere)) == (200, True)
    assert bearer(token).get("/api/v1/areas").status_code == 401


def test_who_left_and_comes_back_logs_in_anew(logged_in: Any, secretary: User) -> None:
    token = StaffToken.issue(secretary, label="报表程序")[1]
    browser = logged_in(secretary)
    user = User.objects.get(pk=secretary.pk)
    for is_active in (False, True):
        user.is_active = is_active
        user.save(update_fields=["is_active"])
    assert logged_out(browser)
    assert bearer(token).get("/api/v1/areas").status_code == 401


def test_a_login_alone_ends_nothing(secretary: User, settings: Any) -> None:
    """A stronger hash of the same password is no new password."""
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher", "django.contrib.auth.hashers.MD5PasswordHasher",
    ]  # fmt: skip
    token = StaffToken.issue(secretary, label="报表程序")[1]
    Client().post("/admin/login/", {"username": secretary.username, "password": factories.PASSWORD})
    assert User.objects.get(pk=secretary.pk).password.startswith("pbkdf2")
    assert bearer(token).get("/api/v1/areas").status_code == 200


def test_what_was_shown_holds_for_the_app_it_was_shown_from(
    logged_in: Any, street_officer: User, superuser: User, settings: Any
) -> None:
    settings.SECOND_FACTOR = ["street"]
    browser = logged_in(street_officer)
    browser.get(SECOND_STEP)
    browser.post(SECOND_STEP, {"digits": digits(street_officer)})
    assert browser.get("/").status_code == 200
    mark = browser.session["second_factor"]
    street_officer.refresh_from_db()
    street_officer.end_logins()
    again = logged_in(street_officer)
    session = again.session
    session["second_factor"] = mark
    session.save()
    assert again.get("/").headers["Location"].startswith(SECOND_STEP)


# A street's tokens --------------------------------------------------------------------------------------------------
TOKENS = "/admin/members/stafftoken/"


def test_the_street_sees_and_revokes_its_users_tokens(
    logged_in: Any, street_officer: User, far_officer: User, secretary: User, other_secretary: User, superuser: User
) -> None:
    token, text = StaffToken.issue(secretary, label="报表程序")
    bearer(text).get("/api/v1/areas")
    for user, sees in ((street_officer, True), (secretary, True), (far_officer, False), (other_secretary, False)):
        assert (token.prefix in logged_in(user).get(TOKENS).content.decode()) == sees, user.username
    assert token.prefix not in logged_in(superuser).get(TOKENS).content.decode()
    for user in (far_officer, other_secretary, superuser):
        assert logged_in(user).post(f"/tokens/{token.pk}/revoke/").status_code == 404
    assert logged_in(street_officer).post(f"/tokens/{token.pk}/revoke/").status_code == 302
    assert bearer(text).get("/api/v1/areas").status_code == 401
    entry = AuditEntry.objects.filter(model="members.StaffToken", action="change").latest("pk")
    assert (entry.user, entry.area_path[:4]) == (street_officer, street_officer.roles.get().area.path)


def test_a_street_keeps_on_record_what_it_revoked(
    logged_in: Any, far_officer: User, liaison: User, far_community: Area, other_street: Area
) -> None:
    """A user of two streets: the entry is that street's."""
    factories.post(liaison, PostKind.SECRETARY, far_community)
    token, _ = StaffToken.issue(liaison, label="报表程序")
    logged_in(far_officer).post(f"/tokens/{token.pk}/revoke/")
    entry = AuditEntry.objects.filter(model="members.StaffToken", action="change").latest("pk")
    assert entry.area_path.startswith(other_street.path)


def test_a_token_is_made_behind_the_second_step(logged_in: Any, street_officer: User, settings: Any) -> None:
    settings.SECOND_FACTOR = ["street"]
    answer = logged_in(street_officer).post(f"{TOKENS}add/", {"label": "报表"})
    assert answer.headers["Location"].startswith(SECOND_STEP)
    assert not StaffToken.objects.exists()


# The first login ----------------------------------------------------------------------------------------------------
def test_the_password_is_changed_behind_the_second_step(
    logged_in: Any, superuser: User, street_officer: User, settings: Any
) -> None:
    """Whoever knows the first password alone chooses no other one."""
    settings.SECOND_FACTOR = ["street"]
    password = street_officer.set_first_password()
    street_officer.save()
    browser = Client()
    answer = browser.post("/admin/login/", {"username": street_officer.username, "password": password}, follow=True)
    assert answer.request["PATH_INFO"] == SECOND_STEP
    assert "只需设置一次" in answer.content.decode()
    body = {"old_password": password, "new_password1": NEW, "new_password2": NEW}
    assert browser.post(CHANGE_PASSWORD, body).headers["Location"].startswith(SECOND_STEP)
    assert User.objects.get(pk=street_officer.pk).check_password(password)
    assert "恢复码" in browser.post(SECOND_STEP, {"digits": digits(street_officer)}).content.decode()
    assert browser.get("/", follow=True).request["PATH_INFO"] == CHANGE_PASSWORD
    answer = browser.post(CHANGE_PASSWORD, body, follow=True)
    assert (answer.request["PATH_INFO"], answer.status_code) == ("/", 200)
    assert browser.get("/").status_code == 200


def test_a_stolen_session_changes_no_password_without_the_app(
    logged_in: Any, street_officer: User, settings: Any
) -> None:
    settings.SECOND_FACTOR = ["street"]
    browser = logged_in(street_officer)
    assert browser.get(CHANGE_PASSWORD).headers["Location"].startswith(SECOND_STEP)


# The superuser ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("is_demo", "asked"), [(None, True), (False, True), (True, False)])
def test_the_superuser_shows_a_second_factor(
    logged_in: Any, superuser: User, settings: Any, is_demo: bool | None, asked: bool
) -> None:
    settings.SECOND_FACTOR = ["street", "auditor"]
    if is_demo is not None:
        Area.objects.filter(pk=factories.area("某街道").pk).update(is_demo=is_demo)
    browser = logged_in(superuser)
    assert (browser.get("/").status_code == 302) == asked
    assert (browser.get("/admin/members/area/").status_code == 302) == asked
    assert (APIClient(), browser.get("/api/v1/areas").status_code)[1] == (403 if asked else 200)
    if asked:
        browser.get(SECOND_STEP)
        browser.post(SECOND_STEP, {"digits": digits(superuser)})
        assert browser.get("/").status_code == 200


def test_one_street_that_is_real_asks_the_superuser(logged_in: Any, superuser: User, settings: Any) -> None:
    settings.SECOND_FACTOR = ["street"]
    Area.objects.filter(pk=factories.area("演示街道").pk).update(is_demo=True)
    factories.area("真街道")
    assert logged_in(superuser).get("/").status_code == 302


def test_the_superuser_is_led_through_setting_up(logged_in: Any, superuser: User, settings: Any) -> None:
    browser = logged_in(superuser)
    page = browser.get("/").content.decode()
    assert "看不到党员、居民和记录卡" in page
    assert browser.post("/admin/members/area/add/", {"parent": "", "name": "新成路街道"}).status_code == 302
    street = Area.objects.get()
    body = {
        "name": "王主任", "username": "wang", "roles-TOTAL_FORMS": 1, "roles-INITIAL_FORMS": 0,
        "roles-0-kind": "street", "roles-0-area": street.pk, "roles-0-since": "2026-01-01",
    }  # fmt: skip
    answer = browser.post("/admin/members/user/add/", body, follow=True)
    assert "初始密码是" in answer.content.decode()
    assert User.objects.get(username="wang").roles.get().kind == PostKind.STREET
    assert browser.get("/").content.decode().count("（已办）") == 2


def test_the_superuser_gives_no_daily_post(logged_in: Any, superuser: User, community: Area) -> None:
    body = {
        "name": "王主任", "username": "wang", "roles-TOTAL_FORMS": 1, "roles-INITIAL_FORMS": 0,
        "roles-0-kind": "secretary", "roles-0-area": community.pk, "roles-0-since": "2026-01-01",
    }  # fmt: skip
    logged_in(superuser).post("/admin/members/user/add/", body)
    assert not User.objects.filter(username="wang").exists()


def test_every_link_of_the_superusers_page_leads_somewhere(logged_in: Any, superuser: User, street: Area) -> None:
    browser = logged_in(superuser)
    for start in ("/", "/admin/members/area/", "/admin/members/user/", "/admin/members/employer/"):
        page = browser.get(start).content.decode()
        links = {part.split('"')[0] for part in page.split('href="/')[1:]}
        for link in {link for link in links if not link.startswith("static") and "logout" not in link}:
            assert browser.get(f"/{link.replace('&amp;', '&')}").status_code in (200, 302), (start, link)


def test_the_superuser_reads_the_installations_trail_alone(superuser: User, secretary: User, member: Any) -> None:
    assert not AuditEntry.objects.for_user(superuser).exclude(area_path="").exists()
    assert AuditEntry.objects.for_user(superuser).filter(row=str(superuser.pk)).exists()


def test_a_post_adds_nothing_to_the_superuser(superuser: User, community: Area, member: Any) -> None:
    factories.post(superuser, PostKind.SECRETARY, community)
    assert not Member.objects.for_user(superuser).exists()


def test_an_inbox_adds_nothing_to_the_superuser(logged_in: Any, superuser: User, member: Any, street: Area) -> None:
    card = cards.issued(member)
    Contact.objects.create(user=superuser, employer=member.employer, street=street)
    for address in (
        "inbox/",
        f"inbox/{card.pk}/",
        f"inbox/{card.pk}/print/",
        "inbox/cards.xlsx",
        "inbox/cards.pdf",
        "inbox/keys/",
    ):
        assert logged_in(superuser).get(f"/{address}").status_code in (403, 404), address


# The label ----------------------------------------------------------------------------------------------------------
def test_a_made_up_street_is_labelled_for_its_own_people(
    logged_in: Any, secretary: User, far_secretary: User, outsider: User, other_street: Area
) -> None:
    Area.objects.filter(pk=other_street.pk).update(is_demo=True)
    holder = cards.contact("lianxiren", factories.employer(), other_street)
    labelled = {user.username for user in (secretary, far_secretary, outsider, holder) if _label(logged_in(user))}
    assert labelled == {"pingcheng", "lianxiren"}


def _label(browser: Client) -> bool:
    return "演示数据" in browser.get("/", follow=True).content.decode()


def test_the_label_costs_one_look_at_the_streets(
    rf: Any, secretary: User, django_assert_num_queries: Any, settings: Any
) -> None:
    settings.SECOND_FACTOR = ["secretary"]
    request = rf.get("/")
    request.user = User.objects.get(pk=secretary.pk)
    with django_assert_num_queries(2):  # the posts, and their streets; for label and second factor together
        assert second_factor.is_required(request.user)
        assert environment(request) is None
    with django_assert_num_queries(0):
        environment(request)


def test_a_phone_lost_by_the_superuser_is_forgotten_by_command(superuser: User) -> None:
    TOTPDevice.objects.create(user=superuser, confirmed=True)
    call_command("forget_second_factor", superuser.username)
    assert not TOTPDevice.objects.exists()
    superuser.refresh_from_db()
    assert superuser.login_round == 1
