"""An import's own steps: read, choose, apply, undo. Each is one transition of its `RosterImport`."""

import logging
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from members.ground import access
from members.ground.access import Range, Resource, Right
from members.ground.atomic import atomic_write
from members.ground.states import Conflict
from members.models import Area, RosterImport, User
from members.models.uploads import FORGOTTEN
from members.roster import stages
from members.roster.apply import Filled, fill, refuse_if_changed, write
from members.roster.basis import Terms
from members.roster.columns import ColumnTerms
from members.roster.plan import is_current, make_plan
from members.roster.planned import Plan, Status, answers_to
from members.roster.reading import Reading, read_roster
from members.roster.refusal import UnreadableFile
from members.roster.remembering import known_names, terms_of
from members.roster.stages import LOCKED_OUT, NotReady, Then, no_more, read_by, write_by
from members.roster.stored import seal_plan, seal_reading, unseal_plan, unseal_reading
from members.roster.undo import take_back

logger = logging.getLogger(__name__)

ATTEMPTS = 3  # at planning and writing, where others write in between
STILL_USED = "有资料连着这次导入的内容，没有撤销，什么都没有改变。请把这份花名册的文件名告诉管理员。"


def take_in(
    *, area: Area, user: User | None, file_name: str, content: bytes, create_groups: bool, then: Then = no_more
) -> RosterImport:
    """Keep an uploaded roster until it is read, as `stages.take_in` does, and return it."""
    roster_import = RosterImport(area=area, user=user, file_name=file_name, create_groups=create_groups)
    stages.take_in(roster_import, content, then)
    return roster_import


def read_step(roster_import: RosterImport, terms: ColumnTerms | None = None) -> None:
    """Read the file and plan it; whatever happens, the import ends in a status with a sentence.

    Where it is not certain what the columns mean, the user is asked first; `terms`, the command's, do not ask.
    """
    read_by(roster_import, lambda: _read(roster_import, terms))


def _read(roster_import: RosterImport, terms: ColumnTerms | None) -> None:
    terms = terms or terms_of(roster_import, asks=roster_import.user is not None)
    known = known_names(roster_import.area)
    reading = read_roster(roster_import.file, today=roster_import.day, terms=terms, known=known)
    roster_import.beat(60)
    roster_import.advance(RosterImport.Status.REVIEW, **_review(roster_import, reading))


def choose_step(roster_import: RosterImport, choices: dict[str, str]) -> None:
    """Store the clerk's answers to rows in doubt, and plan again with them; anything that is no answer is left out."""
    for _ in range(ATTEMPTS):
        chosen = RosterImport.objects.select_related("area", "user").get(pk=roster_import.pk)
        if _choose(chosen, choices, roster_import.user):
            return
    raise Conflict("正好有别人也在核对这份花名册。请刷新页面，再试一次。")


def _choose(roster_import: RosterImport, choices: dict[str, str], user: User | None) -> bool:
    """Plan with the answers and store both; return False where other answers were stored in the meantime."""
    if roster_import.status != RosterImport.Status.REVIEW:
        raise Conflict("这份花名册已经处理过了。请刷新页面看看。")
    before = roster_import.choices
    reading, seen = unseal_reading(roster_import.reading), unseal_plan(roster_import.plan)
    answers = answers_to(seen.outcomes())
    now = before | {key: value for key, value in choices.items() if value in answers.get(key, ())}
    roster_import.choices, roster_import.user = now, user
    values = _review(roster_import, reading)
    with atomic_write():
        stored = RosterImport.objects.select_for_update(no_key=True).defer(*FORGOTTEN).get(pk=roster_import.pk)
        if stored.choices != before:
            return False
        roster_import.advance(RosterImport.Status.READING, choices=now, user=user)
        roster_import.advance(RosterImport.Status.REVIEW, **values)
    return True


def check_ready(roster_import: RosterImport, plan: Plan, *, only_good: bool, confirmed: bool) -> None:
    """Raise NotReady with what is still to be done before the plan may be written."""
    counts = plan.counts()
    if not only_good and counts[Status.ERROR]:
        raise NotReady(f"还有 {counts[Status.ERROR]} 行有错误。请改好后重新上传，或选择“只写入没有问题的行”。")
    if not only_good and plan.open_units:
        raise NotReady(f"还有 {len(plan.open_units)} 个单位名称和登记的相近，请先选定是不是同一家。")
    if not only_good and counts[Status.DOUBT]:
        raise NotReady(f"还有 {counts[Status.DOUBT]} 行待确认（分不清是不是同一个人，或住在哪里），请先逐行选择。")
    if not counts[Status.NEW] + counts[Status.CHANGED]:
        raise NotReady("没有需要写入的内容：文件里的党员都已登记，资料也一样。")
    if plan.warnings and not confirmed:
        raise NotReady("请先看清上面的提醒，并勾选“我已核对”。")


