"""The outermost middleware: it refuses bodies of unknown length, and turns errors under /api/ into problems."""

import uuid

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string

from members.ground.outage import RETRY_AFTER, CommitUnknown
from members.web import problems

LENGTH_REQUIRED = "这次提交没有写明长度，没有收下。请换一个浏览器再试，或联系管理员。"
AWAY = "系统现在太忙，或者暂时连不上数据库，刚才的内容没有保存。请稍后再试。"
UNKNOWN = "数据库在保存的那一刻断开了，刚才的内容可能已经保存，也可能没有。请过一会儿打开名单看一看，没有的再填一次。"
UNBUILT = "系统还没有安装好。请管理员在服务器上运行：python manage.py setup（升级以后运行：python manage.py migrate）。"
# The problem's code for an error under /api/ that did not come from a view of the API.
BY_STATUS = {
    400: "bad_request",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    411: "length_required",
    413: "too_large",
    414: "too_long",
    415: "unsupported_media_type",
    429: "throttled",
    503: "unavailable",
}
KEPT_HEADERS = ("API-Version", "Allow", "Retry-After", "X-Request-ID")


def at_the_edge(get_response):
    """Refuse bodies of unknown length; give errors under /api/ the form of a problem.

    This middleware comes first, because a wrong host or a database that is away already fails in other middleware.
    """

    def middleware(request):
        response = length_required() if "HTTP_TRANSFER_ENCODING" in request.META else get_response(request)
        response.headers.setdefault("X-Request-ID", getattr(request, "id", "") or uuid.uuid4().hex)
        if not f"{request.path}/".startswith("/api/"):
            return response
        response.headers["API-Version"] = settings.API_VERSION
        return (
            response
            if response.status_code < 400 or response["Content-Type"] == problems.MEDIA_TYPE
            else as_problem(response)
        )

    return middleware


def as_problem(page: HttpResponse) -> HttpResponse:
    """Return the page's error as a problem response, with the same status, cookies and some headers."""
    code = BY_STATUS.get(page.status_code, "error" if page.status_code >= 500 else "bad_request")
    problem = problems.answer(code, page.status_code, request_id=page["X-Request-ID"])
    for name in KEPT_HEADERS:
        if name in page:
            problem[name] = page[name]
    problem.cookies = page.cookies
    return problem


def length_required() -> HttpResponse:
    """Answer 411. Without Content-Length Django reads no body at all, so that its content would be lost in silence.

    A server that buffers a chunked body passes its length on, without Transfer-Encoding.
    """
    return HttpResponse(_page("没有收下", LENGTH_REQUIRED), status=411)


def away(error: BaseException | None = None) -> HttpResponse:
    """Answer 503 without using the database; after a COMMIT that got no answer, do not say that nothing was saved."""
    sentence = UNKNOWN if isinstance(error, CommitUnknown) else AWAY
    return HttpResponse(_page("请稍后再试", sentence), status=503, headers={"Retry-After": str(RETRY_AFTER)})


def unbuilt() -> HttpResponse:
    """Answer 503 where the tables are not there yet."""
    return HttpResponse(_page("还没有安装好", UNBUILT), status=503)


def _page(title: str, sentence: str) -> str:
    return render_to_string("louzu/sorry.html", {"title": title, "sentence": sentence})
