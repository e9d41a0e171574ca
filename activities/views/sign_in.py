"""Signing in: the poster with its code, the phone page behind it, and the sign-ins to settle by hand."""

import segno
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from activities.forms.sign_in import SignInForm
from activities.models import Activity, SignIn
from activities.rules.attendance import eligible
from activities.rules.sign_in import Full, answer, sign_in
from members.web.acts import numbers, tried, writable
from members.web.shell import page
from members.web.visitors import ByAddress

BUSY = "现在签到的人太多，请过一分钟再试，或请书记登记。"


class SigningIn(ByAddress):
    """The rate limit: low enough to slow guessing, high enough for a whole hall behind one address."""

    what, rate = "sign-in", "60/min"


@login_not_required
def signing_in(request, code):
    """Take a sign-in from a phone; the response is the same whatever was typed."""
    activity = Activity.objects.with_signing_in(code, timezone.localdate()).select_related("area").first()
    if activity is None:
        return _phone(request, "activities/sign_in_closed.html", status=404)
    form = SignInForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        return _accept(request, activity, form)
    return _phone(request, "activities/sign_in.html", activity=activity, form=form)


def poster(request, pk):
    """Show the poster to print, with the QR code for signing in."""
    activity = writable(request, Activity, pk, "area")
    code = ""
    if activity.sign_in_code:
        url = request.build_absolute_uri(reverse("activities:sign_in", args=[activity.sign_in_code]))
        code = segno.make(url, error="m").svg_data_uri(scale=8, border=2)
    return page(
        request, "activities/poster.html", title=f"签到海报：{activity}", activity=activity, code=code,
        is_today=activity.held_on == timezone.localdate(),
    )  # fmt: skip


@require_POST
def open_signing_in(request, pk):
    activity = writable(request, Activity, pk)
    if tried(request, activity.open_signing_in):
        messages.success(request, "签到码已生成，活动当天有效。")
    return redirect("activities:poster", pk)


@require_POST
def close_signing_in(request, pk):
    activity = writable(request, Activity, pk)
    if tried(request, activity.close_signing_in):
        messages.success(request, "扫码签到已结束，原来的码不能再用。")
    return redirect("activities:poster", pk)


def signed(request, pk):
    """Settle the sign-ins that were not matched: choose the member or nobody."""
    activity = writable(request, Activity, pk, "area")
    waiting = list(SignIn.objects.for_user(request.user).filter(activity=activity)[:200])
    if request.method == "POST" and tried(request, lambda: _settle(request, activity, waiting)):
        return redirect("activities:signed" if activity.sign_ins.exists() else "activities:activity", pk)
    found = eligible(activity, area=None, user=request.user).filter(name__in={row.name for row in waiting}).with_home()
    people = {}
    for member in found.order_by("home_path", "pk"):
        people.setdefault(member.name, []).append(member)
    rows = [(row, people.get(row.name, [])) for row in waiting]
    return page(request, "activities/signed.html", title=f"待确认的签到：{activity}", activity=activity, rows=rows)


def _accept(request, activity: Activity, form: SignInForm):
    try:
        if not SigningIn.lets(request):
            raise Full
        sign_in(activity, **form.cleaned_data)
    except Full:
        form.add_error(None, BUSY)
        return _phone(request, "activities/sign_in.html", activity=activity, form=form, status=429)
    return _phone(request, "activities/sign_in_taken.html", activity=activity)


def _phone(request, template: str, *, status: int = 200, **context):
    return render(request, template, context, status=status)


def _settle(request, activity: Activity, waiting: list[SignIn]) -> None:
    """Record the members that the secretary chose; unanswered sign-ins stay in the list."""
    texts = {row.pk: request.POST.get(f"who-{row.pk}", "") for row in waiting}
    answers = {pk: int(text) for pk, text in texts.items() if numbers([text])}
    if recorded := answer(activity, answers, user=request.user):
        messages.success(request, str(recorded))
