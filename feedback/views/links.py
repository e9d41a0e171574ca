"""The list of members' links, to be sent one by one."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from feedback.forms.asking import LinksForm
from feedback.models import RecordCard
from feedback.rules.agreeing import link_ends, link_token
from feedback.views.board import link_note
from feedback.views.listed import NOTHING_CHOSEN, Listing, chosen, read_listing, require_cards
from feedback.views.papers import as_address, keep_record
from members.ground import access
from members.ground.access import Resource
from members.ground.export import ExportSheet, workbook_of
from members.models import Residence
from members.web.files import download
from members.web.shell import page

HEADINGS = ("姓名", "楼组", "链接", "有效到", "说明")
UNTIL = 3
WIDTHS = {1: 30, 2: 70, UNTIL: 18, 4: 24}


def links(request):
    """Download the links of the chosen cards that wait for their members; ask for a reason and record the export."""
    require_cards(request.user)
    if not access.can(request.user, Resource.EXPORT):
        raise PermissionDenied
    if request.method == "POST" and "reason" not in request.POST:
        return as_address(request)
    listing = read_listing(request.user, request.GET)
    rows = _waiting(request, listing)
    cards = list(rows)
    if not cards:
        messages.error(request, f"选中的卡里没有“待本人确认”的，没有链接可以导出。{NOTHING_CHOSEN}")
        return redirect(listing.address())
    form = LinksForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return page(request, "feedback/links.html", title="导出链接", form=form, count=len(cards), listing=listing)
    above = (f"记录卡确认链接　{listing.period.label}", "每个链接只发给本人；打开要填本人手机号的后四位。")
    lines = _lines(request, rows)
    sheet = ExportSheet("链接", HEADINGS, lines, {UNTIL: "yyyy-mm-dd hh:mm"}, above, widths=WIDTHS)
    content = workbook_of([sheet])
    keep_record(request, listing, cards, form.cleaned_data["reason"])
    return download(content, f"确认链接-{listing.period.label}.xlsx")


def _waiting(request, listing: Listing) -> QuerySet[RecordCard]:
    cards = RecordCard.objects.for_user(request.user).filter(pk__in=chosen(request.user, request.GET, listing))
    exportable = access.within("area__path", access.reach(request.user, Resource.EXPORT))
    rows = cards.filter(exportable, status=RecordCard.Status.SHOWN).select_related("member", "employer", "area")
    return rows.defer("body").order_by("area__path", "member__pinyin", "pk")


def _lines(request, rows: QuerySet[RecordCard]) -> Iterator[tuple[Any, ...]]:
    """Yield name, building, link and its end; where the link opens nothing, why instead of it."""
    homes = Residence.objects.for_user(request.user).current().filter(member__in=rows.order_by().values("member"))
    places = dict(homes.values_list("member", "area__label"))
    for card in rows:
        why = link_note(card)
        url = "" if why else request.build_absolute_uri(reverse("feedback:link", args=[link_token(card)]))
        until = None if why else timezone.make_naive(link_ends(card))
        yield str(card.member), places.get(card.member_id, ""), url, until, why
