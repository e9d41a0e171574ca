"""The poster of a community's reporting code: where one reports, until when, whom to ask. It names nobody."""

from django.utils.formats import date_format

from activities.documents.typesetting import printable, typeset
from feedback.documents.cards import FOLDER, svg_of
from feedback.models import SlipCode
from feedback.rules.asking import Asker


def slip_poster(code: SlipCode, asker: Asker, *, address: str) -> bytes:
    """Return the PDF of the poster, one sheet; `address` is the URL in its QR code."""
    data = {
        "title": "在职党员请到社区报到",
        "place": printable(asker.place),
        "until": date_format(code.ends_on, "Y年n月j日"),
        "contacts": [printable(contact) for contact in asker.contacts],
        "code": svg_of(address),
    }
    return typeset("slip_poster", data, folder=FOLDER)
