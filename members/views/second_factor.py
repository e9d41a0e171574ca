"""The second step of a login."""

from base64 import b32encode

import segno
from django.conf import settings
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from members.forms.second_factor import SecondStepForm
from members.ground.atomic import atomic_write
from members.login import second_factor


def second_step(request):
    """Ask for the app's digits; before the first time, show how to set it up."""
    following = _following(request)
    if second_factor.has_passed(request) or not second_factor.is_required(request.user):
        return redirect(following)
    form = SecondStepForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _passes(request, form):
        return redirect(following)
    device = second_factor.device_of(request.user)
    context = {} if device.confirmed else {"code": _picture(device.config_url), "secret": _in_fours(device.bin_key)}
    return render(request, "members/second_factor.html", {"form": form, **context})


def _passes(request, form: SecondStepForm) -> bool:
    with atomic_write():
        is_right = second_factor.show(request, form.cleaned_data["digits"])
    if not is_right:
        form.add_error("digits", "数字不对，或者刚刚用过。请等手机换出新的数字再填；连续填错要多等一会儿。")
    return is_right


def _picture(url: str) -> str:
    return segno.make(url).svg_data_uri(scale=5, border=2)


def _in_fours(key: bytes) -> str:
    """Return the key in groups of four, to be typed into an app that cannot scan."""
    text = b32encode(key).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _following(request) -> str:
    """Return the address that the user asked for if it is on this site, else the landing page."""
    address = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if is_ours else str(settings.LOGIN_REDIRECT_URL)
