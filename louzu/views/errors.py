"""The pages for what went wrong: in Chinese, with what to do next."""

import sys
from urllib.parse import urlsplit, urlunsplit

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from louzu.edges import away, full, unbuilt
from members.ground.atomic import atomic_write
from members.ground.audit import circumstances, record
from members.ground.outage import give_up_session, is_full, is_outage, is_unbuilt
from members.web import problems


@login_not_required
def bad_request(request, exception=None):
    sentence = "这个网址或提交的内容不对。请返回，从页面上的按钮和链接操作。"
    return render(request, "louzu/sorry.html", {"title": "不能这样做", "sentence": sentence}, status=400)


@login_not_required
def not_found(request, exception=None):
    return render(
        request,
        "louzu/sorry.html",
        {"title": "没有找到", "sentence": "没有这一页，或者它不在您的岗位范围内。"},
        status=404,
    )


@login_not_required
def forbidden(request, exception=None):
    sentence = (
        str(exception) if exception and str(exception) else "您的岗位不能做这一步。需要的话，请联系社区书记或街道。"
    )
    if request.user.is_authenticated:
        with atomic_write():
            call = f"{request.method} {request.path}"[:200]
            record("refuse", changes={"call": call}, path=request.user.audit_paths())
    return render(request, "louzu/sorry.html", {"title": "不能操作", "sentence": sentence}, status=403)


@login_not_required
def stale(request, reason=""):
    """Answer a form whose page was opened before a new login; nothing of it is taken, for it may be forged.

    What was typed is in the browser (`typed.js`), and comes back on the page that the form was on.
    """
    if request.path.startswith("/api/"):
        return problems.answer("csrf_failed", 403, request_id=circumstances().request_id)
    back = _page_before(request)
    way = "点“回到刚才的页面”" if back else "返回、刷新页面"
    sentence = f"页面放得太久，或者您刚重新登录过，这一次没有保存。请{way}，填写的内容会恢复，再保存一次。"
    context = {"title": "页面已过期", "sentence": sentence, "back": back}
    return render(request, "louzu/sorry.html", context, status=403)


def _page_before(request) -> str:
    """Return the address of our page that the form was on; the form's own address may open for no GET."""
    address = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(address, {request.get_host()}):
        return ""
    before = urlsplit(address)
    return urlunsplit(("", "", before.path, before.query, "")) if before.path[:2] != "//" else ""


def explain_wrong_method(get_response):
    """Say what to do where a button's address was opened by hand or after a new login, instead of an empty 405."""

    def middleware(request):
        response = get_response(request)
        if response.status_code == 405 and not request.path.startswith("/api/"):
            sentence = "这一步没有做。请回到原来的页面，再点一次那个按钮。"
            return render(request, "louzu/sorry.html", {"title": "请再点一次", "sentence": sentence}, status=405)
        return response

    return middleware


@login_not_required
def broken(request):
    """Answer an error that no view caught: a database away, full or not built as 503, anything else as 500."""
    error = sys.exc_info()[1]
    if is_outage(error) or is_unbuilt(error):
        give_up_session(request)
        return unbuilt() if is_unbuilt(error) else full() if is_full(error) else away(error)
    sentence = "系统出了意外，刚才的内容没有保存。请返回再试一次；还不行，请把时间和操作告诉管理员。"
    return render(request, "louzu/sorry.html", {"title": "出错了", "sentence": sentence}, status=500)
