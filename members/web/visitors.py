"""Those who come without a login: how often one address may try."""

from django.http import HttpRequest

from members.web.throttling import Windowed


class ByAddress(Windowed):
    """A subclass says what is tried, and how often it may be."""

    what = ""
    rate = "30/min"

    def get_cache_key(self, request, view):
        return f"{self.what}-{self.get_ident(request)}"

    @classmethod
    def lets(cls, request: HttpRequest) -> bool:
        """Whether this address may try once more; the try is counted."""
        return cls().allow_request(request, None)  # type: ignore[arg-type]
