"""Upload of a workbook of activities and attendances."""

from django import forms

from members.web.files import WorkbookField


class ActivityUploadForm(forms.Form):
    file = WorkbookField(label="活动表", help_text="Excel、WPS 表格或 CSV，不超过 10 MB，最多 500 次活动、20000 行。")
