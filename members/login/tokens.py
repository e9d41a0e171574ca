"""How programs log in: `Authorization: Bearer lz_<prefix>_<secret>` of a staff token."""

import re
from datetime import timedelta
from typing import TypeVar

from django.db import OperationalError
from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from members.ground.atomic import atomic_write
from members.ground.keys import AccessKey
from members.ground.outage import is_full
from members.models import StaffToken, User

SHAPE = re.compile(r"(lz_(?:test_)?)([0-9a-f]{4,12})_([A-Za-z0-9_-]{16,100})")
NOTED_EVERY = timedelta(minutes=1)
K = TypeVar("K", bound=AccessKey)


class TokenAuthentication(BaseAuthentication):
    """Logs in the user of a staff token; 401 for a token that is wrong, expired or revoked."""

    def authenticate(self, request: Request) -> tuple[User, StaffToken] | None:
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = live_key(StaffToken.objects.select_related("user"), text)
        if token is None:
            raise AuthenticationFailed("密钥不对、已到期或已停用。", code="token_refused")
        if token.user.must_change_password:
            raise PermissionDenied("请先在网页登录并修改初始密码。", code="new_password_first")
        note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="louzu"'


def live_key(keys: QuerySet[K], text: str) -> K | None:
    """Return the key among these that has this text, if it is valid now."""
    match = SHAPE.fullmatch(text.strip())
    key = keys.live().filter(prefix=match[2]).order_by().first() if match else None  # type: ignore[attr-defined]
    return key if match and key and key.begins == match[1] and key.fits(match[3]) else None


def note_use(key: AccessKey) -> None:
    """Store when the key was last used, once a minute at most: a busy client must not write at every call.

    A full disk does not keep anybody from reading.
    """
    now = timezone.now()
    if key.last_used_at and now - key.last_used_at < NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
    try:
        with atomic_write():
            type(key)._default_manager.filter(stale, pk=key.pk).update(last_used_at=now)
    except (OperationalError, OSError) as error:
        if not is_full(error):
            raise


class TokenScheme(OpenApiAuthenticationExtension):
    """Describes the staff token in the API's schema."""

    target_class = "members.login.tokens.TokenAuthentication"
    name = "staffToken"

    def get_security_definition(self, auto_schema):
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "lz_<prefix>_<secret>",
            "description": "工作人员的接口密钥，权限与本人的岗位相同。只在创建时显示一次。",
        }
