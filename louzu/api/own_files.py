"""Members' own files: all that is held about one, made for a reason and handed over or opened by a link."""

from collections.abc import Iterable
from typing import Any, cast

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field, extend_schema_view
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from louzu.models import OwnFile
from louzu.rules.own_file_handing import link_token, make
from members.api.fields import ScopedField
from members.api.schema import reads, writes
from members.api.viewsets import BulkReadViewSet
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Member, User


def _members(user: Any) -> QuerySet:
    return Member.objects.for_user(user, Right.WRITE).select_related("street", "employer")


@extend_schema_field({"type": ["object", "null"]})
class OwnContentField(serializers.JSONField):
    """What the PDF says: `sections` with their rows, what is not held, and what is left out."""


class OwnFileSerializer(serializers.ModelSerializer):
    """That a member was given all that is held about them: when, why and how."""

    member = ScopedField(rows=_members, label="党员")

    class Meta:
        model = OwnFile
        fields = ("id", "member", "means", "reason", "made_at", "opened_at")
        read_only_fields = ("made_at", "opened_at")


class OwnFileMadeSerializer(OwnFileSerializer):
    """What was made: the content where it is handed over, the link where one is sent."""

    link = serializers.CharField(allow_null=True, label="链接", help_text="只有发链接的才有；打开要填手机号后四位。")
    content = OwnContentField(allow_null=True, label="资料", help_text="只有当面交的才有；和 PDF 里的一样。")

    class Meta(OwnFileSerializer.Meta):
        fields = (*OwnFileSerializer.Meta.fields, "link", "content")  # type: ignore[assignment]


@extend_schema_view(
    list=reads("列出给过本人的资料", OwnFileSerializer(many=True), note="不含内容；每一页都记入操作记录。"),
    retrieve=reads("查看给过本人的资料", OwnFileSerializer, one=True),
)
class OwnFileViewSet(BulkReadViewSet):
    model, resource = OwnFile, Resource.MEMBER
    queryset = OwnFile.objects.none()
    serializer_class = OwnFileSerializer

    def rows(self, right: Right) -> QuerySet:
        return super().rows(right).defer("content")

    def _export_paths(self) -> Iterable[str]:
        """Return the paths of the user's streets: a file is its street's, and no smaller area is asked for."""
        return access.scope_paths(cast(User, self.request.user), self.resource)

    @writes(
        "给本人看他的资料",
        OwnFileMadeSerializer,
        request=OwnFileSerializer,
        status=201,
        note="只由街道办理，要写明事由。当面交的，返回全部内容；发链接的，返回链接，以前的链接随即失效。",
    )
    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        # The content is put together outside a transaction, so that none is opened here.
        file, content = make(**serializer.validated_data, by=cast(User, request.user))
        by_link = file.means == OwnFile.Means.LINK
        link = _address(request, file) if by_link else None
        more = {"link": link, "content": None if by_link else content}
        return Response(self.get_serializer(file).data | more, status.HTTP_201_CREATED)


def _address(request: Request, file: OwnFile) -> str:
    return request.build_absolute_uri(reverse("own_link", args=[link_token(file)]))
