"""The second step of a login."""

from base64 import b32encode

import segno
from django.conf import settings
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from members.forms.second_factor import SecondStepForm
from members.ground.atomic import atomic_write
from members.login import second_factor
from members.web.shell import page


def second_step(request):
    """Ask for the app's digits or a recovery code; before the first time, show how to set the app up."""
    following = _following(request)
    if second_factor.has_passed(request) or not second_factor.is_required(request.user):
        return redirect(following)
    form = SecondStepForm(request.POST if request.method == "POST" else None)
    codes = _passes(request, form) if form.is_valid() else None
    if codes is not None:
        return _shown(request, codes, following) if codes else redirect(following)
    device = second_factor.device_of(request.user)
    context = {} if device.confirmed else {"code": _picture(device.config_url), "secret": _in_fours(device.bin_key)}
    return render(request, "members/second_factor.html", {"form": form, **context})


def recovery_codes(request):
    """Say how many recovery codes are left; make ten new ones, shown once, for the digits or one of the old codes."""
    if not second_factor.has_passed(request):
        return redirect("home")
    form = SecondStepForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _passes(request, form) is not None:
        return _shown(request, second_factor.renew_codes(request.user), str(settings.LOGIN_REDIRECT_URL))
    left = second_factor.codes_left(request.user)
    return page(request, "members/recovery_codes_left.html", title="恢复码", left=left, form=form)


def _passes(request, form: SecondStepForm) -> list[str] | None:
    """Return the recovery codes to show, mostly none; None, with an error, where what was typed is wrong."""
    with atomic_write():
        codes = second_factor.show(request, form.cleaned_data["digits"])
    if codes is None:
        form.add_error("digits", "不对，或者已经用过。请等手机换出新的数字再填；连续填错要多等一会儿。")
    elif len(form.cleaned_data["digits"]) != second_factor.DIGITS:
        left = second_factor.codes_left(request.user)
        messages.warning(
            request, f"这个恢复码用掉了，还剩 {left} 个。手机换了，请管理员重设验证器；快用完了，在“恢复码”里换。"
        )
    return codes


def _shown(request, codes: list[str], following: str):
    return render(request, "members/recovery_codes.html", {"codes": codes, "following": following})


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
