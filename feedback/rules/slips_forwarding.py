"""Handing a slip to another street of the installation."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from feedback.feed.slips import add_slip_events
from feedback.models import FeedEvent, NumberSeries, Slip
from feedback.rules.slips_asking import locked_for, require_waiting
from feedback.rules.slips_reading import HomeReader
from feedback.rules.slips_sending import record_created, settle_at
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.models import Area, User

NOT_A_STREET = "请选择本平台上另一个在用的街道。"
KEPT = (
    "name", "phone_sealed", "phone_digest", "home_text", "employer", "employer_name", "employer_number", "skills",
    "wishes", "origin", "key", "user", "code", "agreed_how", "agreed_on", "tells_employer", "employer_says",
    "untold_at", "sent_to",
)  # fmt: skip


def forward(slip: Slip, to: Area, *, by: User) -> Slip:
    """Hand the slip to another street, and return its successor there; a repeated call returns the same one.

    The sender hears of both in the feed of the street that they sent it to. PermissionDenied unless the user is of the
    slip's street office, ValidationError where `to` is no other open street, Conflict where the slip does not wait.
    """
    if not may_forward(slip, by):
        raise PermissionDenied
    with atomic_write():
        if to.pk not in {street.pk for street in streets_to_forward(slip)}:
            raise ValidationError({"street": NOT_A_STREET})
        Area.objects.lock_open(to)
        if known := _known(slip, to, by):
            return known
        slip = require_waiting(locked_for(slip, by))
        (number,) = NumberSeries.take(to, timezone.localdate().year, 1, NumberSeries.Kind.SLIP)
        slip.advance(Slip.Status.FORWARDED, forwarded_at=timezone.now())
        there = _successor(slip, to, number)
        slip.continued_by = there
        add_slip_events([slip], FeedEvent.Type.SLIP_FORWARDED)
        add_slip_events([there], FeedEvent.Type.SLIP_SENT)
    return there


def may_forward(slip: Slip, user: Any) -> bool:
    """Return whether the user is of the office of the slip's street, which alone hands slips to other streets."""
    return access.covers(user, Resource.CARD, slip.street.path, Right.WRITE)


def streets_to_forward(slip: Slip) -> list[Area]:
    """Return the open streets of the installation other than the slip's, by name."""
    return list(Area.objects.streets().current().exclude(pk=slip.street_id).order_by("name"))


def _known(slip: Slip, to: Area, by: User) -> Slip | None:
    """Return the slip that continues this one in that street already."""
    mine = Slip.objects.for_user(by, Right.WRITE).filter(pk=slip.pk)
    return Slip.objects.with_facts().filter(continues__in=mine, street=to).first()


def _successor(slip: Slip, to: Area, number: str) -> Slip:
    kept: dict[str, Any] = {name: getattr(slip, name) for name in KEPT}
    there = Slip(**kept, street=to, number=number, continues=slip)
    settle_at(there, HomeReader(to, [slip.home_text]).read(slip.home_text))
    Slip.objects.bulk_create([there])
    record_created([there])
    return there
