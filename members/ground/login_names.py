"""Login names: those typed at the login, and those made from a person's name.

One typed that no user has may be a password in the wrong field, so it is stored nowhere.
"""

from collections.abc import Collection
from typing import Any

from django.contrib.auth import get_user_model

from members.ground.pinyin import spell

LONGEST = 16


def user_named(name: str) -> Any:
    """Return the user with this login name, or None."""
    return None if "\0" in name else get_user_model()._default_manager.filter(username=name).first()


def suggested(name: str, taken: Collection[str]) -> str:
    """Return a login name in pinyin, by its initials where that is long, with a number where it is taken."""
    full, initials = spell(name)
    plain = (full if len(full) <= LONGEST else initials) or "user"
    numbered = (f"{plain}{number}" for number in range(2, len(taken) + 3))
    return next(each for each in (plain, *numbered) if each not in taken)
