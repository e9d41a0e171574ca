"""The making of a monthly report in the background: figures, then the three files; nothing of it in a transaction."""

from datetime import date, datetime

from django.utils import timezone
from django_tasks import task

from louzu.documents.monthly import content_of, pdf_of
from louzu.documents.monthly_sheets import workbook_of_month
from louzu.documents.monthly_word import word_of
from louzu.models import MonthlyFile, MonthlyReport
from louzu.rules import monthly
from louzu.rules.monthly_figures import figures_of
from members.ground.atomic import atomic_write, is_away
from members.ground.audit import acting
from members.ground.beats import Heart
from members.ground.export import XLSX
from members.ground.states import Conflict
from members.models import Area, User
from members.work.jobs import enqueue

Kind = MonthlyFile.Kind
TYPES = {
    "pdf": "application/pdf",
    "xlsx": XLSX,
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
FAILED = "这次没有生成，请再点一次“重新生成”；还是不行，请联系管理员。"


def make(area: Area, month: date, *, by: User) -> MonthlyReport:
    """Make a month's report, or make it anew; call it outside any transaction. See `monthly.begin`."""
    report, is_begun = monthly.begin(area, month, by=by)
    if is_begun:
        enqueue(make_files, report.pk, True)
    return report


def rewrite(report: MonthlyReport, text: str, *, by: User, seen: datetime | None = None) -> None:
    """Put the office's paragraph into a report and its files, see `write_text`; call it outside any transaction."""
    if monthly.write_text(report, text, by=by, seen=seen):
        enqueue(make_files, report.pk, False)


@task()
def make_files(pk: int, counts_anew: bool) -> None:
    """Count the figures where asked, and make the files; a worker that was killed is followed by the next one."""
    report = MonthlyReport.objects.select_related("area", "made_by").get(pk=pk)
    if not report.beat(5):
        return
    with acting(report.made_by), Heart(report.beat):
        try:
            _make(report, counts_anew)
        except Conflict:
            return  # it was given up meanwhile, and another one is on its way
        except Exception as error:
            if not is_away(error):
                with atomic_write():
                    report.advance(MonthlyReport.Status.FAILED, message=FAILED)
            raise


def _make(report: MonthlyReport, counts_anew: bool) -> None:
    today = timezone.localdate()
    figures = report.figures
    if figures is None or counts_anew:
        figures = figures_of(report.area, report.month, today=today, beat=report.beat)
    content = content_of(report, figures, made_on=today)
    files = {}
    for kind, progress, made in (
        (Kind.XLSX, 70, lambda: workbook_of_month(content, figures)),
        (Kind.DOCX, 80, lambda: word_of(content)),
        (Kind.PDF, 95, lambda: pdf_of(content, figures)),
    ):
        files[kind.value] = made()
        report.beat(progress)
    monthly.finish(report, figures, files)
