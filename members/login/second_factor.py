"""The second factor: six digits from an app on the user's own phone (docs/design/privacy.md, "Doors"; RFC 6238)."""

from django.conf import settings
from django_otp.plugins.otp_totp.models import TOTPDevice

from members.ground import access
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.models import Area, User
from members.models.areas import SEGMENT

PASSED = "second_factor"  # the session's key for the mark of a user who has passed
MOST_FAILURES = 10  # each wrong code doubles the wait; from here on it stays at eight minutes, never for ever


def is_required(user: User) -> bool:
    """Whether the user needs it: as the superuser, or for one of their posts. Demonstration streets need none."""
    if not settings.SECOND_FACTOR:
        return False
    if access.sets_up(user):
        return not _only_made_up()
    paths = {path[:SEGMENT] for kind, path in access.posts_of(user) if kind in settings.SECOND_FACTOR}
    return bool(paths) and not paths <= user.demo_streets


def _only_made_up() -> bool:
    """Whether all streets of the installation are for demonstration; False where there is no street yet."""
    return set(Area.objects.streets().order_by().values_list("is_demo", flat=True).distinct()) == {True}


def has_passed(request) -> bool:
    return request.session.get(PASSED) == _mark(request.user)


def _mark(user: User) -> str:
    """Return the mark of a session that has passed; `forget` begins another round of logins, which makes it invalid."""
    return f"{user.pk}.{user.login_round}"


def device_of(user: User) -> TOTPDevice:
    """Return the user's app; an unconfirmed one is still to be set up, and is made where there is none."""
    device = TOTPDevice.objects.filter(user=user).order_by("-confirmed", "pk").first()
    if device is None:
        with atomic_write():
            device = TOTPDevice.objects.create(user=user, name=user.username, confirmed=False)
    return device


def show(request, digits: str) -> bool:
    """Let the session pass if these are the app's digits now, and confirm a new app; return whether they are.

    The caller opens the transaction, because a code works once and failures are counted.
    """
    device_of(request.user)
    device = TOTPDevice.objects.select_for_update(no_key=True).filter(user=request.user).order_by("-confirmed", "pk")[0]
    is_right = device.verify_token(digits)
    if is_right and not device.confirmed:
        device.confirmed = True
        device.save(update_fields=["confirmed"])
    if device.throttling_failure_count > MOST_FAILURES:
        device.throttling_failure_count = MOST_FAILURES
        device.save(update_fields=["throttling_failure_count"])
    record("login" if is_right else "login_failed", request.user, changes={"second_factor": is_right})
    if is_right:
        request.session.cycle_key()
        request.session[PASSED] = _mark(request.user)
    return is_right


def forget(user: User) -> None:
    """Remove the app of a lost phone: all logins end, and the next one sets up another app."""
    TOTPDevice.objects.filter(user=user).delete()
    user.end_logins()
    record("change", user, changes={"second_factor": ["set up", None]})


def forgive(user: User) -> None:
    """End the wait after wrong codes."""
    for device in TOTPDevice.objects.filter(user=user):
        device.throttle_reset()
