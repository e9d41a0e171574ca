"""The consents that an accepted slip brings: by purpose, given as the slip declares."""

from collections import Counter
from collections.abc import Sequence

from feedback.models import Slip
from members.ground.audit import record
from members.ground.history import batches
from members.models import Consent, User
from members.models.consents import NOTICES

Purpose = Consent.Purpose
Wanted = tuple[int | None, str, int | None]


def give_consents(slips: Sequence[Slip], *, by: User) -> None:
    """Set on these slips, which have their members, the consents that they rest on: those in force, else new ones.

    The entry in the trail says how many in each street, not whose.
    """
    known = _in_force(slips)
    new: dict[Wanted, Consent] = {}
    for slip in slips:
        for wanted in _wanted(slip):
            if wanted not in known and wanted not in new:
                new[wanted] = _consent(slip, wanted, by)
    Consent.objects.bulk_create(new.values())
    for (path, means), count in Counter((each.member.street.path, each.means) for each in new.values()).items():
        record("create", Consent, path=path, changes={"rows": count, "means": means})
    given = known | new
    for slip in slips:
        slip.consent = given[_main(slip)]
        slip.consent_to_tell = given.get(_to_tell(slip))


def _wanted(slip: Slip) -> list[Wanted]:
    tells = slip.tells_employer and slip.employer_id and not slip.untold_at
    return [_main(slip), *([_to_tell(slip)] if tells else [])]


def _main(slip: Slip) -> Wanted:
    """Return the consent without which there is no slip: to being passed on by the employer, or to being received."""
    if slip.origin == Slip.Origin.EMPLOYER:
        return slip.member_id, Purpose.PASSED_ON, slip.employer_id
    return slip.member_id, Purpose.RECEIVE, None


def _to_tell(slip: Slip) -> Wanted:
    is_told = slip.tells_employer and slip.employer_id and not slip.untold_at
    return slip.member_id, Purpose.TELL_EMPLOYER, slip.employer_id if is_told else None


def _consent(slip: Slip, wanted: Wanted, by: User) -> Consent:
    _, purpose, employer = wanted
    version, notice = NOTICES[purpose]
    return Consent(
        member=slip.member, purpose=purpose, employer_id=employer, is_agreed=True, notice=notice, version=version,
        means=slip.agreed_how, given_on=slip.agreed_on, recorded_by=by if by.pk else None,
    )  # fmt: skip


def _in_force(slips: Sequence[Slip]) -> dict[Wanted, Consent]:
    """Return the consents in force of these slips' members for these purposes, locked."""
    purposes = (Purpose.RECEIVE, Purpose.PASSED_ON, Purpose.TELL_EMPLOYER)
    rows = Consent.objects.in_force().filter(purpose__in=purposes).order_by("pk")
    locked = rows.select_for_update(no_key=True, of=("self",))
    found = [row for part in batches([slip.member_id for slip in slips]) for row in locked.filter(member__in=part)]
    return {(row.member_id, row.purpose, row.employer_id): row for row in found}
