"""The form of a monthly report's paragraph."""

from django import forms

from louzu.models.monthly import LONGEST_TEXT, NAMES_NOBODY


class MonthlyTextForm(forms.Form):
    """The paragraph; left empty, the sentence that the figures make stands there. Its length is the rule's to check."""

    text = forms.CharField(
        label="情况说明",
        required=False,
        help_text=f"{NAMES_NOBODY}最多 {LONGEST_TEXT} 个字；清空就恢复为按数字写的一段。",
        widget=forms.Textarea({"class": "lz-input lz-wide lz-text", "rows": 6}),
    )
