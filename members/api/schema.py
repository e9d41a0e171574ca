"""Schemas of calls: the answer, and the problems that every call may end in."""

from typing import Any

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


PROBLEMS = {(status, MEDIA_TYPE): ProblemSerializer for status in (400, 401, 403, 429)}
OF_ONE_ROW = {(404, MEDIA_TYPE): ProblemSerializer}
OF_WRITING = {(409, MEDIA_TYPE): ProblemSerializer}


SCOPED = "限于您的岗位所辖的范围。"
REFUSED = "范围之外的返回 404，范围之内而无权办理的返回 403。"


def reads(summary: str, answer: Any, *, one: bool = False, note: str = "", **more: Any) -> Any:
    """Describe a call that changes nothing; `note` adds to the summary."""
    responses = {200: answer} | PROBLEMS | (OF_ONE_ROW if one else {})
    return extend_schema(summary=summary, description=note + SCOPED, responses=responses, **more)


def writes(summary: str, answer: Any, *, status: int = 200, note: str = "", **more: Any) -> Any:
    """Describe a call that changes something; with status 201 it adds a row, otherwise it changes an existing one."""
    responses = {status: answer} | PROBLEMS | OF_WRITING | ({} if status == 201 else OF_ONE_ROW)
    return extend_schema(summary=summary, description=note + REFUSED, responses=responses, **more)
