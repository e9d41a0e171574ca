"""What an office does for a user who cannot log in: a new password, an end of the lock-out, another authenticator."""

from axes.utils import reset

from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.first_password import FirstPassword
from members.ground.rows import locked
from members.login import second_factor
from members.models import User
from members.rules.appointing import USER_GONE, lock_given


def reset_password(pk: int, made: FirstPassword, *, by: User | None) -> User:
    """Give a user a first password, made before the transaction; their sessions and tokens end with the old one.

    `by` is None for whoever runs commands on the server.
    """
    with atomic_write():
        user = lock_given(pk, by=by) if by else locked(User.objects.all(), pk, gone=USER_GONE)
        user.set_first_password(made)
        user.save()
    return user


def unlock(pk: int, *, by: User) -> User:
    """End the lock-out of a user who failed to log in too often."""
    with atomic_write():
        user = lock_given(pk, by=by)
        reset(username=user.username)
        second_factor.forgive(user)
        record("change", user, changes={"login": ["locked", "open"]})
    return user


def reset_second_factor(pk: int, *, by: User) -> User:
    """Take the authenticator away of a user who lost the phone."""
    with atomic_write():
        user = lock_given(pk, by=by)
        second_factor.forget(user)
    return user
