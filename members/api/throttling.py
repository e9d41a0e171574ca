"""How often staff may call the API, by session or token."""

from typing import Any

from rest_framework.request import Request

from members.web.throttling import Windowed


class UserThrottle(Windowed):
    """So many calls a user in all; a visitor counts by address."""

    scope = "user"

    def get_cache_key(self, request: Request, view: Any) -> str:
        user = request.user
        return f"user-{user.pk}" if user and user.is_authenticated else f"visitor-{self.get_ident(request)}"
