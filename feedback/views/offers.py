"""Units' offers to the office's areas, and their use for needs."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from activities.models import Need
from feedback.forms.offers import OffersForm, Status
from feedback.models import Offer
from feedback.rules import offering
from members.ground import access
from members.ground.access import Resource, Right
from members.web.acts import numbers, tried
from members.web.shell import page

PAGE = 30
AT_ONCE = 20  # needs to choose from; the search finds the others


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List the offers to the user's areas; by default the open ones."""
    if not access.can(request.user, Resource.CARD):  # type: ignore[arg-type]
        raise PermissionDenied
    form = OffersForm(request.GET if "status" in request.GET else {"status": Status.OPEN, **request.GET.dict()})
    offers = Offer.objects.for_user(request.user).filter(**form.query()).select_related("employer", "area")
    offers_page = Paginator(offers, PAGE).get_page(request.GET.get("p"))
    return page(request, "feedback/offers.html", title="单位资源", form=form, shown=offers_page)


@require_GET
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one offer, the needs that it serves, and the open needs to choose from."""
    found = get_object_or_404(_offers(request), pk=pk)
    words = request.GET.get("q", "").strip()[:30]
    needs = _open_needs(request, found).filter(text__contains=words).select_related("area").order_by("opened_on", "pk")
    listed = list(needs[: AT_ONCE + 1]) if found.status == Status.OPEN else []
    used = found.needs.filter(employer=found.employer_id, pk__in=Need.objects.for_user(request.user).values("pk"))
    return page(
        request,
        "feedback/offer.html",
        title=f"单位资源：{found}",
        offer=found,
        needs=listed[:AT_ONCE],
        are_more=len(listed) > AT_ONCE,
        words=words,
        used=used.select_related("area").order_by("-claimed_at", "-pk")[:PAGE],
        may_close=offering.may_mark(found, request.user),  # type: ignore[arg-type]
    )


@require_POST
def use(request: HttpRequest, pk: int) -> HttpResponse:
    """Use the offer for an open need, which its unit claims."""
    found = _writable(request, pk)
    pks = numbers([request.POST.get("need", "")])
    if not pks:
        messages.error(request, "还没有选需求：请先选一条，再点“用在这条需求上”。")
        return redirect("feedback:offer", pk)
    need = get_object_or_404(Need.objects.for_user(request.user, Right.WRITE), pk__in=pks)
    if tried(request, lambda: offering.use(found, need=need)):
        messages.success(request, f"已用在“{need}”上，由{found.employer}认领。办好以后，到“群众需求”里点“已办结”。")
    return redirect("feedback:offer", pk)


@require_POST
def used_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark the offer as used up."""
    found = _writable(request, pk)
    if tried(request, lambda: offering.use_up(found, user=request.user)):  # type: ignore[arg-type]
        messages.success(request, "已标记为“已用完”。标错了，点“还可以用”。")
    return redirect("feedback:offer", pk)


@require_POST
def available(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a used-up offer again; a withdrawn one is opened by its unit."""
    found = _writable(request, pk)
    if tried(request, lambda: offering.make_available(found, user=request.user)):  # type: ignore[arg-type]
        messages.success(request, "又可以用了。")
    return redirect("feedback:offer", pk)


def _offers(request: HttpRequest, right: Right = Right.READ) -> QuerySet[Offer]:
    return Offer.objects.for_user(request.user, right).select_related("employer", "area")


def _open_needs(request: HttpRequest, found: Offer) -> QuerySet[Need]:
    """Return the open needs in the user's scope and the offer's area."""
    return Need.objects.for_user(request.user, Right.WRITE).inside(found.area).filter(status=Need.Status.OPEN)


def _writable(request: HttpRequest, pk: int) -> Offer:
    found = get_object_or_404(_offers(request), pk=pk)
    if not _offers(request, Right.WRITE).filter(pk=pk).exists():
        raise PermissionDenied
    return found
