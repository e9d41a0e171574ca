"""Slips in the employers' feed: their events, and the signed receipts that the communities give for them.

An employer's feed has every status that one of its slips ever had, so whoever reads it knows them all. Its events name
nobody: the number leads to the slip, which its employer reads by a call of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Any

import orjson
from django.utils import timezone

from feedback.feed import feed, receipts
from feedback.feed.body import canonical, digest_of
from feedback.models import Feed, FeedEvent, Slip, SlipReceipt
from feedback.models.counterparts import Counterpart
from feedback.models.senders import contacts_of
from members.ground.audit import differences, record
from members.ground.inserting import insert
from members.models import Area

Status = Slip.Status


def facts(slip: Slip, *, with_texts: bool = True) -> dict[str, Any]:
    """Return what an employer reads of a slip: number, status and what goes with it; nothing that names the member.

    `slip` comes from `with_facts()`. Of one that it is not told of any more, it reads that it was withdrawn. Events are
    kept for ever, so they are without the sentences that people wrote.
    """
    status = Status.WITHDRAWN if slip.untold_at else slip.status
    is_accepted = status in (Status.ACCEPTED, Status.ENDED)
    return {
        "number": slip.number,
        "status": status,
        "origin": slip.origin,
        "employer_says": slip.employer_says or None,
        "continues": slip.continues.number if slip.continues else None,
        "street": slip.street.name,
        "asked": _reason(slip.asked_code, slip.asked_text, with_texts) if status == Status.ASKED else None,
        "forwarded_to": _successor(slip) if status == Status.FORWARDED else None,
        "declined": _reason("not_here", slip.declined_text, with_texts) if status == Status.DECLINED else None,
        "withdrawn_by": (slip.withdrawn_by or Slip.Withdrawer.MEMBER) if status == Status.WITHDRAWN else None,
        "ended": _reason(slip.ended_code, slip.ended_text, with_texts) if status == Status.ENDED else None,
        "receipt": signed(slip.receipt) if is_accepted else None,
    }


def statement(receipt: SlipReceipt) -> dict[str, Any]:
    """Return the content that is signed as canonical JSON."""
    return {
        **({"chain": receipt.chain} if receipt.chain else {}),
        "number": receipt.slip.number,
        "accepted_at": receipt.at.astimezone(UTC).isoformat(),
        "day": timezone.localdate(receipt.at).isoformat(),
        "community": receipt.community,
        "telephone": receipt.telephone,
        "previous": receipt.previous or None,
        "key": receipt.signed_by,
    }


def signed(receipt: SlipReceipt) -> dict[str, Any]:
    """Return the receipt for the sender: the statement, its SHA-256, and the signature in base64."""
    return receipts.with_signature(statement(receipt), receipt.hash)


def write_receipts(slips: Sequence[Slip], street: Area) -> None:
    """Give a receipt for each of these accepted slips of a street, in the chain of the feed that tells of it, if any.

    The feeds are locked here. Each receipt has its entry in the trail.
    """
    contacts, feeds = contacts_of(street), Feed.lock({slip.counterpart for slip in slips if slip.counterpart})
    made = [_receipt(slip, contacts, feeds.get(slip.counterpart) if slip.counterpart else None) for slip in slips]
    insert(made)
    Feed.objects.bulk_update(feeds.values(), ["last_receipt"])
    for receipt in made:
        receipt.slip.receipt = receipt
        record("create", receipt, changes=differences({}, receipt._values()))


def add_slip_events(slips: Iterable[Slip], kind: str) -> None:
    """Add an event for each of these slips that an employer hears of to its feed, and announce it."""
    tell({slip: slip.counterpart for slip in slips}, kind)


def tell(slips: Mapping[Slip, Counterpart | None], kind: str) -> None:
    """Add an event for each of these slips to the feed of the counterpart beside it, if any, and announce it."""
    by_counterpart: dict[Counterpart, list[Slip]] = defaultdict(list)
    for slip, counterpart in slips.items():
        if counterpart:
            by_counterpart[counterpart].append(slip)
    feed.append(by_counterpart, lambda slip, event: _fill(event, slip, kind))


def _fill(event: FeedEvent, slip: Slip, kind: str) -> None:
    event.slip, event.type = slip, kind
    envelope = {"seq": event.seq, "type": kind, "at": event.at.astimezone(UTC), "slip": facts(slip, with_texts=False)}
    event.told = orjson.dumps(envelope).decode()


def _receipt(slip: Slip, contacts: Mapping[str, str], feed_: Feed | None) -> SlipReceipt:
    assert slip.area
    assert slip.accepted_at
    contact = contacts.get(slip.area.path) or contacts.get(slip.area.street_path, "")
    receipt = SlipReceipt(slip=slip, at=slip.accepted_at, community=slip.area.label, telephone=contact)
    receipt.signed_by = receipts.present_key()
    if feed_:
        receipt.chain, receipt.previous = feed_.epoch, feed_.last_receipt
    receipt.hash = digest_of(canonical(statement(receipt)))
    if feed_:
        feed_.last_receipt = receipt.hash
    return receipt


def _reason(code: str, text: str, with_texts: bool) -> dict[str, str]:
    return {"code": code, "text": text} if with_texts else {"code": code}


def _successor(slip: Slip) -> dict[str, str]:
    return {"street": slip.continued_by.street.name, "number": slip.continued_by.number}
