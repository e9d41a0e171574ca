"""Import of activities and attendances from a workbook: upload → preview → write."""

from hashlib import sha256

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from activities.forms.imports import ActivityUploadForm
from activities.imports.bringing import Report, Unfit, bring_in, check
from activities.imports.sheets import ACTIVITIES, CAME, ActivityBook, read_book, seal, titles, unseal
from activities.models import Activity
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.export import ExportSheet, workbook_of
from members.ground.states import Conflict
from members.models import Duty
from members.roster.refusal import UnreadableFile
from members.web.files import download
from members.web.shell import page

PENDING = "activities_import"  # in the session: the rows, sealed, until they are written or another file is uploaded
MOST_LISTED = 200
GONE = "没有等待导入的表：可能已经导入过了。还要导入，请重新上传。"
HOW = (
    ("主办", "区域的全称，如“第一社区 迎晖苑1期 1号楼”。必填。"),
    ("活动名称、日期", "必填，日期写成 2026-07-01 这样。主办、名称、日期都一样的，就是同一次活动。"),
    ("工作领域", f"{'、'.join(map(str, Activity.Field.labels))}。新活动必填。"),
    ("状态", "计划中、已举办、已取消。不填的，日期已到算已举办，没到算计划中。"),
    ("其他列", "可以空着：空着的不会改动已登记的内容。"),
    ("参加表的活动日期、名称、主办", "和“活动”表里的一样，或和已登记的活动一样。"),
    ("姓名、住址", "有同名的才需要填住址，如“第一社区 迎晖苑1期 1号楼 302”。"),
    ("六员", f"{'、'.join(map(str, Duty.Kind.labels))}，可以空着。"),
    ("参加表的出勤情况（可以加这一列）", "到会、迟到、早退、请假、缺席。空着算到会；请假、缺席的不登记。"),
)
REPLACED = "刚才又上传了另一份表，请核对现在这一份，再确认导入。"


def upload(request):
    """Read the uploaded file and keep it for the preview; nothing is written yet."""
    _require(request)
    form = ActivityUploadForm(request.POST, request.FILES) if request.method == "POST" else ActivityUploadForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            sealed = seal(read_book(file.read()))
        except UnreadableFile as refusal:
            form.add_error("file", refusal.sentence)
        else:
            mark = sha256(sealed.encode()).hexdigest()[:16]
            request.session[PENDING] = {"sealed": sealed, "name": file.name[-100:], "mark": mark}
            return redirect("activities:import_preview")
    return page(request, "activities/import.html", title="导入活动", form=form, how=HOW)


def preview(request):
    """Show what the import would do; a POST writes all of it or nothing."""
    _require(request)
    pending = request.session.get(PENDING)
    if pending is None:
        messages.warning(request, GONE)
        return redirect("activities:import")
    book = unseal(pending["sealed"])
    if request.method == "POST":
        report = _write(request, book, pending["mark"])
        if report:
            del request.session[PENDING]
            messages.success(request, _summary(report))
            return redirect("activities:index")
    report = check(book, request.user)
    return page(
        request,
        "activities/import_preview.html",
        title=f"导入活动：{pending['name']}",
        report=report,
        mark=pending["mark"],
        problems=report.problems[:MOST_LISTED],
        new=report.new[:MOST_LISTED],
        absent=report.absent[:MOST_LISTED],
        most_listed=MOST_LISTED,
    )


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


def _write(request, book: ActivityBook, mark: str) -> Report | None:
    """Import the book if it is the one previewed (`mark`); None where that fails, with an error message."""
    if request.POST.get("mark") != mark:
        messages.error(request, REPLACED)
        return None
    try:
        return bring_in(book, request.user)
    except Unfit as unfit:
        messages.error(request, f"表里有 {len(unfit.report.problems)} 处错误，什么都没有写入。")
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    except Conflict as reason:
        messages.error(request, str(reason))
    return None


def _summary(report: Report) -> str:
    activities, came = report.activities, report.came
    parts = [f"新增活动 {activities.new} 次", f"修改活动 {activities.changed} 次"]
    parts += [f"新登记参加 {came.new} 人次", f"改六员 {came.changed} 人次"]
    if report.absent:
        parts.append(f"请假、缺席等没有登记 {len(report.absent)} 人次")
    return f"导入完成：{'，'.join(parts)}。"
