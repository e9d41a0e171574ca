"""The receipt of a slip on paper: the community received it, when, where to call, and the signature that proves it."""

from pathlib import Path

import segno
from django.utils import timezone

from activities.documents.typesetting import printable, typeset
from feedback.feed.slips import signed
from feedback.models import SlipReceipt

FOLDER = Path(__file__).parent
SAID = "{community}党组织已接收{name}同志的报到，报到单号 {number}。"
NOTE = [
    "回执由街道的系统签名。用同名的 JSON 文件和 verify_receipt.py 可以验证签名。",
    "回执只说明报到已经接收，不评价个人。",
]


def receipt_paper(receipt: SlipReceipt, *, title: str, address: str = "") -> bytes:
    """Return the receipt as one page of A4 (PDF); `address`, if any, checks it."""
    slip, proof = receipt.slip, signed(receipt)
    said = proof["receipt"]
    names = {"community": printable(receipt.community), "name": printable(slip.name), "number": slip.number}
    facts = [
        ("报到单号", slip.number),
        ("单位", printable(slip.unit) or "—"),
        ("接收的社区", printable(f"{slip.street.name} {receipt.community}")),
        ("联系方式", printable(receipt.telephone) or "—"),
        ("接收的日子", f"{timezone.localtime(receipt.at):%Y-%m-%d %H:%M:%S}"),
        ("回执链", said.get("chain", "—")),
        ("上一张回执", said["previous"] or "无"),
        ("这张回执", proof["hash"]),
        ("签名公钥的编号", said["key"]),
        ("签名（Ed25519）", proof["signature"] or "公钥已不再公布"),
    ]
    code = segno.make(address, error="m").svg_inline(border=0, omitsize=True) if address else ""
    data = {"title": title, "said": SAID.format(**names), "facts": facts, "code": code, "note": NOTE}
    return typeset("slip_receipt", data, folder=FOLDER)
