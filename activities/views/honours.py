"""The pages of honours: those of a year by theme, giving one, showing or correcting one."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from activities.forms.honours import HonourForm, HonourPlaceForm
from activities.models import Honour
from activities.rules import honouring
from members.ground import access
from members.ground.access import Resource, Right
from members.web.acts import done, numbers
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
    sections = _by_theme(found.inside(area) if area else found)
    return page(
        request,
        "activities/honours.html",
        title="评优",
        form=form,
        area=area,
        year=year,
        years=years,
        sections=sections,
        total=sum(len(section.honours) for section in sections),
        deeds_shown=DEEDS_SHOWN,
        may_write=access.can(request.user, Resource.HONOUR, Right.WRITE),
    )


def honour_add(request):
    """Give an honour."""
    _require(request, Right.WRITE)
    initial = {"area": next(iter(numbers([request.GET.get("area", "")])), None)}
    return _form_page(request, HonourForm(request.POST or None, user=request.user, initial=initial), title="授予评优")


def honour(request, pk):
    """Show an honour, or correct it where the user may write."""
    found = get_object_or_404(Honour.objects.for_user(request.user).select_related("area"), pk=pk)
    if not access.covers(request.user, Resource.HONOUR, found.area.path, Right.WRITE):
        if request.method == "POST":
            raise PermissionDenied
        return page(request, "activities/honour.html", title=str(found), honour=found)
    form = HonourForm(request.POST or None, user=request.user, instance=found)
    return _form_page(request, form, title=f"修改评优：{found}")


def _form_page(request, form: HonourForm, *, title: str):
    if form.is_valid() and done(form, lambda: _save(form)):
        messages.success(request, f"已保存：{form.instance}。")
        return redirect(f"{reverse('activities:honours')}?year={form.instance.year}")
    return page(request, "activities/honour_form.html", title=title, form=form)


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
