"""A signed receipt on paper: what the unit received or took back, when, and the signature that proves it."""

from pathlib import Path
from typing import Any

import segno
from django.utils import timezone

from activities.documents.typesetting import printable, typeset
from feedback.models import Receipt

FOLDER = Path(__file__).parent
SAID = {
    Receipt.Kind.RECEIVED: "{employer}党组织已收到{street}发出的记录卡，卡号 {number}。",
    Receipt.Kind.TAKEN_BACK: "{employer}党组织撤回了对{street}记录卡 {number} 的签收，这张卡重新等候签收。",
}


def receipt_pdf(receipt: Receipt, *, title: str, signed: dict[str, Any], address: str) -> bytes:
    """Return the receipt as one page of A4; `signed` is what the API returns, `address` checks the card."""
    card = receipt.card
    names = {"employer": printable(card.employer.name), "street": printable(card.street.name), "number": card.number}
    said = signed["receipt"]
    facts = [
        ("卡号", card.number),
        ("时段", card.period.label),
        ("来自", printable(f"{card.street.name} {card.area.name}")),
        ("时间", f"{timezone.localtime(receipt.at):%Y-%m-%d %H:%M:%S}"),
        ("原文的校验码", said["digest"]),
        ("回执链", said.get("chain", "—")),
        ("上一张回执", said["previous"] or "无，这是第一张"),
        ("这张回执", signed["hash"]),
        ("签名公钥的编号", said["key"]),
        ("签名（Ed25519）", signed["signature"] or "公钥已不再公布"),
    ]
    code = segno.make(address, error="m").svg_inline(border=0, omitsize=True)
    data = {"title": title, "said": SAID[Receipt.Kind(receipt.kind)].format(**names), "facts": facts, "code": code}
    return typeset("receipt", data, folder=FOLDER)
