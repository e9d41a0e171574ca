"""The two schemas: one for the office's own programs, one for employers' systems."""

from functools import cache
from threading import Lock
from typing import Any

from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.api import schema, webhooks
from feedback.api.keys import IsKnown, KeyAuthentication
from feedback.api.urls import employers
from feedback.models import EmployerKey

ROOT = "/api/v1"
EMPLOYERS: dict[str, Any] = {
    "TITLE": "Louzu Employer API",
    "DESCRIPTION": "单位党组织的系统用的接口：取记录卡，签收、反馈、退回，提供资源。说明和例子见《单位接口指南》。",
    "CONTACT": {"name": "发放密钥的街道党工委"},
    "LICENSE": {"name": "供持有密钥的单位使用", "identifier": "LicenseRef-Louzu"},
    "TAGS": [
        {"name": schema.TAG, "description": "单位接口"},
        {"name": webhooks.TAG, "description": "发给贵单位的通知"},
    ],
    "SCHEMA_PATH_PREFIX_TRIM": True,
    "PREPROCESSING_HOOKS": [],
    "POSTPROCESSING_HOOKS": ["louzu.api.schemas.plain"],
    "WEBHOOKS": ["feedback.api.webhooks.FEED_ADVANCED"],
}
# The settings are patched for all threads while a schema is made.
ALONE = Lock()


def staff_only(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Leave the employers' calls out of a schema."""
    theirs = [each.callback for each in employers]
    return [each for each in endpoints if each[3] not in theirs]


def plain(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Say which calls need no key, and leave the values of a choice beside it, not in a component named by chance."""
    for operations in result["paths"].values():
        for operation in operations.values():
            operation.setdefault("security", [])
    return _without(result, "x-spec-enum-id")


def staff_schema() -> dict[str, Any]:
    """Return the schema of all calls but those of employers."""
    with ALONE:
        return _staff_schema()


def employer_schema(server: str) -> dict[str, Any]:
    """Return the schema of the employers' calls, which are at this address."""
    with ALONE:
        return _employer_schema() | {"servers": [{"url": server, "description": "街道的接口地址"}]}


@cache
def _staff_schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


@cache
def _employer_schema() -> dict[str, Any]:
    with patched_settings(EMPLOYERS):
        patterns = [path(f"{ROOT[1:]}/", include(employers))]
        return SchemaGenerator(patterns=patterns).get_schema(request=None, public=True)


def _without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {each: _without(inner, name) for each, inner in value.items() if each != name}
    return [_without(inner, name) for inner in value] if isinstance(value, list) else value


@extend_schema(exclude=True)
class EmployerSchemaView(SpectacularJSONAPIView):
    """The schema of the employers' calls, for anybody who is known."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [IsKnown]
    metadata_class = None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(employer_schema(request.build_absolute_uri(ROOT)))


@extend_schema(exclude=True)
class SchemaView(EmployerSchemaView):
    """The staff's schema; a key still gets here the schema of the calls that it opens."""

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if isinstance(request.auth, EmployerKey):
            return super().get(request)
        return Response(staff_schema())
