"""Names typed at the login. One that no user has may be a password in the wrong field, so it is stored nowhere."""

from typing import Any

from django.contrib.auth import get_user_model


def user_named(name: str) -> Any:
    """Return the user with this login name, or None."""
    return None if "\0" in name else get_user_model()._default_manager.filter(username=name).first()
