"""Recording members' answers to a notice: one member's, or those of a building's members."""

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
    """Record whether these members (ids) agree, and `how` (`means`, `given_on`); return the answer of each that counts.

    An answer that is on record already is not recorded again. The trail gets a single entry without ids or counts:
    beside those who agreed, they would reveal who refused. Each row keeps who recorded it.
    """
    common = {"purpose": purpose, "employer": employer, **how}
    Consent(**common, is_agreed=True).full_clean(exclude=["member"], validate_unique=False)
    version, notice = NOTICES[purpose]
    with atomic_write():
        members = _lock_members(answers, by)
        known = latest_answers(by, members, purpose=purpose, employer=employer)
        if any(known[member].is_in_force for member in known if not answers[member]):
            raise ValidationError(STANDS)
        new = {
            member: Consent(
                member_id=member, is_agreed=is_agreed, notice=notice, version=version, recorded_by=by, **common
            )
            for member, is_agreed in answers.items()
            if not _is_same(known.get(member), is_agreed)
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
    """Return the answer of each of these members that counts: one in force, else the last one the user may see."""
    rows = Consent.objects.for_user(user).filter(purpose=purpose, employer=employer, member__in=list(members))
    ordered = sorted(rows.select_related("recorded_by"), key=lambda row: (row.is_in_force, row.pk))
    return {row.member_id: row for row in ordered}


def _lock_members(answers: Mapping[int, bool], by: User) -> dict[int, Member]:
    """Lock these members and return them by id; ValidationError where one is no longer in the user's scope."""
    rows = Member.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=answers).order_by("pk")
    list(rows.values_list("pk"))
    members = Member.objects.for_user(by).filter(pk__in=answers).select_related("street").in_bulk()
    if len(members) < len(answers):
        raise ValidationError(CHANGED)
    return members


def _is_same(known: Consent | None, is_agreed: bool) -> bool:
    return known is not None and known.is_agreed == is_agreed and known.withdrawn_at is None
