"""Forms of pairings: one begun or ended, many proposed, the list exported."""

from typing import Any

from django import forms
from django.http import QueryDict

from members.ground import access
from members.ground.access import Right
from members.models import Household, Pairing
from members.web.acts import numbers
from members.web.fields import PastDayField


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="导出事由",
        max_length=200,
        widget=forms.TextInput({"class": "lz-input lz-wide"}),
        help_text="个人资料的导出会留下记录，请写明用途，如“核对三月结对名单”。",
    )


MOST_ROWS = 300


class ProposalForm(forms.Form):
    """The day from which the ticked pairs are paired; `chosen_pairs` reads the ticks and choices."""

    since = PastDayField(label="结对日期")


def chosen_pairs(sent: QueryDict) -> dict[int, int]:
    """Return the member household chosen for each ticked neighbour (ids), 0 where none was."""
    ticked = sorted(numbers(sent.getlist("pick")))[:MOST_ROWS]
    return {neighbour: chosen_home(sent, neighbour) for neighbour in ticked}


def chosen_home(sent: QueryDict, neighbour: int) -> int:
    return min(numbers([sent.get(f"household-{neighbour}", "")]), default=0)


MOVED = "这一户不在您的岗位范围内，或已有变动。请刷新页面再试。"


class PairForm(forms.Form):
    """A member's household and a neighbour's, clicked on the grid."""

    household = forms.ModelChoiceField(
        Household.objects.none(), error_messages={"required": "请点一户党员家庭。", "invalid_choice": MOVED}
    )
    neighbour = forms.ModelChoiceField(
        Household.objects.none(), error_messages={"required": "请点一户还没有结对的邻居。", "invalid_choice": MOVED}
    )
    since = PastDayField(label="结对日期")

    def __init__(self, *args: Any, user: Any, compound: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.pairing = Pairing()
        doors = Household.objects.for_user(user, Right.WRITE).select_related("area")
        doors = doors.filter(access.within("area__path", [access.subtree(compound)]))
        for name in ("household", "neighbour"):
            self.fields[name].queryset = doors  # type: ignore[attr-defined]

    def pair(self) -> None:
        self.pairing, _ = Pairing.objects.begin(**self.cleaned_data)


class EndForm(forms.Form):
    on = PastDayField(label="结束日期")
