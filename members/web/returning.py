"""The way back to the list on which a button stood."""

from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme


def way_back(request: HttpRequest, otherwise: str, *args: object) -> str:
    """Return the URL in the form's `back` field if it is one of this site, else that of the view `otherwise`."""
    back = request.POST.get("back", "")
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if is_ours else resolve_url(otherwise, *args)
