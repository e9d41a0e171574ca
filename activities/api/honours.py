"""Commendations of places."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from activities.models import Honour
from activities.models.honours import FIRST_HONOURS, STATEMENTS
from activities.rules import honouring
from members.api.fields import ScopedField
from members.api.filters import IdFilter, by_id, inside
from members.api.schema import reads, writes
from members.api.serializers import places
from members.api.viewsets import ChangeMixin, CreateMixin, LockedByRule, ScopedViewSet
from members.ground.access import Resource, Right
from members.models import Area


class HonouredField(ScopedField):
    """A building group or a compound."""

    def to_internal_value(self, data: Any) -> Area:
        area = super().to_internal_value(data)
        if area.level < Area.Level.STATION:
            raise serializers.ValidationError("请选择楼组或小区：荣誉授予楼组、小区。")
        return area


class HonourSerializer(serializers.ModelSerializer):
    """A commendation of a building group or compound in a year."""

    area = HonouredField(rows=places(Resource.HONOUR), label="楼组或小区")
    label = serializers.CharField(source="area.label", read_only=True, label="全称")  # type: ignore[assignment]
    awarded_on = serializers.DateField(required=False, label="授予日期", help_text="不填就是今天。")
    stated_on = serializers.DateField(
        required=False, allow_null=True, label="声明日期", help_text="勾选了四无，要填楼组自己声明的日期。"
    )
    withdrawn_at = serializers.DateTimeField(read_only=True, allow_null=True, label="撤回时间")
    withdrawal_reason = serializers.CharField(read_only=True, label="撤回的原因")

    class Meta:
        model = Honour
        fields = (
            "id", "area", "label", "year", "kind", "theme", "deeds", "awarded_on", *STATEMENTS, "stated_on",
            "withdrawn_at", "withdrawal_reason",
        )  # fmt: skip
        validators: list = []

    def create(self, validated_data: dict[str, Any]) -> Honour:
        return honouring.give(**validated_data)

    def update(self, instance: Honour, validated_data: dict[str, Any]) -> Honour:
        return honouring.correct(instance, **validated_data)


class HonourWithdrawalSerializer(serializers.Serializer):
    """Why an honour is withdrawn: a sentence about the place, not about a person."""

    reason = serializers.CharField(
        allow_blank=True, label="撤回的原因", help_text=f"必填，最多 {honouring.LONGEST_REASON} 个字。"
    )

    def update(self, instance: Honour, validated_data: dict[str, Any]) -> Honour:
        honouring.withdraw(instance, **validated_data)
        return instance


class HonourFilter(filters.FilterSet):
    inside = inside(Resource.HONOUR)
    year = by_id("年度", IdFilter, min_value=FIRST_HONOURS, max_value=2100)
    kind = filters.ChoiceFilter(choices=Honour.Kind.choices, label="类别")
    theme = filters.ChoiceFilter(choices=Honour.Theme.choices, label="主题")


@extend_schema_view(
    list=reads("列出评优", HonourSerializer(many=True), note="不含撤回的。"),
    retrieve=reads("查看评优", HonourSerializer, one=True),
    create=writes("登记评优", HonourSerializer, status=201, note="授予楼组或小区，不授予个人。"),
    partial_update=writes("修改评优", HonourSerializer),
)
class HonourViewSet(LockedByRule, CreateMixin, ChangeMixin, ScopedViewSet):
    model, resource = Honour, Resource.HONOUR
    queryset = Honour.objects.none()
    serializer_class = HonourSerializer
    filterset_class = HonourFilter

    def rows(self, right: Right) -> QuerySet:
        return super().rows(right).select_related("area")

    def get_queryset(self) -> QuerySet:
        rows: Any = super().get_queryset()
        return rows.standing() if self.action == "list" else rows

    @writes("撤回评优", HonourSerializer, request=HonourWithdrawalSerializer, note="给错了地方，写明原因；记录保留。")
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        return self.saved_by(HonourWithdrawalSerializer)
