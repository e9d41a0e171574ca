"""The doors of a building, and the pairs of households."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from members.api.fields import PastDayApiField, ScopedField
from members.api.filters import id_of, inside
from members.api.schema import reads, writes
from members.api.serializers import CheckedSerializer, GroupField, errors_at, places
from members.api.viewsets import ChangeMixin, CreateMixin, ScopedViewSet
from members.ground.access import Resource, Right
from members.ground.rooms import MOST_DOORS, MOST_FLOORS, MOST_UNITS
from members.models import Area, Household, Pairing
from members.rules import housing


class HouseholdSerializer(CheckedSerializer):
    """A door; unit, floor and number are read from the room."""

    label = serializers.CharField(source="area.label", read_only=True)  # type: ignore[assignment]
    of_members = serializers.BooleanField(read_only=True, label="是否党员家庭")
    paired = serializers.BooleanField(read_only=True, label="是否在结对")

    class Meta:
        model = Household
        fields = ("id", "area", "label", "room", "name", "unit", "floor", "number", "of_members", "paired")
        read_only_fields: tuple[str, ...] = ("area", "unit", "floor", "number")
        validators: list = []

    def create(self, validated_data: dict[str, Any]) -> Household:
        return housing.add_door(validated_data.pop("area"), **validated_data)

    def update(self, instance: Household, validated_data: dict[str, Any]) -> Household:
        return housing.change_door(instance, **validated_data)


class NewHouseholdSerializer(HouseholdSerializer):
    """A new door; its building group cannot be changed later."""

    area = GroupField(rows=places(Resource.HOUSEHOLD), label="楼组")

    class Meta(HouseholdSerializer.Meta):
        read_only_fields = ("unit", "floor", "number")


class LayOutSerializer(serializers.Serializer):
    """The size of a building group, to make its doors; doors with any data stay as they are."""

    area = GroupField(
        rows=lambda user: Area.objects.for_user(user, Right.WRITE, resource=Resource.HOUSEHOLD).current(), label="楼组"
    )
    units = serializers.IntegerField(min_value=1, max_value=MOST_UNITS, default=1, label="单元数")
    floors = serializers.IntegerField(min_value=1, max_value=MOST_FLOORS, label="层数")
    doors = serializers.IntegerField(min_value=1, max_value=MOST_DOORS, label="每层户数")


class LaidOutSerializer(serializers.Serializer):
    """The result of laying out a building."""

    added = serializers.IntegerField(label="新增户数")
    removed = serializers.IntegerField(label="去掉的户数", help_text="排错了、什么都没有登记过的。")
    total = serializers.IntegerField(label="现有户数")


class HouseholdFilter(filters.FilterSet):
    inside = inside(Resource.HOUSEHOLD)
    of_members = filters.BooleanFilter(method="filter_of_members", label="是否党员家庭，否则是群众家庭")
    paired = filters.BooleanFilter(method="filter_paired", label="是否在结对")

    def filter_of_members(self, rows: Any, name: str, wanted: bool) -> QuerySet:
        today = timezone.localdate()
        return rows.of_members(today) if wanted else rows.of_neighbours(today)

    def filter_paired(self, rows: Any, name: str, wanted: bool) -> QuerySet:
        today = timezone.localdate()
        return rows.paired(today) if wanted else rows.unpaired(today)


@extend_schema_view(
    list=reads("列出家庭", HouseholdSerializer(many=True)),
    retrieve=reads("查看家庭", HouseholdSerializer, one=True),
    create=writes("登记家庭", HouseholdSerializer, status=201, request=NewHouseholdSerializer),
    partial_update=writes("修改家庭", HouseholdSerializer, note="改室号或称呼；楼组不能改。"),
)
class HouseholdViewSet(CreateMixin, ChangeMixin, ScopedViewSet):
    model, resource = Household, Resource.HOUSEHOLD
    queryset = Household.objects.none()
    serializer_class = HouseholdSerializer
    filterset_class = HouseholdFilter

    def rows(self, right: Right) -> QuerySet:
        today, this = timezone.localdate(), Household.objects.filter(pk=OuterRef("pk"))
        flags = {"of_members": Exists(this.of_members(today)), "paired": Exists(this.paired(today))}
        return super().rows(right).select_related("area").annotate(**flags)

    def get_serializer_class(self) -> Any:
        return NewHouseholdSerializer if self.action == "create" else HouseholdSerializer

    @writes(
        "按单元、层数、户数排出楼组的家庭",
        LaidOutSerializer,
        request=LayOutSerializer,
        note="已有登记的不变，重复提交不会多出来；排错了又什么都没登记的去掉。党员所住的室号一并排入。",
    )
    @action(detail=False, methods=["post"], url_path="lay-out")
    def lay_out(self, request: Request) -> Response:
        serializer = LayOutSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        area = serializer.validated_data.pop("area")
        added, removed = housing.lay_out(area, **serializer.validated_data)
        total = Household.objects.for_user(request.user).inside(area).count()
        return Response({"added": added, "removed": removed, "total": total})


class PairingSerializer(CheckedSerializer):
    """A member's household and a neighbour's."""

    household = ScopedField(rows=Household.objects.for_user, label="党员家庭")
    household_label = serializers.CharField(source="household", read_only=True, label="党员家庭的全称")
    neighbour = ScopedField(rows=Household.objects.for_user, label="结对家庭")
    neighbour_label = serializers.CharField(source="neighbour", read_only=True, label="结对家庭的全称")
    since = PastDayApiField(required=False, label="结对日期", help_text="不填就是今天。")

    class Meta:
        model = Pairing
        fields = ("id", "household", "household_label", "neighbour", "neighbour_label", "since", "until")
        read_only_fields = ("until",)
        validators: list = []

    def create(self, validated_data: dict[str, Any]) -> Pairing:
        return Pairing.objects.begin(**validated_data)[0]


class EndSerializer(serializers.Serializer):
    """The day on which a pairing ends."""

    on = PastDayApiField(required=False, label="结束日期", help_text="不填就是今天。")

    def update(self, instance: Pairing, validated_data: dict[str, Any]) -> Pairing:
        with errors_at("on"):
            instance.end(**validated_data)
        return instance


class PairingFilter(filters.FilterSet):
    inside = inside(Resource.HOUSEHOLD)
    current = filters.BooleanFilter(method="filter_current", label="是否还在结对")
    household = id_of("党员家庭（编号）", "household_id")
    neighbour = id_of("结对家庭（编号）", "neighbour_id")

    def filter_current(self, rows: Any, name: str, current: bool) -> QuerySet:
        lasting = Pairing.objects.current().values("pk")
        return rows.filter(pk__in=lasting) if current else rows.exclude(pk__in=lasting)


@extend_schema_view(
    list=reads("列出结对", PairingSerializer(many=True)),
    retrieve=reads("查看结对", PairingSerializer, one=True),
    create=writes("登记结对", PairingSerializer, status=201, note="两户要在同一个小区，一户有党员，一户没有。"),
)
class PairingViewSet(CreateMixin, ScopedViewSet):
    model, resource = Pairing, Resource.HOUSEHOLD
    queryset = Pairing.objects.none()
    serializer_class = PairingSerializer
    filterset_class = PairingFilter

    def rows(self, right: Right) -> QuerySet:
        return super().rows(right).select_related("household__area", "neighbour__area")

    @writes("结束结对", PairingSerializer, request=EndSerializer, note="结对和走访的记录都保留。")
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: int) -> Response:
        return self.saved_by(EndSerializer)
