"""Issuing many cards: the question before, the page on which it can be stopped, and the page of its progress."""

from django.contrib import messages
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from feedback.models import IssueRun, RecordCard
from feedback.rules import issuing
from feedback.views.listed import NOTHING_CHOSEN, chosen, read_listing, require_cards
from members.ground.access import Right
from members.web.acts import tried
from members.web.progress import Progress, moving_part
from members.web.returning import way_back
from members.web.shell import page

Status = RecordCard.Status
SEVERAL = "选中的卡在不同的街道：请先选一个街道或社区，一处一处地发。"


@require_POST
def issue(request):
    """Ask whether the chosen cards shall leave, and after the yes let them; the yes is for this number of cards."""
    require_cards(request.user)
    listing = read_listing(request.user, request.POST)
    pks = chosen(request.user, request.POST, listing)
    agreed = RecordCard.objects.filter(pk__in=pks, status=Status.AGREED)
    paths = list(agreed.order_by("area__path").values_list("area__path", flat=True))
    area = listing.area or issuing.around(paths)
    units = _units(pks)
    if area and units and request.POST.get("count") != str(sum(count for _, count in units)):
        return _question(request, listing, units, pks)
    if run := area and issuing.start(area, pks, user=request.user):
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
    return page(
        request,
        "feedback/run.html",
        title="发出记录卡",
        run=found,
        period=period,
        progress=_progress(found),
        waiting=found.leaving_cards.count() if found.is_waiting else 0,
    )


@require_POST
def stop(request, pk):
    """Take back the run's cards before they leave."""
    found = _find(request, pk)
    mine = RecordCard.objects.for_user(request.user, Right.WRITE).filter(leaving=found)
    stopped: list[issuing.MovedOn] = []
    if not tried(request, lambda: stopped.append(issuing.stop_all(list(mine.values_list("pk", flat=True))))):
        return redirect(way_back(request, "feedback:run", pk))
    if stopped[0].done:
        messages.success(request, f"已停止发出 {stopped[0].done} 张，单位没有看到。改了主意，可以再发。")
    else:
        found.refresh_from_db()
        messages.warning(request, issuing.NOT_STOPPED[found.status])
    return redirect(way_back(request, "feedback:run", pk))


@require_GET
def progress(request, pk):
    """Return the part of that page that refreshes itself."""
    return moving_part(request, _progress(_find(request, pk)))


def _progress(run: IssueRun) -> Progress:
    doing = f"{run.get_status_display()}{run.area}的记录卡：共 {len(run.cards):,} 张，已发出 {run.issued:,} 张……"
    return Progress(run, doing, reverse("feedback:run_progress", args=[run.pk]), "记录卡")


def _units(pks: list[int]) -> list[tuple[str, int]]:
    """Return the units that would get some of these cards, by name, and how many."""
    rows = issuing.sendable(pks).order_by("employer__name", "employer")
    return list(rows.values_list("employer__name").annotate(Count("pk")))


def _question(request, listing, units: list[tuple[str, int]], pks: list[int]):
    """Return the page that says how many cards leave for which units."""
    total = sum(count for _, count in units)
    if "count" in request.POST:
        messages.warning(request, "刚才要发的卡又有变化，请再看一次。")
    unable = RecordCard.objects.filter(pk__in=pks, status=Status.AGREED, leaving=None).count() - total
    return page(
        request,
        "feedback/issue.html",
        title="发给单位",
        listing=listing,
        units=units,
        total=total,
        unable=unable,
        ticked=[] if "all" in request.POST else pks,
        minutes=issuing.minutes(),
    )


def _find(request, pk: int) -> IssueRun:
    runs = IssueRun.objects.for_user(request.user)
    runs.filter(pk=pk).bury_the_silent()
    return get_object_or_404(runs.select_related("area"), pk=pk)
