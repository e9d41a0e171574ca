"""A unit's cards on paper: one card, all of the list, and the receipt of one, for people and for systems."""

import orjson
import segno
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from feedback.documents import cards_pdf, printed_card, receipt_pdf
from feedback.feed import receipts
from feedback.models import Receipt, RecordCard
from feedback.rules import receiving
from feedback.views.contacts import chosen, contacts_of
from feedback.views.inbox import ORDER, form_of, mine, narrowed, opened
from feedback.views.papers import MOST, check_address
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.web.files import download

TOO_MANY = f"一次最多印 {MOST} 张，请先选一个时段或状态，分几次印。"
NO_CARDS = "这里没有可以打印的卡。"


@require_GET
def printed(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the card for printing, with the QR code that verifies it."""
    found = opened(request, pk)[1]
    if not found.body:
        return redirect("feedback:inbox_card", pk)
    code = segno.make(check_address(request, found), error="m").svg_data_uri(border=0)
    context = {"title": f"记录卡 {found.number}", "card": found, "content": printed_card(found), "code": code}
    return render(request, "feedback/card_print.html", context | {"back": reverse("feedback:inbox_card", args=[pk])})


@require_GET
def pdf(request: HttpRequest) -> HttpResponse:
    """Download the cards of the list as one PDF, two on a sheet."""
    contact = chosen(request, contacts_of(request))
    cards = receiving.issued_to(contact.counterpart)
    query = form_of(request, cards).query()
    rows = list(narrowed(cards, query).with_body().order_by(*ORDER)[: MOST + 1])
    if not rows or len(rows) > MOST:
        messages.error(request, TOO_MANY if rows else NO_CARDS)
        return redirect(f"{reverse('feedback:inbox')}?unit={contact.pk}")
    content = cards_pdf(rows, address=lambda card: check_address(request, card))
    changes = {"rows": len(rows), "filters": sorted(name for name, value in query.items() if value)}
    with atomic_write():
        record("export", RecordCard, path=contact.street.path, changes=changes, reason="打印记录卡")
    return download(content, f"记录卡-{timezone.localdate()}.pdf", content_type="application/pdf")


@require_GET
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the last signed receipt as JSON, as the API returns it; once taken back, the statement of that."""
    row = _receipt(request, pk)
    content = orjson.dumps(receipts.signed(row), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    return download(content, f"{_title(row)}-{row.card.number}.json", content_type="application/json")


@require_GET
def receipt_paper(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the same receipt as a page to read and to file."""
    row = _receipt(request, pk)
    content = receipt_pdf(row, title=_title(row), signed=receipts.signed(row), address=check_address(request, row.card))
    return download(content, f"{_title(row)}-{row.card.number}.pdf", content_type="application/pdf")


def _receipt(request: HttpRequest, pk: int) -> Receipt:
    rows = Receipt.objects.filter(card=mine(request, pk)[1]).select_related(
        "card__employer", "card__street", "card__area"
    )
    row = rows.order_by("pk").last()
    if row is None:
        raise Http404
    return row


def _title(row: Receipt) -> str:
    return f"{row.get_kind_display()}回执"
