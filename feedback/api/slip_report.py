"""The report on slips: counts by employer and by community; nobody is named."""

from dataclasses import asdict
from typing import Any, cast

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.rules.slips_counting import SlipFigures, slip_figures
from members.api.schema import reads
from members.api.viewsets import OnRecord
from members.ground.access import Resource
from members.models import Area, User

WRONG_ORDER = "最后一天不能早于第一天。"


class UnitSlipsSerializer(serializers.Serializer):
    """An employer's slips that were sent in the days."""

    unit = serializers.CharField(help_text="单位名称；没有登记过的，按写的名称")
    sent = serializers.IntegerField(help_text="发来的，退回、撤回、转出的也算")
    accepted = serializers.IntegerField(help_text="其中现在已接收的")
    waiting = serializers.IntegerField(help_text="其中现在等接收或等对方核对的")
    ended = serializers.IntegerField(help_text="其中现在已结束的")
    days = serializers.FloatField(allow_null=True, help_text="从发来到接收的天数，中位数；一张都没有接收的是 null")


class CommunitySlipsSerializer(serializers.Serializer):
    """A community's members accepted in the days; a count, never a list."""

    area = serializers.CharField(help_text="社区名称")
    id = serializers.IntegerField()
    reported = serializers.IntegerField(help_text="报到的党员")
    came = serializers.IntegerField(help_text="其中 90 天内参加过活动的")


class SlipFiguresSerializer(serializers.Serializer):
    """The slips of a street or community."""

    area = serializers.CharField(help_text="区域名称")
    first = serializers.DateField(help_text="第一天")
    last = serializers.DateField(help_text="最后一天")
    units = UnitSlipsSerializer(many=True, help_text="各单位")
    communities = CommunitySlipsSerializer(many=True, help_text="各社区")


class AskedSlipDays(serializers.Serializer):
    """The query: the days."""

    first = serializers.DateField(help_text="第一天，如 2026-01-01")
    last = serializers.DateField(help_text="最后一天，如 2026-06-30")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["last"] < attrs["first"]:
            raise serializers.ValidationError({"last": WRONG_ORDER})
        return attrs


class SlipReportView(OnRecord):
    resource = Resource.CARD

    @reads("查看报到情况", SlipFiguresSerializer, one=True, parameters=[AskedSlipDays])
    def get(self, request: Request, pk: int) -> Response:
        areas = Area.objects.for_user(cast(User, request.user), resource=Resource.CARD)
        area = get_object_or_404(areas.filter(level__lte=Area.Level.COMMUNITY), pk=pk)
        query = AskedSlipDays(data=request.query_params)
        query.is_valid(raise_exception=True)
        days = query.validated_data
        return Response({"area": area.name, **days, **_told(slip_figures(area, **days))})


def _told(figures: SlipFigures) -> dict[str, Any]:
    communities = [
        {"area": each.community.name, "id": each.community.pk, "reported": each.reported, "came": each.came}
        for each in figures.communities
    ]
    return {"units": [asdict(unit) for unit in figures.units], "communities": communities}
