"""The stages that every uploaded workbook goes through, whatever it holds: read, asked about, written, given up."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.db import IntegrityError

from members.ground.atomic import atomic_write, is_away
from members.ground.audit import acting
from members.ground.beats import Heart
from members.ground.sealing import KeyLost
from members.ground.states import Conflict
from members.models import Area, User
from members.models.uploads import FORGOTTEN, Upload
from members.roster import refusal
from members.roster.columns import SheetChoice
from members.roster.reading import ColumnsUnsettled
from members.roster.refusal import UnreadableFile
from members.roster.remembering import remember
from members.roster.stored import seal_heads, unseal_heads

logger = logging.getLogger(__name__)

Then = Callable[[Any], object]

BROKEN = "读取时出了意外，没有写入任何数据。请重新上传一次；再不行，请把文件交给管理员。"
OVERTAKEN = "写入时正好有人登记了同样的内容，什么都没有写入。已重新比对，请再核对一遍。"
NOT_WRITTEN = "写入没有成功，什么都没有改变。请稍后再试一次；再不行，请把文件交给管理员。"
LOCKED_OUT = "您在这个区域的岗位已经变动，不能再写入。没有写入任何数据。"


class ChangedMeanwhile(Exception):
    """Records changed between preview and writing; `sentence` says so, `keys` are those of the rows concerned."""

    def __init__(self, sentence: str, keys: Sequence[str] = ()):
        super().__init__(sentence)
        self.sentence, self.keys = sentence, keys


class NotReady(Exception):
    """The plan cannot be written yet; the sentence says what the clerk has to do first."""


def no_more(upload: Upload) -> None:
    """What follows a step where whoever calls it goes on by itself, as a command does."""


def take_in(upload: Upload, content: bytes, then: Then = no_more) -> None:
    """Keep an uploaded file until it is read, and have it read: `then` queues that in the same transaction.

    ValidationError where the area was closed meanwhile.
    """
    upload.file_name, upload.file = upload.file_name[-200:], content
    with atomic_write():
        Area.objects.lock_open(upload.area)
        upload.save()
        then(upload)


def read_by(upload: Upload, work: Callable[[], object]) -> None:
    """Read the file by `work`; whatever happens, the upload ends in a status with a sentence.

    `work` itself ends in review, or raises ColumnsUnsettled: then the user is asked first.
    """
    with acting(upload.user), Heart(upload.beat):
        try:
            upload.begin(Upload.Status.READING, 10)
            work()
        except ColumnsUnsettled as unsettled:
            upload.advance(Upload.Status.COLUMNS, reading=seal_heads(unsettled), plan=None, progress=100)
        except UnreadableFile as refused:
            _end(upload, Upload.Status.REFUSED, refused.sentence)
        except KeyLost:
            _end(upload, Upload.Status.REFUSED, refusal.KEY_LOST)
        except Conflict:
            logger.info("%s was ended while it was read.", _name(upload))
        except Exception as error:
            if is_away(error):
                raise  # the worker reads it again
            logger.exception("%s could not be read.", _name(upload))
            _end(upload, Upload.Status.FAILED, BROKEN)


def write_by(upload: Upload, work: Callable[[], object], *, review: Callable[[str], object]) -> None:
    """Write the plan by `work`, all of it or nothing; where that fails, `review` goes back to it with a sentence."""
    with acting(upload.user), Heart(upload.beat):
        try:
            upload.begin(Upload.Status.APPLYING, 10)
            work()
        except ChangedMeanwhile as change:
            _go_back(upload, review, change.sentence)
        except IntegrityError:
            _go_back(upload, review, OVERTAKEN)
        except UnreadableFile as refused:
            _end(upload, Upload.Status.FAILED, refused.sentence)
        except KeyLost:
            _end(upload, Upload.Status.FAILED, refusal.KEY_LOST)
        except Conflict:
            logger.info("%s was ended while it was written.", _name(upload))
        except Exception as error:
            if is_away(error):
                raise  # the worker writes it then
            logger.exception("%s could not be written.", _name(upload))
            _go_back(upload, review, NOT_WRITTEN)


def columns_step(
    upload: Upload,
    choices: Mapping[str, SheetChoice],
    *,
    user: User,
    hidden_sheets: bool = False,
    then: Then = no_more,
) -> None:
    """Remember what the user said of the columns, and have the file read again by it. Conflict where somebody did."""
    heads = unseal_heads(upload.reading).heads
    with atomic_write():
        Area.objects.lock_street(upload.area)
        afresh = {"user": user, "hidden_sheets": hidden_sheets, "asks_columns": False}
        upload.advance(Upload.Status.READING, only_from=Upload.Status.COLUMNS, reading=None, progress=0, **afresh)
        remember(upload, heads, choices, user=user)
        then(upload)


def ask_columns_step(upload: Upload, *, user: User, then: Then = no_more) -> None:
    """Have the file read once more, to be asked what its columns mean. Conflict where it is not under review."""
    with atomic_write():
        upload.advance(Upload.Status.READING, only_from=Upload.Status.REVIEW, user=user, asks_columns=True, progress=0)
        then(upload)


def discard_step(upload: Upload) -> None:
    """Give an upload up that was not written: what was uploaded is deleted, who and when stays."""
    upload.advance(Upload.Status.DISCARDED, **FORGOTTEN)


def _go_back(upload: Upload, review: Callable[[str], object], sentence: str) -> None:
    """Go back to review, unless another worker wrote the upload or somebody ended it meanwhile."""
    try:
        with suppress(Conflict):
            review(sentence)
    except UnreadableFile as refused:
        _end(upload, Upload.Status.FAILED, refused.sentence)


def _end(upload: Upload, status: str, message: str) -> None:
    with suppress(Conflict):
        upload.advance(status, message=message, **FORGOTTEN)


def _name(upload: Upload) -> str:
    return f"{upload._meta.label} {upload.pk}"
