"""What members say is wrong in their records: written down, put right, or kept with a reason."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from members.api.fields import ScopedField
from members.api.schema import reads, writes
from members.api.viewsets import BulkReadViewSet, CreateMixin
from members.forms.corrections import BY_DESK
from members.ground.access import Resource, Right
from members.models import CorrectionRequest, Member
from members.rules import putting_right


class CorrectionSerializer(serializers.ModelSerializer):
    """A member's word that something on record is wrong, and how it was settled."""

    member = ScopedField(
        rows=lambda user: Member.objects.for_user(user, Right.WRITE).select_related("street"), label="党员"
    )
    name = serializers.CharField(source="member.name", read_only=True, label="姓名")

    class Meta:
        model = CorrectionRequest
        fields = ("id", "member", "name", "about", "text", "means", "status", "made_at", "reply", "settled_at")
        read_only_fields = ("status", "made_at", "reply", "settled_at")

    def validate_means(self, means: str) -> str:
        if means not in dict(BY_DESK):
            raise serializers.ValidationError("只能填当面或书面：在手机上写的，由本人自己写。")
        return means

    def create(self, validated_data: dict[str, Any]) -> CorrectionRequest:
        return putting_right.ask(by=self.context["request"].user, **validated_data)


class RightedSerializer(serializers.Serializer):
    """What the member is told."""

    reply = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default="", label="答复", help_text="本人会看到。"
    )

    def update(self, instance: CorrectionRequest, validated_data: dict[str, Any]) -> CorrectionRequest:
        putting_right.put_right(instance, by=self.context["request"].user, **validated_data)
        return instance


class KeptSerializer(RightedSerializer):
    """Why nothing was changed."""

    def update(self, instance: CorrectionRequest, validated_data: dict[str, Any]) -> CorrectionRequest:
        putting_right.keep(instance, by=self.context["request"].user, **validated_data)
        return instance


class CorrectionFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=CorrectionRequest.Status.choices, label="状态")


@extend_schema_view(
    list=reads("列出更正请求", CorrectionSerializer(many=True), note="成批读取，每一页都记入操作记录。"),
    retrieve=reads("查看更正请求", CorrectionSerializer, one=True),
    create=writes("登记更正请求", CorrectionSerializer, status=201, note="本人当面或书面说哪里不对。"),
)
class CorrectionViewSet(CreateMixin, BulkReadViewSet):
    model, resource = CorrectionRequest, Resource.MEMBER
    queryset = CorrectionRequest.objects.none()
    serializer_class = CorrectionSerializer
    filterset_class = CorrectionFilter

    def rows(self, right: Right) -> QuerySet:
        return super().rows(right).select_related("member__street")

    @writes("已改好", CorrectionSerializer, request=RightedSerializer, note="不对的地方改好以后办结；答复可以不写。")
    @action(detail=True, methods=["post"], url_path="put-right")
    def put_right(self, request: Request, pk: int) -> Response:
        return self.saved_by(RightedSerializer)

    @writes("不改，说明原因", CorrectionSerializer, request=KeptSerializer, note="要写明原因，本人会看到。")
    @action(detail=True, methods=["post"])
    def keep(self, request: Request, pk: int) -> Response:
        return self.saved_by(KeptSerializer)
