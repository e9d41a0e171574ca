"""The form of an export, which asks why personal data leaves."""

from django import forms
from unfold.contrib.import_export.forms import ExportForm
from unfold.widgets import UnfoldAdminTextInputWidget


class ReasonedExportForm(ExportForm):
    reason = forms.CharField(
        label="导出事由",
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="个人资料的导出会留下记录，请写明用途，如“核对三月花名册”。",
    )
