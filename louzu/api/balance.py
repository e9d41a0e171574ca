"""The report that puts compounds of one kind beside each other."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from louzu.rules.balance import balance
from members.api.fields import PastDayApiField
from members.api.schema import reads
from members.api.viewsets import OnRecord
from members.ground.access import Resource
from members.models import Area

LEVELS = "、".join(Area.Level.names)
SIDES = "below 低于同类中间一半，above 高于，空是在中间或没有可比的"


class SidedRatioSerializer(serializers.Serializer):
    """A figure of a compound; `value` is null where there is nothing to divide by."""

    top = serializers.IntegerField(help_text="分子")
    bottom = serializers.IntegerField(help_text="分母")
    value = serializers.FloatField(allow_null=True, help_text="分子÷分母")
    side = serializers.ChoiceField(choices=["", "below", "above"], help_text=SIDES)


class MiddleHalfSerializer(serializers.Serializer):
    low = serializers.FloatField(help_text="下四分位")
    high = serializers.FloatField(help_text="上四分位")


class CompoundSerializer(serializers.Serializer):
    """A compound with its figures by name."""

    area = serializers.CharField(help_text="小区名称")
    label = serializers.CharField(help_text="全称")  # type: ignore[assignment]
    id = serializers.IntegerField()
    groups = serializers.IntegerField(help_text="楼组")
    figures = serializers.DictField(
        child=SidedRatioSerializer(),
        help_text="joined 参加党小组、came 参加过活动、paired 结对、weeks 每周活动、visits 每对走访、needs 需求办结",
    )
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.IntegerField(), help_text="小区和楼组办的活动，按领域"
    )
    ideas = serializers.ListField(child=serializers.CharField(), help_text="办得比同类中间一半少的领域")


class CompoundKindSerializer(serializers.Serializer):
    """Compounds of one type of housing and size."""

    kind = serializers.CharField(help_text="类别：住宅类型和大小")
    housing = serializers.ChoiceField(choices=Area.Housing.choices, allow_null=True, help_text="住宅类型")
    size = serializers.CharField(help_text="大小")
    bounds = serializers.CharField(help_text="大小的界限")
    middles = serializers.DictField(
        child=MiddleHalfSerializer(), help_text="各项的中间一半；有这一项的小区不到 4 个时没有"
    )
    compounds = CompoundSerializer(many=True)


class BalanceSerializer(serializers.Serializer):
    """An area's compounds of a day by kind; activities and visits are those of the twelve full weeks before."""

    area = serializers.CharField(help_text="区域名称")
    level = serializers.CharField(help_text=f"区域的层级：{LEVELS}")
    day = serializers.DateField()
    first = serializers.DateField(help_text="12 周的第一天")
    last = serializers.DateField(help_text="12 周的最后一天")
    kinds = CompoundKindSerializer(many=True)


class BalanceQuery(serializers.Serializer):
    """The day, today by default."""

    day = PastDayApiField(required=False, help_text="截止日期，默认今天")


class BalanceView(OnRecord):
    resource = Resource.REPORT

    @reads("查看分类指导", BalanceSerializer, one=True, parameters=[BalanceQuery])
    def get(self, request: Request, pk: int) -> Response:
        areas = Area.objects.for_user(request.user, resource=self.resource)
        area = get_object_or_404(areas, pk=pk)
        query = BalanceQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        day = query.validated_data.get("day", timezone.localdate())
        return Response(balance(area, areas=areas, day=day).as_dict())
