"""Names typed at the login. One that nobody has may be a password typed into the wrong field: it is kept nowhere."""

from typing import Any

from django.contrib.auth import get_user_model


def user_named(name: str) -> Any:
    """Return the user who has this login name, None where nobody has."""
    return None if "\0" in name else get_user_model()._default_manager.filter(username=name).first()
