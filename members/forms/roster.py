"""The upload of a roster."""

from django import forms

from members.ground.access import Resource, Right
from members.models import Area
from members.web.files import WorkbookField


class RosterUploadForm(forms.Form):
    area = forms.ModelChoiceField(
        Area.objects.none(),
        label="导入到哪里",
        empty_label=None,
        help_text="名单里没有“社区”“小区”列的，按这里选的算。",
    )
    file = WorkbookField(label="花名册文件", help_text="Excel、WPS 表格或 CSV，不超过 10 MB、20,000 行。")
    create_groups = forms.BooleanField(label="自动新建楼组（名单里写了、还没有登记过的）", required=False)

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        areas = Area.objects.for_user(user, Right.WRITE, resource=Resource.ROSTER).current()
        self.fields["area"].queryset = areas.filter(level__lt=Area.Level.BUILDING_GROUP)
