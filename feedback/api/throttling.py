"""The rate limit of employers' systems, and its headers."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.views import APIView

from feedback.models import EmployerKey
from members.web.throttling import Windowed


@dataclass(frozen=True, slots=True)
class Allowance:
    """A caller's quota of calls in a window (seconds), the calls used, and the seconds until the count resets.

    `policy` names what is counted: a key's calls, or an address's calls without a key that works.
    """

    policy: str
    quota: int
    window: int
    used: int
    resets_in: int

    def headers(self) -> dict[str, str]:
        """Return the headers of draft-ietf-httpapi-ratelimit-headers."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={self.window}',
            "RateLimit": f'"{self.policy}";r={max(0, self.quota - self.used)};t={self.resets_in}',
        }


class CallThrottle(Windowed):
    """Counts calls of employers' systems; it leaves the allowance on the view, for the headers."""

    policy: str

    def get_rate(self) -> str:
        return settings.EMPLOYER_RATE

    def allow_request(self, request: Request, view: Any) -> bool:
        is_allowed = super().allow_request(request, view)
        view.allowance = Allowance(self.policy, self.num_requests, self.duration, self.used, self.resets_in)
        return is_allowed


class KeyThrottle(CallThrottle):
    """Throttle by key."""

    policy = "key"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"key-{request.auth.pk}"


class AddressThrottle(CallThrottle):
    """Throttle calls that come without a key that works, by the address they come from."""

    policy = "address"

    def get_cache_key(self, request: Request, view: Any) -> str:
        return f"no-key-{self.get_ident(request)}"


class RateLimited(APIView):
    """A call that counts by key, or else by address, and says in every answer how many calls are left.

    It answers in JSON, whatever is asked for.
    """

    allowance: Allowance | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        try:
            self.perform_authentication(request)
            self.check_permissions(request)
            self.check_throttles(request)
        except APIException:
            if self.allowance is None:  # it was refused before it was counted
                self.count(AddressThrottle())
            raise

    def check_throttles(self, request: Request) -> None:
        self.count(KeyThrottle() if isinstance(request.auth, EmployerKey) else AddressThrottle())

    def count(self, throttle: CallThrottle) -> None:
        """Count this call; Throttled where there are too many."""
        if not throttle.allow_request(self.request, self):
            self.throttled(self.request, throttle.wait())

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        final = super().finalize_response(request, response, *args, **kwargs)
        for name, value in (self.allowance.headers() if self.allowance else {}).items():
            final[name] = value
        return final
