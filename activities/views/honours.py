"""The pages of honours: a year's by theme, giving one, looking at one."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from activities.forms import PlaceForm
from activities.models import Honour
from activities.models.honours import FIRST_HONOURS, STATEMENTS
from members import access
from members.access import Resource, Right
from members.admin.widgets import Autocomplete
from members.models import Area
from members.models.people import OPINION_REMINDER
from members.views.acts import done, numbers
from members.views.page import page

DEEDS_SHOWN = 90


@dataclass(slots=True)
class Section:
    """The honours of one theme."""

    label: str
    honours: list[Honour]


class HonourPlaceForm(PlaceForm):
    """The area that honours are narrowed to."""

    resource = Resource.HONOUR

    @property
    def chosen(self) -> Area | None:
        """The area asked for, None for all; 404 where there is none such."""
        if not self.is_valid():
            raise Http404
        return self.cleaned_data["area"]


class HonourForm(forms.ModelForm):
    """An honour and its deeds; the statements are the building's own and never ticked beforehand."""

    class Meta:
        model = Honour
        fields = ("area", "year", "kind", "theme", "deeds", "awarded_on", *STATEMENTS, "stated_on")
        widgets = {
            "kind": forms.RadioSelect,
            "theme": forms.RadioSelect,
            "deeds": forms.Textarea({"class": "lz-input lz-wide lz-text", "rows": 8}),
            "awarded_on": forms.DateInput({"class": "lz-input", "type": "date"}, format="%Y-%m-%d"),
            "stated_on": forms.DateInput({"class": "lz-input", "type": "date"}, format="%Y-%m-%d"),
        }
        error_messages = {
            "area": {
                "required": "请选择楼组或小区。",
                "invalid_choice": "请在名单里选择楼组或小区：它不在您的岗位范围内，或已停用。",
            },
            "kind": {"required": "请选择类别。"},
            "deeds": {"required": "请写上事迹。"},
        }

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        mine = Area.objects.for_user(user, Right.WRITE, resource=Resource.HONOUR).current()
        area: Any = self.fields["area"]
        area.queryset = mine.filter(level__gte=Area.Level.STATION) | Area.objects.filter(pk=self.instance.area_id)
        area.widget = Autocomplete(Honour._meta.get_field("area"), admin.site)
        area.widget.choices = area.choices
        area.help_text = "可输入小区名和楼号查找，如：迎晖苑1期 3号楼。"
        this = timezone.localdate().year
        years = [(year, f"{year} 年") for year in range(this, FIRST_HONOURS - 1, -1)]
        self.fields["year"] = forms.TypedChoiceField(
            label="年度", coerce=int, choices=years, initial=this, widget=forms.Select({"class": "lz-input"})
        )
        self.fields["deeds"].help_text += OPINION_REMINDER
        for name in ("kind", "theme"):
            choices: Any = self.fields[name]
            choices.choices = [choice for choice in choices.choices if choice[0]]

    def clean(self) -> dict[str, Any]:
        """Say beside the field what is missing; without the script a commended group can be sent with a theme."""
        cleaned = super().clean() or {}
        if cleaned.get("kind") == Honour.Kind.COMMENDED:
            cleaned["theme"] = ""
        elif cleaned.get("kind") and cleaned.get("theme") == "":
            self.add_error("theme", "特色楼组请选择主题。")
        if any(cleaned.get(name) for name in STATEMENTS) and cleaned.get("stated_on", "") is None:
            self.add_error("stated_on", "勾选了“四无”，请填写声明日期。")
        return cleaned

    def save(self, commit: bool = True) -> Honour:
        # Two people giving the same one queue.
        Area.objects.select_for_update(no_key=True).get(pk=self.instance.area_id)
        self.instance.full_clean()
        return super().save(commit)

    @property
    def statements(self) -> list[forms.BoundField]:
        return [self[name] for name in STATEMENTS]


@require_GET
def honours(request):
    """The honours of a year by theme."""
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
    """Give one."""
    _require(request, Right.WRITE)
    asked = {"area": next(iter(numbers([request.GET.get("area", "")])), None)}
    return _edited(request, HonourForm(request.POST or None, user=request.user, initial=asked), title="授予评优")


def honour(request, pk):
    """One honour: to look at, or, for whoever may, to correct."""
    found = get_object_or_404(Honour.objects.for_user(request.user).select_related("area"), pk=pk)
    if not access.covers(request.user, Resource.HONOUR, found.area.path, Right.WRITE):
        if request.method == "POST":
            raise PermissionDenied
        return page(request, "activities/honour.html", title=str(found), honour=found)
    form = HonourForm(request.POST or None, user=request.user, instance=found)
    return _edited(request, form, title=f"修改评优：{found}")


def _edited(request, form: HonourForm, *, title: str):
    if form.is_valid() and done(form, form.save):
        messages.success(request, f"已保存：{form.instance}。")
        return redirect(f"{reverse('activities:honours')}?year={form.instance.year}")
    return page(request, "activities/honour_form.html", title=title, form=form)


def _require(request, right: Right) -> None:
    if not access.can(request.user, Resource.HONOUR, right):
        raise PermissionDenied


def _by_theme(honours: QuerySet[Honour]) -> list[Section]:
    """The commended groups first, then theme after theme; within one, along the tree."""
    rows = list(honours.order_by("area__path", "pk"))
    labels = [(theme, str(label)) for theme, label in Honour.Theme.choices]
    sections = [
        Section(label, [honour for honour in rows if honour.theme == theme])
        for theme, label in [("", Honour.Kind.COMMENDED.label), *labels]
    ]
    return [section for section in sections if section.honours]
