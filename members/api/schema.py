"""What the schema says of every call beyond its own answer: the problems it may end in."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from members.web.problems import MEDIA_TYPE


class ProblemSerializer(serializers.Serializer):
    """An error as RFC 9457 has it."""

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


def reads(summary: str, answer: Any, *, one: bool = False, said: str = "", **more: Any) -> Any:
    """A call that changes nothing; `said` is what there is to say of it beyond the summary."""
    responses = {200: answer} | PROBLEMS | (OF_ONE_ROW if one else {})
    return extend_schema(summary=summary, description=said + SCOPED, responses=responses, **more)


def writes(summary: str, answer: Any, *, status: int = 200, said: str = "", **more: Any) -> Any:
    """A call that changes something; one with status 201 makes a new row, any other concerns one that is there."""
    responses = {status: answer} | PROBLEMS | OF_WRITING | ({} if status == 201 else OF_ONE_ROW)
    return extend_schema(summary=summary, description=said + REFUSED, responses=responses, **more)
