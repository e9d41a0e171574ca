"""Printing issued cards from their frozen bodies alone, so that paper and feed say the same."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
import segno

from activities.documents.typesetting import paragraphs, printable, typeset
from feedback.ground.periods import CardPeriod
from feedback.models import RecordCard

FOLDER = Path(__file__).parent
CODE = 16  # hex digits of the digest that are printed, enough to check the card by
COUNTED = {"activities": "参加活动 {} 次", "visits": "走访 {} 次", "needs": "帮办群众需求 {} 件"}


def cards_pdf(cards: Iterable[RecordCard], *, address: Callable[[RecordCard], str]) -> bytes:
    """Return one PDF of these cards, two on a sheet; `address` gives the URL at which a card can be checked."""
    printed = [printed_card(card) | {"code": svg_of(address(card))} for card in cards]
    return typeset("cards", {"title": "在职党员参与社区活动记录卡", "cards": printed}, folder=FOLDER)


def printed_card(card: RecordCard) -> dict[str, Any]:
    """Return the content of a printed card; the card must have a body."""
    body = orjson.loads(card.body)
    lines = [{name: printable(text) for name, text in line.items()} for line in body["lines"]]
    place = body["from"]
    return {
        "number": body["number"],
        "supersedes": body["supersedes"] or "",
        "issued_on": body["issued_on"],
        "period": CardPeriod.read(body["period"]["code"]).label,
        "days": f"{body['period']['first']} 至 {body['period']['last']}",
        "name": printable(body["member"]["name"]),
        "employer_number": printable(body["member"]["employer_number"] or ""),
        "employer": printable(body["employer"]["name"]),
        "from": printable(f"{place['street']} {place['community']}"),
        "contacts": [
            f"{printable(place[name])}：{printable(place[f'{name}_contact'])}"
            for name in ("community", "street")
            if place[f"{name}_contact"]
        ],
        "lines": lines,
        "duties": "、".join(body["duties"]),
        "counts": "，".join(
            phrase.format(body["counts"][name]) for name, phrase in COUNTED.items() if body["counts"][name]
        ),
        "sentence": paragraphs(body["sentence"]),
        "check": " ".join(card.digest[at : at + 4] for at in range(0, CODE, 4)),
    }


def svg_of(url: str) -> str:
    return segno.make(url, error="m").svg_inline(border=0, omitsize=True)
