"""The pages of targets: the table of a year, and the form by which the street office sets them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from louzu.forms.targets import TargetsForm
from louzu.models import Target
from louzu.rules.targets import UNITS, TargetReport, progress, set_targets
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.export import ExportSheet, formulas_sheet, workbook_of
from members.models import Area
from members.models.areas import AreaQuerySet
from members.models.households import FIRST_YEAR
from members.web.acts import done
from members.web.files import download
from members.web.shell import page

NOWHERE = "您的岗位没有可以查看目标的社区。需要的话，请联系街道。"
FORMULAS = [
    (Target.Kind.GROUPS.label, "社区里已建立党小组的楼组数，和覆盖情况的算法一样。往年按那年年底算。"),
    (
        Target.Kind.ACTIVITIES.label,
        "每个月在这个社区里办的活动：社区、小区、楼组办的都算，登记为“已举办”的才算。社区启用以后的整月才算。",
    ),
    (Target.Kind.PAIRINGS.label, "社区里正在结对的对数。往年按那年年底算。"),
    ("谁来定", "由街道定，定给社区；社区看得到自己的。目标不定给个人，社区之间不排名次。"),
]


def start(request):
    """Redirect to the highest of the user's areas."""
    first = _areas(request).current().first()
    if first is None:
        raise PermissionDenied(NOWHERE)
    return redirect("targets", first.pk)


def show(request, pk):
    """Show the targets of a year and where each community stands."""
    report = _report(request, pk)
    return page(request, "louzu/targets.html", **_context(request, report))


def edit(request, pk):
    """Set the targets of this year or the next."""
    report = _report(request, pk)
    area, today = report.area, timezone.localdate()
    if not access.covers(request.user, Resource.TARGET, area.path, Right.WRITE):
        raise PermissionDenied
    form = TargetsForm(request.POST if request.method == "POST" else None, report=report)
    if form.is_valid() and done(form, lambda: set_targets(area, form.set_year, form.values, today=today)):
        messages.success(request, f"{form.set_year} 年的目标已保存。")
        return redirect(f"{reverse('targets', args=[pk])}?year={form.set_year}")
    return page(request, "louzu/targets_form.html", form=form, **_context(request, report))


def exported(request, pk):
    """Download the table as XLSX."""
    report = _report(request, pk)
    headings = ["社区", *(each for kind in Target.Kind for each in (kind.label, f"{kind.label}：现在", "进展"))]
    rows = [
        [row.place.name, *(each for cell in row.cells for each in (cell.value, cell.now, cell.sentence))]
        for row in report.rows
    ]
    above = (f"目标：{report.area.label}，{report.year}年", f"截至 {timezone.localdate()}")
    content = workbook_of([ExportSheet("目标", headings, rows, {}, above), formulas_sheet(FORMULAS)])
    with atomic_write():
        record("export", report.area, changes={"report": "目标", "rows": len(rows), "year": report.year})
    return download(content, f"目标-{report.area.label}-{report.year}.xlsx")


def _areas(request) -> AreaQuerySet:
    return Area.objects.for_user(request.user, resource=Resource.TARGET).filter(level__lte=Area.Level.COMMUNITY)


def _report(request, pk: int) -> TargetReport:
    areas = _areas(request)
    area = get_object_or_404(areas, pk=pk)
    return progress(area, areas=areas, year=_year(request), today=timezone.localdate())


def _year(request) -> int:
    """Return the year in the query string; this year where it is invalid, too early or too far ahead."""
    this_year, text = timezone.localdate().year, request.GET.get("year", "")
    year = int(text) if text.isdecimal() and len(text) == 4 else this_year
    return year if FIRST_YEAR.year <= year <= this_year + 1 else this_year


def _context(request, report: TargetReport) -> dict[str, Any]:
    this_year, area = timezone.localdate().year, report.area
    may_write = access.covers(request.user, Resource.TARGET, area.path, Right.WRITE)
    return {
        "title": f"目标：{area.label}",
        "report": report,
        "above": _areas(request).above(area),
        "kinds": [(kind.label, UNITS[kind]) for kind in Target.Kind],
        "before": report.year - 1 if report.year > FIRST_YEAR.year else None,
        "after": report.year + 1 if report.year <= this_year else None,
        "may_set": may_write and report.year >= this_year,
        "formulas": FORMULAS,
    }
