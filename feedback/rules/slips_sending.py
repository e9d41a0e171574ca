"""Sending slips: an employer's, a member's own, or typed from paper; any number at once.

A slip that still stands is not sent a second time: the sender gets the first one. An employer's slips and members' own
are told apart in this, so that nobody learns from the answer that another sent one.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils import timezone

from feedback.feed.slips import add_slip_events
from feedback.models import FeedEvent, NumberSeries, Slip, SlipCode
from feedback.rules.receiving import By
from feedback.rules.slips_reading import HomeReader, SlipHome, employers_named, read_fields
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.inserting import insert
from members.ground.sealing import digest, encrypt_text
from members.ground.unit_names import folded
from members.models import Area, Employer
from members.rules import employing

MOST = 500
TOO_MANY = f"一次最多发 {MOST} 张报到单，请分几次发。"
NO_STREET = "请选择一个在用的街道。"
EMPLOYER = Slip.Origin.EMPLOYER

Identity = tuple[str, str, int | None, str, bool]


class SlipRow(NamedTuple):
    """What one slip says, as it was typed or sent."""

    name: str
    phone: str
    home: str
    employer_number: str = ""
    skills: str = ""
    wishes: str = ""
    agreed_how: str = ""  # Consent.Means
    agreed_on: date | None = None
    employer_name: str = ""  # as written, where the sender is not the employer
    tells_employer: bool = False  # the second tick of a member


@dataclass(slots=True)
class SlipSent:
    """The answer for one row: its slip, or by field the sentences that say what is wrong.

    `is_new` is False where the same slip was sent before and still stands: it is that one.
    """

    slip: Slip | None = None
    is_new: bool = False
    errors: dict[str, list[str]] = field(default_factory=dict)


def send_slips(
    rows: Sequence[SlipRow],
    *,
    street: Area,
    origin: str,
    by: By,
    employer: Employer | None = None,
    code: SlipCode | None = None,
) -> list[SlipSent]:
    """Send these slips to a street, and return an answer for each row, in their order; good rows are sent.

    `origin` is of Slip.Origin; for EMPLOYER the sender is `employer`, for the others it, or else the row, names theirs.
    `code` is the poster or link by which a member reports; its employer is theirs. ValidationError where there are over
    `MOST` rows.
    """
    if len(rows) > MOST:
        raise ValidationError(TOO_MANY)
    if origin == EMPLOYER and employer is None:
        raise ValidationError({"employer": "请写明是哪个单位发的。"})
    employer = code.employer if code and code.employer else employer
    read = [read_fields(row, needs_employer=employer is None) for row in rows]
    sent = [SlipSent(errors=errors) for _, errors in read]
    made = [_unsent(values, origin, by, code) if not errors else None for values, errors in read]
    with atomic_write():
        street = _lock(street)
        _name_units(made, employing.standing(employer), street)
        _settle(made, sent, street)
        _write([answer.slip for answer in sent if answer.slip and answer.is_new], street, code)
    return sent


def _lock(street: Area) -> Area:
    """Lock the street, so that of the same slip sent twice at once the second finds the first, and return it."""
    rows = Area.objects.current().select_for_update(no_key=True)
    found = rows.filter(path=street.street_path).first()
    if found is None:
        raise ValidationError({"street": NO_STREET})
    return found


def _unsent(values: dict[str, Any], origin: str, by: By, code: SlipCode | None) -> Slip:
    """Return an unsaved slip. Its phone is encrypted here: that takes time and no database."""
    kept = {name: values[name] for name in ("name", "employer_number", "skills", "wishes", "agreed_how", "agreed_on")}
    return Slip(
        **kept,
        home_text=values["home"],
        phone_sealed=encrypt_text(values["phone"]),
        phone_digest=digest(values["phone"], purpose="phone"),
        employer_name="" if origin == EMPLOYER else values["employer_name"],
        tells_employer=origin != EMPLOYER and bool(values["tells_employer"]),
        origin=origin,
        key=by.key,
        user=by.user,
        code=code,
    )


def _name_units(slips: Iterable[Slip | None], employer: Employer | None, street: Area) -> None:
    """Set the employer of each slip: the given one, else the registered one that its words mean, if any."""
    new = list(filter(None, slips))
    named = {} if employer else employers_named([slip.employer_name for slip in new], street)
    for slip in new:
        slip.employer = employer or named.get(slip.employer_name)


def _settle(slips: Sequence[Slip | None], sent: Sequence[SlipSent], street: Area) -> None:
    """Answer each good row with the slip that stands already, or with its new one."""
    known = _standing(list(filter(None, slips)), street)
    for slip, answer in zip(slips, sent, strict=True):
        if slip:
            answer.slip = known.setdefault(_identity(slip), slip)
            answer.is_new = answer.slip is slip


def _standing(slips: Sequence[Slip], street: Area) -> dict[Identity, Slip]:
    """Return the slips that stand of those phones, the first sent of each identity."""
    rows = Slip.objects.live().filter(sent_to=street, phone_digest__in={slip.phone_digest for slip in slips})
    known: dict[Identity, Slip] = {}
    for slip in rows.with_facts().order_by("pk"):
        known.setdefault(_identity(slip), slip)
    return known


def _identity(slip: Slip) -> Identity:
    unit = "" if slip.employer_id else folded(slip.employer_name)
    return slip.phone_digest, slip.name, slip.employer_id, unit, slip.origin == EMPLOYER


def _write(slips: list[Slip], street: Area, code: SlipCode | None) -> None:
    """Number, place and insert these slips, with an entry in the trail for each community, and tell the feeds."""
    if not slips:
        return
    around = code.place if code and code.place.level == Area.Level.COMMUNITY else None
    reader, now = HomeReader(street, [slip.home_text for slip in slips]), timezone.now()
    numbers = NumberSeries.take(street, timezone.localdate().year, len(slips), NumberSeries.Kind.SLIP)
    for slip, number in zip(slips, numbers, strict=True):
        slip.street = slip.sent_to = street
        slip.number, slip.sent_at = number, now
        settle_at(slip, reader.read(slip.home_text, around=around))
    insert(slips)
    record_created(slips)
    add_slip_events(slips, FeedEvent.Type.SLIP_SENT)


def settle_at(slip: Slip, found: SlipHome) -> None:
    """Set the home that an address means; the caller saves."""
    slip.area, slip.home, slip.room, slip.is_certain = found


def record_created(slips: Iterable[Slip]) -> None:
    by_path: dict[str, list[Slip]] = defaultdict(list)
    for slip in slips:
        by_path[slip.audit_path()].append(slip)
    for path, some in sorted(by_path.items()):
        changes = {"slips": [slip.pk for slip in some], "origin": some[0].origin}
        record("create", Slip, path=path, changes=changes)
