"""A unit's offers, written and withdrawn by its contact."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from feedback.forms.offers import OfferForm
from feedback.models import Contact, Offer
from feedback.rules import offering
from feedback.views.contacts import chosen, contacts_of
from members.web.acts import done, tried
from members.web.shell import page

PAGE = 50


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List the offers of the user's units, open ones first."""
    contacts = contacts_of(request)
    rows = _mine(contacts).annotate(uses=Count("needs", filter=Q(needs__employer=F("employer"))))
    open_first = rows.order_by(F("closed_at").asc(nulls_first=True), "-created_at", "-pk")
    offers_page = Paginator(open_first, PAGE).get_page(request.GET.get("p"))
    return page(request, "feedback/inbox_offers.html", title="我们的资源", shown=offers_page, contacts=contacts)


def add(request: HttpRequest) -> HttpResponse:
    """Add an offer."""
    contact = chosen(request, contacts_of(request))
    form = OfferForm(request.POST if request.method == "POST" else None, contact=contact)
    if form.is_valid() and done(form, lambda: offering.offer(contact, **form.cleaned_data)):
        messages.success(request, "已提供给社区，他们现在就能看到。不能再提供时，请点“收回”。")
        return redirect("feedback:inbox_offers")
    return page(request, "feedback/inbox_offer_form.html", title=f"{contact.employer}提供一项资源", form=form)


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change an open offer."""
    contacts = contacts_of(request)
    offer = get_object_or_404(_mine(contacts), pk=pk)
    contact = next(each for each in contacts if offer.is_by(each))
    form = OfferForm(request.POST if request.method == "POST" else None, instance=offer, contact=contact)
    if form.is_valid() and done(form, lambda: offering.change(offer, by=contact, **form.cleaned_data)):
        messages.success(request, "已改好。")
        return redirect("feedback:inbox_offers")
    return page(request, "feedback/inbox_offer_form.html", title="修改资源", form=form, pk=pk)


@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw an offer."""
    offer = get_object_or_404(_mine(contacts_of(request)), pk=pk)
    if tried(request, lambda: offering.take_back(offer)):
        messages.success(request, f"已收回“{offer}”。收错了，点“重新提供”。")
    return redirect("feedback:inbox_offers")


@require_POST
def offer_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a withdrawn offer again; a used-up one is opened by the office."""
    offer = get_object_or_404(_mine(contacts_of(request)), pk=pk)
    if tried(request, lambda: offering.offer_again(offer)):
        messages.success(request, f"已重新提供“{offer}”。")
    return redirect("feedback:inbox_offers")


def _mine(contacts: list[Contact]) -> QuerySet[Offer]:
    return Offer.objects.offered_by(*contacts).select_related("employer", "area")
