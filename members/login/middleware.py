"""The middleware of every request: who acts, which step of the login is still due, and no caching."""

import time

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import salted_hmac

from members.ground.audit import acting
from members.login import lockout, second_factor
from members.models import journal
from members.web import handover, problems

AWAKE_SECONDS = 300
BEGUN = "begun"  # the session's key for the second of its login
WHO = f"{settings.COOKIE_PREFIX}louzu_who"
BEFORE_SECOND_STEP = ("admin:login", "admin:logout", "admin:jsi18n", "members:second_factor")
BEFORE_NEW_PASSWORD = (*BEFORE_SECOND_STEP, "admin:password_change", "admin:password_change_done")


def client_address(request) -> str:
    """Return the visitor's address; `members.login.proxies` has looked through our proxies before."""
    return request.META.get("REMOTE_ADDR", "")


def audit_context(get_response):
    """Record writes within the request as this user's, from this address, under the request's id."""

    def middleware(request):
        address = request.path + request.META.get("QUERY_STRING", "").replace("%00", "\0")
        if "\0" in address and not address.startswith("/api/"):
            raise BadRequest  # PostgreSQL takes no NUL
        with acting(request.user, address=client_address(request), request_id=request.id):
            return get_response(request)

    return middleware


def ended_in_time(get_response):
    """End a login after its longest time, however busy its user: a session that was stolen ends with the day too."""

    def middleware(request):
        if not request.user.is_authenticated:
            return get_response(request)
        now = int(time.time())
        if now - request.session.setdefault(BEGUN, now) <= settings.LONGEST_LOGIN.total_seconds():
            return get_response(request)
        logout(request)
        if request.path.startswith("/api/"):
            return problems.answer("not_authenticated", 401, request_id=request.id)
        return redirect_to_login(request.get_full_path())

    return middleware


def journal_first(get_response):
    """Apply the journal before anything opens, so that a restored backup knows what was taken back since."""

    def middleware(request):
        journal.apply_once()
        return get_response(request)

    return middleware


def new_password_first(get_response):
    """Lead a user whose password somebody else set to the page that changes it, after the second step."""

    def middleware(request):
        is_due = request.user.is_authenticated and request.user.must_change_password
        if is_due and request.path not in {reverse(name) for name in BEFORE_NEW_PASSWORD}:
            if request.path.startswith("/api/"):
                return problems.answer("new_password_first", 403, request_id=request.id)
            return redirect("admin:password_change")
        return get_response(request)

    return middleware


def second_step_first(get_response):
    """Lead a user who needs a second factor to the page that asks for it; nothing else opens before."""

    def middleware(request):
        user = request.user
        is_due = user.is_authenticated and not second_factor.has_passed(request) and second_factor.is_required(user)
        if is_due and request.path not in {reverse(name) for name in BEFORE_SECOND_STEP}:
            if request.path.startswith("/api/"):
                return problems.answer("second_factor", 403, request_id=request.id)
            return redirect(reverse("members:second_factor", query={"next": request.get_full_path()}))
        return get_response(request)

    return middleware


def kept_awake(get_response):
    """Count the idle time-out from the last visit, stored every five minutes: else each page would be a write.

    First passwords that nobody printed do not stay awake with the session.
    """

    def middleware(request):
        seen, now = request.session.get("seen", 0), int(time.time())
        if request.user.is_authenticated:
            handover.end(request.session)
            if now - seen > AWAKE_SECONDS:
                request.session["seen"] = now
        return get_response(request)

    return middleware


def user_cookie(get_response):
    """Set a cookie that differs by user: a page restores what was typed on it only for the same user."""

    def middleware(request):
        response = get_response(request)
        if request.user.is_authenticated:
            who = salted_hmac("louzu.who", str(request.user.pk)).hexdigest()[:16]
            if request.COOKIES.get(WHO) != who:
                response.set_cookie(WHO, who, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
                lockout.remember(request, response)
        return response

    return middleware


def never_cached(get_response):
    """Forbid caching, because pages may contain names; static files are served before this."""

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        return response

    return middleware
