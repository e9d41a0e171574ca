"""The second factor: six digits from an app on the user's own phone (design: privacy, "Doors"; RFC 6238)."""

from django.conf import settings
from django_otp.plugins.otp_totp.models import TOTPDevice

from members import access
from members.atomic import atomic_write
from members.audit import record
from members.models import Area, User

PASSED = "second_factor"  # in the session: the user who showed it


def is_required(user: User) -> bool:
    """Whether one of the user's posts asks for it. A made-up street has nothing to guard."""
    posts = access.posts_of(user) if settings.SECOND_FACTOR else []
    paths = [path for kind, path in posts if kind in settings.SECOND_FACTOR]
    return bool(paths) and Area.objects.filter(path__in={path[:4] for path in paths}, is_demo=False).exists()


def has_passed(request) -> bool:
    return request.session.get(PASSED) == request.user.pk


def device_of(user: User) -> TOTPDevice:
    """The user's app; one that is not confirmed yet is to be set up. The caller may lock it in a transaction."""
    device = TOTPDevice.objects.filter(user=user).order_by("-confirmed", "pk").first()
    if device is None:
        with atomic_write():
            device = TOTPDevice.objects.create(user=user, name=user.username, confirmed=False)
    return device


def show(request, digits: str) -> bool:
    """Let the session pass if these are the app's digits now; the first time, that confirms the app.

    The caller opens the transaction: a code is good once, and failures count.
    """
    device_of(request.user)
    device = TOTPDevice.objects.select_for_update(no_key=True).filter(user=request.user).order_by("-confirmed", "pk")[0]
    is_right = device.verify_token(digits)
    if is_right and not device.confirmed:
        device.confirmed = True
        device.save(update_fields=["confirmed"])
    record("login" if is_right else "login_failed", request.user, changes={"second_factor": is_right})
    if is_right:
        request.session.cycle_key()
        request.session[PASSED] = request.user.pk
    return is_right


def forget(user: User) -> None:
    """Take the app away, when the phone is lost: the next login sets up another."""
    TOTPDevice.objects.filter(user=user).delete()
    record("change", user, changes={"second_factor": ["set up", None]})
