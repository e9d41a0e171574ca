"""The keys of the unit's own system: looked at and exchanged by its contact; a new one is given by the street."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET

from feedback.models import EmployerKey, Scope
from feedback.models.counterparts import among
from feedback.models.units import OVERLAP
from feedback.views.contacts import counterparts_of
from members.web.acts import tried
from members.web.shell import page


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The keys of the user's units, without their secrets."""
    keys = list(_mine(request))
    labels = dict(Scope.choices)
    now = timezone.now()
    for key in keys:
        key.told = "、".join(labels.get(scope, scope) for scope in key.scopes)  # type: ignore[attr-defined]
        key.is_live = key.revoked_at is None and key.expires_at > now  # type: ignore[attr-defined]
    return page(request, "feedback/inbox_keys.html", title="接口密钥", keys=keys)


def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then exchange a key for a new one, whose text is shown once."""
    key = get_object_or_404(_mine(request), pk=pk)
    if request.method == "POST":
        rotated(request, key)
        return redirect("feedback:inbox_keys")
    return page(request, "members/confirm.html", title="更换密钥", question=question(key))


def question(key: EmployerKey) -> str:
    return f"确定要更换“{key}”吗？会换出一把新密钥，只显示一次；旧的 {OVERLAP.days} 天后失效，请在这之前换到系统里。"


def rotated(request: HttpRequest, key: EmployerKey) -> None:
    """Exchange a key and tell the text of its successor, or what stands against it."""
    made: list[str] = []
    if tried(request, lambda: made.append(key.rotate()[1])):
        messages.warning(request, f"新密钥：{made[0]}（只显示这一次，请马上存好，不要发给别人）。")


def _mine(request: HttpRequest):
    keys = EmployerKey.objects.filter(among(counterparts_of(request)))
    return keys.select_related("employer", "street").order_by("employer__name", "-created_at", "-pk")