def start_step(
    roster_import: RosterImport,
    *,
    user: User | None,
    only_good: bool = False,
    confirmed: bool = False,
    then: Then = no_more,
) -> None:
    """Hand a plan that is ready to whoever writes it: `then` queues that in the same transaction.

    Conflict where somebody else did, NotReady with what is to be done first.
    """
    if roster_import.plan is None:
        raise Conflict("这份花名册已经处理过了。")
    check_ready(roster_import, unseal_plan(roster_import.plan), only_good=only_good, confirmed=confirmed)
    with atomic_write():
        roster_import.advance(RosterImport.Status.APPLYING, user=user)
        then(roster_import)


def apply_step(roster_import: RosterImport, *, only_good: bool) -> None:
    """Write the plan in one transaction, or nothing; if records changed since the preview, go back to review."""

    def review(message: str) -> None:
        again = unseal_reading(roster_import.reading)
        roster_import.advance(RosterImport.Status.REVIEW, **_review(roster_import, again, message))

    write_by(roster_import, lambda: _write(roster_import, only_good=only_good), review=review)


def undo_step(roster_import: RosterImport) -> None:
    """Take the whole import back, except for rows that are in use or were edited since.

    `kept` lists the members who stay, `counts["staying"]` all that stays. Raises Conflict.
    """
    try:
        with atomic_write():
            _lock_street(roster_import)
            roster_import.advance(RosterImport.Status.UNDONE, undone_at=timezone.now(), **FORGOTTEN)
            roster_import.refresh_from_db(fields=["applied_at", "counts"])  # it may have been written meanwhile
            staying = take_back(roster_import)
            roster_import.kept = list(staying.members)
            roster_import.counts |= {"staying": staying.as_dict()}
            roster_import.save(update_fields=["kept", "counts"])
    except IntegrityError:
        logger.exception("Roster import %s could not be undone.", roster_import.pk)
        raise Conflict(STILL_USED) from None


def writable_by(roster_import: RosterImport) -> list[Range]:
    """Return the parts of the tree that the import's user may write to; from the command line, the street."""
    if roster_import.user is None:
        return [access.subtree(roster_import.area.street_path)]
    return access.reach(roster_import.user, Resource.ROSTER, Right.WRITE)


def _terms(roster_import: RosterImport) -> Terms:
    """Return the plan's terms by the tree and the posts as they are now."""
    roster_import.area = Area.objects.get(pk=roster_import.area_id)
    if roster_import.user:
        access.forget_posts(roster_import.user)
    return Terms(
        area=roster_import.area,
        day=roster_import.day,
        writable=writable_by(roster_import),
        create_groups=roster_import.create_groups,
        choices=roster_import.choices,
    )


def _review(roster_import: RosterImport, reading: Reading, message: str = "") -> dict[str, Any]:
    """Plan, and return the import's values for the review."""
    plan = make_plan(reading, _terms(roster_import))
    sealed = {"reading": seal_reading(reading), "plan": seal_plan(plan)}
    return sealed | {"counts": summary(plan), "message": message, "progress": 100}


def summary(plan: Plan) -> dict:
    """Return the counts shown above the rows; they are kept after the plan itself is deleted."""
    return plan.counts() | {
        "fields": plan.changed_fields(),
        "moving": plan.moving(),
        "employers": len(plan.new_employers),
        "groups": len(plan.new_groups),
        "absent": len(plan.absent),
        "hidden": sum(sheet.hidden_rows for sheet in plan.sheets),
    }


def _write(roster_import: RosterImport, *, only_good: bool) -> None:
    """Plan while others may write, then lock the street, and write if the plan is still current.

    If records changed at each attempt, the last plan is made behind the lock.
    """
    for attempt in range(ATTEMPTS):
        plan = _current_plan(roster_import)
        filled = fill(plan)
        with atomic_write():
            _lock_street(roster_import)
            roster_import.begin(RosterImport.Status.APPLYING, 30)
            if not is_current(plan, _terms(roster_import)):
                if attempt + 1 < ATTEMPTS:
                    continue
                plan = _current_plan(roster_import)
                filled = fill(plan)
            _carry_out(roster_import, plan, filled, only_good=only_good)
            return


def _current_plan(roster_import: RosterImport) -> Plan:
    """Return the plan that the clerk saw, or a new one where it is not current any more.

    ChangedMeanwhile where the new one would do something else.
    """
    terms, plan = _terms(roster_import), unseal_plan(roster_import.plan)
    if not any(low <= terms.area.path < high for low, high in terms.writable):
        raise UnreadableFile(LOCKED_OUT)
    if is_current(plan, terms):
        return plan
    now = make_plan(unseal_reading(roster_import.reading), terms)
    refuse_if_changed(plan, now)
    return now


def _carry_out(roster_import: RosterImport, plan: Plan, filled: Filled, *, only_good: bool) -> None:
    made = write(plan, roster_import, filled)
    counts = summary(plan) | {"made": made}
    leftover = only_good and (counts[Status.ERROR] or counts[Status.DOUBT])
    kept = {} if leftover else FORGOTTEN
    roster_import.advance(RosterImport.Status.APPLIED, applied_at=timezone.now(), counts=counts, message="", **kept)


def _lock_street(roster_import: RosterImport) -> None:
    """Lock the street, so that no other import of it writes what this one plans with."""
    Area.objects.lock_street(roster_import.area)
