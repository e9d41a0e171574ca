"""Access of units: keys for their systems, logins for their contacts, webhooks for news."""

from datetime import timedelta
from typing import Any

from axes.utils import reset
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models

from feedback.models import Contact, EmployerKey, Webhook
from feedback.rules import practising
from members.ground.atomic import atomic_write
from members.ground.first_password import FirstPassword
from members.models import Area, Employer, User

SAME_KEY = "这个单位已有一把用途相同、还能用的密钥：请写一个不同的用途，或更换、停用原来的那一把。"
SECOND_TEST = "这个单位已有一把还能用的测试密钥：请更换或停用原来的那一把。"
SAME_ADDRESS = "这个单位已经登记过这个通知地址。停用了的，打开它再启用。"
TAKEN = "这个登录名已有人使用，请换一个。"
ALREADY = "这位用户已经是这个单位的联系人。"
BEYOND = "这位联系人还有您范围以外的岗位或单位，不能由您重设密码。"


def give_key(
    *,
    employer: Employer,
    street: Area,
    label: str,
    scopes: list[str],
    addresses: str,
    life: timedelta,
    is_test: bool = False,
) -> tuple[EmployerKey, str]:
    """Create a key for the unit's system; return it and its text, shown once. ValidationError: `check_key`.

    For a test key the made-up cards and slips that it opens are made, unless the unit has them from another street's.
    """
    with atomic_write():
        practice = practising.practice_street() if is_test else None
        _lock(employer)
        check_key(employer=employer, street=street, label=label, is_test=is_test)
        if practice:
            practising.prepare(employer, practice)
        values: dict[str, Any] = {"employer": employer, "street": street, "scopes": scopes, "addresses": addresses}
        values["practice"] = practice
        row = EmployerKey(label=label, **values)
        row.clean_fields(exclude={"prefix", "digest", "expires_at"})
        row.clean()
        return EmployerKey.make(label=label, life=life, **values)


def check_key(*, employer: Employer, street: Area, label: str, is_test: bool = False) -> None:
    """Raise ValidationError where the unit has a live key of the street with this label, or two test keys."""
    keys = EmployerKey.objects.live().filter(employer=employer, street=street)
    if is_test and keys.tests().exists():
        raise ValidationError({"is_test": SECOND_TEST})
    if keys.filter(label=label).exists():
        raise ValidationError({"label": SAME_KEY})


def admit(
    *, employer: Employer, street: Area, name: str, username: str, password: FirstPassword, by: User
) -> tuple[Contact, bool]:
    """Create a contact of the unit; return it, and whether its user is new and got this first password.

    A user who is a contact of another unit keeps their login and password.
    """
    with atomic_write():
        _lock(employer)
        user = check_contact(employer=employer, name=name, username=username, by=by)
        is_new = user is None
        if user is None:
            user = User(username=username, name=name)
            user.set_first_password(password)
            user.full_clean()
            user.save()
        contact = Contact(user=user, employer=employer, street=street)
        contact.full_clean()
        contact.save()
    return contact, is_new


def check_contact(*, employer: Employer | None, name: str, username: str, by: User) -> User | None:
    """Return the user with this login, None for nobody; ValidationError where `by` may not give them this unit."""
    user = User.objects.filter(username=username).first()
    if user is None:
        return None
    contacts = Contact.objects.lasting().filter(user=user)
    contact = contacts.select_related("user").first()
    if contact is None or user.name != name or not Contact.objects.may_reset(by, contact):
        raise ValidationError({"username": TAKEN})
    if contacts.filter(employer=employer).exists():
        raise ValidationError({"username": ALREADY})
    return user


def reset_password(contact: Contact, *, password: FirstPassword, by: User) -> None:
    """Set this first password, for all the user's units, and end a lock-out; PermissionDenied as in `require_reset`."""
    with atomic_write():
        user = User.objects.select_for_update(no_key=True).get(pk=contact.user_id)
        require_reset(contact, by=by)
        user.set_first_password(password)
        user.save()
        reset(username=user.username)


def require_reset(contact: Contact, *, by: User) -> None:
    """Raise PermissionDenied where the contact's login opens more than the user may give."""
    if not Contact.objects.may_reset(by, contact):
        raise PermissionDenied(BEYOND)


def add_webhook(*, employer: Employer, street: Area, url: str, is_test: bool = False) -> tuple[Webhook, str]:
    """Create a webhook of the unit; return it and its secret, to be displayed once. ValidationError for its URL.

    One for tests hears of the feed of the unit's test key.
    """
    with atomic_write():
        practice = practising.practice_street() if is_test else None
        _lock(employer)
        check_address(employer=employer, street=street, url=url, is_test=is_test)
        webhook = Webhook(employer=employer, street=street, practice=practice, url=url)
        secret = webhook.make_secret()
        webhook.full_clean()
        webhook.save()
    return webhook, secret


def change_webhook(webhook: Webhook, *, url: str, is_active: bool) -> None:
    """Change the webhook's URL and whether it is active; ValidationError for its URL."""
    with atomic_write():
        _lock(webhook.employer)
        row = _locked(webhook)
        check_address(employer=row.employer, street=row.street, url=url, is_test=row.is_test, but=row)
        row.url, row.is_active = url, is_active
        row.full_clean()
        row.save(update_fields=["url", "is_active"])


def check_address(
    *, employer: Employer, street: Area, url: str, is_test: bool = False, but: Webhook | None = None
) -> None:
    """Raise ValidationError where a webhook of the unit, other than `but`, has this URL; one for tests may be both."""
    same = Webhook.objects.filter(employer=employer, street=street, practice__isnull=not is_test, url=url)
    if any(each != but for each in same):
        raise ValidationError({"url": SAME_ADDRESS})


def renew_secret(webhook: Webhook) -> str:
    """Replace the webhook's signing secret, and return the new one; the old one signs beside it for a week."""
    with atomic_write():
        row = _locked(webhook)
        secret = row.renew_secret()
        row.save(update_fields=["secret_sealed", "old_secret_sealed", "old_secret_until"])
    return secret


def rotate_by_system(key: EmployerKey) -> tuple[EmployerKey, str]:
    """Rotate a key at the request of the system that holds it; return the successor and its text.

    The text cannot be sent twice, since only its digest is kept. So a system that lost the answer asks again, and a
    successor that was never used makes way for another. Conflict where the successor is in use.
    """
    with atomic_write():
        rows = EmployerKey.objects.select_related("employer", "street")
        row = rows.select_for_update(of=("self",), no_key=True).get(pk=key.pk)
        for later in row.successors():
            if later.last_used_at is None:
                later.revoke()
        return row.rotate()


def _lock(employer: Employer) -> None:
    """Lock the employer, so that of two calls for one unit the second finds what the first made."""
    Employer.objects.select_for_update(no_key=True).get(pk=employer.pk)


def _locked(webhook: Webhook) -> Webhook:
    rows: models.QuerySet[Webhook] = Webhook.objects.select_related("employer", "street")
    return rows.select_for_update(of=("self",), no_key=True).get(pk=webhook.pk)
