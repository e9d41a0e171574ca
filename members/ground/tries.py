"""Guessing at a link: it opens by the last four digits of a phone; after a few wrong tries it is locked."""

from typing import Any

from django.db.models import F
from django.utils.crypto import constant_time_compare

from members.ground.atomic import atomic_write

MOST_TRIES = 6


def opens(row: Any, digits: str, *, phone: str) -> bool:
    """Return whether these are the last four digits of the phone; False once locked. Wrong tries count on the row.

    The row's model has `wrong_tries`.
    """
    tries = type(row)._default_manager.filter(pk=row.pk, wrong_tries__lt=MOST_TRIES)
    end = phone[-4:]
    with atomic_write():
        if not tries.update(wrong_tries=F("wrong_tries") + 1):
            return False
        is_right = len(end) == 4 and constant_time_compare(end, digits)
        if is_right:
            type(row)._default_manager.filter(pk=row.pk).update(wrong_tries=0)
    return is_right
