"""The poster of a code: who asks, for which cards, until when. It names nobody."""

from django.utils.formats import date_format

from activities.documents.typesetting import printable, typeset
from feedback.documents.cards import FOLDER, svg_of
from feedback.models import CardCode
from feedback.rules.asking import Asker


def code_poster(code: CardCode, asker: Asker, *, address: str) -> bytes:
    """Return the PDF of the poster, one sheet; `address` is the URL in its QR code."""
    data = {
        "title": "请确认您的记录卡",
        "place": printable(asker.place),
        "asked": printable(str(code.activity or code.place)),
        "period": code.period.label,
        "until": date_format(code.ends_on, "Y年n月j日"),
        "contacts": [printable(contact) for contact in asker.contacts],
        "code": svg_of(address),
    }
    return typeset("poster", data, folder=FOLDER)
