"""The rate limit of keys, and its headers."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from rest_framework.request import Request

from members.web.throttling import Windowed


@dataclass(frozen=True, slots=True)
class Allowance:
    """A key's quota of calls in a window (seconds), the calls used, and the seconds until the count resets."""

    quota: int
    window: int
    used: int
    resets_in: int

    def headers(self) -> dict[str, str]:
        """Return the headers of draft-ietf-httpapi-ratelimit-headers."""
        return {
            "RateLimit-Policy": f'"key";q={self.quota};w={self.window}',
            "RateLimit": f'"key";r={max(0, self.quota - self.used)};t={self.resets_in}',
        }


class KeyThrottle(Windowed):
    """Throttle by key; it leaves the allowance on the view, for the headers."""

    def get_rate(self) -> str:
        return settings.EMPLOYER_RATE

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"key-{request.auth.pk}"

    def allow_request(self, request: Request, view: Any) -> bool:
        is_allowed = super().allow_request(request, view)
        view.allowance = Allowance(self.num_requests, self.duration, self.used, self.resets_in)
        return is_allowed
