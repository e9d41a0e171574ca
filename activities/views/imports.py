"""The pages of an import of activities: upload → progress → columns → preview → apply → result → undo."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from activities.forms.imports import ActivityColumnsForm, ActivityUploadForm
from activities.imports import job, steps
from activities.imports.headings import ACTIVITIES, CAME, titles
from activities.imports.report import unseal_report
from activities.imports.undo import ActivityUndoing
from activities.models import Activity, ActivityImport
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.export import ExportSheet, workbook_of
from members.models import Duty
from members.roster import stages
from members.roster.stored import unseal_heads
from members.web.files import download
from members.web.progress import Progress, moving_part
from members.web.shell import page
from members.web.uploads import columns_page, do_step, find_upload, marked_book, of_kept_file, recent
from members.work.jobs import enqueue

MOST_LISTED = 200
Status = ActivityImport.Status
HOW = (
    (
        "主办",
        "区域的名称，如“第一社区 迎晖苑1期 1号楼”，不会弄混的可以只写“迎晖苑1期”。没有这一列的，按上面选的算。",
    ),
    ("活动名称、日期", "必填，日期写成 2026-07-01 这样。主办、名称、日期都一样的，就是同一次活动。"),
    ("工作领域", f"{'、'.join(map(str, Activity.Field.labels))}。新活动必填。"),
    ("状态", "计划中、已举办、已取消。不填的，日期已到算已举办，没到算计划中。"),
    ("其他列", "可以空着：空着的不会改动已登记的内容。"),
    ("参加表的活动日期、名称、主办", "和“活动”表里的一样，或和已登记的活动一样。"),
    ("姓名、住址", "有同名的才需要填住址，如“第一社区 迎晖苑1期 1号楼 302”。"),
    ("六员", f"{'、'.join(map(str, Duty.Kind.labels))}，可以空着。"),
    ("参加表的出勤情况（可以加这一列）", "到会、迟到、早退、请假、缺席。全都空着算到会；请假、缺席的不登记。"),
)


def index(request):
    """Upload a workbook, and list the earlier imports."""
    _require(request)
    form = ActivityUploadForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("activities:imported", _upload(request, form).pk)
        except ValidationError as error:
            form.add_error("area", error)
    imports = recent(ActivityImport, request)
    return page(request, "activities/import.html", title="导入活动", form=form, how=HOW, imports=imports)


def _upload(request, form) -> ActivityImport:
    area, file = form.cleaned_data["area"], form.cleaned_data["file"]
    return steps.take_in(area=area, user=request.user, file_name=file.name, content=file.read(), then=_read)


def _read(upload) -> None:
    enqueue(job.read_activity_import, upload.pk)


def _write(upload) -> None:
    enqueue(job.apply_activity_import, upload.pk)


@require_GET
@of_kept_file("activities:import")
def show(request, pk):
    """Show the import by its status: progress, columns, preview or result."""
    upload = find_upload(ActivityImport, request, pk)
    if upload.status == Status.COLUMNS:
        return _columns_page(request, upload)
    title = f"导入活动：{upload.file_name}"
    if upload.status != Status.REVIEW:
        return page(
            request, "activities/import_state.html", title=title, upload=upload, progress=_progress(upload),
            staying=upload.kept,
        )  # fmt: skip
    report = unseal_report(upload.plan)
    return page(
        request,
        "activities/import_preview.html",
        title=title,
        upload=upload,
        report=report,
        problems=report.problems[:MOST_LISTED],
        new=report.new[:MOST_LISTED],
        changed=report.changed[:MOST_LISTED],
        absent=report.absent[:MOST_LISTED],
        most_listed=MOST_LISTED,
    )


@require_GET
def progress(request, pk):
    """Return the part of the waiting page that is refreshed."""
    return moving_part(request, _progress(find_upload(ActivityImport, request, pk)))


def _progress(upload: ActivityImport) -> Progress:
    doing = f"{upload.get_status_display()}“{upload.file_name}”……"
    return Progress(upload, doing, reverse("activities:import_progress", args=[upload.pk]), "导入活动")


@require_POST
@of_kept_file("activities:import")
def settle(request, pk):
    """Take what was chosen for the columns, and read the file by it."""
    upload = find_upload(ActivityImport, request, pk)
    if upload.status != Status.COLUMNS:
        messages.error(request, "这份活动表的列已经认好了。")
        return redirect("activities:imported", pk)
    form = ActivityColumnsForm(request.POST, asked=unseal_heads(upload.reading))
    if not form.is_valid():
        return _columns_page(request, upload, form)
    hidden = form.cleaned_data.get("hidden_sheets", upload.hidden_sheets)
    choices = form.choices()
    do_step(request, lambda: stages.columns_step(upload, choices, user=request.user, hidden_sheets=hidden, then=_read))
    return redirect("activities:imported", pk)


def _columns_page(request, upload: ActivityImport, form: ActivityColumnsForm | None = None):
    form = form or ActivityColumnsForm(asked=unseal_heads(upload.reading), hidden_sheets=upload.hidden_sheets)
    return columns_page(request, upload, form, step="activities:import")


@require_POST
@of_kept_file("activities:import")
def ask(request, pk):
    """Go back from the preview to the columns."""
    upload = find_upload(ActivityImport, request, pk)
    do_step(request, lambda: stages.ask_columns_step(upload, user=request.user, then=_read))
    return redirect("activities:imported", pk)


@require_POST
@of_kept_file("activities:import")
def apply(request, pk):
    """Write what was previewed; with `only_good` only the rows without errors."""
    upload = find_upload(ActivityImport, request, pk)
    only_good = "only_good" in request.POST
    do_step(request, lambda: steps.start_step(upload, user=request.user, only_good=only_good, then=_write))
    return redirect("activities:imported", pk)


@require_POST
def discard(request, pk):
    upload = find_upload(ActivityImport, request, pk)
    do_step(request, lambda: stages.discard_step(upload))
    return redirect("activities:import")


def undo(request, pk):
    """Ask once, then undo the import as a whole."""
    upload = find_upload(ActivityImport, request, pk)
    if request.method == "POST":
        do_step(request, lambda: steps.undo_step(upload, request.user))
        return redirect("activities:imported", pk)
    is_written = upload.status == Status.APPLIED
    staying = ActivityUndoing(upload, request.user).staying() if is_written and upload.made else []
    return page(request, "activities/import_undo.html", title="撤销导入", upload=upload, staying=staying)


@require_GET
@of_kept_file("activities:import")
def error_book(request, pk):
    """Download the original workbook with the errors beside each row, to be corrected and uploaded again."""
    upload = find_upload(ActivityImport, request, pk)
    if upload.content is None or upload.plan is None:
        messages.error(request, "原文件已经删除，不能再下载。请重新上传。")
        return redirect("activities:imported", pk)
    report = unseal_report(upload.plan)
    problems = [(each.sheet, each.row, each.column, each.message) for each in report.problems]
    book = marked_book(request, upload, problems, report.heading_rows, rows=len(problems))
    return book or redirect("activities:imported", pk)


@require_GET
def template(request):
    """Download an empty workbook with the two sheets."""
    _require(request)
    sheets = ((name, titles(headings)) for name, headings in (("活动", ACTIVITIES), ("参加", CAME)))
    return download(
        workbook_of(
            ExportSheet(name, headings, [], dict.fromkeys(range(len(headings)), "@")) for name, headings in sheets
        ),
        "活动导入模板.xlsx",
    )


def _require(request) -> None:
    if not access.can(request.user, Resource.ACTIVITY, Right.WRITE):
        raise PermissionDenied
