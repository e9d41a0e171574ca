"""Forms of slips for secretaries and the street office: whom one means, what to ask, where it goes, one from paper."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin

from feedback.models import Slip
from feedback.rules.slips_asking import NOT_HERE
from feedback.rules.slips_forwarding import NOT_A_STREET
from feedback.rules.slips_matching import SlipCandidate
from feedback.rules.slips_sending import SlipRow
from members.ground.access import Resource, Right
from members.models import Area, Consent, Employer, Member, Residence
from members.models.consents import BY_HAND
from members.models.people import OPINION_REMINDER
from members.web.fields import PastDayField
from members.web.widgets import Autocomplete

NEW, KNOWN = "new", "就是已登记的：{}，{}（{}）"
NO_CHOICE = "请选是新党员，还是已经登记的哪一位。"
TEXT: dict[str, Any] = {"class": "lz-input lz-wide"}


class AcceptSlipForm(forms.Form):
    """Who is meant, where they live and, unless a unit sent the slip itself, of which unit they are."""

    who = forms.ChoiceField(
        label="是谁", widget=forms.RadioSelect, error_messages={"required": NO_CHOICE, "invalid_choice": NO_CHOICE}
    )
    home = forms.ModelChoiceField(
        Area.objects.none(), label="楼组", required=False, help_text="可输入小区名和楼号查找，如：迎晖苑1期 3号楼。"
    )
    room = forms.CharField(label="室号", max_length=30, required=False, widget=forms.TextInput({"class": "lz-input"}))
    employer = forms.ModelChoiceField(Employer.objects.none(), label="单位", required=False)
    sex = forms.ChoiceField(
        label="性别", required=False, choices=[("", "不清楚"), *Member.Sex.choices],
        widget=forms.Select({"class": "lz-input"}),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, slip: Slip, meant: Sequence[SlipCandidate], user: Any):
        initial = {"home": slip.home_id, "room": slip.room, "who": "" if meant else NEW}
        super().__init__(data, initial=initial)
        self.members = {str(each.member.pk): each.member for each in meant}
        who = cast(forms.ChoiceField, self.fields["who"])
        known = [(str(each.member.pk), KNOWN.format(each.member.name, each.home, each.why)) for each in meant]
        who.choices = [*known, (NEW, "新党员，登记上")]
        if not meant:
            who.widget = forms.HiddenInput()
        self._pick("home", Residence._meta.get_field("area"), _groups_of(user, slip))
        if slip.origin == Slip.Origin.EMPLOYER:
            del self.fields["employer"]
        else:
            self._pick("employer", Member._meta.get_field("employer"), Employer.objects.all())
            self.fields["employer"].help_text = _unit_help(slip)

    def _pick(self, name: str, model_field: Any, rows: Any) -> None:
        """Let the user search these rows as the admin does."""
        field = cast(forms.ModelChoiceField, self.fields[name])
        field.queryset = rows
        field.widget = Autocomplete(model_field, admin.site)
        field.widget.choices = field.choices

    def clean(self) -> dict[str, Any]:
        """Return the values as the rule takes them."""
        values = cast(dict[str, Any], super().clean())
        return values | {"member": self.members.get(values.pop("who", ""))}


class AskForm(forms.Form):
    """What the sender is asked."""

    code = forms.ChoiceField(
        label="要核对什么", choices=Slip.Question.choices, widget=forms.RadioSelect,
        error_messages={"required": "请选要核对什么。"},
    )  # fmt: skip
    text = forms.CharField(
        label="说明", max_length=200, required=False, widget=forms.TextInput(TEXT), help_text=OPINION_REMINDER
    )


class SayForm(forms.Form):
    """A sentence that goes with a step; it may be empty."""

    text = forms.CharField(label="说明", max_length=200, required=False, widget=forms.TextInput(TEXT))


class EndSlipForm(SayForm):
    code = forms.ChoiceField(
        label="原因",
        choices=[each for each in Slip.End.choices if each[0] != Slip.End.REPLACED],
        error_messages={"required": "请选结束的原因。"},
        widget=forms.Select({"class": "lz-input"}),
    )
    field_order = ["code", "text"]


class PlaceSlipForm(forms.Form):
    """The community of the street that a slip is handed to."""

    community = forms.ModelChoiceField(
        Area.objects.none(), label="社区", empty_label="请选社区", widget=forms.Select({"class": "lz-input"}),
        error_messages={"required": "请选社区。", "invalid_choice": NOT_HERE},
    )  # fmt: skip

    def __init__(self, data: Any = None, *, slip: Slip):
        super().__init__(data)
        communities = Area.objects.children_of(slip.street).current().order_by("path")
        cast(forms.ModelChoiceField, self.fields["community"]).queryset = communities


class ForwardForm(forms.Form):
    """The other street of the installation."""

    to = forms.ChoiceField(
        label="街道",
        widget=forms.Select({"class": "lz-input"}),
        error_messages={"required": "请选街道。", "invalid_choice": NOT_A_STREET},
    )

    def __init__(self, data: Any = None, *, streets: Sequence[Area]):
        super().__init__(data)
        self.streets = _offer_streets(self.fields["to"], streets)

    @property
    def street(self) -> Area:
        return self.streets[self.cleaned_data["to"]]


def _typed(label: str, *, missing: str = "", hint: str = "", longest: int = 200) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=longest,
        required=bool(missing),
        help_text=hint,
        error_messages={"required": missing},
        widget=forms.TextInput(TEXT),
    )


class PaperForm(forms.Form):
    """A slip on paper, as it is typed by the secretary; who works in several streets says to which it goes."""

    street = forms.ChoiceField(
        label="报到的街道", widget=forms.Select({"class": "lz-input"}),
        error_messages={"required": "请选街道。", "invalid_choice": "请从列出的街道中选。"},
    )  # fmt: skip
    name = _typed("姓名", missing="请填姓名。", longest=30)
    phone = _typed("手机号", missing="请填手机号。", longest=30)
    home = _typed("住址", missing="请填住址。", hint="照纸上写的填，如：某某苑5号楼501室。", longest=100)
    employer_name = _typed("单位", missing="请填单位名称。", longest=100)
    skills = _typed("特长", hint="可以不填。如：书法、水电维修。")
    wishes = _typed("愿意做的", hint=f"可以不填。{OPINION_REMINDER}")
    agreed_how = forms.ChoiceField(
        label="本人怎样同意的", choices=list(BY_HAND.items()), initial=Consent.Means.PAPER,
        widget=forms.Select({"class": "lz-input"}),
    )  # fmt: skip
    agreed_on = PastDayField(label="哪一天同意的", error_messages={"required": "请填日期。", "invalid": "请填日期。"})
    tells_employer = forms.BooleanField(label="本人愿意告诉单位", required=False)

    def __init__(self, data: Any = None, *, streets: Sequence[Area]):
        super().__init__(data)
        self.streets = _offer_streets(self.fields["street"], streets)
        if len(streets) == 1:
            del self.fields["street"]

    @property
    def chosen_street(self) -> Area:
        (only, *more) = self.streets.values()
        return self.streets[self.cleaned_data["street"]] if more else only

    @property
    def row(self) -> SlipRow:
        return SlipRow(**{name: value for name, value in self.cleaned_data.items() if name != "street"})


def _offer_streets(field: forms.Field, streets: Sequence[Area]) -> dict[str, Area]:
    """Let one of these streets be chosen, none beforehand, and return them by the value of their choice."""
    offered = {str(street.pk): street for street in streets}
    choices = [("", "请选街道"), *((pk, street.name) for pk, street in offered.items())]
    cast(forms.ChoiceField, field).choices = choices
    return offered


def _unit_help(slip: Slip) -> str:
    """Return what happens where no unit is chosen."""
    if slip.employer_says == Slip.Ours.NOT_OURS:
        return f"“{slip.employer}”说不是他们的人，请选这位党员实际的单位。"
    if slip.employer:
        return f"不选就是“{slip.employer}”；认错了单位的，请选对的。"
    return "是已经登记的单位，请选；不选就按报到单上写的名称登记一个。"


def _groups_of(user: Any, slip: Slip) -> Any:
    """Return the building groups of the slip's street in which the user registers members."""
    groups = Area.objects.for_user(user, Right.WRITE, resource=Resource.MEMBER).inside(slip.street).current()
    return groups.filter(level=Area.Level.BUILDING_GROUP)
