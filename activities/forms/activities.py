"""Forms of activities: recording, correcting, their outcome, the list's filter, and a pasted list of names."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from activities.forms.places import FEW_AREAS, DaySpanField, PlaceForm, areas_by_compound
from activities.ground.periods import period_label, read_period
from activities.models import Activity
from activities.models.activities import MOST_RESIDENTS
from activities.rules.pasted_list import LONGEST
from members.ground.access import Resource, Right
from members.models import Area
from members.web.widgets import Autocomplete


class PasteForm(forms.Form):
    names = forms.CharField(
        label="名单",
        widget=forms.Textarea(attrs={"rows": 12, "class": "lz-input lz-text", "autofocus": True}),
        strip=False,
        error_messages={"required": "请先把名单粘贴到框里。"},
    )
    wider = forms.BooleanField(required=False)


YEARS_BACK, LONGEST_WORDS = 4, 60
PLANNED_HAS_NO_NAMES = "还没办的活动不能登记参加的人。请清空名单，办完以后再粘贴；已经办了的，请检查日期。"


class HeldForm(forms.ModelForm):
    """The outcome of an activity: the number of residents and the result."""

    residents_reached = forms.IntegerField(
        label="参加的群众人数",
        required=False,
        min_value=0,
        widget=forms.NumberInput({"class": "lz-input", "inputmode": "numeric", "max": MOST_RESIDENTS}),
        help_text="只填人数，不登记群众姓名。",
    )

    class Meta:
        model = Activity
        fields: tuple[str, ...] = ("residents_reached", "result")
        widgets: dict[str, Any] = {"result": forms.Textarea({"class": "lz-input lz-text", "rows": 3})}

    @property
    def changes(self) -> dict[str, Any]:
        """The submitted values that differ from the stored ones; fields missing from the request stay."""
        return {name: self.cleaned_data[name] for name in self.changed_data if name in self.data}


class ActivityForm(HeldForm):
    """All fields of an activity; the user's posts limit the areas."""

    field = forms.ChoiceField(
        label="工作领域",
        choices=Activity.Field.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选一个工作领域。"},
    )

    class Meta(HeldForm.Meta):
        fields = (
            "title", "held_on", "area", "field", "begins_at", "place", "regularity", "visibility", "support",
            "co_organisers", "residents_reached", "result",
        )  # fmt: skip
        widgets = HeldForm.Meta.widgets | {
            "title": forms.TextInput({"class": "lz-input lz-wide", "placeholder": "如：楼道大扫除", "autofocus": True}),
            "held_on": forms.DateInput({"class": "lz-input", "type": "date"}, format="%Y-%m-%d"),
            "area": forms.Select({"class": "lz-input lz-wide"}),
            "begins_at": forms.TimeInput({"class": "lz-input", "type": "time"}, format="%H:%M"),
            "place": forms.TextInput({"class": "lz-input lz-wide", "placeholder": "如：小区活动室"}),
            "regularity": forms.RadioSelect,
            "visibility": forms.RadioSelect,
            "support": forms.RadioSelect,
            "co_organisers": forms.TextInput({"class": "lz-input lz-wide", "list": "co-organisers"}),
        }
        error_messages = {
            "title": {"required": "请填写活动名称。"},
            "held_on": {"required": "请填写活动的日期。"},
            "area": {
                "required": "请选择主办。",
                "invalid_choice": "请重新选择主办：它不在您的岗位范围内，或已停用。",
            },
        }

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        mine = Area.objects.for_user(user, Right.WRITE, resource=Resource.ACTIVITY).current()
        self._offer(mine | Area.objects.filter(pk=self.instance.area_id))

    def _offer(self, areas: QuerySet[Area]) -> None:
        """Offer these areas; preselect the initial one if it is among them, else the highest."""
        field: Any = self.fields["area"]
        field.queryset = areas
        listed = list(areas[: FEW_AREAS + 1])
        if len(listed) > FEW_AREAS:
            field.widget = Autocomplete(Activity._meta.get_field("area"), admin.site)
            field.widget.is_required, field.widget.choices = True, field.choices
        else:
            field.choices = areas_by_compound(listed)
        initial = self.initial.get("area")
        if not initial or not areas.filter(pk=initial).exists():
            self.initial["area"] = listed[0].pk if listed else None

    @property
    def is_searched(self) -> bool:
        """Whether the area is chosen by searching instead of from a list."""
        return isinstance(self.fields["area"].widget, Autocomplete)

    @property
    def has_more(self) -> bool:
        """Whether a field of the folded part has an error."""
        return bool({"begins_at", "place", "co_organisers", "residents_reached", "result"} & self.errors.keys())


