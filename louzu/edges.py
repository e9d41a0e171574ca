"""The outermost middleware: it names the request, and refuses what no page or call of ours is asked by.

It turns errors under /api/ into problems.
"""

from django.conf import settings
from django.http import HttpResponse, HttpResponseNotAllowed
from django.template.loader import render_to_string

from members.ground import request_ids
from members.ground.outage import RETRY_AFTER, CommitUnknown
from members.roster.workbook import MAX_SIZE
from members.web import problems

MOST_BYTES = MAX_SIZE + 2 * 1024 * 1024  # the largest file that a form takes, and what is typed beside it
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
LENGTH_REQUIRED = "这次提交没有写明长度，没有收下。请换一个浏览器再试，或联系管理员。"
TOO_LARGE = "这次提交的内容太大，没有收下。上传的文件最大 10 MB：请删去图片和不用的工作表，或分成几个文件再传。"
AWAY = "系统现在太忙，或者暂时连不上数据库，刚才的内容没有保存。请稍后再试。"
FULL = "服务器的磁盘满了，刚才的内容没有保存；查看不受影响。请马上联系系统管理员清理磁盘，再保存一次。"
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
OF_THE_PAGE = ("Content-Type", "Content-Length", "Content-Encoding", "Location")


def at_the_edge(get_response):
    """Refuse strange methods and bodies of unknown or too great length; give errors under /api/ the form of a problem.

    Each request gets its id here.

    This middleware comes early, because a wrong host or a database that is away already fails in other middleware.
    """

    def middleware(request):
        request.id = request_ids.taken(request.headers.get("X-Request-ID", ""))
        with request_ids.answering(request.id):
            response = _refused(request) or get_response(request)
        response.headers["X-Request-ID"] = request.id
        if not f"{request.path}/".startswith("/api/"):
            return response
        response.headers["API-Version"] = settings.API_VERSION
        if _is_sent_on_to_https(response):
            return as_problem(response, "https_required", 403)
        is_fine = response.status_code < 400 or response["Content-Type"] == problems.MEDIA_TYPE
        return response if is_fine else as_problem(response)

    return middleware


def _refused(request) -> HttpResponse | None:
    """Refuse a body before any of it is read: also a visitor's upload would be written to the disk as a whole."""
    if request.method not in METHODS:  # a view takes TRACE for GET
        return HttpResponseNotAllowed(METHODS)
    if "HTTP_TRANSFER_ENCODING" in request.META:
        return length_required()
    length = request.META.get("CONTENT_LENGTH") or ""
    return too_large() if length.isdecimal() and int(length) > MOST_BYTES else None


def _is_sent_on_to_https(response: HttpResponse) -> bool:
    """Whether this answers an unencrypted call: a program would follow, and send its key in clear for ever after."""
    return response.status_code == 301 and response["Location"].startswith("https://")


def as_problem(page: HttpResponse, code: str = "", status: int = 0) -> HttpResponse:
    """Return the page's error as a problem, with the same status, cookies and headers but for those of the page."""
    status = status or page.status_code
    usual = BY_STATUS.get(status, "error" if status >= 500 else "bad_request")
    code = code or getattr(page, "problem_code", usual)
    problem = problems.answer(code, status, request_id=page["X-Request-ID"])
    for name, value in page.items():
        if name not in OF_THE_PAGE:
            problem[name] = value
    problem.cookies = page.cookies
    return problem


def too_large() -> HttpResponse:
    """Answer 413."""
    return HttpResponse(_page("没有收下", TOO_LARGE), status=413)


def length_required() -> HttpResponse:
    """Answer 411. Without Content-Length Django reads no body at all, so that its content would be lost in silence.

    A server that buffers a chunked body passes its length on, without Transfer-Encoding.
    """
    return HttpResponse(_page("没有收下", LENGTH_REQUIRED), status=411)


def away(error: BaseException | None = None) -> HttpResponse:
    """Answer 503 without using the database; after a COMMIT that got no answer, do not say that nothing was saved."""
    sentence = UNKNOWN if isinstance(error, CommitUnknown) else AWAY
    return HttpResponse(_page("请稍后再试", sentence), status=503, headers={"Retry-After": str(RETRY_AFTER)})


def full() -> HttpResponse:
    """Answer 503 where a write found the disk full."""
    page = HttpResponse(_page("没有保存", FULL), status=503, headers={"Retry-After": str(RETRY_AFTER)})
    page.problem_code = "disk_full"  # type: ignore[attr-defined]
    return page


def unbuilt() -> HttpResponse:
    """Answer 503 where the tables are not there yet."""
    return HttpResponse(_page("还没有安装好", UNBUILT), status=503)


def _page(title: str, sentence: str) -> str:
    return render_to_string("louzu/sorry.html", {"title": title, "sentence": sentence})
