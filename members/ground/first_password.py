"""The password that somebody else gives a user, to be changed at the first login."""

import secrets
from typing import NamedTuple

from django.contrib.auth.hashers import make_password


class FirstPassword(NamedTuple):
    """A random password and its hash."""

    text: str
    hashed: str


def first_password() -> FirstPassword:
    """Make a first password. Hashing takes a tenth of a second, so call this before a transaction begins."""
    text = secrets.token_urlsafe(9)
    return FirstPassword(text, make_password(text))
