"""What members answered to a notice, recorded by somebody else: one of them, or those of a building."""

from collections.abc import Collection, Mapping
from typing import Any

from django.core.exceptions import ValidationError

from members.ground import audit
from members.ground.atomic import atomic_write
from members.models import Consent, Employer, Member, User
from members.models.consents import NOTICES, STANDS

CHANGED = "名单刚才有变化：有人已经登记，或已经迁出。请核对下面的名单，再登记一次。"


def record_answers(
    answers: Mapping[int, bool],
    *,
    by: User,
    purpose: str = Consent.Purpose.STAIRWELL,
    employer: Employer | None = None,
    **how: Any,
) -> dict[int, Consent]:
    """Record whether these members (ids) agree, `how` it was asked and when; return the answer of each that counts.

    What is known already is not recorded again. The trail gets one entry, whatever was said and by how many: beside
    those who agreed, a number or a count would tell of those who refused. Each row keeps who recorded it, and when.
    """
    said = {"purpose": purpose, "employer": employer, **how}
    Consent(**said, is_agreed=True).full_clean(exclude=["member"], validate_unique=False)
    version, notice = NOTICES[purpose]
    with atomic_write():
        members = _hold(answers, by)
        known = latest_answers(by, members, purpose=purpose, employer=employer)
        if any(known[member].is_in_force for member in known if not answers[member]):
            raise ValidationError(STANDS)
        new = {
            member: Consent(
                member_id=member, is_agreed=is_agreed, notice=notice, version=version, recorded_by=by, **said
            )
            for member, is_agreed in answers.items()
            if not _says(known.get(member), is_agreed)
        }
        Consent.objects.bulk_create(new.values())
        if new:
            audit.record("create", Consent, path={member.street.path for member in members.values()})
    return known | new


def latest_answers(
    user: User,
    members: Collection[int],
    *,
    purpose: str = Consent.Purpose.STAIRWELL,
    employer: Employer | None = None,
) -> dict[int, Consent]:
    """Return the answer of each of these members that counts: one in force, else the last one the user may know of."""
    rows = Consent.objects.for_user(user).filter(purpose=purpose, employer=employer, member__in=list(members))
    ordered = sorted(rows.select_related("recorded_by"), key=lambda row: (row.is_in_force, row.pk))
    return {row.member_id: row for row in ordered}


def _hold(answers: Mapping[int, bool], by: User) -> dict[int, Member]:
    """Of two people who record at once the second waits here; who left the scope meanwhile cannot be recorded."""
    held = Member.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=answers).order_by("pk")
    list(held.values_list("pk"))
    members = Member.objects.for_user(by).filter(pk__in=answers).select_related("street").in_bulk()
    if len(members) < len(answers):
        raise ValidationError(CHANGED)
    return members


def _says(known: Consent | None, is_agreed: bool) -> bool:
    return known is not None and known.is_agreed == is_agreed and known.withdrawn_at is None
