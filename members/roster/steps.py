"""An import's steps: read, choose, apply, undo. Each is one transition of its `RosterImport`."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from members.ground import access
from members.ground.access import Range, Resource, Right
from members.ground.atomic import atomic_write, is_away
from members.ground.audit import acting
from members.ground.beats import Heart
from members.ground.states import Conflict
from members.models import Area, RosterImport, User
from members.models.imports import FORGOTTEN
from members.roster.apply import ChangedMeanwhile, Columns, columns_of, refuse_if_changed, write
from members.roster.basis import Basis, Terms, look
from members.roster.columns import ColumnTerms, SheetChoice
from members.roster.plan import make_plan
from members.roster.planned import Outcome, Plan, Status, answers_to
from members.roster.reading import ColumnsUnsettled, Reading, read_roster
from members.roster.refusal import UnreadableFile
from members.roster.remembering import known_names, remember, terms_of
from members.roster.stored import seal_heads, seal_plan, seal_reading, unseal_heads, unseal_plan, unseal_reading
from members.roster.undo import take_back

logger = logging.getLogger(__name__)

ATTEMPTS = 3  # at planning and writing, where others write in between
BROKEN = "读取时出了意外，没有写入任何数据。请重新上传一次；再不行，请把文件交给管理员。"
STILL_USED = "有资料连着这次导入的内容，没有撤销，什么都没有改变。请把这份花名册的文件名告诉管理员。"
LOCKED_OUT = "您在这个区域的岗位已经变动，不能再写入。没有写入任何数据。"


Then = Callable[[RosterImport], object]


def _no_more(roster_import: RosterImport) -> None:
    """What follows a step where whoever calls it goes on by itself, as the command does."""


class NotReady(Exception):
    """The plan cannot be written yet; the sentence says what the clerk has to do first."""


def take_in(
    *, area: Area, user: User | None, file_name: str, content: bytes, create_groups: bool, then: Then = _no_more
) -> RosterImport:
    """Keep an uploaded roster until it is read, and have it read: `then` queues that in the same transaction.

    ValidationError where the area was closed meanwhile.
    """
    roster_import = RosterImport(area=area, user=user, file_name=file_name[-200:], create_groups=create_groups)
    roster_import.file = content
    with atomic_write():
        Area.objects.lock_open(area)
        roster_import.save()
        then(roster_import)
    return roster_import


def read_step(roster_import: RosterImport, terms: ColumnTerms | None = None) -> None:
    """Read the file and plan it; whatever happens, the import ends in a status with a sentence.

    Where it is not certain what the columns mean, the user is asked first; `terms`, the command's, do not ask.
    """
    with acting(roster_import.user), Heart(roster_import.beat):
        try:
            roster_import.begin(RosterImport.Status.READING, 10)
            terms = terms or terms_of(roster_import, asks=roster_import.user is not None)
            known = known_names(roster_import.area)
            reading = read_roster(roster_import.file, today=roster_import.day, terms=terms, known=known)
            roster_import.beat(60)
            roster_import.advance(RosterImport.Status.REVIEW, **_review(roster_import, reading))
        except ColumnsUnsettled as unsettled:
            roster_import.advance(RosterImport.Status.COLUMNS, reading=seal_heads(unsettled), plan=None, progress=100)
        except UnreadableFile as refusal:
            _end(roster_import, RosterImport.Status.REFUSED, refusal.sentence)
        except Conflict:
            logger.info("Roster import %s was ended while it was read.", roster_import.pk)
        except Exception as error:
            if is_away(error):
                raise  # the worker reads it again
            logger.exception("Roster import %s could not be read.", roster_import.pk)
            _end(roster_import, RosterImport.Status.FAILED, BROKEN)


def columns_step(
    roster_import: RosterImport,
    choices: Mapping[str, SheetChoice],
    *,
    user: User,
    hidden_sheets: bool = False,
    then: Then = _no_more,
) -> None:
    """Remember what the user said of the columns, and have the file read again by it. Conflict where somebody did."""
    heads = unseal_heads(roster_import.reading).heads
    with atomic_write():
        Area.objects.lock_street(roster_import.area)
        afresh = {"user": user, "hidden_sheets": hidden_sheets, "asks_columns": False}
        roster_import.advance(
            RosterImport.Status.READING, only_from=RosterImport.Status.COLUMNS, reading=None, progress=0, **afresh
        )
        remember(roster_import.area, heads, choices, user=user)
        then(roster_import)


def ask_columns_step(roster_import: RosterImport, *, user: User, then: Then = _no_more) -> None:
    """Have the file read once more, to be asked what its columns mean. Conflict where it is not under review."""
    with atomic_write():
        roster_import.advance(
            RosterImport.Status.READING, only_from=RosterImport.Status.REVIEW, user=user, asks_columns=True, progress=0
        )
        then(roster_import)


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
    reading, seen = unseal_reading(roster_import.reading)
    answers = answers_to(seen)
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
    then: Then = _no_more,
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


def discard_step(roster_import: RosterImport) -> None:
    """Give a roster up that was not written: what was uploaded is deleted, who and when stays."""
    roster_import.advance(RosterImport.Status.DISCARDED, **FORGOTTEN)


def apply_step(roster_import: RosterImport, *, only_good: bool) -> None:
    """Write the plan in one transaction, or nothing; if records changed since the preview, go back to review."""
    with acting(roster_import.user), Heart(roster_import.beat):
        try:
            roster_import.begin(RosterImport.Status.APPLYING, 10)
            _write(roster_import, only_good=only_good)
        except ChangedMeanwhile as error:
            _back_to_review(
                roster_import, f"预览之后有 {len(error.keys)} 行对应的资料被别人改动了，已重新比对，请再核对一遍。"
            )
        except IntegrityError:
            _back_to_review(roster_import, "写入时正好有人登记了同一位党员，什么都没有写入。已重新比对，请再核对一遍。")
        except UnreadableFile as refusal:
            _end(roster_import, RosterImport.Status.FAILED, refusal.sentence)
        except Conflict:
            logger.info("Roster import %s was ended while it was written.", roster_import.pk)
        except Exception as error:
            if is_away(error):
                raise  # the worker writes it then
            logger.exception("Roster import %s could not be written.", roster_import.pk)
            _back_to_review(roster_import, "写入没有成功，什么都没有改变。请稍后再试一次。")


def undo_step(roster_import: RosterImport) -> None:
    """Take the whole import back, except for rows that are in use or were edited since.

    `kept` lists the members who stay, `counts["staying"]` all that stays. Raises Conflict.
    """
    try:
        with atomic_write():
            _lock_street(roster_import)
            roster_import.advance(RosterImport.Status.UNDONE, undone_at=timezone.now())
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
    sealed = {"reading": seal_reading(reading, plan), "plan": seal_plan(plan)}
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


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan ready to be written, with its terms and basis."""

    terms: Terms
    basis: Basis
    plan: Plan
    columns: Columns

    def is_current(self, reading: Reading, terms: Terms) -> bool:
        return terms == self.terms and look(reading, terms) == self.basis


