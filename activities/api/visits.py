"""Visits of pairings, and the pairings without a recent one."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin
from rest_framework.viewsets import GenericViewSet

from activities.models import Visit
from activities.models.visits import unvisited
from activities.rules import visiting
from members.api.fields import ScopedField
from members.api.filters import id_of, inside
from members.api.households import PairingSerializer
from members.api.schema import reads, writes
from members.api.viewsets import CreateMixin, OnRecord, ScopedViewSet
from members.ground.access import Resource, Right
from members.models import Pairing


class VisitSerializer(serializers.ModelSerializer):
    """One contact of a pairing."""

    pairing = ScopedField(rows=Pairing.objects.for_user, label="结对")
    household_label = serializers.CharField(source="pairing.household", read_only=True, label="党员家庭的全称")
    neighbour_label = serializers.CharField(source="pairing.neighbour", read_only=True, label="结对家庭的全称")
    visited_on = serializers.DateField(required=False, label="走访日期", help_text="不填就是今天。")

    class Meta:
        model = Visit
        fields = ("id", "pairing", "household_label", "neighbour_label", "visited_on", "kind", "note")
        validators: list = []

    def create(self, validated_data: dict[str, Any]) -> Visit:
        visit, _ = visiting.record(**validated_data)
        return visit


class VisitFilter(filters.FilterSet):
    inside = inside(Resource.HOUSEHOLD)
    pairing = id_of("结对（编号）", "pairing_id")
    first = filters.DateFilter(field_name="visited_on", lookup_expr="gte", label="从这一天起")
    last = filters.DateFilter(field_name="visited_on", lookup_expr="lte", label="到这一天为止（含）")
    kind = filters.ChoiceFilter(choices=Visit.Kind.choices, label="方式")


@extend_schema_view(
    list=reads("列出走访", VisitSerializer(many=True)),
    retrieve=reads("查看走访", VisitSerializer, one=True),
    create=writes(
        "登记走访",
        VisitSerializer,
        status=201,
        note="同一天、同一方式只登记一次；同样的内容再提交，得到已登记的那一次。",
    ),
)
class VisitViewSet(CreateMixin, ScopedViewSet):
    model, resource = Visit, Resource.HOUSEHOLD
    queryset = Visit.objects.none()
    serializer_class = VisitSerializer
    filterset_class = VisitFilter

    def rows(self, right: Right) -> QuerySet:
        return super().rows(right).select_related("pairing__household__area", "pairing__neighbour__area")


class UnvisitedFilter(filters.FilterSet):
    inside = inside(Resource.HOUSEHOLD)


@extend_schema_view(list=reads("列出久未走访的结对", PairingSerializer(many=True), note="还在结对、90 天没有走访的。"))
class UnvisitedViewSet(OnRecord, ListModelMixin, GenericViewSet):
    model, resource = Pairing, Resource.HOUSEHOLD
    queryset = Pairing.objects.none()
    serializer_class = PairingSerializer
    filterset_class = UnvisitedFilter

    def get_queryset(self) -> QuerySet:
        late = Pairing.objects.for_user(self.request.user).current().filter(unvisited(timezone.localdate()))
        return late.select_related("household__area", "neighbour__area")
