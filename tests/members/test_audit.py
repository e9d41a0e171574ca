"""The trail: every write leaves an entry in its transaction, bound to the one before."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client, RequestFactory

from members.ground import audit
from members.login.lockout import PLACE
from members.models import Area, AuditEntry, Employer, Member, Residence, User
from members.models.audit import AuditHead
from tests import factories


def trail(**filters: Any) -> list[tuple[str, str]]:
    return list(AuditEntry.objects.filter(**filters).order_by("pk").values_list("action", "model"))


def last_entry(**filters: Any) -> AuditEntry:
    entry = AuditEntry.objects.filter(**filters).order_by("pk").last()
    assert entry
    return entry


@pytest.fixture
def verify(capsys: pytest.CaptureFixture) -> Callable[[], str]:
    """Return what `manage.py verify_audit` says."""

    def run() -> str:
        call_command("verify_audit")
        return capsys.readouterr().out

    return run


def test_each_save_leaves_an_entry(member: Member, secretary: User) -> None:
    with audit.acting(secretary, address="10.1.2.3", request_id="r-1", reason="订正"):
        member.skills = "书法"
        member.save()
    entry = last_entry()
    assert (entry.action, entry.model, entry.row) == ("change", "members.Member", str(member.pk))
    assert entry.changes == {"skills": ["", "书法"]}
    assert (entry.user, entry.address, entry.request_id, entry.reason) == (secretary, "10.1.2.3", "r-1", "订正")


def test_creating_moving_and_deleting_leave_entries(group: Area, other_group: Area) -> None:
    start = AuditEntry.objects.count()
    someone = factories.person("某某", group)
    someone.move(to=other_group)
    someone.residences.get(until=None).delete()
    assert trail()[start:] == [
        ("create", "members.Member"),
        ("create", "members.Residence"),
        ("change", "members.Residence"),
        ("create", "members.Residence"),
        ("delete", "members.Residence"),
    ]


def test_an_unchanged_save_leaves_none(member: Member) -> None:
    before = AuditEntry.objects.count()
    Member.objects.get(pk=member.pk).save()
    assert AuditEntry.objects.count() == before


@pytest.mark.django_db(transaction=True)
def test_rollback_leaves_none() -> None:
    with transaction.atomic():
        factories.employer("上海某厂")
        assert AuditEntry.objects.count() == 1
        transaction.set_rollback(True)
    assert (AuditEntry.objects.count(), Employer.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_no_entry_no_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "record", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        factories.employer("上海某厂")
    assert not Employer.objects.exists()


def test_protected_values_are_masked(member: Member, secretary: User) -> None:
    member.phone = "19911112222"
    member.save()
    assert last_entry().changes == {"phone_sealed": [audit.MASK] * 2, "phone_digest": [audit.MASK] * 2}
    secretary.set_password("another-long-secret")
    secretary.save()
    assert last_entry().changes == {"password": [audit.MASK, audit.MASK]}
    everything = str(list(AuditEntry.objects.values_list("changes", flat=True)))
    assert not [value for value in (member.phone_sealed, member.phone_digest, member.id_digest) if value in everything]
    assert "19911112222" not in everything


def test_a_refreshed_row_tells_what_this_save_changed(member: Member) -> None:
    seen = Member.objects.get(pk=member.pk)
    Member.objects.filter(pk=member.pk).update(skills="书法")
    seen.refresh_from_db()
    seen.remark = "热心"
    seen.save()
    assert last_entry().changes == {"remark": ["", "热心"]}


def test_a_save_of_some_fields_tells_of_those_only(member: Member) -> None:
    seen = Member.objects.get(pk=member.pk)
    seen.skills, seen.remark = "书法", "热心"
    seen.save(update_fields=["remark"])
    assert last_entry().changes == {"remark": ["", "热心"]}


def test_entries_lie_in_the_area_they_concern(member: Member, group: Area, secretary: User, community: Area) -> None:
    assert last_entry(model="members.Residence").area_path == group.path
    member.skills = "书法"
    member.save()
    assert last_entry(model="members.Member").area_path == group.path
    secretary.name = "王书记"
    secretary.save()
    assert last_entry(model="members.User").area_path == community.path


def test_each_entry_is_bound_to_the_one_before(member: Member, verify: Callable) -> None:
    first, second, *_ = AuditEntry.objects.order_by("pk")
    assert (first.previous, second.previous) == ("", first.hash)
    assert f"{AuditEntry.objects.count()} 条操作记录，首尾相接" in verify()


def test_an_empty_trail_is_whole(db: None, verify: Callable) -> None:
    assert "0 条操作记录" in verify()


@pytest.mark.parametrize("address", ["127.0.0.1", "", "::1", "2001:0DB8:0000::0001", "::ffff:10.0.0.1"])
def test_entries_fit_from_any_address(db: None, verify: Callable, address: str) -> None:
    with audit.acting(address=address):
        factories.employer("上海某厂")
    assert "首尾相接" in verify()


@pytest.mark.parametrize(
    "forged",
    [{"changes": {"name": ["", "别人"]}}, {"user_id": None}, {"action": "login"}, {"reason": "x"}, {"hash": "0" * 64}],
)
def test_a_changed_entry_is_found(street_officer: User, member: Member, verify: Callable, forged: dict) -> None:
    with audit.acting(street_officer):
        member.skills = "书法"
        member.save()
    broken = last_entry()
    member.remark = "热心"
    member.save()
    AuditEntry.objects.filter(pk=broken.pk).update(**forged)
    with pytest.raises(CommandError, match=f"编号 {broken.pk}）"):
        verify()


def test_a_deleted_entry_is_found(member: Member, verify: Callable) -> None:
    _, second, third, *_ = AuditEntry.objects.order_by("pk")
    second.delete()
    with pytest.raises(CommandError, match=f"编号 {third.pk}）"):
        verify()


def test_a_deleted_tail_is_found(member: Member, verify: Callable) -> None:
    last_entry().delete()
    with pytest.raises(CommandError, match="最后的操作记录被删除过"):
        verify()


def test_a_trail_deleted_whole_is_found(member: Member, street: Area, verify: Callable) -> None:
    AuditEntry.objects.all().delete()
    with pytest.raises(CommandError, match="最后的操作记录被删除过"):
        verify()
    assert AuditHead.objects.filter(chain=street.path).count() == 1


def test_logins_and_logouts_are_recorded(secretary: User, logged_in: Callable[[User], Client]) -> None:
    client = logged_in(secretary)
    entry = last_entry(action="login")
    assert (entry.model, entry.row) == ("members.User", str(secretary.pk))
    client.logout()
    assert last_entry().action == "logout"


def test_refused_logins_are_recorded_without_the_password(secretary: User, rf: RequestFactory) -> None:
    assert authenticate(rf.post("/"), username=secretary.username, password="wrong-secret") is None
    entry = last_entry(action="login_failed")
    assert entry.changes == {"username": secretary.username}
    assert not AuditEntry.objects.filter(changes__icontains="wrong-secret").exists()


def test_a_lock_out_is_recorded(secretary: User, rf: RequestFactory) -> None:
    for _ in range(PLACE.most):
        authenticate(rf.post("/"), username=secretary.username, password="wrong-secret")
    assert last_entry(action="locked_out").changes == {"username": secretary.username}
    assert authenticate(rf.post("/"), username=secretary.username, password=factories.PASSWORD) is None


def test_history_says_who(member: Member, secretary: User) -> None:
    with audit.acting(secretary):
        member.skills = "书法"
        member.save()
    newest = member.history.first()
    assert newest
    assert (newest.history_user, newest.history_type, newest.skills) == (secretary, "~", "书法")


def test_a_members_end_leaves_entries_of_the_homes_too(member: Member) -> None:
    member.delete()
    assert not Residence.objects.exists()
    assert ("delete", "members.Residence") in trail()


def test_an_area_moved_and_renamed_leaves_what_was(station: Area, other_community: Area) -> None:
    old = station.path
    moved = Area.objects.get(pk=station.pk)
    moved.move(to=other_community)
    assert last_entry().changes["path"] == [old, moved.path]
    moved.established_on = None
    moved.until = date(2030, 1, 1)
    moved.save()
    assert last_entry().changes == {"until": [None, "2030-01-01"]}
