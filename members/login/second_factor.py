"""The second factor: six digits from an app on the user's own phone (docs/design/privacy.md, "Doors"; RFC 6238).

Where the phone is not at hand, one of ten recovery codes stands in for them, each once. They are kept as digests.
"""

from django.conf import settings
from django_otp.models import ThrottlingMixin
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from members.ground import access
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.first_password import clear_text
from members.ground.sealing import digest
from members.models import Area, User
from members.models.areas import SEGMENT

PASSED = "second_factor"  # the session's key for the mark of a user who has passed
MOST_FAILURES = 10  # each wrong code doubles the wait; from here on it stays at eight minutes, never for ever
CODES, CODE_LENGTH = 10, 10
DIGITS = 6


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


def show(request, typed: str) -> list[str] | None:
    """Let the session pass if these are the app's digits now, or one of the user's recovery codes; None if neither.

    The first digits of a new app confirm it: return its recovery codes, which cannot be read again; else none. The
    caller opens the transaction, because digits and codes work once and failures are counted.
    """
    device_of(request.user)
    device = _locked_app(request.user)
    is_code = len(typed) != DIGITS
    is_right = _fits_code(request.user, typed) if is_code else device.verify_token(typed)
    _cap(device)
    changes = {"second_factor": is_right, **({"recovery_codes": codes_left(request.user)} if is_code else {})}
    record("login" if is_right else "login_failed", request.user, changes=changes)
    if not is_right:
        return None
    request.session.cycle_key()
    request.session[PASSED] = _mark(request.user)
    if device.confirmed:
        return []
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    return _new_codes(request.user)


def renew_codes(user: User) -> list[str]:
    """Make ten recovery codes, and void those before; return them as they are shown, once."""
    with atomic_write():
        _locked_app(user)
        return _new_codes(user)


def codes_left(user: User) -> int:
    return StaticToken.objects.filter(device__user=user).count()


def _new_codes(user: User) -> list[str]:
    before = codes_left(user)
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name=user.username)
    codes = [clear_text(CODE_LENGTH) for _ in range(CODES)]
    StaticToken.objects.bulk_create(StaticToken(device=device, token=_kept(user, code)) for code in codes)
    record("change", user, changes={"recovery_codes": [before, CODES]})
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _fits_code(user: User, typed: str) -> bool:
    """Whether this is a recovery code that the user has left; it is used up. The user's app is locked by the caller."""
    device = StaticDevice.objects.filter(user=user).first()
    if device is None:
        return False
    is_right = device.verify_token(_kept(user, typed))
    _cap(device)
    return bool(is_right)


def _kept(user: User, code: str) -> str:
    return digest(f"{user.pk}:{code}", purpose="recovery")[:16]


def _locked_app(user: User) -> TOTPDevice:
    return TOTPDevice.objects.select_for_update(no_key=True).filter(user=user).order_by("-confirmed", "pk")[0]


def _cap(device: ThrottlingMixin) -> None:
    if device.throttling_failure_count > MOST_FAILURES:
        device.throttling_failure_count = MOST_FAILURES
        device.save(update_fields=["throttling_failure_count"])


def forget(user: User) -> None:
    """Remove the app of a lost phone: all logins end, and the next one sets up another app; without one, do nothing."""
    removed, _ = TOTPDevice.objects.filter(user=user).delete()
    if not removed:
        return
    StaticDevice.objects.filter(user=user).delete()
    user.end_logins()
    record("change", user, changes={"second_factor": ["set up", None]})


def forgive(user: User) -> None:
    """End the wait after wrong digits or codes."""
    for device in (*TOTPDevice.objects.filter(user=user), *StaticDevice.objects.filter(user=user)):
        device.throttle_reset()
