"""Calls about the calling key, and for the public keys that verify receipts."""

from typing import Any

from django.http import HttpResponse
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from feedback.api.calls import EmployerCall, json_response
from feedback.api.examples import KEYS, ME
from feedback.api.offers import places
from feedback.api.schema import call, open_call
from feedback.api.shapes import KeysShape, MeShape
from feedback.feed import receipts
from members.models import Area


class MeView(EmployerCall):
    @call(
        "me",
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
                "street": {"id": key.street_id, "name": key.street.name},
                "label": key.label,
                "scopes": key.scopes,
                "expires_at": key.expires_at,
                "areas": [area | {"level": Area.Level(area["level"]).name.lower()} for area in areas],
            }
        )


class KeysView(APIView):
    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    metadata_class = None

    @open_call(
        "receipt_keys",
        "列出回执的公钥",
        KeysShape,
        description="验证签收回执用，任何人都可以取。轮换以后，旧公钥仍在其中。",
        examples=KEYS,
    )
    def get(self, request: Request) -> HttpResponse:
        return json_response({"keys": receipts.public_keys()})
