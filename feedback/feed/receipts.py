"""Signed receipts (Ed25519, RFC 8032): the employer acknowledged these bytes at this moment, or took that back.

Each receipt names its chain and the receipt before it, so that none can be removed unseen. A feed's epoch is a chain: a
new one begins after a restored backup, which does not know the receipts given since. An Ed25519 signature is the same
every time, so it is made on request, outside any transaction.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.utils import timezone

from feedback.feed.body import canonical, digest_of
from feedback.models import Feed, Receipt, RecordCard
from feedback.models.counterparts import Counterpart
from members.ground.audit import differences, record


def write(cards: Iterable[RecordCard], kind: Receipt.Kind, *, feeds: Mapping[Counterpart, Feed]) -> list[Receipt]:
    """Store that these cards were received, or that this was taken back, each after the last receipt of its feed.

    The caller has locked the feeds. Each receipt has its entry in the trail.
    """
    now, signed_by, made = timezone.now(), present_key(), []
    for card in cards:
        feed = feeds[card.counterpart]
        receipt = Receipt(card=card, kind=kind, digest=card.digest, at=now, chain=feed.epoch)
        receipt.previous, receipt.signed_by = feed.last_receipt, signed_by
        feed.last_receipt = receipt.hash = digest_of(canonical(statement(receipt)))
        made.append(receipt)
    Receipt.objects.bulk_create(made)
    Feed.objects.bulk_update(feeds.values(), ["last_receipt"])
    for receipt in made:
        record("create", receipt, changes=differences({}, receipt._values()))
    return made


def statement(receipt: Receipt) -> dict[str, Any]:
    """Return the content that is signed as canonical JSON."""
    return {
        **({"chain": receipt.chain} if receipt.chain else {}),  # receipts before 0.4 were signed without
        "number": receipt.card.number,
        "digest": receipt.digest,
        f"{receipt.kind}_at": receipt.at.astimezone(UTC).isoformat(),
        "previous": receipt.previous or None,
        "key": receipt.signed_by,
    }


def signed(receipt: Receipt) -> dict[str, Any]:
    """Return the receipt for the employer: the statement, its SHA-256, and the signature in base64."""
    return with_signature(statement(receipt), receipt.hash)


def with_signature(content: dict[str, Any], hashed: str) -> dict[str, Any]:
    """Return a statement with its hash and its signature; without one where its key is not known any more."""
    seed = _keys().get(content["key"])
    signature = base64.b64encode(_private(seed).sign(canonical(content).encode())).decode() if seed else None
    return {"receipt": content, "hash": hashed, "signature": signature}


def present_key() -> str:
    """Return the id of the key that signs today."""
    return _key_id(settings.LOUZU_SIGNING_KEY)


def public_keys() -> list[dict[str, str]]:
    """Return the public keys that receipts are, or were, signed with."""
    return [{"id": key_id, "algorithm": "Ed25519", "public": _public(seed)} for key_id, seed in _keys().items()]


def _keys() -> dict[str, str]:
    return {_key_id(seed): seed for seed in (settings.LOUZU_SIGNING_KEY, *settings.LOUZU_SIGNING_KEYS_OLD)}


@cache
def _private(seed: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest())


@cache
def _public(seed: str) -> str:
    return base64.b64encode(_private(seed).public_key().public_bytes_raw()).decode()


@cache
def _key_id(seed: str) -> str:
    return digest_of(_public(seed))[:16]
