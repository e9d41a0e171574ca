"""Schemas of calls: the answer, and the problems that every call may end in."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from members.web.problems import MEDIA_TYPE


class ProblemSerializer(serializers.Serializer):
    """An error in the format of RFC 9457."""

    type = serializers.CharField(help_text="错误的种类，不会改变，如 /problems/validation")
    title = serializers.CharField(help_text="英文短语")
    status = serializers.IntegerField(help_text="HTTP 状态码")
    detail = serializers.CharField(help_text="给使用者看的中文说明")
    errors = serializers.DictField(required=False, help_text="各字段的错误，只在内容需要改正时有")  # type: ignore[assignment]
    request_id = serializers.CharField(help_text="请求编号，联系管理员时请提供")


class ChoiceInSchema(OpenApiSerializerFieldExtension):
    """A choice that may be empty; REST framework forgets so where the field is read only."""

    target_class = "rest_framework.serializers.ChoiceField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        field = self.target
        if field.read_only and _may_be_blank(field):
            field.allow_blank = True
        return auto_schema._map_serializer_field(field, direction, bypass_extensions=True)


class TimeInSchema(OpenApiSerializerFieldExtension):
    """A time of the day as on a clock here; the format "time" would want the offset from UTC."""

    target_class = "rest_framework.serializers.TimeField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        return {"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$", "examples": ["19:00:00"]}


def _may_be_blank(field: serializers.Field) -> bool:
    """Return whether the column behind this field may be empty."""
    model = getattr(getattr(field.parent, "Meta", None), "model", None)
    try:
        return bool(model and model._meta.get_field(field.source).blank)
    except FieldDoesNotExist:
        return False


PROBLEMS = {(status, MEDIA_TYPE): ProblemSerializer for status in (400, 401, 403, 406, 429)}
OF_ONE_ROW = {(404, MEDIA_TYPE): ProblemSerializer}
OF_WRITING = {(status, MEDIA_TYPE): ProblemSerializer for status in (409, 415)}


SCOPED = "限于您的岗位所辖的范围。"
REFUSED = "范围之外的返回 404，范围之内而无权办理的返回 403。"


def reads(summary: str, answer: Any, *, one: bool = False, note: str = "", **more: Any) -> Any:
    """Describe a call that changes nothing; `note` adds to the summary. Files have their answers by status and type."""
    responses = (answer if isinstance(answer, dict) else {200: answer}) | PROBLEMS | (OF_ONE_ROW if one else {})
    return extend_schema(summary=summary, description=note + SCOPED, responses=responses, **more)


def writes(
    summary: str, answer: Any, *, status: int = 200, one: bool | None = None, note: str = "", **more: Any
) -> Any:
    """Describe a call that changes something; with status 201 it adds a row, otherwise it changes an existing one.

    `one` is for a call that adds a row by way of another.
    """
    is_of_one = status != 201 if one is None else one
    responses = {status: answer} | PROBLEMS | OF_WRITING | (OF_ONE_ROW if is_of_one else {})
    return extend_schema(summary=summary, description=note + REFUSED, responses=responses, **more)
