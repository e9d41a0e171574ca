"""Every error as RFC 9457 has it: a stable `type`, an English `title`, a Chinese `detail`, and the request's id."""

from functools import cache
from math import ceil
from typing import Any

from django.apps import apps
from django.core import signals
from django.core.exceptions import NON_FIELD_ERRORS, RequestDataTooBig
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, models
from django.http import Http404, JsonResponse
from django.utils.log import log_response
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.settings import api_settings

from members.ground import states
from members.ground.audit import circumstances
from members.ground.outage import RETRY_AFTER, CommitUnknown, give_up_session, is_full, is_outage

MEDIA_TYPE = "application/problem+json"

FULL = "服务器的磁盘满了，没有保存；读取不受影响。请联系系统管理员，稍后再试。"
# By the error's code: the last part of the type, the title, and the detail where the error brings none of its own.
KINDS = {
    "invalid": ("validation", "The request is not valid", "有内容需要改正，详见 errors。"),
    "parse_error": ("malformed", "The body cannot be read", "请求的内容不是完整的 JSON。"),
    "not_authenticated": ("not-authenticated", "Log in first", "请先登录，或附上接口密钥。"),
    "authentication_failed": ("not-authenticated", "Log in first", "请先登录，或附上接口密钥。"),
    "token_refused": ("token-refused", "The token is not accepted", ""),
    "new_password_first": ("new-password-first", "Change the first password", "请先在网页登录并修改初始密码。"),
    "second_factor": ("second-factor", "Second factor required", "请先在网页上完成第二步验证。"),
    "permission_denied": ("forbidden", "Not allowed", "您的岗位不能这样做。"),
    "refused": ("forbidden", "Not allowed", ""),
    "written_outside": ("written-outside", "Not allowed there", ""),
    "not_found": ("not-found", "Not found", "没有这一条，或者它不在您的范围内。"),
    "method_not_allowed": ("method-not-allowed", "Method not allowed", "这个地址不支持这种请求方法。"),
    "not_acceptable": ("not-acceptable", "Not acceptable", "这里只提供 JSON。"),
    "csrf_failed": ("csrf-failed", "Cross-site check failed", "网页的安全校验没有通过，请刷新页面后再试。"),
    "conflict": ("conflict", "Conflicts with what is there", ""),
    "too_large": ("too-large", "The body is too large", "一次提交的内容太大。"),
    "unsupported_media_type": ("unsupported-media-type", "Unsupported media type", "请以 application/json 提交。"),
    "bad_request": ("bad-request", "The request cannot be understood", "这个请求不对，请核对地址、主机名和内容。"),
    "https_required": (
        "https-required",
        "Encrypted calls only",
        "接口只收加密的请求：请把地址改成 https:// 开头；密钥已经明文传过，请换一把。",
    ),
    "length_required": ("length-required", "Content-Length is required", "请写明 Content-Length，不要分块发送。"),
    "too_long": ("uri-too-long", "The address is too long", "这个地址太长。"),
    "unavailable": ("unavailable", "Not available for the moment", "数据库暂时不可用，请稍后再试。"),
    "disk_full": ("unavailable", "Not available for the moment", FULL),
    "outcome_unknown": (
        "unavailable",
        "Not available for the moment",
        "数据库在保存的那一刻断开了，这次请求可能已经办成，也可能没有。"
        "请先读取看看再重发；有 Idempotency-Key 的，用同一个重发就不会重复。",
    ),
    "throttled": ("throttled", "Too many requests", "请求太频繁，请稍后再试。"),
    "error": ("internal", "Something went wrong here", "服务器出了错，请把请求编号告诉管理员。"),
}


class Problem(exceptions.APIException):
    """An error with words of its own: `kind` is (last part of its type, title); `more` are further members."""

    kind: tuple[str, str]

    def __init__(self, detail: Any = None, **more: Any):
        super().__init__(detail)
        self.more = more


class ConflictProblem(exceptions.APIException):
    status_code = 409
    default_detail = "与已有的数据冲突，请重新读取后再试。"
    default_code = "conflict"


class Unavailable(exceptions.APIException):
    status_code = 503
    default_code = "unavailable"
    wait = RETRY_AFTER


class OutcomeUnknown(Unavailable):
    """COMMIT got no answer: what was asked may be done, or not."""

    default_code = "outcome_unknown"


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"


class WrittenOutside(exceptions.PermissionDenied):
    """The user may not write the row that was just written; the transaction has to be rolled back."""

    default_detail = "这一条不在您的岗位范围内，没有保存。"
    default_code = "written_outside"


