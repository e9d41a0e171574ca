"""Upload of a workbook of activities, and what its columns mean."""

from typing import Any

from django import forms

from activities.imports.headings import HEADINGS, label
from members.forms.roster_columns import ColumnsForm
from members.ground.access import Resource, Right
from members.models import Area
from members.web.files import WorkbookField

WHICH_ACTIVITY = "工作表“{sheet}”选了“姓名”，还要选出“活动名称”是哪一列，才知道参加的是哪次活动。"


class ActivityUploadForm(forms.Form):
    area = forms.ModelChoiceField(
        Area.objects.none(),
        label="导入到哪里",
        empty_label=None,
        help_text="表里没有“主办”列的，按这里选的算。",
    )
    file = WorkbookField(label="活动表", help_text="Excel、WPS 表格或 CSV，不超过 10 MB，最多 500 次活动、20,000 行。")

    def __init__(self, *args: Any, user: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        areas = Area.objects.for_user(user, Right.WRITE, resource=Resource.ACTIVITY).current()
        above = areas.filter(level__lt=Area.Level.BUILDING_GROUP)
        self.fields["area"].queryset = above if above.exists() else areas  # type: ignore[attr-defined]


class ActivityColumnsForm(ColumnsForm):
    """The columns of activities, and of who came to them."""

    LABELS = {name: label(name) for name in HEADINGS}
    REQUIRED = "title"

    def clean(self) -> dict[str, Any]:
        super().clean()
        for head in self.asked.heads:
            taken = self._chosen(head).values()
            if "member" in taken and "title" not in taken:
                raise forms.ValidationError(WHICH_ACTIVITY.format(sheet=head.sheets[0]))
        return self.cleaned_data
