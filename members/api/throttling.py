"""The limit on calls of the API by staff, with a session or a token."""

from typing import Any

from rest_framework.request import Request

from members.web.throttling import Windowed


class UserThrottle(Windowed):
    """A limit on all calls of a user together; visitors are counted by address."""

    scope = "user"

    def get_cache_key(self, request: Request, view: Any) -> str:
        user = request.user
        return f"user-{user.pk}" if user and user.is_authenticated else f"visitor-{self.get_ident(request)}"