class NewActivityForm(ActivityForm):
    """A new activity with a pasted list of the names of those who came."""

    names = forms.CharField(
        label="参加的人（可以直接粘贴接龙或签到名单）",
        required=False,
        widget=forms.Textarea({"class": "lz-input lz-text", "rows": 4, "placeholder": "1. 张三\n2. 李四 302"}),
        help_text="下一步先核对，再登记。也可以不填，稍后逐个勾选。",
    )
    plan = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.saved, self.is_new = self.instance, False

    def clean_names(self) -> str:
        names = self.cleaned_data["names"].replace("\r\n", "\n")
        if len(names) > LONGEST:
            raise ValidationError(f"名单太长（{len(names):,} 字），最多 {LONGEST:,} 字。请只粘贴名单，人多可以分几次。")
        return names

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        day = cleaned.get("held_on")
        if cleaned.get("names") and (cleaned.get("plan") or (day and day > timezone.localdate())):
            self.add_error("names", PLANNED_HAS_NO_NAMES)
        return cleaned


class ActivitySearchForm(PlaceForm):
    """What the list of activities and the calendar are narrowed by: an area, words, a field of work."""

    q = forms.CharField(
        label="查找",
        required=False,
        max_length=LONGEST_WORDS,
        widget=forms.TextInput({"class": "lz-input", "type": "search", "placeholder": "名称、地点或协办"}),
        error_messages={"max_length": f"要查找的内容太长了，请只写名称里的几个字（最多 {LONGEST_WORDS} 个）。"},
    )
    field = forms.ChoiceField(
        label="领域",
        required=False,
        choices=[("", "全部"), *Activity.Field.choices],
        widget=forms.Select({"class": "lz-input"}),
    )

    def narrow(self, activities: Any) -> Any:
        """Filter the activities by words and field; invalid values are ignored."""
        self.full_clean()
        chosen = self.cleaned_data
        field = {"field": chosen["field"]} if chosen.get("field") else {}
        return activities.called(chosen.get("q", "")).filter(**field)


class ActivityFilterForm(ActivitySearchForm):
    """The filters of the list of activities."""

    period = DaySpanField(label="时间", required=False, widget=forms.Select({"class": "lz-input"}))
    own = forms.BooleanField(label="只看本级办的", required=False)
    status = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[("", "全部"), *Activity.ON_RECORD],
        widget=forms.Select({"class": "lz-input"}),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, user=user, **kwargs)
        period: Any = self.fields["period"]
        period.choices = _periods(self.data.get("period", ""))

    def narrow(self, activities: Any) -> Any:
        activities, chosen = super().narrow(activities), self.cleaned_data
        if area := chosen.get("area"):
            activities = activities.filter(area=area) if chosen.get("own") else activities.inside(area)
        if period := chosen.get("period"):
            activities = activities.between(*period)
        return activities.filter(status=chosen["status"]) if chosen.get("status") else activities


def _periods(chosen: str) -> list[tuple[Any, Any]]:
    """Return the choices: years and their months, newest first, and `chosen` if it is another span of days."""
    this_year = timezone.localdate().year
    choices: list[tuple[Any, Any]] = [("", "全部")]
    for year in range(this_year, this_year - YEARS_BACK, -1):
        months = [(f"{year}-{month:02}", f"{year}年{month}月") for month in range(12, 0, -1)]
        choices.append((f"{year}年", [(str(year), f"{year}年全年"), *months]))
    try:
        read_period(chosen)
    except ValueError:
        return choices
    known = {value for _, options in choices[1:] for value, _ in options}
    return choices if chosen in known else [(chosen, period_label(chosen)), *choices]