def problem_response(exc: Exception, context: dict[str, Any]) -> Response:
    """Answer any error of an API view."""
    known = _known(exc)
    problem = _problem(*_words(known), known.status_code) | getattr(known, "more", {})
    if isinstance(known, exceptions.ValidationError):
        problem["errors"] = as_serializer_error(known)
    problem["request_id"] = circumstances().request_id
    response = Response(problem, known.status_code, headers=_headers(known), content_type=MEDIA_TYPE)
    if known.status_code >= 500:
        _report(exc, context["request"]._request, response)
    return response


def answer(code: str, status: int, *, request_id: str) -> JsonResponse:
    """Answer with the problem of this code outside the API's views, as in a middleware."""
    return JsonResponse(
        _problem(*KINDS[code], status) | {"request_id": request_id},
        status=status,
        content_type=MEDIA_TYPE,
        json_dumps_params={"ensure_ascii": False},
    )


def _problem(slug: str, title: str, detail: str, status: int) -> dict[str, Any]:
    return {"type": f"/problems/{slug}", "title": title, "status": status, "detail": detail}


def _words(exc: exceptions.APIException) -> tuple[str, str, str]:
    """Return the last part of the type, the title and the detail."""
    own = exc.detail if isinstance(exc.detail, str) else ""
    if isinstance(exc, Problem):
        return (*exc.kind, own)
    slug, title, detail = KINDS[_code(exc)]
    return slug, title, detail or own


def _known(exc: Exception) -> exceptions.APIException:
    """Return the error as an exception of REST framework."""
    if isinstance(exc, exceptions.APIException):
        return exc
    if isinstance(exc, Http404):
        return exceptions.NotFound()
    if isinstance(exc, DjangoPermissionDenied):
        return exceptions.PermissionDenied(str(exc) or None, "refused" if str(exc) else None)
    if isinstance(exc, DjangoValidationError):
        return exceptions.ValidationError(refused(exc))
    if isinstance(exc, RequestDataTooBig):
        return TooLarge()
    if isinstance(exc, IntegrityError):
        return ConflictProblem(_sentence_of(exc))
    if is_outage(exc):
        if isinstance(exc, CommitUnknown):
            return OutcomeUnknown()
        return Unavailable(code="disk_full" if is_full(exc) else None)
    if isinstance(exc, states.Conflict):
        return ConflictProblem(str(exc))
    return exceptions.APIException()


def refused(error: DjangoValidationError) -> dict[str, Any]:
    """Return the validation error of a model or rule as errors by field."""
    errors = as_serializer_error(error)
    return {api_settings.NON_FIELD_ERRORS_KEY if name == NON_FIELD_ERRORS else name: errors[name] for name in errors}


def _code(exc: exceptions.APIException) -> str:
    if isinstance(exc, exceptions.ValidationError):
        return "invalid"
    if isinstance(exc, exceptions.PermissionDenied) and str(exc.detail).startswith("CSRF"):
        return "csrf_failed"
    codes = (getattr(exc.detail, "code", ""), exc.default_code)
    return next((code for code in codes if code in KINDS), "error")


def _headers(exc: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if (wait := getattr(exc, "wait", None)) is not None:
        headers["Retry-After"] = str(ceil(wait))
    return headers


def _sentence_of(error: IntegrityError) -> str | None:
    """Return the Chinese sentence of the constraint that the database's error names, if it names one of ours."""
    return next((sentence for sign, sentence in _sentences().items() if sign in str(error)), None)


@cache
def _sentences() -> dict[str, str]:
    """Return {text in the database's error: sentence}; the text is a constraint's name, or on SQLite unique columns."""
    sentences = {}
    for model in apps.get_models():
        for each in model._meta.constraints:
            if each.violation_error_message != each.default_violation_error_message:
                sentences[each.name] = str(each.violation_error_message)
                if isinstance(each, models.UniqueConstraint):
                    sentences[_columns(model, each)] = sentences[each.name]
    return sentences


def _columns(model: type[models.Model], constraint: models.UniqueConstraint) -> str:
    columns = (model._meta.get_field(name).column for name in constraint.fields)  # type: ignore[union-attr]
    return ", ".join(f"{model._meta.db_table}.{column}" for column in columns)


def _report(exc: Exception, request: Any, response: Response) -> None:
    """Report a failure as Django itself would; an outage only goes to the log, since it is no fault of the code."""
    if response.status_code == 503:
        give_up_session(request)
    else:
        signals.got_request_exception.send(sender=None, request=request)
    log_response("%s: %s", "Internal Server Error", request.path, response=response, request=request, exception=exc)
