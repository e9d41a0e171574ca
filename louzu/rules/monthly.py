"""A monthly report is begun, written on, finished and closed; its files are made in `documents/making.py`."""

import hashlib
import re
from datetime import date, datetime
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.utils import timezone

from louzu.models import MonthlyFile, MonthlyReport
from louzu.models.monthly import LONGEST_TEXT, last_day_of
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.states import Conflict
from members.models import Area, User
from members.models.households import FIRST_YEAR

Status = MonthlyReport.Status
MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)
UNREADABLE = "看不懂这个月份，请写成 2026-10 这样。"
FROZEN = "{}已经定稿，不能再改。以后补登记或改正的，会写在下一份月报的“更正”里。"


def read_month(text: str) -> date:
    """Return the first day of a month written 2026-10; ValidationError for any other text."""
    found = MONTH.fullmatch(text)
    try:
        return date(int(found[1]), int(found[2]), 1) if found else _refuse(UNREADABLE)
    except ValueError as error:
        raise ValidationError({"month": UNREADABLE}) from error


def check_month(area: Area, month: date, *, today: date) -> None:
    """Refuse a month of which the area has no report: one to come, too early, or in which it was not open."""
    name = f"{month.year}年{month.month}月"
    if area.level > Area.Level.COMMUNITY:
        raise ValidationError({"area": "月报由街道、社区报送，请选择街道或社区。"})
    if month > today:
        _refuse(f"{name}还没有到，请选择已经过完的月份。")
    if month.replace(year=month.year - 1) < FIRST_YEAR:
        _refuse("月份太早了，请检查年份。")
    if area.until and area.until <= month:
        _refuse(f"“{area.name}”在{name}以前已经停用，没有这个月的月报。")
    if area.since and area.since > last_day_of(month):
        _refuse(f"“{area.name}”在{name}还没有启用，没有这个月的月报。")


def _refuse(sentence: str) -> Any:
    raise ValidationError({"month": sentence})


def begin(area: Area, month: date, *, by: User) -> tuple[MonthlyReport, bool]:
    """Begin to make a month's report, or to make it anew; return it, and whether the caller is to queue the making.

    A second call while it is being made begins nothing. ValidationError where there can be no such report, Conflict
    where it is closed.
    """
    with atomic_write():
        place = Area.objects.select_for_update(no_key=True).get(pk=area.pk)
        check_month(place, month, today=timezone.localdate())
        report = MonthlyReport.objects.filter(area=place, month=month).first()
        if report is None:
            report = MonthlyReport(area=place, month=month, made_by=by)
            report.full_clean()
            report.save()
            return report, True
        report.lock()
        if report.is_closed:
            raise Conflict(FROZEN.format(report))
        if report.is_busy:
            return report, False
        _make_anew(report, by=by)
        return report, True


def write_text(report: MonthlyReport, text: str, *, by: User, seen: datetime | None = None) -> bool:
    """Put the office's paragraph into a report, and return whether the caller is to queue the making of its files.

    The figures stay. The same paragraph once more changes nothing. Conflict where the user saw an earlier report than
    this one: the one that was made at the moment `seen`.
    """
    kept = " ".join(text.split(" ")).strip()
    with atomic_write():
        report.lock("text", "figures", "made_at")
        if report.is_closed:
            raise Conflict(FROZEN.format(report))
        if not report.has_files:
            report._refuse()
        _require_seen(report, seen)
        if len(kept) > LONGEST_TEXT:
            raise ValidationError({"text": f"情况说明最多 {LONGEST_TEXT} 个字，现在有 {len(kept)} 个，请写短一些。"})
        kept = "" if kept == (report.figures or {}).get("summary") else kept
        if kept == report.text:
            return False
        _make_anew(report, by=by, text=kept)
        return True


def _require_seen(report: MonthlyReport, seen: datetime | None) -> None:
    if seen and report.made_at != seen:
        raise Conflict(f"{report}刚刚重新生成过，和您看到的不一样，没有保存。请看过现在的，再办一次。")


def _make_anew(report: MonthlyReport, *, by: User, **values: Any) -> None:
    begun: dict[str, Any] = {"progress": 0, "begun_at": timezone.now(), "beat_at": None, "made_by": by, "message": ""}
    report.advance(Status.MAKING, **begun, **values)


def finish(report: MonthlyReport, figures: dict[str, Any], files: dict[str, bytes]) -> None:
    """Keep the figures and the files that were made of a report; Conflict where its making was given up."""
    with atomic_write():
        report.advance(Status.READY, figures=figures, made_at=timezone.now(), progress=100)
        for kind, content in files.items():
            kept = {"content": content, "digest": hashlib.sha256(content).hexdigest()}
            MonthlyFile.objects.update_or_create(report=report, kind=kind, defaults=kept)


def close(report: MonthlyReport, *, by: User, seen: datetime | None = None) -> None:
    """Freeze a report. Refused while the month goes on, and where the figures are those of its first days.

    Conflict where the user saw an earlier report than this one, see `write_text`.
    """
    with atomic_write():
        report.lock("figures", "text", "month", "made_at")
        if report.is_closed:
            raise Conflict(f"{report}已经定稿了，不用再定一次。")
        if report.last_day >= timezone.localdate():
            raise ValidationError(f"{report.month.month}月还没有过完，过完以后才能定稿。")
        if report.has_files and not report.is_whole:
            raise ValidationError(f"现在的数字只到 {(report.figures or {})['last']}，请先“重新生成”，再定稿。")
        _require_seen(report, seen)
        digest = digest_of(report)
        report.advance(Status.CLOSED, closed_at=timezone.now(), closed_by=by, digest=digest)
        record("change", report, changes={"sha256": digest})


def digest_of(report: MonthlyReport) -> str:
    """Return the SHA-256 over the figures, the paragraph and the files' own, in one fixed form."""
    files = dict(MonthlyFile.objects.filter(report=report).order_by("kind").values_list("kind", "digest"))
    bound = {"figures": report.figures, "text": report.paragraph, "files": files}
    return hashlib.sha256(orjson.dumps(bound, option=orjson.OPT_SORT_KEYS)).hexdigest()
