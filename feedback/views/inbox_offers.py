"""What a unit offers: a venue, a talk, hands; written and taken back by its contact."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from feedback.models import Offer
from feedback.views.contacts import contacts_of, units_of
from members.models import Area, Employer
from members.views.acts import done, tried
from members.views.page import page

PAGE = 50
Status = Offer.Status


class OfferForm(forms.ModelForm):
    """An offer; who acts for one unit alone need not say for which."""

    class Meta:
        model = Offer
        fields = ("employer", "area", "kind", "title", "text")
        widgets = {
            "employer": forms.Select(attrs={"class": "lz-input"}),
            "area": forms.Select(attrs={"class": "lz-input"}),
            "kind": forms.Select(attrs={"class": "lz-input"}),
            "title": forms.TextInput(attrs={"class": "lz-input lz-wide", "autocomplete": "off"}),
            "text": forms.Textarea(attrs={"class": "lz-input lz-text", "rows": 3}),
        }
        help_texts = {
            "area": "给一个社区用，选社区；全街道都可以用，选街道。",
            "title": "如：会议室、法律讲座、5 名志愿者。",
        }

    def __init__(self, *args: Any, units: QuerySet[Employer], **kwargs: Any):
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["employer"].queryset, fields["employer"].empty_label = units, "请选择"
        if self.instance.pk is None and len(units) == 1:
            self.instance.employer = units[0]
        if self.instance.employer_id:
            del fields["employer"]  # who offers it stays
        fields["kind"].choices = [("", "请选择"), *Offer.Kind.choices]
        places = Area.objects.current().filter(level__lte=Area.Level.COMMUNITY).order_by("path")
        fields["area"].queryset, fields["area"].empty_label = places, "请选择"


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The units' offers: what is offered now first."""
    rows = _mine(request).annotate(uses=Count("needs", filter=Q(needs__employer=F("employer"))))
    shown = Paginator(rows.order_by("closed_at", "-created_at", "-pk"), PAGE).get_page(request.GET.get("p"))
    units = len(contacts_of(request))
    return page(request, "feedback/inbox_offers.html", title="我们的资源", shown=shown, several=units > 1)


def add(request: HttpRequest) -> HttpResponse:
    """Offer something."""
    form = OfferForm(request.POST if request.method == "POST" else None, units=units_of(request))
    if form.is_valid() and done(form, lambda: _add(form.instance)):
        messages.success(request, "已提供给社区，他们现在就能看到。不能再提供时，请点“收回”。")
        return redirect("feedback:inbox_offers")
    return page(request, "feedback/inbox_offer_form.html", title="提供一项资源", form=form)


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write an offer anew, as long as it stands."""
    offer = get_object_or_404(_mine(request), pk=pk)
    form = OfferForm(request.POST if request.method == "POST" else None, instance=offer, units=units_of(request))
    if form.is_valid() and done(form, form.instance.change):
        messages.success(request, "已改好。")
        return redirect("feedback:inbox_offers")
    return page(request, "feedback/inbox_offer_form.html", title="修改资源", form=form, pk=pk)


@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """It can be used no more."""
    offer = get_object_or_404(_mine(request), pk=pk)
    if tried(request, lambda: offer.close(Status.WITHDRAWN)):
        messages.success(request, f"已收回“{offer}”。收错了，点“重新提供”。")
    return redirect("feedback:inbox_offers")


@require_POST
def offer_again(request: HttpRequest, pk: int) -> HttpResponse:
    """The unit's own step back is undone; that something was used up is the office's to say."""
    offer = get_object_or_404(_mine(request), pk=pk)
    if tried(request, lambda: offer.reopen(only_from=Status.WITHDRAWN)):
        messages.success(request, f"已重新提供“{offer}”。")
    return redirect("feedback:inbox_offers")


def _mine(request: HttpRequest) -> QuerySet[Offer]:
    return Offer.objects.filter(employer__in=units_of(request)).select_related("employer", "area")


def _add(offer: Offer) -> None:
    """Save it; one that says the same and stands is the one that was meant."""
    # Of a form sent twice the second finds the first.
    Employer.objects.select_for_update(no_key=True).get(pk=offer.employer_id)
    same = {name: getattr(offer, name) for name in ("employer", "area", "kind", "title", "text")}
    if not Offer.objects.open().filter(**same).exists():
        offer.save()
