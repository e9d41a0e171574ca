"""Somebody who works in two streets: each street knows its part of them, and has in its trail what they did there."""

from datetime import date
from typing import Any

import pytest
from django.test import Client

from feedback.models import Contact, IssueRun
from members.ground.access import PostKind
from members.models import Area, AuditEntry, Member, User
from tests import cards, factories

REASON = {"format": "0", "reason": "核对三月名单"}
EXPORTS = [
    "/admin/members/member/export/",
    "/admin/feedback/recordcard/export/",
    "/pairings/export/",
    "/api/v1/members",
    "/api/v1/consents",
]


@pytest.fixture
def both(street_officer: User, other_street: Area, far_member: Member) -> User:
    """An officer of our street who is one of the other street too."""
    factories.post(street_officer, PostKind.STREET, other_street)
    return street_officer


def paths(action: str) -> list[str]:
    return sorted(AuditEntry.objects.filter(action=action).values_list("area_path", flat=True))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("url", EXPORTS)
def test_what_is_taken_from_two_streets_is_in_both_trails(
    logged_in: Any, both: User, member: Member, street: Area, other_street: Area, url: str
) -> None:
    client: Client = logged_in(both)
    answer = client.get(url) if url.startswith("/api/") else client.post(url, REASON)
    assert answer.status_code == 200
    assert paths("export") == [street.path, other_street.path]


def test_a_refusal_is_in_the_trail_of_each_street(
    logged_in: Any, both: User, member: Member, street: Area, other_street: Area
) -> None:
    client: Client = logged_in(both)
    assert client.get(f"/admin/members/area/{street.pk}/delete/").status_code == 403
    assert paths("refuse") == [street.path, other_street.path]
    assert client.post("/api/v1/roster").status_code in (404, 405)


def test_a_street_knows_its_own_posts_of_a_user_alone(
    logged_in: Any, both: User, far_officer: User, far_member: Member
) -> None:
    """Where they work besides, and who they are among that street's members, is that street's to know."""
    listed = logged_in(far_officer).get("/admin/members/user/").content.decode()
    assert "菊园新区 街道党工委" in listed
    assert "新成路街道" not in listed


def test_whose_record_a_login_is_stays_with_the_street_of_the_member(
    logged_in: Any, both: User, member: Member, far_officer: User
) -> None:
    both.member = member
    both.save()
    assert member.name not in logged_in(far_officer).get(f"/admin/members/user/{both.pk}/change/").content.decode()
    assert member.name in logged_in(both).get(f"/admin/members/user/{both.pk}/change/").content.decode()


def test_a_record_that_the_editor_may_not_see_stays_linked(
    logged_in: Any, secretary: User, liaison: User, other_member: Member
) -> None:
    liaison.member = other_member
    liaison.save()
    role = liaison.roles.get()
    form = {
        "name": "改了名", "username": "lianluo", "is_active": "on",
        "roles-TOTAL_FORMS": 1, "roles-INITIAL_FORMS": 1, "roles-0-id": role.pk, "roles-0-user": liaison.pk,
        "roles-0-kind": role.kind, "roles-0-area": role.area_id, "roles-0-since": role.since.isoformat(),
    }  # fmt: skip
    answer = logged_in(secretary).post(f"/admin/members/user/{liaison.pk}/change/", form)
    assert answer.status_code == 302
    liaison.refresh_from_db()
    assert (liaison.name, liaison.member) == ("改了名", other_member)


def test_who_left_one_street_for_another_is_in_the_new_ones_trail(
    street: Area, other_street: Area, far_member: Member
) -> None:
    """A contact whose inbox one street closed logs in for the other, unseen by the former."""
    contact = cards.contact("lianxi", far_member.employer, other_street)
    Contact.objects.create(user=contact, employer=far_member.employer, street=street, since=date(2024, 1, 1)).end()
    assert contact.audit_paths() == [other_street.path]
    contact.contacts.get(street=other_street).end()
    assert set(contact.audit_paths()) == {street.path, other_street.path}


def test_a_former_post_tells_its_street_nothing_of_an_inbox(
    street: Area, other_street: Area, far_member: Member
) -> None:
    contact = cards.contact("lianxi", far_member.employer, other_street)
    factories.post(contact, PostKind.STREET, street, until=date(2024, 1, 1))
    assert contact.audit_paths() == [other_street.path]


def test_a_run_of_cards_is_of_one_street(logged_in: Any, both: User, member: Member, far_member: Member) -> None:
    """Of a run that was begun in two streets, the first would have been told of the second's cards."""
    ours, theirs = cards.agreed(member), cards.agreed(far_member)
    asked = {"period": ours.period.code, "card": [ours.pk, theirs.pk]}
    answer = logged_in(both).post("/cards/issue/", asked, follow=True)
    assert "选中的卡在不同的街道" in answer.content.decode()
    assert not IssueRun.objects.exists()


def test_a_run_in_two_communities_is_seen_where_both_are(
    logged_in: Any, secretary: User, member: Member, other_group: Area, other_secretary: User, street: Area
) -> None:
    factories.post(secretary, PostKind.SECRETARY, Area.objects.get(name="第二社区"))
    ours, theirs = cards.agreed(member), cards.agreed(cards.in_post("外社区人", other_group))
    client = logged_in(secretary)
    answer = client.post("/cards/issue/", {"period": ours.period.code, "card": [ours.pk, theirs.pk], "count": 2})
    run = IssueRun.objects.get()
    assert (answer["Location"], run.area) == (f"/cards/runs/{run.pk}/", street)
    assert client.get(answer["Location"]).status_code == 200
    assert logged_in(other_secretary).get(answer["Location"]).status_code == 404
