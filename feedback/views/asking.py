"""Asking many members at once: codes to hang up or project."""

from typing import Any

import segno
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from activities.models import Activity
from feedback.documents import code_poster
from feedback.forms.asking import CodeForm
from feedback.forms.cards import senders_of
from feedback.models import CardCode
from feedback.rules.asking import COMMUNITY, Askable, activities_to_ask, ask_with_code, asker_of, places_to_ask
from feedback.views.board import TOO_EARLY
from feedback.views.listed import Listing, read_listing, require_cards
from members.ground import access
from members.models import Area
from members.web.acts import done, tried, writable
from members.web.files import download
from members.web.shell import page

NO_TARGET = "请从名单里选一处。"


def ask(request):
    """List the places and activities that can be asked by a code; POST makes the code of one of them."""
    require_cards(request.user)
    listing = read_listing(request.user, request.POST or request.GET)
    area = _area(request.user, listing)
    form = CodeForm(request.POST if request.method == "POST" else None)
    found = {
        "places": places_to_ask(area, listing.period),
        "activities": activities_to_ask(area, listing.period, user=request.user),
    }
    if form.is_valid() and (made := _made(request, form, listing, area, [*found["places"], *found["activities"]])):
        return redirect("feedback:code", made.pk)
    codes = CardCode.objects.for_user(request.user).open().select_related("place", "activity")
    return page(
        request, "feedback/ask.html", title="扫码请本人确认", listing=listing, area=area, form=form, **found,
        codes=codes.filter(access.within("place__path", [access.subtree(area.path)])),
        early=TOO_EARLY if listing.is_running else "",
    )  # fmt: skip


@require_GET
def code(request, pk: int):
    """Show the poster of a code, to be printed or projected."""
    found = _find(request, pk)
    image = segno.make(_address(request, found), error="m").svg_data_uri(scale=8, border=2)
    return page(
        request, "feedback/code.html", title=f"确认码：{found}", code=found, image=image,
        asker=asker_of(found.place),
        back=reverse("feedback:ask", query={"period": found.period.code, "place": found.place.path[:COMMUNITY]}),
    )  # fmt: skip


@require_GET
def poster(request, pk: int):
    """Download the poster as a PDF."""
    found = _find(request, pk)
    if not found.is_open:
        return redirect("feedback:code", pk)
    content = code_poster(found, asker_of(found.place), address=_address(request, found))
    return download(content, f"确认码-{found}.pdf", content_type="application/pdf")


@require_POST
def close(request, pk: int):
    """Close a code by hand."""
    found = writable(request, CardCode, pk, "place", "activity")
    if tried(request, found.close):
        messages.success(request, "这个码已结束，再扫打不开了。已经确认过的不受影响。")
    return redirect("feedback:code", pk)


def _area(user: Any, listing: Listing) -> Area:
    area = listing.area or senders_of(user).first()
    if area is None or not senders_of(user).filter(pk=area.pk).exists():
        raise PermissionDenied
    return area


def _made(request, form: CodeForm, listing: Listing, area: Area, askable: list[Askable]) -> CardCode | None:
    """Return the code of the chosen place or activity; None where the rule refuses, which the form then says."""
    chosen_one = next((each.target for each in askable if each.key == request.POST.get("target")), None)
    if chosen_one is None:
        form.add_error(None, NO_TARGET)
        return None
    place, activity = (area, chosen_one) if isinstance(chosen_one, Activity) else (chosen_one, None)
    made: list[Any] = []
    if not done(form, lambda: made.extend(ask_with_code(place, activity, listing.period, **form.cleaned_data))):
        return None
    found, moved = made
    messages.success(request, f"已生成。新请本人确认 {moved.done} 张。{moved}")
    return found


def _find(request, pk: int) -> CardCode:
    return get_object_or_404(CardCode.objects.for_user(request.user).select_related("place", "activity"), pk=pk)


def _address(request, found: CardCode) -> str:
    return request.build_absolute_uri(reverse("feedback:asked", args=[found.secret_code]))
