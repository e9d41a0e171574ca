"""The monthly report's pages: the months of an area, one month, its text, its files, and closing it."""

from datetime import date, datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from activities.ground.periods import month_before
from louzu.documents import making
from louzu.documents.monthly import content_of
from louzu.forms.monthly import MonthlyTextForm
from louzu.models import MonthlyFile, MonthlyReport
from louzu.rules import monthly
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.states import Conflict
from members.models import Area
from members.models.areas import AreaQuerySet
from members.web.acts import add_errors, tried
from members.web.files import download
from members.web.progress import Progress, moving_part
from members.web.shell import page

SHOWN = 13  # months: a year, and the same month before it
NO_PLACE = "您的岗位没有可以看的月报。月报由街道、社区报送。"


def start(request):
    """Redirect to the months of the user's own area."""
    first = _areas(request).current().first()
    if first is None:
        raise PermissionDenied(NO_PLACE)
    return redirect("monthly", first.pk)


@require_GET
def months(request, pk):
    """List an area's months, the last one first, with what can be done for each."""
    area = get_object_or_404(_areas(request), pk=pk)
    this_month = timezone.localdate().replace(day=1)
    reports = {each.month: each for each in _reports(request).filter(area=area).defer("figures")}
    lines = [(each, reports.get(each)) for each in _last_months(this_month)]
    return page(
        request,
        "louzu/monthly_months.html",
        title=f"月报：{area.label}",
        area=area,
        others=_others(request, area),
        last_month=lines[1],
        lines=[*lines[1:], lines[0]] + [(month, each) for month, each in reports.items() if month < lines[-1][0]],
        this_month=this_month,
        may_write=_may_write(request, area),
    )


@require_POST
def make(request, pk):
    """Make the report of a month, or make it anew, and show it."""
    area = _writable(request, pk)
    try:
        report = making.make(area, monthly.read_month(request.POST.get("month", "")), by=request.user)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
        return redirect("monthly", area.pk)
    except Conflict as reason:
        messages.error(request, str(reason))
        return redirect("monthly", area.pk)
    return redirect("monthly_report", area.pk, report.code)


@require_GET
def show(request, pk, month):
    """Show a month's report: its progress, or its figures, text and files."""
    report = _find(request, pk, month)
    return _page(request, report, MonthlyTextForm(initial={"text": report.paragraph}))


@require_GET
def progress(request, pk, month):
    """Return the part of that page that refreshes itself."""
    return moving_part(request, _progress(_find(request, pk, month)))


@require_POST
def write(request, pk, month):
    """Save the office's paragraph, and make the files anew with it; what cannot be saved stays in the form."""
    report = _writable_report(request, pk, month)
    form = MonthlyTextForm(request.POST)
    try:
        if form.is_valid():
            making.rewrite(report, form.cleaned_data["text"], by=request.user, seen=_seen(request))
            return redirect("monthly_report", pk, month)
    except ValidationError as error:
        add_errors(form, error)
    except Conflict as reason:
        messages.error(request, str(reason))
    return _page(request, _find(request, pk, month), form)


@require_http_methods(["GET", "POST"])
def close(request, pk, month):
    """Ask whether to freeze the report, and do so."""
    report = _writable_report(request, pk, month)
    if request.method == "POST":
        if tried(request, lambda: monthly.close(report, by=request.user, seen=_seen(request))):
            messages.success(request, f"{report}已定稿。")
        return redirect("monthly_report", pk, month)
    made = f"{timezone.localtime(report.made_at):%Y-%m-%d %H:%M} " if report.made_at else ""
    question = (
        f"把{report}定稿？定稿以后，{made}生成的数字、文字和文件都不再变；以后补登记的，会写在下一份月报的“更正”里。"
    )
    return page(
        request, "members/confirm.html", title="月报定稿", question=question, hidden={"seen": report.seen_as}
    )  # fmt: skip


@require_GET
def file(request, pk, month, kind):
    """Download a file of the report as it was made; the trail keeps who did."""
    report = _find(request, pk, month)
    kept = get_object_or_404(MonthlyFile, report=report, kind=kind) if report.has_files else None
    if kept is None:
        raise Http404
    with atomic_write():
        record("export", report, changes={"file": kind, "sha256": kept.digest})
    name = f"{report.area.label}{report.month.year}年{report.month.month}月月报.{kind}"
    return download(bytes(kept.content), name, content_type=making.TYPES[kind])


def _seen(request) -> datetime | None:
    """Return when the report was made that the page showed; None where it does not say."""
    try:
        return datetime.fromisoformat(request.POST.get("seen", ""))
    except ValueError:
        return None


def _page(request, report: MonthlyReport, form: MonthlyTextForm) -> HttpResponse:
    return page(
        request,
        "louzu/monthly.html",
        title=f"{report.month.year}年{report.month.month}月月报：{report.area.label}",
        report=report,
        content=content_of(report) if report.has_files else None,
        form=form,
        progress=_progress(report),
        may_write=_may_write(request, report.area),
        is_over=report.last_day < timezone.localdate(),
    )


def _areas(request) -> AreaQuerySet:
    """Return the streets and communities whose reports the user may read."""
    areas = Area.objects.for_user(request.user, resource=Resource.MONTHLY)
    return areas.filter(level__lte=Area.Level.COMMUNITY)


def _reports(request):
    return MonthlyReport.objects.for_user(request.user)


def _others(request, area: Area) -> list[Area]:
    """Return the areas that the user may turn to: those of the same street."""
    areas = _areas(request).current().filter(path__startswith=area.street_path)
    return [each for each in areas if each.pk != area.pk]


def _may_write(request, area: Area) -> bool:
    return access.covers(request.user, Resource.MONTHLY, area.path, Right.WRITE)


def _writable(request, pk: int) -> Area:
    area = get_object_or_404(_areas(request), pk=pk)
    if not _may_write(request, area):
        raise PermissionDenied
    return area


def _writable_report(request, pk: int, month: str) -> MonthlyReport:
    report = _find(request, pk, month)
    if not _may_write(request, report.area):
        raise PermissionDenied
    return report


def _find(request, pk: int, month: str) -> MonthlyReport:
    try:
        first = monthly.read_month(month)
    except ValidationError as error:
        raise Http404 from error
    found = _reports(request).filter(area=pk, month=first)
    found.bury_the_silent()
    return get_object_or_404(found.select_related("area", "made_by", "closed_by"))


def _last_months(this_month: date) -> list[date]:
    """Return the last months, the running one first."""
    found = [this_month]
    while len(found) < SHOWN:
        found.append(month_before(found[-1]))
    return found


def _progress(report: MonthlyReport) -> Progress:
    address = reverse("monthly_progress", args=[report.area_id, report.code])
    return Progress(report, f"正在生成{report}……", address, "月报")
