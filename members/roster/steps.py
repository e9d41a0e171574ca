"""An import's steps: read, choose, apply, undo. Each is one guarded move of its `RosterImport`."""

import logging
from contextlib import suppress

from django.db import IntegrityError
from django.utils import timezone

from members import access
from members.access import Range, Resource, Right
from members.atomic import atomic_write
from members.audit import acting
from members.models import Area, RosterImport, User
from members.models.imports import FORGOTTEN
from members.models.moves import Conflict
from members.roster.apply import Moved, refuse_if_moved, write
from members.roster.plan import Plan, Status, Terms, make_plan
from members.roster.reading import Reading, read_roster
from members.roster.refusal import Refused
from members.roster.stored import seal_plan, seal_reading, unseal_reading
from members.roster.undo import take_back

logger = logging.getLogger(__name__)

BROKEN = "读取时出了意外，没有写入任何数据。请重新上传一次；再不行，请把文件交给管理员。"
HELD = "有资料连着这次导入的内容，没有撤销，什么都没有改变。请把这份花名册的文件名告诉管理员。"
LOCKED_OUT = "您在这个区域的岗位已经变动，不能再写入。没有写入任何数据。"


class NotReady(Exception):
    """The plan cannot be written yet; the sentence says what the clerk does first."""


def read_step(roster_import: RosterImport) -> None:
    """Read the file and plan it; every end of it is a state with a sentence."""
    with acting(roster_import.user):
        try:
            roster_import.beat(10)
            reading = read_roster(roster_import.file, today=roster_import.day)
            roster_import.beat(60)
            _review(roster_import, reading)
        except Refused as refusal:
            roster_import.advance(RosterImport.Status.REFUSED, message=refusal.sentence, **FORGOTTEN)
        except Conflict:
            logger.info("Roster import %s was ended while it was read.", roster_import.pk)
        except Exception:
            logger.exception("Roster import %s could not be read.", roster_import.pk)
            with suppress(Conflict):
                roster_import.advance(RosterImport.Status.FAILED, message=BROKEN, **FORGOTTEN)


def choose_step(roster_import: RosterImport, choices: dict[str, str]) -> None:
    """Keep the clerk's answers to rows in doubt, and plan again with them; anything but an answer is left out."""
    with atomic_write():
        _choose(
            RosterImport.objects.select_for_update(no_key=True).get(pk=roster_import.pk), choices, roster_import.user
        )


def _choose(roster_import: RosterImport, choices: dict[str, str], user: User | None) -> None:
    if roster_import.status != RosterImport.Status.REVIEW:
        raise Conflict("这份花名册已经处理过了。请刷新页面看看。")
    reading, seen = unseal_reading(roster_import.reading)
    answers = {key: {"new", "skip", *map(str, outcome[-1])} for key, outcome in seen.items() if outcome[-1]}
    roster_import.choices |= {key: value for key, value in choices.items() if value in answers.get(key, ())}
    roster_import.advance(RosterImport.Status.READING, choices=roster_import.choices, user=user)
    _review(roster_import, reading)


def check_ready(roster_import: RosterImport, plan: Plan, *, only_good: bool, confirmed: bool) -> None:
    """Raise NotReady with what is still to be done before the plan may be written."""
    counts = plan.counts()
    if not only_good and counts[Status.ERROR]:
        raise NotReady(f"还有 {counts[Status.ERROR]} 行有错误。请改好后重新上传，或选择“只写入没有问题的行”。")
    if not only_good and counts[Status.DOUBT]:
        raise NotReady(f"还有 {counts[Status.DOUBT]} 行分不清是不是同一个人，请先逐行选择。")
    if not counts[Status.NEW] + counts[Status.CHANGED]:
        raise NotReady("没有需要写入的内容：文件里的党员都已登记，资料也一样。")
    if plan.warnings and not confirmed:
        raise NotReady("请先看清上面的提醒，并勾选“我已核对”。")


def apply_step(roster_import: RosterImport, *, only_good: bool) -> None:
    """Write the plan in one transaction, or nothing: rows that moved since the preview go back to review."""
    with acting(roster_import.user):
        try:
            with atomic_write():
                _write(roster_import, only_good=only_good)
        except Moved as moved:
            _back_to_review(
                roster_import, f"预览之后有 {len(moved.keys)} 行对应的资料被别人改动了，已重新比对，请再核对一遍。"
            )
        except IntegrityError:
            _back_to_review(roster_import, "写入时正好有人登记了同一位党员，什么都没有写入。已重新比对，请再核对一遍。")
        except Refused as refusal:
            roster_import.advance(RosterImport.Status.FAILED, message=refusal.sentence, **FORGOTTEN)
        except Conflict:
            logger.info("Roster import %s was ended while it was written.", roster_import.pk)
        except Exception:
            logger.exception("Roster import %s could not be written.", roster_import.pk)
            _back_to_review(roster_import, "写入没有成功，什么都没有改变。请稍后再试一次。")


def undo_step(roster_import: RosterImport) -> None:
    """Take the import back as a whole; `kept` and what stays of `counts` list what is in use or was edited since."""
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
        raise Conflict(HELD) from None


def writable_by(roster_import: RosterImport) -> list[Range]:
    """The parts of the tree that whoever acts may write to; from the command line, the street."""
    if roster_import.user is None:
        return [access.subtree(roster_import.area.street_path)]
    return access.reach(roster_import.user, Resource.ROSTER, Right.WRITE)


def _terms(roster_import: RosterImport) -> Terms:
    roster_import.area.refresh_from_db()  # it may have moved while the file was read
    return Terms(
        area=roster_import.area,
        day=roster_import.day,
        writable=writable_by(roster_import),
        create_groups=roster_import.create_groups,
        choices=roster_import.choices,
    )


def _review(roster_import: RosterImport, reading: Reading, message: str = "") -> None:
    plan = make_plan(reading, _terms(roster_import))
    sealed = {"reading": seal_reading(reading, plan), "plan": seal_plan(plan)}
    values = sealed | {"counts": summary(plan), "message": message, "progress": 100}
    roster_import.advance(RosterImport.Status.REVIEW, **values)


def summary(plan: Plan) -> dict:
    """What the page above the rows says, and what is kept of an import once the plan itself is gone."""
    return plan.counts() | {
        "fields": plan.changed_fields(),
        "moving": plan.moving(),
        "employers": len(plan.new_employers),
        "groups": len(plan.new_groups),
        "absent": len(plan.absent),
        "hidden": sum(sheet.hidden_rows for sheet in plan.sheets),
    }


def _write(roster_import: RosterImport, *, only_good: bool) -> None:
    _lock_street(roster_import)
    reading, seen = unseal_reading(roster_import.reading)
    terms = _terms(roster_import)
    if not any(low <= roster_import.area.path < high for low, high in terms.writable):
        raise Refused(LOCKED_OUT)
    plan = make_plan(reading, terms)
    refuse_if_moved(seen, plan)
    made = write(plan, roster_import, day=roster_import.day)
    counts = summary(plan) | {"made": made}
    leftover = only_good and (counts[Status.ERROR] or counts[Status.DOUBT])
    kept = {} if leftover else FORGOTTEN
    roster_import.advance(RosterImport.Status.APPLIED, applied_at=timezone.now(), counts=counts, message="", **kept)


def _lock_street(roster_import: RosterImport) -> None:
    """Two imports of one street queue, so that neither plans on what the other is writing."""
    Area.objects.hold_street(roster_import.area)


def _back_to_review(roster_import: RosterImport, message: str) -> None:
    with atomic_write():
        _review(roster_import, unseal_reading(roster_import.reading)[0], message)
