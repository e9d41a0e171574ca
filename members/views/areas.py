"""The import of a street's tree from a sheet: all of it or, where there are errors, nothing."""

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.views.decorators.http import require_GET

from members.forms.areas import TreeForm, _streets
from members.ground.export import workbook
from members.roster.refusal import UnreadableFile
from members.roster.tree import HEADINGS, LABELS, import_tree
from members.web.files import download
from members.web.shell import page


def upload(request):
    """Import a sheet and show the result; the same sheet uploaded again changes nothing."""
    if not _streets(request.user).exists():
        raise PermissionDenied
    form = TreeForm(request.POST or None, request.FILES or None, user=request.user)
    report = None
    if request.method == "POST" and form.is_valid():
        street, file = form.cleaned_data["street"], form.cleaned_data["file"]
        try:
            report = import_tree(file.read(), street=street, today=timezone.localdate())
        except UnreadableFile as refusal:
            form.add_error("file", refusal.sentence)
    counts = [(LABELS[column], counts) for column, counts in report.counts.items()] if report else []
    return page(request, "members/areas_upload.html", title="导入组织架构", form=form, report=report, counts=counts)


@require_GET
def template(request):
    """Download an empty sheet with the headings that are read."""
    if not _streets(request.user).exists():
        raise PermissionDenied
    headings = [names[0] for names in HEADINGS.values()]
    return download(workbook("组织架构", headings, [], formats={}), "组织架构模板.xlsx")
