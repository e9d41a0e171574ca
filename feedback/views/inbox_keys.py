"""The keys of the unit's system. Its contact sees and rotates them; only the street gives new ones."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from feedback.feed import delivering
from feedback.models import EmployerKey, Scope, Webhook
from feedback.models.counterparts import among
from feedback.models.units import OVERLAP
from feedback.views.contacts import counterparts_of
from members.web.acts import tried
from members.web.shell import page


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List the keys of the user's units, without secrets."""
    keys = list(_mine(request))
    labels = dict(Scope.choices)
    now = timezone.now()
    for key in keys:
        key.scope_labels = "、".join(labels.get(scope, scope) for scope in key.scopes)  # type: ignore[attr-defined]
        key.is_live = key.revoked_at is None and key.expires_at > now  # type: ignore[attr-defined]
    return page(request, "feedback/inbox_keys.html", title="接口密钥", keys=keys, webhooks=_webhooks(request))


def rotate(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for confirmation, then rotate a key."""
    key = get_object_or_404(_mine(request), pk=pk)
    if request.method == "POST":
        rotate_with_message(request, key)
        return redirect("feedback:inbox_keys")
    return page(request, "members/confirm.html", title="更换密钥", question=question(key))


def question(key: EmployerKey) -> str:
    """Return the sentence that asks for confirmation."""
    return f"确定要更换“{key}”吗？会换出一把新密钥，只显示一次；旧的 {OVERLAP.days} 天后失效，请在这之前换到系统里。"


def rotate_with_message(request: HttpRequest, key: EmployerKey) -> None:
    """Rotate a key; a message has the successor's text, once, or the reason of a refusal."""
    made: list[str] = []
    if tried(request, lambda: made.append(key.rotate()[1])):
        messages.warning(request, f"新密钥：{made[0]}（只显示这一次，请马上存好，不要发给别人）。")


@require_POST
def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test message to a webhook of the user's units."""
    send_test_with_message(request, get_object_or_404(_webhooks(request), pk=pk))
    return redirect("feedback:inbox_keys")


def send_test_with_message(request: HttpRequest, webhook: Webhook) -> None:
    """Send a test to the webhook; a message says so, or has the reason of a refusal."""
    if tried(request, lambda: delivering.send_test(Webhook.objects.filter(pk=webhook.pk))):
        messages.success(request, f"测试通知正在发往 {webhook.url}，请在单位的系统里看有没有收到。")


def _webhooks(request: HttpRequest):
    hooks = Webhook.objects.filter(among(counterparts_of(request)), is_active=True)
    return hooks.select_related("employer", "street").order_by("employer__name", "pk")


def _mine(request: HttpRequest):
    keys = EmployerKey.objects.filter(among(counterparts_of(request)))
    return keys.select_related("employer", "street").order_by("employer__name", "-created_at", "-pk")
