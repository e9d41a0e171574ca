"""The import of a street's tree from a sheet: all of it or, where there are errors, nothing."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from members.forms.areas import TreeForm, _streets
from members.ground import audit
from members.ground.atomic import atomic_write
from members.ground.export import workbook
from members.models import Area
from members.roster.faulty import faulty_book, seal_faulty
from members.roster.refusal import UnreadableFile
from members.roster.tree import HEADINGS, LABELS, TreeReport, import_tree
from members.web.files import download
from members.web.shell import page

MOST_LISTED = 200
FAULTY = "areas_faulty"  # in the session: the last file with errors, sealed, until the page is opened again
GONE = "上次传的表已经不在了，不能再下载错误说明表。请重新上传一次。"


def upload(request):
    """Import a sheet and show the result; the same sheet uploaded again changes nothing."""
    if not _streets(request.user).exists():
        raise PermissionDenied
    request.session.pop(FAULTY, None)
    form = TreeForm(request.POST or None, request.FILES or None, user=request.user)
    report = _imported(request, form) if request.method == "POST" and form.is_valid() else None
    counts = [(LABELS[column], counts) for column, counts in report.counts.items()] if report else []
    return page(
        request,
        "members/areas_upload.html",
        title="导入组织架构",
        form=form,
        report=report,
        counts=counts,
        has_book=FAULTY in request.session,
        most_listed=MOST_LISTED,
    )


def _imported(request, form: TreeForm) -> TreeReport | None:
    """Import the form's file, or keep it for its error book; None, with an error, for a file that is no such sheet."""
    street, content = form.cleaned_data["street"], form.cleaned_data["file"].read()
    try:
        report = import_tree(content, street=street, today=timezone.localdate())
    except UnreadableFile as refusal:
        form.add_error("file", refusal.sentence)
        return None
    if report.errors and (sealed := seal_faulty(content, report)):
        request.session[FAULTY] = {"street": street.pk, "sealed": sealed}
    return report


@require_GET
def error_book(request):
    """Download the file that was just uploaded with the errors beside each row, to be corrected and uploaded again."""
    if not _streets(request.user).exists():
        raise PermissionDenied
    kept = request.session.get(FAULTY)
    street = _streets(request.user).filter(pk=kept["street"]).first() if kept else None
    if kept is None or street is None:
        messages.error(request, GONE)
        return redirect("members:areas_upload")
    try:
        content, count = faulty_book(kept["sealed"])
    except UnreadableFile as refusal:
        messages.error(request, refusal.sentence)
        return redirect("members:areas_upload")
    with atomic_write():
        audit.record("export", Area, path=street.path, changes={"errors": count}, reason="下载错误表")
    return download(content, "错误说明-组织架构.xlsx")


@require_GET
def template(request):
    """Download an empty sheet with the headings that are read."""
    if not _streets(request.user).exists():
        raise PermissionDenied
    headings = [names[0] for names in HEADINGS.values()]
    return download(workbook("组织架构", headings, [], formats={}), "组织架构模板.xlsx")
