"""Cards on paper: one issued card, many in a PDF, and sheets for members to sign."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

import segno
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from feedback.documents import cards_pdf, printed_card
from feedback.documents.cards import CODE
from feedback.models import RecordCard
from feedback.rules.agreeing import NOTICE, VERSION, link_ends, link_token
from feedback.views.listed import NOTHING_CHOSEN, Listing, chosen, read_listing, require_cards
from members.ground import access
from members.ground.access import Resource
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.models import Residence
from members.web.files import download

MOST = 600
EMPTIED = "这张卡的内容已过保存期限清空，没有可以打印的。卡号、回执和反馈都还在。"
TOO_MANY = f"一次最多印 {MOST:,} 张，请先选一个社区，或分几次印。"
QUERY = ("period", "place", "show", "q", "all", "card")


@dataclass(frozen=True, slots=True)
class CardSheet:
    """A card to be signed, with the member's building, the QR code of the link, and when the link expires."""

    card: RecordCard
    building: str
    code: str
    until: datetime


@require_GET
def printed(request, pk):
    """Return one issued card for printing."""
    card = get_object_or_404(RecordCard.objects.for_user(request.user).select_related("member"), pk=pk)
    if not card.is_with_employer:
        messages.error(request, f"这张卡现在是“{card.get_status_display()}”，没有可以打印的。发出以后才能打印。")
        return redirect("feedback:card", pk)
    if not card.body:
        messages.error(request, EMPTIED)
        return redirect("feedback:card", pk)
    code = segno.make(check_address(request, card), error="m").svg_data_uri(border=0)
    context = {"title": f"记录卡：{card.member}", "card": card, "content": printed_card(card), "code": code}
    return render(request, "feedback/card_print.html", context)


def pdf(request):
    """Download the chosen issued cards as one PDF, sorted by employer, as they go into envelopes."""
    if request.method == "POST":
        return as_address(request)
    listing, cards = _chosen(request)
    rows = list(
        cards.with_body().order_by("employer__name", "employer", "area__path", "member__pinyin", "pk")[: MOST + 1]
    )
    if sentence := _refusal(rows, "选中的卡里没有已发出的，没有可以打印的。"):
        messages.error(request, sentence)
        return redirect(listing.address())
    content = cards_pdf(rows, address=lambda card: check_address(request, card))
    keep_record(request, listing, rows, "打印记录卡")
    return download(content, f"记录卡-{listing.period.label}.pdf", content_type="application/pdf")


def sheets(request):
    """Return a sheet for each chosen card that waits for its member; they are cut apart, as each is private."""
    if request.method == "POST":
        return as_address(request)
    listing, cards = _chosen(request)
    waiting = cards.filter(status=RecordCard.Status.SHOWN).select_related("member", "employer", "area")
    rows = list(waiting.order_by("area__path", "member__pinyin", "pk")[: MOST + 1])
    if sentence := _refusal(rows, "选中的卡里没有“待本人确认”的，没有确认单可以打印。"):
        messages.error(request, sentence)
        return redirect(listing.address())
    context = {"title": "记录卡确认单", "sheets": list(_sheets(request, rows)), "notice": NOTICE, "version": VERSION}
    response = render(request, "feedback/sheets.html", {**context, "back": listing.address("shown")})
    keep_record(request, listing, rows, "打印确认单")
    return response


def as_address(request) -> HttpResponse:
    """Redirect the posted choice to an address that can be opened again."""
    values = [(name, value) for name in QUERY for value in request.POST.getlist(name)]
    return redirect(f"{request.path}?{urlencode(values)}")


def _chosen(request) -> tuple[Listing, QuerySet]:
    require_cards(request.user)
    listing = read_listing(request.user, request.GET)
    return listing, RecordCard.objects.for_user(request.user).filter(pk__in=chosen(request.user, request.GET, listing))


def _refusal(rows: list[RecordCard], nothing: str) -> str:
    """Return why these cannot be printed, "" where they can; `nothing` is the sentence for no rows."""
    if len(rows) > MOST:
        return TOO_MANY
    return "" if rows else f"{nothing}{NOTHING_CHOSEN}"


def keep_record(request, listing: Listing, rows: list[RecordCard], reason: str) -> None:
    """Record the print in the audit trail, like every export of members' names."""
    path = listing.area.path if listing.area else access.scope_paths(request.user, Resource.CARD)
    with atomic_write():
        record("export", RecordCard, path=path, changes={"rows": len(rows)}, reason=reason)


def _sheets(request, rows: list[RecordCard]) -> Iterator[CardSheet]:
    """Yield the sheets sorted by building, in which order they are handed out."""
    homes = Residence.objects.for_user(request.user).current().filter(member__in=[card.member_id for card in rows])
    places = {member: (path, label) for member, path, label in homes.values_list("member", "area__path", "area__label")}
    for card in sorted(rows, key=lambda card: places.get(card.member_id, (card.area.path, ""))[0]):
        url = request.build_absolute_uri(reverse("feedback:link", args=[link_token(card)]))
        code = segno.make(url, error="m").svg_data_uri(border=0)
        yield CardSheet(card, places.get(card.member_id, ("", ""))[1], code, link_ends(card))


def check_address(request, card: RecordCard) -> str:
    """Return the URL at which anybody can verify the card."""
    address = reverse("feedback:verify", args=[card.number], query={"d": card.digest[:CODE]})
    return request.build_absolute_uri(address)
