"""Names typed at the login. One that nobody has may be a password typed into the wrong field: it is kept nowhere."""

from typing import Any

from django.contrib.auth import get_user_model

from members.sealing import digest


def user_named(name: str) -> Any:
    """Return the user who has this login name, None where nobody has."""
    return None if "\0" in name else get_user_model()._default_manager.filter(username=name).first()


def counted_name(request: Any, credentials: dict | None) -> str | None:
    """What failures are counted under: the name of a user; for any other name a digest, which tells nothing of it."""
    name = (credentials or getattr(request, "data", request.POST)).get("username")
    if not name or user_named(str(name)):
        return name
    return "?" + digest(str(name), purpose="login")[:40]
