"""Who logs in, and whose login and posts others may change: never more than they have themselves."""

import io
import re
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from feedback.models import Contact
from members.ground import atomic, audit
from members.ground.access import PostKind, Right
from members.models import Area, AuditEntry, StaffToken, User
from tests import factories


def test_users_are_made_the_frameworks_way_too(db: None, rf: RequestFactory) -> None:
    user = User.objects.create_user("王书记", password=factories.PASSWORD, name="王书记")
    assert authenticate(rf.post("/"), username="王书记", password=factories.PASSWORD) == user
    assert not user.is_superuser


def test_the_first_user_is_made_by_createsuperuser(db: None) -> None:
    said = io.StringIO()
    call_command("createsuperuser", interactive=False, username="root", name="安装者", stdout=said)
    user = User.objects.get()
    assert user.is_superuser
    assert user.is_staff
    assert user.check_password(re.search(r"初始密码是 (\w+)（", said.getvalue())[1])
    with pytest.raises(CommandError, match="没有填登录名"):
        call_command("createsuperuser", interactive=False)


def test_a_first_password_must_be_changed(outsider: User) -> None:
    outsider.must_change_password = False
    password = outsider.set_first_password()
    assert outsider.check_password(password)
    assert outsider.must_change_password
    assert len(password) >= 12


def test_a_post_opens_the_staff_pages(outsider: User, secretary: User, community) -> None:
    assert secretary.is_staff
    assert not outsider.is_staff
    factories.post(outsider, PostKind.INSTRUCTOR, community)
    assert outsider.is_staff
    outsider.is_active = False
    assert not outsider.is_staff


def test_a_post_fits_its_area(outsider: User, station: Area) -> None:
    with pytest.raises(ValidationError, match="社区书记的区域要选社区"):
        factories.post(outsider, PostKind.SECRETARY, station)


def test_users_are_seen_by_who_sees_their_posts(
    street_officer: User, secretary: User, other_secretary: User, liaison: User, outsider: User
) -> None:
    assert set(User.objects.for_user(secretary)) == {secretary, liaison}
    assert set(User.objects.for_user(street_officer)) == {street_officer, secretary, other_secretary, liaison}
    assert set(User.objects.for_user(liaison)) == {liaison}


def test_a_secretary_writes_liaisons_and_leaders_below(
    street_officer: User, secretary: User, other_secretary: User, liaison: User, leader: User, superuser: User
) -> None:
    assert set(User.objects.for_user(secretary, Right.WRITE)) == {liaison, leader}
    assert set(User.objects.for_user(street_officer, Right.WRITE)) == {secretary, other_secretary, liaison, leader}


@pytest.mark.parametrize("kind", [PostKind.STREET, PostKind.AUDITOR])
def test_a_secretary_never_writes_who_also_holds_a_higher_post(
    secretary: User, liaison: User, street: Area, kind: PostKind
) -> None:
    factories.post(liaison, kind, street)
    assert liaison in User.objects.for_user(secretary)
    assert liaison not in User.objects.for_user(secretary, Right.WRITE)


def test_a_secretary_never_writes_who_takes_a_higher_post_soon(secretary: User, liaison: User, street: Area) -> None:
    factories.post(liaison, PostKind.STREET, street, since=timezone.localdate() + timedelta(days=1))
    assert liaison not in User.objects.for_user(secretary, Right.WRITE)


def test_a_secretary_never_writes_who_also_serves_elsewhere(secretary: User, liaison: User, other_group: Area) -> None:
    compound = Area.objects.get(path=other_group.parent_path)
    factories.post(liaison, PostKind.LIAISON, compound)
    assert liaison not in User.objects.for_user(secretary, Right.WRITE)


def test_nobody_writes_the_superuser(street_officer: User, superuser: User, group: Area) -> None:
    factories.post(superuser, PostKind.LEADER, group)
    assert superuser not in User.objects.for_user(street_officer)
    assert superuser not in User.objects.for_user(street_officer, Right.WRITE)


def test_a_former_posts_user_is_no_longer_written(secretary: User, liaison: User, street_officer: User) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    liaison.roles.update(until=yesterday)
    assert liaison in User.objects.for_user(street_officer)


def test_a_token_opens_with_the_right_secret_only(secretary: User) -> None:
    token, text = StaffToken.issue(secretary, label="统计")
    secret = text.split("_", 2)[2]
    assert token.fits(secret)
    assert not token.fits(secret + "x")
    assert secret not in str(StaffToken.objects.filter(pk=token.pk).values().get())


def test_a_revoked_or_expired_token_is_dead(secretary: User) -> None:
    revoked, expired, live = (StaffToken.issue(secretary, label=label)[0] for label in ("甲", "乙", "丙"))
    revoked.revoke()
    StaffToken.objects.filter(pk=expired.pk).update(expires_at=timezone.now())
    assert list(StaffToken.objects.live()) == [live]
    assert AuditEntry.objects.filter(model="members.StaffToken", changes__digest=[None, audit.MASK]).count() == 3


@pytest.mark.parametrize("name", ["reset_password", "user_add", "contact_add", "contact_reset"])
def test_no_password_is_hashed_within_a_transaction(
    client, street_officer: User, secretary: User, community: Area, monkeypatch, settings, name: str
) -> None:
    hashed: list[str] = []

    class Watching(MD5PasswordHasher):
        def encode(self, password, salt):
            hashed.append(password)
            assert atomic._entries.get() is None, "hashed within a transaction"
            return super().encode(password, salt)

    street = Area.objects.get(level=Area.Level.STREET)
    unit = factories.employer()
    inlines = {"roles-TOTAL_FORMS": 1, "roles-INITIAL_FORMS": 0, "roles-MIN_NUM_FORMS": 1, "roles-MAX_NUM_FORMS": 9}
    post = {"roles-0-kind": "secretary", "roles-0-area": community.pk, "roles-0-since": timezone.localdate()}
    person = {"name": "新来的", "username": "xinlaide", "employer": unit.pk, "street": street.pk}
    known = Contact.objects.create(user=User.objects.create_user("lxr", name="联系人"), employer=unit, street=street)
    url, values = {
        "reset_password": (reverse("members:reset_password", args=[secretary.pk]), {}),
        "user_add": (reverse("admin:members_user_add"), person | inlines | post),
        "contact_add": (reverse("admin:feedback_contact_add"), person),
        "contact_reset": (reverse("feedback:contact_reset", args=[known.pk]), {}),
    }[name]
    client.force_login(street_officer)
    monkeypatch.setattr("django.contrib.auth.hashers.get_hasher", lambda *_: Watching())
    assert client.post(url, values).status_code == 302
    assert len(hashed) == 1
