"""The pages of honours: those of a year by theme, giving one, showing or correcting one."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from activities.forms.honours import HonourForm, HonourPlaceForm, WithdrawHonourForm
from activities.models import Honour
from activities.rules import honouring
from activities.rules.in_the_year import in_the_year
from members.ground import access
from members.ground.access import Resource, Right
from members.web.acts import done, numbers, writable
from members.web.shell import page

DEEDS_SHOWN = 90


@dataclass(slots=True)
class HonourTheme:
    """The honours of one theme."""

    label: str
    honours: list[Honour]


@require_GET
def honours(request):
    """Show the honours of a year by theme."""
    _require(request, Right.READ)
    form = HonourPlaceForm(request.GET, user=request.user)
    area = form.chosen
    mine = Honour.objects.for_user(request.user)
    years = list(mine.order_by("-year").values_list("year", flat=True).distinct())
    year = next((year for year in years if str(year) == request.GET.get("year")), years[0] if years else None)
    found = mine.filter(year=year).select_related("area")
    found = found.inside(area) if area else found
    sections = _by_theme(found.standing())
    return page(
        request,
        "activities/honours.html",
        title="评优",
        form=form,
        area=area,
        year=year,
        years=years,
        sections=sections,
        withdrawn=found.exclude(withdrawn_at=None).order_by("-withdrawn_at"),
        total=sum(len(section.honours) for section in sections),
        deeds_shown=DEEDS_SHOWN,
        may_write=access.can(request.user, Resource.HONOUR, Right.WRITE),
    )


def honour_add(request):
    """Give an honour."""
    _require(request, Right.WRITE)
    asked = {name: next(iter(numbers([request.GET.get(name, "")])), None) for name in ("area", "year")}
    initial = {name: value for name, value in asked.items() if value}
    return _form_page(request, HonourForm(request.POST or None, user=request.user, initial=initial), title="授予评优")


def honour(request, pk):
    """Show an honour, or correct it where the user may write."""
    found = get_object_or_404(Honour.objects.for_user(request.user).select_related("area"), pk=pk)
    may_write = access.covers(request.user, Resource.HONOUR, found.area.path, Right.WRITE)
    if request.method == "POST" and not may_write:
        raise PermissionDenied
    if not may_write or (found.withdrawn_at and request.method != "POST"):
        return page(request, "activities/honour.html", title=str(found), honour=found)
    form = HonourForm(request.POST or None, user=request.user, instance=found)
    return _form_page(request, form, title=f"修改评优：{found}")


def honour_withdraw(request, pk):
    """Withdraw an honour given to the wrong place, with the reason."""
    found = writable(request, Honour, pk, "area")
    form = WithdrawHonourForm(request.POST or None)
    if form.is_valid() and done(form, lambda: honouring.withdraw(found, **form.cleaned_data)):
        messages.success(request, f"已撤回：{found}。原因留在记录里。")
        return redirect(f"{reverse('activities:honours')}?year={found.year}")
    return page(request, "activities/honour_withdraw.html", title=f"撤回评优：{found}", form=form, honour=found)


def _form_page(request, form: HonourForm, *, title: str):
    if form.is_valid() and done(form, lambda: _save(form)):
        messages.success(request, f"已保存：{form.instance}。")
        return redirect(f"{reverse('activities:honours')}?year={form.instance.year}")
    place, year = form.place, form.asked_year
    did = in_the_year(request.user, place, year) if place and year else []
    return page(request, "activities/honour_form.html", title=title, form=form, place=place, year=year, did=did)


def _save(form: HonourForm) -> None:
    if form.instance.pk:
        honouring.correct(form.instance, **form.cleaned_data)
    else:
        honouring.give(**form.cleaned_data)


def _require(request, right: Right) -> None:
    if not access.can(request.user, Resource.HONOUR, right):
        raise PermissionDenied


def _by_theme(honours: QuerySet[Honour]) -> list[HonourTheme]:
    """Group the honours: commended groups first, then by theme; each in tree order."""
    rows = list(honours.order_by("area__path", "pk"))
    labels = [(theme, str(label)) for theme, label in Honour.Theme.choices]
    sections = [
        HonourTheme(label, [honour for honour in rows if honour.theme == theme])
        for theme, label in [("", Honour.Kind.COMMENDED.label), *labels]
    ]
    return [section for section in sections if section.honours]
