"""Steps of the street office on units' keys, contacts and webhooks; each asks for confirmation."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from feedback.feed import delivering
from feedback.models import Contact, Delivery, EmployerKey, Webhook
from feedback.models.webhooks import SECRETS_OVERLAP
from feedback.rules import admitting
from feedback.views.inbox_keys import question, rotate_with_message, send_test_with_message
from members.ground.first_password import first_password
from members.web import handover
from members.web.acts import tried, writable
from members.web.shell import page


def rotate_key(request: HttpRequest, pk: int) -> HttpResponse:
    key = writable(request, EmployerKey, pk, "employer", "street")
    if request.method == "POST":
        rotate_with_message(request, key)
        return redirect("admin:feedback_employerkey_changelist")
    return _confirm(request, "更换密钥", question(key))


def revoke_key(request: HttpRequest, pk: int) -> HttpResponse:
    key = writable(request, EmployerKey, pk, "employer", "street")
    if request.method == "POST":
        if tried(request, key.revoke):
            messages.success(request, f"密钥“{key}”已停用。")
        return redirect("admin:feedback_employerkey_changelist")
    sentence = f"确定要停用“{key}”吗？{key.employer}用它的系统马上就不能再取卡。"
    return _confirm(request, "停用密钥", sentence, danger=True)


def reset_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a new first password, displayed once; it is the user's for all their units."""
    contact = writable(request, Contact, pk, "user", "street")
    admitting.require_reset(contact, by=request.user)  # type: ignore[arg-type]
    if request.method == "POST":
        made = first_password()
        if tried(request, lambda: admitting.reset_password(contact, password=made, by=request.user)):  # type: ignore[arg-type]
            said = f"“{contact.user}”的新密码是 {made.text}"
            handover.tell(request, contact.user_id, said, made.text, back="admin:feedback_contact_changelist")
        return redirect("admin:feedback_contact_change", pk)
    sentence = f"确定要为“{contact.user}”重设密码吗？原来的密码将不能再用；因输错密码被锁定的，也会解除。"
    return _confirm(request, "重设密码", sentence)


def end_contact(request: HttpRequest, pk: int) -> HttpResponse:
    contact = writable(request, Contact, pk, "user", "employer", "street")
    if request.method == "POST":
        if tried(request, contact.end):
            messages.success(request, f"“{contact.user}”不再是{contact.employer}的联系人，看不到它的记录卡了。")
        return redirect("admin:feedback_contact_change", pk)
    sentence = f"确定“{contact.user}”不再负责{contact.employer}的记录卡吗？从现在起看不到收件箱；做过的事都留着。"
    return _confirm(request, "结束联系人", sentence, danger=True)


def new_secret(request: HttpRequest, pk: int) -> HttpResponse:
    webhook = writable(request, Webhook, pk, "street")
    if request.method == "POST":
        made: list[str] = []
        if tried(request, lambda: made.append(admitting.renew_secret(webhook))):
            messages.warning(request, f"新的签名密钥：{made[0]}（只显示这一次，请马上交给单位的系统管理员）。")
        return redirect("admin:feedback_webhook_change", pk)
    sentence = (
        f"确定要换一把签名密钥吗？旧的还能用 {SECRETS_OVERLAP.days} 天，这期间每条通知用新旧两把签名，"
        "请单位在这之前换到系统里。旧的泄露了的，请换两次，泄露的那把马上失效。"
    )
    return _confirm(request, "换签名密钥", sentence)


def send_test(request: HttpRequest, pk: int) -> HttpResponse:
    webhook = writable(request, Webhook, pk, "street")
    if request.method == "POST":
        send_test_with_message(request, webhook)
        return redirect("admin:feedback_webhook_change", pk)
    return _confirm(request, "发测试通知", f"确定要发一条测试通知吗？发往：{webhook.url}")


def resend(request: HttpRequest, pk: int) -> HttpResponse:
    delivery = writable(request, Delivery, pk, "webhook")
    if request.method == "POST":
        if tried(request, lambda: delivering.send_again(delivery)):
            messages.success(request, "正在重发。过一会儿刷新，看“最近结果”。")
        return redirect("admin:feedback_delivery_change", pk)
    return _confirm(request, "再发一次", f"确定要把这条通知再发一次吗？发往：{delivery.webhook.url}")


def _confirm(request: HttpRequest, title: str, sentence: str, **more: Any) -> HttpResponse:
    return page(request, "members/confirm.html", title=title, question=sentence, **more)
