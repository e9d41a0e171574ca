"""The form for a table of logins: pasted, or a file."""

from typing import Any

from django import forms

from members.roster import logins
from members.roster.refusal import UnreadableFile
from members.roster.sheet import RosterRow
from members.web.files import WorkbookField

NOTHING = "请粘贴一张表，或者选一个文件。"


class LoginsForm(forms.Form):
    """The table's `rows`, wherever it came from; `table` is its text, to be corrected on the page."""

    text = forms.CharField(label="粘贴的表", required=False, max_length=20_000)
    file = WorkbookField(label="或者选一个文件", required=False)
    rows: list[RosterRow] = []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        file, text = cleaned.get("file"), cleaned.get("text")
        if self.errors:
            return cleaned
        if not file and not text:
            raise forms.ValidationError(NOTHING)
        try:
            self.rows = logins.read_table(file.read() if file else str(text).encode())
        except UnreadableFile as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal
        return cleaned

    @property
    def table(self) -> str:
        return logins.as_table(self.rows) if self.rows else str(self["text"].value() or "")
