"""The receipts of a unit's slips, for people and for systems."""

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from feedback.documents.slip_receipts import receipt_paper
from feedback.feed.slips import signed
from feedback.models import Slip, SlipReceipt
from feedback.rules.slips_of_units import shown_status
from feedback.views.inbox_slips import mine
from feedback.views.papers import CODE
from members.web.files import download

STANDING = (Slip.Status.ACCEPTED, Slip.Status.ENDED)


@require_GET
def receipt(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the signed receipt as JSON, as the API returns it."""
    row = _receipt(request, pk)
    content = orjson.dumps(signed(row), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    return download(content, f"报到回执-{row.slip.number}.json", content_type="application/json")


@require_GET
def receipt_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """Download the receipt as a page to print and to file."""
    row = _receipt(request, pk)
    content = receipt_paper(row, title="报到回执", address=slip_check_address(request, row))
    return download(content, f"报到回执-{row.slip.number}.pdf", content_type="application/pdf")


def slip_check_address(request: HttpRequest, receipt: SlipReceipt) -> str:
    """Return the address that says whether this receipt is genuine."""
    address = reverse("feedback:verify", args=[receipt.slip.number], query={"d": receipt.hash[:CODE]})
    return request.build_absolute_uri(address)


def _receipt(request: HttpRequest, pk: int) -> SlipReceipt:
    slip = mine(request, pk)[1]
    if shown_status(slip) not in STANDING:
        raise Http404
    receipt: SlipReceipt = slip.receipt
    receipt.slip = slip
    return receipt
