"""Slips that a unit sends in the browser: one, a workbook of them, or a link for its members."""

from collections import Counter

import segno
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from feedback.forms import slip_book
from feedback.forms.slips_of_units import UnitBookForm, UnitLinkForm, UnitSlipForm
from feedback.models import Contact, Slip, SlipCode
from feedback.rules.receiving import By
from feedback.rules.slips_coding import open_code
from feedback.rules.slips_sending import SlipRow, SlipSent, send_slips
from feedback.views.contacts import chosen, contacts_of
from members.roster.refusal import UnreadableFile
from members.web.acts import done, tried
from members.web.files import download
from members.web.shell import page

TOO_OLD = "这份预览放得太久，或者不是您上传的。请再上传一次表格。"


def add(request: HttpRequest) -> HttpResponse:
    """Send the slip of one member."""
    contact = chosen(request, contacts_of(request))
    form = UnitSlipForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        (sent,) = _send(request, contact, [form.row()])
        for name, sentences in sent.errors.items():
            form.add_error(name if name in form.fields else None, sentences)
        if sent.slip:
            messages.success(request, "已发给社区。" if sent.is_new else "这张单以前发过，还有效，没有再发一张。")
            return redirect("feedback:inbox_slip", sent.slip.pk)
    return page(request, "feedback/inbox_slip_form.html", title="发一张报到单", form=form, contact=contact)


@require_GET
def template(request: HttpRequest) -> HttpResponse:
    """Download the workbook to fill in."""
    contacts_of(request)
    return download(slip_book.template(), "报到单（填写用）.xlsx")


def book(request: HttpRequest) -> HttpResponse:
    """Take a workbook, and show what is in it before anything is sent."""
    contact = chosen(request, contacts_of(request))
    form = UnitBookForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    rows: list[slip_book.SlipBookRow] = []
    if form.is_valid():
        try:
            rows = slip_book.read_slips(form.cleaned_data["file"].read())
        except UnreadableFile as refused:
            form.add_error("file", refused.sentence)
    bad = [row for row in rows if row.errors]
    return page(
        request,
        "feedback/inbox_slip_book.html",
        title="用表格发报到单",
        form=form,
        contact=contact,
        rows=rows,
        bad=bad,
        good=len(rows) - len(bad),
        sealed=slip_book.sealed(rows, unit=contact.pk) if len(rows) > len(bad) else "",
    )


@require_POST
def send_book(request: HttpRequest) -> HttpResponse:
    """Send the good rows of a workbook, all of them or none."""
    contact = chosen(request, contacts_of(request))
    try:
        rows = slip_book.unsealed(request.POST.get("rows", ""), unit=contact.pk)
    except signing.BadSignature:
        messages.error(request, TOO_OLD)
        return redirect(f"{reverse('feedback:inbox_slip_book')}?unit={contact.pk}")
    sent: list[SlipSent] = []
    if tried(request, lambda: sent.extend(_send(request, contact, rows))):
        _say(request, sent)
    return redirect(f"{reverse('feedback:inbox_slips')}?unit={contact.pk}")


def link(request: HttpRequest) -> HttpResponse:
    """Show the link by which the unit's members report themselves, or open one until a day."""
    contact = chosen(request, contacts_of(request))
    form = UnitLinkForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and done(
        form, lambda: open_code(contact.street, employer=contact.employer, **form.cleaned_data)
    ):
        messages.success(request, "链接可以用了。")
        return redirect(f"{reverse('feedback:inbox_slip_link')}?unit={contact.pk}")
    code = _codes(contact).open().first()
    address = request.build_absolute_uri(reverse("feedback:report", args=[code.secret_code])) if code else ""
    picture = segno.make(address, error="m").svg_data_uri(border=2) if address else ""
    return page(
        request, "feedback/inbox_slip_link.html", title="报到链接", form=form, contact=contact, code=code,
        address=address, picture=picture,
    )  # fmt: skip


@require_POST
def close_link(request: HttpRequest) -> HttpResponse:
    """Close the unit's link."""
    contact = chosen(request, contacts_of(request))
    code = _codes(contact).filter(closed_at=None).first()
    if code and tried(request, code.close):
        messages.success(request, "链接已停用。")
    return redirect(f"{reverse('feedback:inbox_slip_link')}?unit={contact.pk}")


def _codes(contact: Contact):
    return SlipCode.objects.of_employer(contact.employer_id, contact.street_id)


def _send(request: HttpRequest, contact: Contact, rows: list[SlipRow]) -> list[SlipSent]:
    by = By(user=request.user)  # type: ignore[arg-type]
    return send_slips(rows, street=contact.street, origin=Slip.Origin.EMPLOYER, employer=contact.employer, by=by)


def _say(request: HttpRequest, sent: list[SlipSent]) -> None:
    new, known = sum(each.is_new for each in sent), sum(bool(each.slip) and not each.is_new for each in sent)
    messages.success(
        request, f"已发给社区 {new} 张。" + (f"另有 {known} 张以前发过，还有效，没有再发。" if known else "")
    )
    refused = Counter(sentence for each in sent for sentences in each.errors.values() for sentence in sentences)
    for sentence, count in refused.items():
        messages.warning(request, f"{count} 张没有发出：{sentence}")
