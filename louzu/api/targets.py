"""The targets of communities: read with where they stand, and set by the street office."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from louzu.models import Target
from louzu.models.targets import LAST_YEAR, NOT_A_NUMBER
from louzu.rules.targets import ONLY_SOON, progress, set_targets
from members.api.fields import IdField
from members.api.schema import reads, writes
from members.api.viewsets import OnRecord
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area
from members.models.areas import AreaQuerySet
from members.models.households import FIRST_YEAR

MOST_CELLS = 1_000
TWICE = "同一个社区的同一项目标写了两次。"


class TargetCellSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=Target.Kind.choices, help_text="哪种目标")
    value = serializers.IntegerField(allow_null=True, help_text="目标；没有定是 null")
    now = serializers.IntegerField(help_text="现在有多少，往年是年底；每月活动是本月的次数")
    missing = serializers.IntegerField(help_text="还差多少；没有差或者没有定目标是 0")
    is_reached = serializers.BooleanField(help_text="是否已达到")
    months = serializers.ListField(
        child=serializers.IntegerField(), allow_null=True, help_text="过完的各月办了多少次；不按月的是 null"
    )
    sentence = serializers.CharField(help_text="进展，一句话")


class TargetRowSerializer(serializers.Serializer):
    area = serializers.CharField(help_text="社区名称")
    id = serializers.IntegerField(help_text="社区编号")
    targets = TargetCellSerializer(many=True)


class TargetsSerializer(serializers.Serializer):
    """The targets of the communities in an area for a year."""

    area = serializers.CharField(help_text="区域名称")
    year = serializers.IntegerField(help_text="年度")
    rows = TargetRowSerializer(many=True)


class TargetYear(serializers.Serializer):
    """The year, by default this one."""

    year = serializers.IntegerField(
        min_value=FIRST_YEAR.year, max_value=LAST_YEAR, required=False, help_text="年度，默认今年"
    )


class SetTarget(serializers.Serializer):
    """A target of a community; null removes it."""

    area = IdField(help_text="社区编号")
    kind = serializers.ChoiceField(choices=Target.Kind.choices, help_text="哪种目标")
    value = serializers.IntegerField(
        allow_null=True,
        error_messages={"invalid": NOT_A_NUMBER, "max_string_length": NOT_A_NUMBER},
        help_text="目标；去掉写 null",
    )


class SetTargets(serializers.Serializer):
    """Targets for a year; those that are not named stay as they are."""

    year = serializers.IntegerField(
        min_value=FIRST_YEAR.year,
        max_value=LAST_YEAR,
        help_text="今年或明年",
        error_messages={"min_value": ONLY_SOON, "max_value": ONLY_SOON},
    )
    targets = SetTarget(many=True, max_length=MOST_CELLS)  # type: ignore[call-arg]

    def validate_targets(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({(row["area"], row["kind"]) for row in rows}) < len(rows):
            raise serializers.ValidationError(TWICE)
        return rows


class TargetsView(OnRecord):
    """The targets of an area: a street or a community."""

    resource = Resource.TARGET
    http_method_names = ["get", "head", "put"]

    def areas(self) -> AreaQuerySet:
        mine = Area.objects.for_user(self.request.user, resource=self.resource)
        return mine.filter(level__lte=Area.Level.COMMUNITY)

    @reads("查看目标和进展", TargetsSerializer, one=True, parameters=[TargetYear])
    def get(self, request: Request, pk: int) -> Response:
        area = get_object_or_404(self.areas(), pk=pk)
        query = TargetYear(data=request.query_params)
        query.is_valid(raise_exception=True)
        return self._answer(area, query.validated_data.get("year", timezone.localdate().year))

    @writes("定目标", TargetsSerializer, request=SetTargets, note="定给社区，不定给个人。没有写到的目标不变。")
    def put(self, request: Request, pk: int) -> Response:
        area = get_object_or_404(self.areas(), pk=pk)
        if not access.covers(request.user, self.resource, area.path, Right.WRITE):  # type: ignore[arg-type]
            raise PermissionDenied
        body = SetTargets(data=request.data)
        body.is_valid(raise_exception=True)
        year = body.validated_data["year"]
        values = {(row["area"], row["kind"]): row["value"] for row in body.validated_data["targets"]}
        set_targets(area, year, values, today=timezone.localdate())
        return self._answer(area, year)

    def _answer(self, area: Area, year: int) -> Response:
        return Response(progress(area, areas=self.areas(), year=year, today=timezone.localdate()).as_dict())
