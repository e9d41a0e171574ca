"""Files in and out of pages."""

from typing import Any

import orjson
from django import forms
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from members.ground.export import XLSX
from members.roster.refusal import TOO_LARGE
from members.roster.workbook import MAX_SIZE


class WorkbookField(forms.FileField):
    """An uploaded workbook; only its size is checked here, its content where it is read."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if file and file.size > MAX_SIZE:
            raise forms.ValidationError(TOO_LARGE)
        return file


def download(content: bytes, name: str, *, content_type: str = XLSX) -> HttpResponse:
    """Answer with a file to be saved under this name, by default an .xlsx."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(True, name)
    return response


def as_json(data: Any) -> bytes:
    """Return data as JSON to be read by people too, with a line for each value."""
    return orjson.dumps(data, option=orjson.OPT_INDENT_2)
