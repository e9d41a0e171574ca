"""The shared register: what a street may change of a unit, at each door, and what the street itself calls it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from feedback.models import Contact, EmployerKey, Webhook
from members.models import Area, AuditEntry, Employer, EmployerName, Member, User
from members.rules import employing
from members.rules.employing import SHARED
from tests import cards, factories
from tests.members.uploads import cells, preview, sheet, write

CODE = factories.credit_code("MA1000017")
NAMES = "/admin/members/employername/"
Tie = Callable[[Employer, Area, Area], object]
TIES: dict[str, Tie] = {
    "member": lambda unit, street, group: factories.person("闵行舟", group, affiliation="in_post", employer=unit),
    "card": lambda unit, street, group: cards.draft(cards.in_post("闵行舟", group, at=unit), employer=unit),
    "key": lambda unit, street, group: EmployerKey.make(label="k", employer=unit, street=street, scopes=[]),
    "contact": lambda unit, street, group: cards.contact("far", unit, street),
    "webhook": lambda unit, street, group: Webhook(employer=unit, street=street, url="https://hooks.example/"),
    "offer": lambda unit, street, group: cards.offer(unit, street),
    "need": lambda unit, street, group: factories.need(group).claim(employer=unit),
}


@pytest.fixture
def unit(member: Member) -> Employer:
    """Where a member of this street is."""
    assert member.employer
    return member.employer


def put(browser: Any, unit: Employer, name: str) -> Any:
    return browser.post(f"/admin/members/employer/{unit.pk}/change/", {"name": name, "credit_code": ""})


def test_the_only_street_that_uses_a_unit_changes_it(logged_in: Any, api: Any, secretary: User, unit: Employer) -> None:
    assert put(logged_in(secretary), unit, "嘉定仪表总厂").status_code == 302
    assert api(secretary).patch(f"/api/v1/employers/{unit.pk}", {"credit_code": CODE}).status_code == 200
    unit.refresh_from_db()
    assert (unit.name, unit.credit_code) == ("嘉定仪表总厂", CODE)


@pytest.mark.parametrize("who", ["secretary", "street_officer", "far_officer", "far_secretary"])
def test_a_unit_of_two_streets_is_changed_by_neither(
    request: Any, logged_in: Any, api: Any, who: str, unit: Employer, far_member: Member
) -> None:
    """Seen: PATCH by any secretary renames an employer for all."""
    user = request.getfixturevalue(who)
    answer = put(logged_in(user), unit, "改名")
    assert (answer.status_code, SHARED in answer.content.decode()) == (403, True)
    shown = logged_in(user).get(f"/admin/members/employer/{unit.pk}/change/").content.decode()
    assert (SHARED in shown, 'name="name"' in shown) == (True, False)
    for body in ({"name": "改名"}, {"credit_code": CODE}):
        answer = api(user).patch(f"/api/v1/employers/{unit.pk}", body)
        assert (answer.status_code, answer.data["detail"]) == (403, SHARED)
    unit.refresh_from_db()
    assert (unit.name, unit.credit_code) == ("上海嘉定仪表厂", None)


def test_a_unit_of_another_street_alone_is_not_ours(
    api: Any, logged_in: Any, secretary: User, far_secretary: User, far_member: Member
) -> None:
    theirs = far_member.employer
    assert theirs
    assert api(secretary).patch(f"/api/v1/employers/{theirs.pk}", {"name": "改名"}).status_code == 403
    assert put(logged_in(secretary), theirs, "改名").status_code == 403
    assert api(far_secretary).patch(f"/api/v1/employers/{theirs.pk}", {"name": "改名"}).status_code == 200


@pytest.mark.parametrize("tie", TIES)
def test_whatever_ties_a_unit_to_a_street_counts(
    api: Any, secretary: User, unit: Employer, other_street: Area, far_group: Area, tie: str
) -> None:
    made: Any = TIES[tie](unit, other_street, far_group)
    if tie == "webhook":
        made.make_secret()
        made.save()
    if tie in ("card", "need"):
        Member.objects.filter(name="闵行舟").update(employer=factories.employer("别的单位"))
    assert employing.streets_of([unit.pk])[unit.pk] == {"0001", other_street.path}
    assert api(secretary).patch(f"/api/v1/employers/{unit.pk}", {"name": "改名"}).status_code == 403


def test_the_superuser_changes_what_several_share(
    logged_in: Any, api: Any, superuser: User, unit: Employer, far_member: Member
) -> None:
    assert put(logged_in(superuser), unit, "嘉定仪表总厂").status_code == 302
    assert api(superuser).patch(f"/api/v1/employers/{unit.pk}", {"credit_code": CODE}).status_code == 200
    unit.refresh_from_db()
    assert (unit.name, unit.credit_code) == ("嘉定仪表总厂", CODE)


def test_a_street_that_is_new_to_a_unit_may_use_it(api: Any, far_secretary: User, unit: Employer) -> None:
    assert api(far_secretary).get(f"/api/v1/employers/{unit.pk}").status_code == 200
    assert api(far_secretary).post("/api/v1/employers", {"name": "嘉定区图书馆"}).status_code == 201


def test_an_entry_tells_nothing_of_the_other_street(
    logged_in: Any, far_secretary: User, far_member: Member, unit: Employer
) -> None:
    page = logged_in(far_secretary).get("/admin/members/employer/").content.decode()
    assert unit.name in page
    link = f"/admin/members/member/?employer__id__exact={unit.pk}"
    listed = logged_in(far_secretary).get(link).content.decode()
    assert ("闵行舟" in listed, "欧阳建国" in listed) == (True, False)


# Rosters ------------------------------------------------------------------------------------------------------------
def roster(community: Area, user: User, **given: str) -> Any:
    return preview(sheet(cells("新人甲", **{"在职/在册": "在职", **given})), community, user)


def test_a_roster_fills_no_code_in_for_others(
    community: Area, secretary: User, unit: Employer, far_member: Member, group: Area
) -> None:
    done = write(roster(community, secretary, 工作单位=unit.name, 统一社会信用代码=CODE))
    assert Member.objects.get(name="新人甲").employer == unit
    unit.refresh_from_db()
    assert (unit.credit_code, Employer.objects.count()) == (None, 1)
    assert done.status == "applied"


def test_it_says_so(logged_in: Any, community: Area, secretary: User, unit: Employer, far_member: Member) -> None:
    upload = roster(community, secretary, 工作单位=unit.name, 统一社会信用代码=CODE)
    assert (
        "别的街道也在用，表里的信用代码不会写进登记"
        in logged_in(secretary).get(f"/roster/{upload.pk}/").content.decode()
    )


def test_a_roster_fills_the_code_of_its_own_in(community: Area, secretary: User, unit: Employer, group: Area) -> None:
    write(roster(community, secretary, 工作单位=unit.name, 统一社会信用代码=CODE))
    unit.refresh_from_db()
    assert unit.credit_code == CODE


def test_a_roster_is_read_by_the_streets_own_names(
    community: Area, street: Area, other_street: Area, secretary: User, unit: Employer, group: Area
) -> None:
    EmployerName.objects.create(street=street, employer=unit, name="仪表厂")
    other = factories.employer("仪表厂")
    EmployerName.objects.create(street=other_street, employer=other, name="上海嘉定仪表厂")
    write(roster(community, secretary, 工作单位="仪表厂"))
    assert Member.objects.get(name="新人甲").employer == unit
    assert Employer.objects.count() == 2


# A street's own names -----------------------------------------------------------------------------------------------
def test_a_street_keeps_its_own_names(
    logged_in: Any, secretary: User, far_secretary: User, unit: Employer, street: Area, far_member: Member
) -> None:
    browser = logged_in(secretary)
    body = {"name": "仪表厂", "employer": unit.pk, "street": street.pk}
    assert browser.post(f"{NAMES}add/", body).status_code == 302
    again = browser.post(f"{NAMES}add/", body).content.decode()
    assert "本街道已经用这个叫法称呼一家单位" in again
    name = EmployerName.objects.get()
    entry = AuditEntry.objects.filter(model="members.EmployerName").get()
    assert (entry.user, entry.area_path) == (secretary, street.path)
    assert browser.post(f"{NAMES}{name.pk}/change/", body | {"name": "仪表"}).status_code == 302
    far = logged_in(far_secretary)
    assert "仪表" not in far.get(NAMES).content.decode().replace(unit.name, "")
    assert far.get(f"{NAMES}{name.pk}/change/").status_code == 404
    assert far.post(f"{NAMES}{name.pk}/delete/", {"post": "yes"}).status_code == 404
    assert "不在" in str(far.post(f"{NAMES}add/", body).content.decode()) or EmployerName.objects.count() == 1
    assert browser.post(f"{NAMES}{name.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not EmployerName.objects.exists()
    assert AuditEntry.objects.filter(model="members.EmployerName", action="delete").exists()


@pytest.mark.parametrize("who", ["liaison", "leader", "superuser", "instructor"])
def test_others_write_no_names(request: Any, logged_in: Any, who: str, unit: Employer, street: Area) -> None:
    body = {"name": "仪表厂", "employer": unit.pk, "street": street.pk}
    assert logged_in(request.getfixturevalue(who)).post(f"{NAMES}add/", body).status_code == 403
    assert not EmployerName.objects.exists()


def test_the_streets_of_many_units_take_few_queries(
    unit: Employer, far_member: Member, django_assert_max_num_queries: Any
) -> None:
    units = [unit.pk, *(factories.employer(f"第{number}中学").pk for number in range(20))]
    with django_assert_max_num_queries(13):
        assert set(employing.streets_of(units)) == {unit.pk}


def test_a_contact_that_ended_ties_all_the_same(unit: Employer, other_street: Area, street: Area) -> None:
    holder = cards.contact("far", unit, other_street)
    Contact.objects.filter(user=holder).update(until=timezone.localdate())
    assert employing.used_outside([unit.pk], street) == {unit.pk}
