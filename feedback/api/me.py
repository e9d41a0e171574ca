"""Calls about the calling key, and for the public keys that verify receipts."""

from typing import Any

from django.http import HttpResponse
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from feedback.api.calls import EmployerCall, json_response
from feedback.api.examples import KEYS, ME, NEW_KEY, NOTICE_TEST
from feedback.api.offers import places
from feedback.api.problems import KeyReplaced, NoWebhook
from feedback.api.schema import call, open_call
from feedback.api.shapes import KeysShape, MeShape, NewKeyShape, NoticeTestShape
from feedback.api.throttling import RateLimited
from feedback.feed import delivering, receipts
from feedback.models import Scope, Webhook
from feedback.rules import admitting
from members.ground.states import Conflict
from members.models import Area


class MeView(EmployerCall):
    @call(
        "get_me",
        "查看密钥",
        {200: MeShape},
        description="这把密钥属于哪个单位、由哪个街道发放、有哪些权限、何时到期，以及可以向哪些社区提供资源。",
        examples=ME,
    )
    def get(self, request: Request) -> HttpResponse:
        key = self.key
        areas = list(places(request).values("id", "name", "label", "level"))
        return json_response(
            {
                "employer": {"name": key.employer.name, "credit_code": key.employer.credit_code},
                "street": {"id": key.opens.pk, "name": key.opens.name},
                "label": key.label,
                "scopes": key.scopes,
                "expires_at": key.expires_at,
                "expires_soon": key.ends_soon(),
                "areas": [area | {"level": Area.Level(area["level"]).name.lower()} for area in areas],
            }
        )


class RotationView(EmployerCall):
    @call(
        "rotate_key",
        "更换密钥",
        {201: NewKeyShape},
        description="换出一把权限、来源地址都相同的新密钥，原来的一周后失效。新密钥只在这个结果里出现一次；没有收到结果的，"
        "用原来的密钥再请求一次：没有用过的那把作废，另给一把。新密钥用过以后，原来的不能再换。",
        problems=(409,),
        examples=NEW_KEY,
    )
    def post(self, request: Request) -> HttpResponse:
        try:
            made, text = admitting.rotate_by_system(self.key)
        except Conflict as error:
            raise KeyReplaced(str(error)) from error
        self.key.refresh_from_db(fields=["expires_at"])
        told = {"key": text, "expires_at": made.expires_at, "old_key_until": self.key.expires_at}
        return json_response(told, 201)


class NoticeTestView(EmployerCall):
    scope = Scope.READ

    @call(
        "send_test_notice",
        "发一条测试通知",
        {202: NoticeTestShape},
        description="向登记的每个通知地址发一条 type 为 test 的通知，签名和别的通知一样；notices 是发往几个地址。",
        problems=(409,),
        examples=NOTICE_TEST,
    )
    def post(self, request: Request) -> HttpResponse:
        try:
            key = self.key
            hooks = Webhook.objects.filter(employer=key.employer_id, street=key.street_id, practice=key.practice_id)
            sent = delivering.send_test(hooks)
        except Conflict as error:
            raise NoWebhook(str(error)) from error
        return json_response({"notices": sent}, 202)


class KeysView(RateLimited):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    metadata_class = None

    @open_call(
        "list_receipt_keys",
        "列出回执的公钥",
        KeysShape,
        description="验证签收回执用，任何人都可以取。轮换以后，旧公钥仍在其中。",
        examples=KEYS,
    )
    def get(self, request: Request) -> HttpResponse:
        return json_response({"keys": receipts.public_keys()})
