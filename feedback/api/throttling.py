"""So many calls a key in a time, and what is left of them told with every answer."""

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many calls a key has in how many seconds, how many are used, and in how many seconds they count anew."""

    quota: int
    window: int
    used: int
    resets_in: int

    def headers(self) -> dict[str, str]:
        """The headers of draft-ietf-httpapi-ratelimit-headers."""
        return {
            "RateLimit-Policy": f'"key";q={self.quota};w={self.window}',
            "RateLimit": f'"key";r={max(0, self.quota - self.used)};t={self.resets_in}',
        }


class KeyThrottle(SimpleRateThrottle):
    """Counts the calls of a key in windows of fixed length."""

    num_requests: int
    duration: int

    def get_rate(self) -> str:
        return settings.EMPLOYER_RATE

    def allow_request(self, request: Request, view: Any) -> bool:
        now = int(time.time())
        begun = now - now % self.duration
        name = f"key-calls-{request.auth.pk}-{begun}"
        self.cache.add(name, 0, 2 * self.duration)
        used = self.cache.incr(name)
        view.allowance = Allowance(self.num_requests, self.duration, used, begun + self.duration - now)
        self.resets_in = view.allowance.resets_in
        return used <= self.num_requests

    def wait(self) -> float:
        return self.resets_in
