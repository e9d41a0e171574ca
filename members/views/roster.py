"""The roster's pages: upload → progress → preview → apply → result → undo."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from members.forms.roster import RosterUploadForm
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.export import workbook
from members.models import Member, RosterImport
from members.roster import job, stages, steps
from members.roster.headings import HEADINGS
from members.roster.planned import Plan, Status
from members.roster.stored import unseal_plan
from members.roster.undo import EDITED, Undoing
from members.views.roster_columns import show_columns
from members.web.files import download
from members.web.progress import Progress, moving_part
from members.web.shell import page
from members.web.uploads import do_step, find_upload, marked_book, of_kept_file, recent
from members.work.jobs import enqueue

PAGE, SHOWN = 50, 200
TABS = {
    "error": "有错误", "doubt": "待确认", "changed": "有改动", "new": "新增", "same": "没有变化", "skipped": "已跳过",
    "left": "不写入",
    "absent": "名单里没有的",
}  # fmt: skip


def index(request):
    """Upload a roster, and list the earlier imports."""
    _require_roster(request)
    form = RosterUploadForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("members:roster", _upload(request, form).pk)
        except ValidationError as error:
            form.add_error("area", error)
    imports = recent(RosterImport, request)
    return page(request, "members/roster_index.html", title="导入花名册", form=form, imports=imports)


def _require_roster(request) -> None:
    if not access.can(request.user, Resource.ROSTER, Right.WRITE):
        raise PermissionDenied


def _upload(request, form) -> RosterImport:
    file = form.cleaned_data["file"]
    chosen = {name: form.cleaned_data[name] for name in ("area", "create_groups")}
    return steps.take_in(
        **chosen,
        user=request.user,
        file_name=file.name,
        content=file.read(),
        then=lambda upload: enqueue(job.read_roster_import, upload.pk),
    )


@require_GET
@of_kept_file("members:roster_index")
def show(request, pk):
    """Show the import by its status: progress, preview or result."""
    upload = find_upload(RosterImport, request, pk)
    if upload.status == RosterImport.Status.COLUMNS:
        return show_columns(request, upload)
    title = f"花名册：{upload.file_name}"
    if upload.status != RosterImport.Status.REVIEW:
        staying = _staying(request, upload.counts.get("staying", {}), upload.kept)
        progress = _progress(upload)
        return page(request, "members/roster_state.html", title=title, upload=upload, progress=progress, **staying)
    plan = unseal_plan(upload.plan)
    return page(request, "members/roster_preview.html", title=title, upload=upload, **_preview(request, upload, plan))


@require_GET
def progress(request, pk):
    """Return the part of the waiting page that is refreshed."""
    return moving_part(request, _progress(find_upload(RosterImport, request, pk)))


def _progress(upload: RosterImport) -> Progress:
    doing = f"{upload.get_status_display()}“{upload.file_name}”……"
    return Progress(upload, doing, reverse("members:roster_progress", args=[upload.pk]), "导入花名册")


@require_POST
@of_kept_file("members:roster_index")
def choose(request, pk):
    """Store the answers to rows in doubt."""
    upload = find_upload(RosterImport, request, pk)
    answers = {key.removeprefix("choice-"): value for key, value in request.POST.items() if key.startswith("choice-")}
    upload.user = request.user
    do_step(request, lambda: steps.choose_step(upload, answers))
    return redirect("members:roster", pk)


@require_POST
@of_kept_file("members:roster_index")
def apply(request, pk):
    return _apply(request, pk, only_good=False)


@require_POST
@of_kept_file("members:roster_index")
def apply_good(request, pk):
    return _apply(request, pk, only_good=True)


def _apply(request, pk, *, only_good: bool):
    upload = find_upload(RosterImport, request, pk)
    options = {"only_good": only_good, "confirmed": "confirmed" in request.POST, "user": request.user}
    then = partial(_queue_writing, only_good=only_good)
    do_step(request, lambda: steps.start_step(upload, **options, then=then))
    return redirect("members:roster", pk)


def _queue_writing(upload: RosterImport, *, only_good: bool) -> None:
    enqueue(job.apply_roster_import, upload.pk, only_good)


@require_POST
def discard(request, pk):
    upload = find_upload(RosterImport, request, pk)
    do_step(request, lambda: stages.discard_step(upload))
    return redirect("members:roster_index")


def undo(request, pk):
    """Ask once, then undo the import as a whole."""
    upload = find_upload(RosterImport, request, pk)
    if request.method == "POST":
        do_step(request, lambda: steps.undo_step(upload))
        return redirect("members:roster", pk)
    staying = {}
    if upload.status == RosterImport.Status.APPLIED:
        undoing = Undoing(upload).staying
        staying = _staying(request, undoing.as_dict(), list(undoing.members))
    return page(request, "members/roster_undo.html", title="撤销导入", upload=upload, **staying)


def _staying(request, staying: dict, pks: list[int]) -> dict:
    """Return the context for what an undo keeps, and why: members (the first ones), new groups and employers."""
    members = Member.objects.for_user(request.user).filter(pk__in=pks[:SHOWN])
    why = staying.get("members", {})
    return {
        "kept": [(member, why.get(str(member.pk), EDITED)) for member in members],
        "kept_count": len(pks),
        "kept_places": [*staying.get("groups", []), *staying.get("employers", [])],
    }


@require_GET
@of_kept_file("members:roster_index")
def error_book(request, pk):
    """Download the original workbook with the errors beside each row, to be corrected and uploaded again."""
    upload = find_upload(RosterImport, request, pk)
    if upload.content is None or upload.plan is None:
        messages.error(request, "原文件已经删除，不能再下载。请重新上传。")
        return redirect("members:roster", pk)
    plan = unseal_plan(upload.plan)
    problems = [(row.sheet, row.row, p.column, p.message) for row in plan.rows for p in row.problems]
    heading_rows = {sheet.name: sheet.heading_row for sheet in plan.sheets}
    book = marked_book(request, upload, problems, heading_rows, rows=len(plan.rows))
    return book or redirect("members:roster", pk)


@require_GET
def template(request):
    """Download an empty roster with the headings that are read."""
    _require_roster(request)
    headings = [names[0] for names in HEADINGS.values()]
    text = dict.fromkeys(range(len(headings)), "@")
    return download(workbook("花名册", headings, [], formats=text), "花名册模板.xlsx")


def _preview(request, upload: RosterImport, plan: Plan) -> dict:
    counts = plan.counts() | {"absent": len(plan.absent)}
    tabs = [(name, label, counts.get(name, 0)) for name, label in TABS.items() if counts.get(name)]
    chosen = request.GET.get("show", tabs[0][0] if tabs else "new")
    ready = not counts[Status.ERROR] and not counts[Status.DOUBT]
    rows = plan.absent if chosen == "absent" else [row for row in plan.rows if row.status == chosen]
    page_rows = Paginator(rows, PAGE).get_page(request.GET.get("p"))
    doubtful = [row for row in plan.rows if row.status == Status.DOUBT]
    return {
        "plan": plan, "counts": counts, "tabs": tabs, "chosen": chosen, "shown": page_rows, "ready": ready,
        "writable": counts[Status.NEW] + counts[Status.CHANGED], "summary": upload.counts,
        "unknown_places": len({row.unknown for row in doubtful if row.unknown}),
        "asked_rows": sum(row.asks_itself for row in doubtful),
        "people": _people(request, chosen, page_rows), "labels": {field: names[0] for field, names in LABELS.items()},
    }  # fmt: skip


LABELS = HEADINGS | {"home": ("住址",), "id_digest": ("身份证号",)}


def _people(request, chosen: str, page_rows) -> dict[int, Member]:
    """Return the members (by id) of a page of rows: the candidates in doubt, or those not on the list."""
    wanted = list(page_rows) if chosen == "absent" else [pk for row in page_rows for pk in row.candidates]
    return Member.objects.for_user(request.user).with_home().in_bulk(wanted) if wanted else {}
