"""Webhooks of units, and the deliveries to them."""

from django.contrib import admin, messages
from django.shortcuts import redirect
from django.urls import reverse
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from feedback.admin.units import UnitAdmin, use_of
from feedback.forms.units import WebhookForm
from feedback.models import Delivery, Webhook
from feedback.rules import admitting
from members.admin.base import ReadOnlyAdmin
from members.admin.filters import DayRangeFilter
from members.ground.access import Resource, Right


@admin.register(Webhook)
class WebhookAdmin(UnitAdmin):
    form = WebhookForm
    list_display = ("employer", "url", "use", "is_active")
    list_select_related = ("employer", "street")
    list_filter = ("is_active",)
    search_fields = ("employer__name__contains", "url__contains")
    search_help_text = "单位或网址"
    actions_detail = ["send_test", "new_secret", "log"]

    def get_fields(self, request, obj=None):
        return ("employer", "street", "use", "url", "is_active") if obj else ("employer", "street", "url", "is_test")

    def get_readonly_fields(self, request, obj=None):
        return ("employer", "street", "use") if obj else ()

    def save_model(self, request, obj, form, change):
        if change:
            values = {name: form.cleaned_data[name] for name in ("url", "is_active")}
            return admitting.change_webhook(obj, **values)
        webhook, secret = admitting.add_webhook(**form.cleaned_data)
        obj.pk = webhook.pk
        messages.warning(request, f"签名密钥：{secret}（只显示这一次，请马上交给单位的系统管理员）。")
        return None

    @admin.display(description="用来", ordering="practice")
    def use(self, webhook):
        return use_of(webhook)

    @action(description="发测试通知", icon="send", permissions=["manage"])
    def send_test(self, request, object_id):
        return redirect("feedback:webhook_test", object_id)

    @action(description="换签名密钥", icon="key", permissions=["manage"])
    def new_secret(self, request, object_id):
        return redirect("feedback:webhook_secret", object_id)

    @action(description="通知记录", icon="list_alt", permissions=["manage"])
    def log(self, request, object_id):
        return redirect(reverse("admin:feedback_delivery_changelist", query={"webhook__id__exact": object_id}))


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    resource = Resource.KEY
    list_before_template = "feedback/unit_access.html"
    list_display = ("created_at", "employer", "url", "status", "is_test", "attempts", "outcome", "next_at")
    list_select_related = ("webhook__employer",)
    list_filter = (("status", ChoicesDropdownFilter), ("created_at", DayRangeFilter))
    search_fields = ("webhook__employer__name__contains", "webhook__url__contains")
    search_help_text = "单位或网址"
    linked_by = ("webhook",)
    actions_detail = ["send_again"]
    show_full_result_count = False
    fields = ("employer", "url", "status", "attempts", "outcome", "created_at", "next_at", "delivered_at")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("webhook__employer")

    def has_send_permission(self, request, object_id=None):
        return self.may_by_id(request, Right.WRITE, object_id)

    @action(description="再发一次", icon="send", permissions=["send"])
    def send_again(self, request, object_id):
        return redirect("feedback:delivery_send", object_id)

    @admin.display(description="单位", ordering="webhook__employer__name")
    def employer(self, delivery):
        return delivery.webhook.employer

    @admin.display(description="通知地址")
    def url(self, delivery):
        return delivery.webhook.url
