"""The practice street of test keys: how it comes and goes, and that nobody sees, counts or changes anything of it."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from feedback.models import Contact, EmployerKey, Feed, FeedEvent, RecordCard, Slip, Webhook
from feedback.rules import admitting, practising, slips_forwarding
from feedback.rules.practice_office import deal_with
from louzu.models import FiguresOfDay
from louzu.rules import nightly
from members.ground import access
from members.ground.access import PRACTICE, PostKind
from members.models import Area, AuditEntry, Consent, Employer, Member, Residence, User
from members.rules import employing, merging
from members.rules.tree import misfits
from tests import cards, factories, slips
from tests.feedback.test_inbox import told
from tests.routes import filled, routes

ADMIN = "/admin/feedback/employerkey/"
WORDS = ("测试街道", "测试社区", "测试小区", "测试党员", "9999-", "9999B-", "91号楼")


@pytest.fixture
def unit(member: Member) -> Employer:
    assert member.employer
    return member.employer


@pytest.fixture
def tried(unit: Employer, street: Area) -> EmployerKey:
    """A test key of the unit, and an accepted test slip besides what came with it."""
    key, _ = cards.key_to_try(unit, street)
    assert key.practice
    deal_with([slips.from_unit(key.practice, "测试党员辛", unit=unit, home="测试小区91号楼302室")])
    return key


@pytest.fixture
def office(logged_in: Callable[[User], Client], street_officer: User) -> Client:
    return logged_in(street_officer)


def body(unit: Employer, street: Area, **fields: Any) -> dict[str, Any]:
    given = {"employer": unit.pk, "street": street.pk, "label": "试用", "scopes": ["cards:read"], "addresses": ""}
    return given | {"life": "90", "is_test": "on"} | fields


def run(*command: str, **options: Any) -> str:
    out = io.StringIO()
    call_command(*command, stdout=out, **options)
    return out.getvalue()


def rows() -> list[int]:
    """Return the numbers of rows in the practice street."""
    inside = Residence.objects.filter(area__path__gte=PRACTICE)
    members = Member.objects.filter(street__path=PRACTICE)
    consents = Consent.objects.filter(member__street__path=PRACTICE)
    rows: list[Any] = [members, inside, consents]
    rows += [model.objects.filter(street__path=PRACTICE) for model in (RecordCard, Slip, Feed)]
    return [each.count() for each in rows]


# Given ---------------------------------------------------------------------------------------------------------------
def test_the_street_gives_one_and_sees_that_it_is_for_tests(office: Client, unit: Employer, street: Area) -> None:
    page = office.post(f"{ADMIN}add/", body(unit, street), follow=True)
    key = EmployerKey.objects.get()
    assert (key.is_test, key.street, key.label) == (True, street, "试用")
    assert f"lz_test_{key.prefix}_" in " ".join(told(page))
    for address in (ADMIN, f"{ADMIN}{key.pk}/change/"):
        assert "测试" in office.get(address).content.decode()
    again = office.post(f"{ADMIN}add/", body(unit, street, label="别的"))
    assert admitting.SECOND_TEST in again.content.decode()
    assert office.post(f"{ADMIN}add/", body(unit, street, is_test="", label="正式")).status_code == 302
    assert sorted(each.is_test for each in EmployerKey.objects.all()) == [False, True]


def test_one_that_ended_makes_way_for_another(unit: Employer, street: Area, tried: EmployerKey) -> None:
    with pytest.raises(ValidationError, match="测试密钥"):
        cards.key_to_try(unit, street, label="别的")
    tried.revoke()
    assert cards.key_to_try(unit, street)[0].is_test


def test_the_trail_of_the_street_says_that_one_was_given(
    logged_in: Any, office: Client, unit: Employer, street: Area, street_officer: User
) -> None:
    office.post(f"{ADMIN}add/", body(unit, street))
    given = AuditEntry.objects.get(model="feedback.EmployerKey")
    assert (given.user, given.area_path) == (street_officer, street.path)
    made = AuditEntry.objects.filter(area_path__startswith=PRACTICE)
    assert set(made.values_list("user", "reason")) == {(None, "测试密钥")}
    assert "测试党员" not in office.get("/mine/").content.decode()
    assert AuditEntry.objects.first_broken() is None


def test_the_contact_sees_it_in_the_inbox(logged_in: Any, unit: Employer, street: Area, tried: EmployerKey) -> None:
    cards.webhook(unit, street, practice=tried.practice)
    client = logged_in(cards.contact("lianxiren", unit, street))
    page = client.get("/inbox/keys/").content.decode()
    assert page.count(">测试</span>") == 2
    assert tried.prefix in page
    client.post(f"/inbox/keys/{tried.pk}/rotate/")
    assert [key.is_test for key in EmployerKey.objects.all()] == [True, True]
    for page in ("/inbox/", "/inbox/slips/", "/inbox/cards.xlsx"):
        assert "测试党员" not in client.get(page).content.decode(errors="replace")


def test_a_webhook_for_tests_is_added_beside_a_real_one(office: Client, unit: Employer, street: Area) -> None:
    given = {"employer": unit.pk, "street": street.pk, "url": "https://hooks.example/louzu"}
    for more in ({}, {"is_test": "on"}):
        assert office.post("/admin/feedback/webhook/add/", given | more).status_code == 302
    assert admitting.SAME_ADDRESS in office.post("/admin/feedback/webhook/add/", given).content.decode()
    test = Webhook.objects.exclude(practice=None).get()
    assert "测试" in office.get("/admin/feedback/webhook/").content.decode()
    changed = {"url": "https://hooks.example/new", "is_active": "on"}
    assert office.post(f"/admin/feedback/webhook/{test.pk}/change/", changed).status_code == 302
    test.refresh_from_db()
    assert (test.url, test.is_test) == (changed["url"], True)


# Out of sight --------------------------------------------------------------------------------------------------------
def test_no_user_reaches_it(request: Any, tried: EmployerKey, street: Area, other_street: Area) -> None:
    district = factories.official("quji", PostKind.DISTRICT, street)
    factories.post(district, PostKind.DISTRICT, other_street)
    names = ("superuser", "street_officer", "secretary", "auditor", "far_officer")
    for user in (district, *map(request.getfixturevalue, names)):
        for resource in access.Resource:
            assert not access.covers(user, resource, PRACTICE, access.Right.COUNT), (user, resource)
            assert not access.covers(user, resource, f"{PRACTICE}0001", access.Right.COUNT), (user, resource)
        for model in (Area, Member, RecordCard, Slip, AuditEntry):
            found: Any = model.objects.for_user(user)  # type: ignore[attr-defined]
            column = {Area: "path", Member: "street__path", AuditEntry: "area_path"}.get(model, "street__path")
            assert not found.filter(**{f"{column}__startswith": PRACTICE}).exists(), (user, model)
    assert Area.objects.filter(path__startswith=PRACTICE).count() == 3 + len(practising.BUILDINGS)


@pytest.mark.parametrize("who", ["superuser", "street_officer", "auditor"])
def test_no_page_tells_of_it(request: Any, logged_in: Any, tried: EmployerKey, who: str) -> None:
    client = logged_in(request.getfixturevalue(who))
    seen = 0
    for route in sorted(
        {each for each in routes() if "<" not in each and not each.startswith(("help/", "admin/logout"))}
    ):
        answer = client.get(f"/{route}")
        page = b"".join(answer) if answer.streaming else answer.content
        seen += answer.status_code == 200
        assert [word for word in WORDS if word in page.decode(errors="replace")] == [], route
    assert seen > 10


def test_none_of_its_rows_opens(office: Client, logged_in: Any, superuser: User, tried: EmployerKey) -> None:
    card = RecordCard.objects.filter(street=tried.practice, status="issued")[0]
    slip = Slip.objects.get(street=tried.practice, status="accepted")
    pages = [f"/cards/{card.pk}/", f"/slips/{slip.pk}/", f"/members/{slip.member_id}/"]
    pages += [f"/admin/members/area/{slip.area_id}/change/", f"/admin/members/member/{slip.member_id}/change/"]
    pages += [f"/coverage/{tried.practice_id}/", f"/api/v1/areas/{slip.area_id}", f"/api/v1/record-cards/{card.pk}"]
    pages += [f"/api/v1/reporting-slips/{slip.pk}", f"/district/{tried.practice_id}/"]
    for client in (office, logged_in(superuser)):
        assert {page: status for page in pages if (status := client.get(page).status_code) not in (302, 403, 404)} == {}


def test_a_number_that_is_checked_is_told_to_be_a_test(tried: EmployerKey) -> None:
    card = RecordCard.objects.filter(street=tried.practice, status="issued")[0]
    slip = Slip.objects.select_related("receipt").get(street=tried.practice, status="accepted")
    for number, code in ((card.number, card.digest[:16]), (slip.number, slip.receipt.hash[:16])):
        page = Client().get(f"/verify/{number}/", {"d": code}).content.decode()
        assert ("这是测试用的，不是真的" in page, "真实有效" in page) == (True, False)
        assert "这是测试用的" not in Client().get(f"/verify/{number}/", {"d": "0" * 16}).content.decode()


def test_it_is_no_street_of_the_installation(tried: EmployerKey, street: Area, other_street: Area) -> None:
    assert set(Area.objects.streets()) == {street, other_street}
    slip = slips.from_unit(street, "单国强")
    assert slips_forwarding.streets_to_forward(slip) == [other_street]
    third = factories.area("嘉定镇街道")
    assert third.path == "0003"
    assert factories.area("测试街道").path == "0004", "a real one may be called so"


def test_the_tree_and_the_figures_leave_it_out(tried: EmployerKey) -> None:
    real = Area.objects.filter(path__lt=PRACTICE).count()
    assert misfits() == []
    assert f"{real} 个区域，树是完整的。" in run("verify_tree")
    nightly.keep_figures.call()
    assert not FiguresOfDay.objects.filter(area__path__gte=PRACTICE).exists()
    run("check_figures")
    with pytest.raises(CommandError, match="没有“测试街道”"):
        run("coverage", area="测试街道", format="json")


def test_the_audit_trail_of_it_is_verified_too(tried: EmployerKey) -> None:
    assert PRACTICE in run("audit_heads")
    assert AuditEntry.objects.first_broken() is None


# Units ---------------------------------------------------------------------------------------------------------------
def test_a_unit_with_a_test_key_is_still_its_only_street_s(
    street_officer: User, unit: Employer, street: Area, tried: EmployerKey
) -> None:
    assert employing.may_change(street_officer, unit)
    assert not employing.used_outside([unit.pk], street)


@pytest.mark.parametrize("with_access", [True, False])
def test_test_data_follow_the_key_when_units_are_merged(
    street_officer: User, unit: Employer, tried: EmployerKey, with_access: bool
) -> None:
    into = factories.employer("嘉定仪表总厂")
    cards_, slips_ = (model.objects.filter(street=tried.practice) for model in (RecordCard, Slip))
    merging.merge(unit, into=into, by=street_officer, with_access=with_access)
    owner = into if with_access else unit
    tried.refresh_from_db()
    assert tried.employer == owner
    assert {row.employer_id for some in (cards_.all(), slips_.all()) for row in some} == {owner.pk}  # type: ignore[attr-defined]
    tried.revoke()
    practising.clear_unused()
    assert rows() == [0] * 6


# Gone ----------------------------------------------------------------------------------------------------------------
def test_what_a_unit_has_there_goes_with_its_last_test_key(
    unit: Employer, tried: EmployerKey, street: Area, other_street: Area
) -> None:
    far, _ = cards.key_to_try(unit, other_street)
    other, _ = cards.key_to_try(factories.employer("别家公司"), street)
    kept = slips.from_unit(other.practice, "测试党员辛", unit=other.employer, home="测试小区91号楼302室")  # type: ignore[arg-type]
    deal_with([kept])
    tried.revoke()
    assert "测试资料 0 家" in run("purge")
    EmployerKey.objects.filter(pk=far.pk).update(expires_at=timezone.now())
    assert "测试资料 1 家" in run("purge")
    before = RecordCard.objects.filter(employer=other.employer).count()
    run("purge", "--yes")
    members, _, _, cards_, slips_, feeds = rows()
    assert (cards_, slips_, feeds) == (before, 2, 1)
    assert members == 6 + 1, "the one whom both reported is the other's now"
    assert slips.fresh(kept).status == "accepted"
    assert not FeedEvent.objects.filter(feed__employer=unit).exists()
    assert "测试资料 0 家" in run("purge", "--yes")
    purged = AuditEntry.objects.filter(action="purge", area_path=PRACTICE)
    assert [entry.changes for entry in purged] == [{"cards": 7, "slips": 2}]
    assert AuditEntry.objects.first_broken() is None
    other.revoke()
    run("purge", "--yes")
    assert rows() == [0] * 6
    assert not Member.history.filter(street__path=PRACTICE).exists()
    assert not Residence.history.filter(area__path__gte=PRACTICE).exists()


def test_real_rows_stay(unit: Employer, tried: EmployerKey, member: Member, street: Area) -> None:
    card, slip = cards.issued(member), slips.from_unit(street, unit=unit)
    Contact.objects.create(user=factories.user("danwei"), employer=unit, street=street)
    tried.revoke()
    assert practising.clear_unused() == 1
    assert (cards.fresh(card).status, slips.fresh(slip).status) == ("issued", "sent")
    assert Feed.objects.get().street == street
    assert filled("verify/<str:number>/").endswith(f"{card.number}/")
