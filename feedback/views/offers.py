"""What units offer the office's areas, and using it for what somebody there needs."""

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
SHOWN = 20  # needs to choose from at once; the others are found by a word


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What is offered to the reader's areas; at first what can be used."""
    if not access.can(request.user, Resource.CARD):  # type: ignore[arg-type]
        raise PermissionDenied
    form = OffersForm(request.GET if "status" in request.GET else {"status": Status.OPEN, **request.GET.dict()})
    offers = Offer.objects.for_user(request.user).filter(**form.asked()).select_related("employer", "area")
    shown = Paginator(offers, PAGE).get_page(request.GET.get("p"))
    return page(request, "feedback/offers.html", title="单位资源", form=form, shown=shown)


@require_GET
def offer(request: HttpRequest, pk: int) -> HttpResponse:
    """One offer: what it was used for, and for what it can be."""
    found = get_object_or_404(_offers(request), pk=pk)
    words = request.GET.get("q", "").strip()[:30]
    needs = _open_needs(request, found).filter(text__contains=words).select_related("area").order_by("opened_on", "pk")
    listed = list(needs[: SHOWN + 1]) if found.status == Status.OPEN else []
    used = found.needs.filter(employer=found.employer_id, pk__in=Need.objects.for_user(request.user).values("pk"))
    return page(
        request,
        "feedback/offer.html",
        title=f"单位资源：{found}",
        offer=found,
        needs=listed[:SHOWN],
        are_more=len(listed) > SHOWN,
        words=words,
        used=used.select_related("area").order_by("-claimed_at", "-pk")[:PAGE],
        may_close=offering.may_mark(found, request.user),  # type: ignore[arg-type]
    )


@require_POST
def use(request: HttpRequest, pk: int) -> HttpResponse:
    """The unit takes an open need on with what it offers."""
    found = _writable(request, pk)
    asked = numbers([request.POST.get("need", "")])
    if not asked:
        messages.error(request, "还没有选需求：请先选一条，再点“用在这条需求上”。")
        return redirect("feedback:offer", pk)
    need = get_object_or_404(Need.objects.for_user(request.user, Right.WRITE), pk__in=asked)
    if tried(request, lambda: offering.use(found, need=need)):
        messages.success(request, f"已用在“{need}”上，由{found.employer}认领。办好以后，到“群众需求”里点“已办结”。")
    return redirect("feedback:offer", pk)


@require_POST
def used_up(request: HttpRequest, pk: int) -> HttpResponse:
    """There is no more of it."""
    found = _writable(request, pk)
    if tried(request, lambda: offering.use_up(found, user=request.user)):  # type: ignore[arg-type]
        messages.success(request, "已标记为“已用完”。标错了，点“还可以用”。")
    return redirect("feedback:offer", pk)


@require_POST
def available(request: HttpRequest, pk: int) -> HttpResponse:
    """There is some of it after all; what its unit took back is the unit's to offer again."""
    found = _writable(request, pk)
    if tried(request, lambda: offering.make_available(found, user=request.user)):  # type: ignore[arg-type]
        messages.success(request, "又可以用了。")
    return redirect("feedback:offer", pk)


def _offers(request: HttpRequest, right: Right = Right.READ) -> QuerySet[Offer]:
    return Offer.objects.for_user(request.user, right).select_related("employer", "area")


def _open_needs(request: HttpRequest, found: Offer) -> QuerySet[Need]:
    """Open needs of the reader's scope, within the area that the offer is for."""
    return Need.objects.for_user(request.user, Right.WRITE).inside(found.area).filter(status=Need.Status.OPEN)


def _writable(request: HttpRequest, pk: int) -> Offer:
    found = get_object_or_404(_offers(request), pk=pk)
    if not _offers(request, Right.WRITE).filter(pk=pk).exists():
        raise PermissionDenied
    return found
