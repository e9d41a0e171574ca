"""Authentication of employers' systems: `Authorization: Bearer lz_<prefix>_<secret>`, a key given by a street."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from feedback.api.problems import AddressRefused
from feedback.models import EmployerKey
from members.ground.audit import circumstances
from members.login.tokens import TokenAuthentication, live_key, note_use


class KeyAuthentication(TokenAuthentication):
    """Set the key as `request.auth`, with an anonymous user.

    Staff are authenticated too, by token or session, so that they get 403 and no request to log in. A key that is
    unknown, expired or revoked gets the same 401 as an unknown token; AddressRefused for one used from elsewhere.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        key = live_key(EmployerKey.objects.select_related("street", "practice", "employer"), text)
        if scheme.lower() == "bearer" and key:
            address = circumstances().address or ""
            if not key.works_from(address):
                raise AddressRefused(key, address)
            note_use(key)
            return AnonymousUser(), key
        return super().authenticate(request) or SessionAuthentication().authenticate(request)


class KeyScheme(OpenApiAuthenticationExtension):
    """The security scheme of keys in the schema."""

    target_class = "feedback.api.keys.KeyAuthentication"
    name = "employerKey"

    def get_security_definition(self, auto_schema):
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "lz_<prefix>_<secret>",
            "description": "单位系统的密钥，由街道发放，只能取本单位的卡。只在创建时显示一次。"
            "测试密钥是 lz_test_<prefix>_<secret>，只看得到编造的卡和报到单。",
        }


class HoldsKey(BasePermission):
    """Permission for employers' systems only."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, EmployerKey)


class IsKnown(BasePermission):
    """Permission for every authenticated user or system."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.successful_authenticator)
