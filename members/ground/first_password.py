"""The password that somebody else gives a user, to be changed at the first login."""

import secrets
from datetime import timedelta
from typing import NamedTuple

from django.contrib.auth.hashers import make_password

# Read aloud or typed from paper on a phone: small letters and digits, none that looks like another.
CLEAR = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 12
VALID_FOR = timedelta(days=30)  # a slip of paper that nobody fetched opens no login for ever


class FirstPassword(NamedTuple):
    """A random password and its hash."""

    text: str
    hashed: str


def first_password() -> FirstPassword:
    """Make a first password. Hashing takes a tenth of a second, so call this before a transaction begins."""
    text = clear_text(LENGTH)
    return FirstPassword(text, make_password(text))


def clear_text(length: int) -> str:
    """Return random characters that nobody mistakes for others; each bears five bits."""
    return "".join(secrets.choice(CLEAR) for _ in range(length))
