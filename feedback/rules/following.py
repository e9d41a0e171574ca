"""What goes along when an employer is merged into another: offers, drafts, slips, by choice access and issued cards.

Cards whose members were asked already stay with the one they were asked about; they are made and asked about anew.
"""

from collections.abc import Iterable
from itertools import groupby

from feedback.feed import feed
from feedback.feed.slips import add_slip_events
from feedback.models import Contact, EmployerKey, FeedEvent, Offer, RecordCard, Slip, SlipCode, Webhook
from feedback.models.cards import ENDED
from members.ground.access import PRACTICE
from members.ground.audit import record
from members.models import Employer

EVENT_OF = {
    Slip.Status.SENT: FeedEvent.Type.SLIP_SENT,
    Slip.Status.ASKED: FeedEvent.Type.SLIP_ASKED,
    Slip.Status.FORWARDED: FeedEvent.Type.SLIP_FORWARDED,
    Slip.Status.ACCEPTED: FeedEvent.Type.SLIP_ACCEPTED,
    Slip.Status.DECLINED: FeedEvent.Type.SLIP_DECLINED,
    Slip.Status.WITHDRAWN: FeedEvent.Type.SLIP_WITHDRAWN,
    Slip.Status.ENDED: FeedEvent.Type.SLIP_ENDED,
}


def follow(gone: Employer, into: Employer, with_access: bool) -> None:
    """Move this app's rows; issued cards keep number, body and digest, and are told of anew in the other's feed.

    With them go the events of cards that were withdrawn, so that whoever has a copy learns it from the feed that they
    read from now on. Slips are told of as they stand. The feed of the one that goes stays as it is.
    """
    movable = RecordCard.objects.filter(employer=gone).select_related("area", "supersedes").order_by("area__path", "pk")
    cards = [
        card for card in movable.locked() if card.status == RecordCard.Status.DRAFT or (with_access and card.number)
    ]
    moved = _move_cards(cards, gone, into)
    offers = Offer.objects.filter(employer=gone)
    _move(offers if with_access else offers.filter(area__path__lt=PRACTICE), into)
    slips = _move_slips(gone, into, with_tests=with_access)
    _move_codes(gone, into)
    if with_access:
        _move_access(gone, into)
        issued = [card for card in moved if card.number]
        feed.add_events(issued)
        feed.add_events(
            [card for card in issued if card.status == RecordCard.Status.WITHDRAWN], FeedEvent.Type.WITHDRAWN
        )
        for status, kind in EVENT_OF.items():
            add_slip_events([slip for slip in slips if slip.status == status], kind)


def _move_slips(gone: Employer, into: Employer, *, with_tests: bool) -> list[Slip]:
    """Move the slips but for the accepted ones beside which the other has one; return what moved.

    Those of a test key stay with it.
    """
    theirs = Slip.objects.filter(employer=into, status=Slip.Status.ACCEPTED)
    taken = set(theirs.values_list("member", "area"))
    rows = Slip.objects.filter(employer=gone).with_facts().locked().order_by("pk")
    rows = rows if with_tests else rows.filter(street__path__lt=PRACTICE)
    moved = [s for s in rows if s.status != Slip.Status.ACCEPTED or (s.member_id, s.area_id) not in taken]
    for slip in moved:
        slip.employer = into
    Slip.objects.bulk_update(moved, ["employer"], batch_size=100)
    for path, some in groupby(sorted(moved, key=Slip.audit_path), key=Slip.audit_path):
        changes = {"employer_id": [gone.pk, into.pk], "slips": [slip.pk for slip in some]}
        record("change", Slip, path=path, changes=changes)
    return moved


def _move_codes(gone: Employer, into: Employer) -> None:
    """Move the links that the unit handed out; one beside which the other has an open one is closed."""
    taken = set(SlipCode.objects.filter(employer=into, closed_at=None).values_list("place", flat=True))
    rows = SlipCode.objects.select_for_update(of=("self",), no_key=True).select_related("place")
    for code in rows.filter(employer=gone).order_by("pk"):
        if code.closed_at is None and code.place_id in taken:
            code.close()
        code.employer = into
        code.save()


def _move_cards(cards: list[RecordCard], gone: Employer, into: Employer) -> list[RecordCard]:
    """Move these cards but for those beside which the other has one of the same period; return what moved."""
    theirs = RecordCard.objects.filter(employer=into).exclude(status__in=ENDED)
    taken = set(theirs.values_list("member", "first_day", "last_day"))
    moved = [c for c in cards if c.status in ENDED or (c.member_id, c.first_day, c.last_day) not in taken]
    for card in moved:
        card.employer = into
    RecordCard.objects.bulk_update(moved, ["employer"], batch_size=100)
    for path, some in groupby(moved, key=lambda card: card.area.path):
        changes = {"employer_id": [gone.pk, into.pk], "cards": [card.pk for card in some]}
        record("change", RecordCard, path=path, changes=changes)
    return moved


def _move_access(gone: Employer, into: Employer) -> None:
    """Move keys, contacts and webhooks; a user who is the contact of both stays that of the other one."""
    _move(EmployerKey.objects.filter(employer=gone), into)
    _move(Webhook.objects.filter(employer=gone), into)
    doubled = Contact.objects.lasting().filter(employer=into).values_list("user", "street")
    both = {tuple(pair) for pair in doubled}
    rows = Contact.objects.select_for_update(of=("self",), no_key=True).select_related("street")
    for contact in rows.filter(employer=gone).order_by("pk"):
        if contact.until is None and (contact.user_id, contact.street_id) in both:
            contact.end()
        contact.employer = into
        contact.save()


def _move(rows: Iterable, into: Employer) -> None:
    for row in rows.select_for_update(of=("self",), no_key=True).order_by("pk"):  # type: ignore[attr-defined]
        row.employer = into
        row.save()