def _write(roster_import: RosterImport, *, only_good: bool) -> None:
    """Plan while others may write, then lock the street, and write if the plan's terms and basis are still the same.

    If they changed at each attempt, the last plan is made behind the lock.
    """
    reading, seen = unseal_reading(roster_import.reading)
    for attempt in range(ATTEMPTS):
        prepared = _prepare(roster_import, reading, seen)
        with atomic_write():
            _lock_street(roster_import)
            roster_import.begin(RosterImport.Status.APPLYING, 30)
            if not prepared.is_current(reading, _terms(roster_import)):
                if attempt + 1 < ATTEMPTS:
                    continue
                prepared = _prepare(roster_import, reading, seen)
            _carry_out(roster_import, prepared, only_good=only_good)
            return


def _prepare(roster_import: RosterImport, reading: Reading, seen: dict[str, Outcome]) -> Prepared:
    terms = _terms(roster_import)
    if not any(low <= terms.area.path < high for low, high in terms.writable):
        raise UnreadableFile(LOCKED_OUT)
    basis = look(reading, terms)
    plan = make_plan(reading, terms, basis)
    refuse_if_changed(seen, plan)
    return Prepared(terms, basis, plan, columns_of(plan))


def _carry_out(roster_import: RosterImport, prepared: Prepared, *, only_good: bool) -> None:
    made = write(prepared.plan, roster_import, prepared.columns)
    counts = summary(prepared.plan) | {"made": made}
    leftover = only_good and (counts[Status.ERROR] or counts[Status.DOUBT])
    kept = {} if leftover else FORGOTTEN
    roster_import.advance(RosterImport.Status.APPLIED, applied_at=timezone.now(), counts=counts, message="", **kept)


def _lock_street(roster_import: RosterImport) -> None:
    """Lock the street, so that no other import of it writes what this one plans with."""
    Area.objects.lock_street(roster_import.area)


def _back_to_review(roster_import: RosterImport, message: str) -> None:
    """Plan again and go back to review, unless another worker wrote the import or somebody ended it meanwhile."""
    values = _review(roster_import, unseal_reading(roster_import.reading)[0], message)
    with suppress(Conflict):
        roster_import.advance(RosterImport.Status.REVIEW, **values)


def _end(roster_import: RosterImport, status: str, message: str) -> None:
    with suppress(Conflict):
        roster_import.advance(status, message=message, **FORGOTTEN)
