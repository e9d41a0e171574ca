"""Issuing many cards in the background, and the page of its progress."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from feedback.models import IssueRun, RecordCard
from feedback.rules.issuing import start
from feedback.views.listed import NOTHING_CHOSEN, chosen, read_listing, require_cards
from members.ground import access
from members.models import Area
from members.web.progress import Progress, moving_part
from members.web.shell import page

Status = RecordCard.Status
SEVERAL = "选中的卡在不同的街道：请先选一个街道或社区，一处一处地发。"


@require_POST
def issue(request):
    """Start to issue the agreed ones of the chosen cards."""
    require_cards(request.user)
    listing = read_listing(request.user, request.POST)
    pks = chosen(request.user, request.POST, listing)
    ready = RecordCard.objects.filter(pk__in=pks, status=Status.AGREED)
    paths = list(ready.order_by("area__path").values_list("area__path", flat=True))
    area = listing.area or _around(paths)
    if run := area and start(area, pks, user=request.user):
        return redirect("feedback:run", run.pk)
    nothing = SEVERAL if paths and not area else "选中的卡里没有“本人已同意”的，没有要发的。"
    messages.error(request, nothing if pks else NOTHING_CHOSEN)
    return redirect(listing.address())


@require_GET
def run(request, pk):
    """Show the progress of a run, and its outcome."""
    found = _find(request, pk)
    card = RecordCard.objects.for_user(request.user).filter(pk__in=found.cards[:1]).defer("body").first()
    period = card.period if card else None
    return page(request, "feedback/run.html", title="发出记录卡", run=found, period=period, progress=_progress(found))


@require_GET
def progress(request, pk):
    """Return the part of that page that refreshes itself."""
    return moving_part(request, _progress(_find(request, pk)))


def _progress(run: IssueRun) -> Progress:
    doing = f"{run.get_status_display()}{run.area}的记录卡：共 {len(run.cards):,} 张，已发出 {run.issued:,} 张……"
    return Progress(run, doing, reverse("feedback:run_progress", args=[run.pk]), "记录卡")


def _around(paths: list[str]) -> Area | None:
    """Return the smallest area around these paths; its users may see the run."""
    return Area.objects.filter(path=access.above_all(paths)).first() if paths else None


def _find(request, pk: int) -> IssueRun:
    runs = IssueRun.objects.for_user(request.user)
    runs.filter(pk=pk).bury_the_silent()
    return get_object_or_404(runs.select_related("area"), pk=pk)
