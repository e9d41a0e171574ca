"""Issuing many cards: started from the list, with a page that shows how far it is."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from feedback.issuing import start
from feedback.models import IssueRun, RecordCard
from feedback.views.listed import NOTHING_CHOSEN, Listing, chosen, read_listing, require_cards
from members import access
from members.access import Resource, Right
from members.atomic import atomic_write
from members.models import Area
from members.views.page import page

Status = RecordCard.Status


@require_POST
def issue(request):
    """Start to issue those of the chosen cards whose members agree."""
    require_cards(request.user)
    listing = read_listing(request.user, request.POST)
    pks = chosen(request.user, request.POST, listing)
    run = _start(request.user, listing, pks)
    if run:
        return redirect("feedback:run", run.pk)
    messages.error(request, "选中的卡里没有“本人已同意”的，没有要发的。" if pks else NOTHING_CHOSEN)
    return redirect(listing.address())


@require_GET
def run(request, pk):
    """How far the issuing is, and what came of it."""
    found = _find(request, pk)
    card = RecordCard.objects.for_user(request.user).filter(pk__in=found.cards[:1]).defer("body").first()
    return page(request, "feedback/run.html", title="发出记录卡", run=found, period=card.period if card else None)


@require_GET
def progress(request, pk):
    """The moving part of that page; once it is over, the page loads itself anew."""
    found = _find(request, pk)
    response = render(request, "feedback/run_progress.html", {"run": found})
    if not found.is_busy:
        response["HX-Refresh"] = "true"
    return response


def _start(user, listing: Listing, pks: list[int]) -> IssueRun | None:
    """Start a run, or return the one that is under way: who presses twice starts once."""
    with atomic_write():
        area = listing.area or _scope(user, listing)
        Area.objects.select_for_update(no_key=True).get(pk=area.pk)
        ready = RecordCard.objects.filter(pk__in=pks, status=Status.AGREED)
        cards = list(ready.order_by("area__path", "pk").values_list("pk", flat=True))
        busy = IssueRun.objects.for_user(user).filter(user=user, status=IssueRun.Status.RUNNING, cards=cards)
        return (busy.first() or start(area, cards, user=user)) if cards else None


def _scope(user, listing: Listing) -> Area:
    """The smallest area that holds all that the user may issue."""
    path = access.scope_path(user, Resource.CARD, Right.WRITE)
    return next((area for area in listing.areas if area.path == path), listing.areas[0])


def _find(request, pk: int) -> IssueRun:
    runs = IssueRun.objects.for_user(request.user)
    runs.filter(pk=pk).bury_the_silent()
    return get_object_or_404(runs.select_related("area"), pk=pk)
