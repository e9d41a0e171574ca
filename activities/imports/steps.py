"""The steps of an import of activities: read, apply, undo; asking about columns and giving up are every upload's."""

import logging
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from activities.imports.known import Places
from activities.imports.report import Report, seal_book, seal_made, seal_report, unseal_book, unseal_report
from activities.imports.sheets import ActivityBook, read_book
from activities.imports.undo import take_back
from activities.imports.write import check, write
from activities.models import ActivityImport
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.states import Conflict
from members.models import Area, User
from members.models.uploads import FORGOTTEN
from members.roster import stages
from members.roster.refusal import UnreadableFile
from members.roster.remembering import terms_of
from members.roster.stages import LOCKED_OUT, NotReady, Then, no_more, read_by, write_by

logger = logging.getLogger(__name__)

TOO_LATE = "导入以后时间太长，不能再整批撤销。请在活动页上逐次改。"
STILL_USED = "有资料连着这次导入的活动，没有撤销，什么都没有改变。请把这份活动表的文件名告诉管理员。"


def take_in(*, area: Area, user: User, file_name: str, content: bytes, then: Then = no_more) -> ActivityImport:
    """Keep an uploaded workbook until it is read, as `stages.take_in` does, and return it."""
    upload = ActivityImport(area=area, user=user, file_name=file_name)
    stages.take_in(upload, content, then)
    return upload


def read_step(upload: ActivityImport) -> None:
    """Read the file and plan it; where it is not certain what the columns mean, the user is asked first."""
    read_by(upload, lambda: _read(upload))


def start_step(upload: ActivityImport, *, user: User, only_good: bool = False, then: Then = no_more) -> None:
    """Hand a plan that is ready to whoever writes it: `then` queues that in the same transaction.

    Conflict where somebody else did, NotReady with what is to be done first.
    """
    if upload.plan is None:
        raise Conflict("这份活动表已经处理过了。")
    report = unseal_report(upload.plan)
    if report.problems and not only_good:
        raise NotReady(f"还有 {len(report.problems)} 处错误。请改好后重新上传，或选择“只写入没有问题的”。")
    if not report.has_news:
        raise NotReady("没有需要写入的内容：表里的活动和参加的人都已登记。")
    with atomic_write():
        upload.advance(ActivityImport.Status.APPLYING, user=user)
        then(upload)


def apply_step(upload: ActivityImport) -> None:
    """Write the plan in one transaction, or nothing; if records changed since the preview, go back to review."""

    def review(message: str) -> None:
        book = unseal_book(upload.reading)
        upload.advance(ActivityImport.Status.REVIEW, **_review(upload, book, message))

    write_by(upload, lambda: _write(upload), review=review)


def undo_step(upload: ActivityImport, user: User) -> None:
    """Take the whole import back, except for what was edited since; `kept` lists what stays. Raises Conflict."""
    try:
        with atomic_write():
            Area.objects.lock_street(upload.area)
            upload.refresh_from_db(fields=["status", "made", "applied_at"])  # it may have been written meanwhile
            if upload.status == ActivityImport.Status.APPLIED and upload.made is None:
                raise Conflict(TOO_LATE)
            upload.advance(ActivityImport.Status.UNDONE, undone_at=timezone.now(), **FORGOTTEN)
            upload.kept, upload.made = take_back(upload, user), None
            upload.save(update_fields=["kept", "made"])
    except (IntegrityError, ValidationError):
        logger.exception("Import of activities %s could not be undone.", upload.pk)
        raise Conflict(STILL_USED) from None


def _read(upload: ActivityImport) -> None:
    places = Places(_user(upload), upload.area)
    book = read_book(upload.file, terms_of(upload, asks=True), places=places.names, place=upload.area.label)
    upload.beat(60)
    upload.advance(ActivityImport.Status.REVIEW, reading=seal_book(book), **_review(upload, book))


def _write(upload: ActivityImport) -> None:
    user, seen, book = _user(upload), unseal_report(upload.plan), unseal_book(upload.reading)
    with atomic_write():
        Area.objects.lock_street(upload.area)
        upload.begin(ActivityImport.Status.APPLYING, 30)
        report, made = write(book, user, upload.area, seen=seen.outcome)
        record("import", upload, path=upload.area.path, changes=report.counts | {"new": made["activities"]})
        kept = {"reading": None} if report.problems else FORGOTTEN
        sealed: dict[str, Any] = {"made": seal_made(made), "counts": report.counts}
        upload.advance(ActivityImport.Status.APPLIED, applied_at=timezone.now(), message="", **sealed, **kept)


def _review(upload: ActivityImport, book: ActivityBook, message: str = "") -> dict[str, Any]:
    """Plan, and return the upload's values for the review."""
    report: Report = check(book, _user(upload), upload.area)
    return {"plan": seal_report(report), "counts": report.counts, "message": message, "progress": 100}


def _user(upload: ActivityImport) -> User:
    """Return the upload's user by their posts as they are now; UnreadableFile where they lead no longer to its area."""
    user, area = upload.user, Area.objects.get(pk=upload.area_id)
    assert user is not None
    access.forget_posts(user)
    if not any(low <= area.path < high for low, high in access.reach(user, Resource.ACTIVITY, Right.WRITE)):
        raise UnreadableFile(LOCKED_OUT)
    return user
