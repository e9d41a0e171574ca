"""Request bodies: JSON of a bounded size and depth, of characters that both databases can store."""

import io
from typing import Any

from django.http import HttpRequest
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser

UNKEPT = "内容里有不能保存的字符（空字符或残缺的编码），请删去后重试。"


class CleanJSONParser(JSONParser):
    """A parser that refuses what DRF accepts: any size, any depth, NUL characters and lone surrogates."""

    def parse(self, stream, media_type=None, parser_context=None):
        if isinstance(stream, HttpRequest):
            stream = io.BytesIO(stream.body)  # Django limits the size of what it reads here
        try:
            data = super().parse(stream, media_type, parser_context)
            if _has_unkept(data):
                raise ValidationError(UNKEPT)
        except RecursionError as error:
            raise ParseError from error
        return data


def _has_unkept(data: Any) -> bool:
    """Whether any text in parsed JSON holds a NUL, which PostgreSQL refuses, or a surrogate, which both refuse."""
    if isinstance(data, str):
        return "\0" in data or any("\ud800" <= character <= "\udfff" for character in data)
    if isinstance(data, dict):
        return any(_has_unkept(key) or _has_unkept(value) for key, value in data.items())
    return isinstance(data, list) and any(map(_has_unkept, data))
