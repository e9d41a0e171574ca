"""The district's figures: its streets, and the communities of one."""

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from louzu.models import FiguresOfDay
from louzu.rules.district import (
    COUNTS,
    HAPPENED,
    OF_LAST_MONTH,
    OF_WEEKS,
    SHARES,
    STOCK,
    communities_beside,
    streets_beside,
)
from members.api.schema import reads
from members.api.viewsets import OnRecord
from members.ground.access import Resource
from members.models import Area

RATES = {
    "coverage": "覆盖率：已建党小组的楼组÷楼组数",
    "taking_part_share": "参加率：已参加÷党员",
    "paired_share": "结对率：已结对的党员家庭÷党员家庭",
    "communities_share": "社区每月活动的完成率，今年",
    "stations_share": "小区每周活动的完成率，近 12 周",
    "groups_share": "楼组每季活动的完成率，今年",
    "needs_share": "办结÷提出，今年，最多 1",
    "received_share": "签收÷发出，今年，最多 1",
}


def _meaning(name: str, period: str = "今年") -> str:
    """Return what a count counts, and of which days."""
    labels = {field.name: str(field.verbose_name) for field in FiguresOfDay._meta.concrete_fields}
    if name in STOCK:
        return f"{labels[name]}，最近一天"
    if name in OF_WEEKS and period == "今年":
        period = "近 12 周"
    return f"{labels[OF_LAST_MONTH.get(name, name)]}，{'上月' if name in OF_LAST_MONTH else period}"


MONTH: dict[str, serializers.Field] = {
    "month": serializers.CharField(help_text="月份，如 2026-03"),
    **{name: serializers.IntegerField(help_text=_meaning(name, "这个月")) for name in (*STOCK, *HAPPENED, *OF_WEEKS)},
    **{name: serializers.FloatField(help_text=RATES[name].split("，")[0], allow_null=True) for name in SHARES},
}
FIGURES: dict[str, serializers.Field] = {
    "area": serializers.CharField(help_text="区域名称"),
    "id": serializers.IntegerField(help_text="区域编号；合计是 0"),
    "level": serializers.IntegerField(help_text="层级：1 街道，2 社区；合计是 0"),
    "day": serializers.DateField(help_text="最近一天的数字是哪一天的", allow_null=True),
    "first": serializers.DateField(help_text="今年的数字从哪一天起", allow_null=True),
    "days_missing": serializers.IntegerField(help_text="中间缺多少天的数字"),
    **{name: serializers.IntegerField(help_text=_meaning(name)) for name in COUNTS},
    **{name: serializers.FloatField(help_text=RATES[name], allow_null=True) for name in SHARES},
    "missing": serializers.ListField(child=serializers.CharField(), help_text="缺什么，一句一条"),
    "months": inline_serializer("DistrictMonth", dict(MONTH), many=True),
}


class DistrictSerializer(serializers.Serializer):
    """Places beside each other, up to a day; counts of a day, and sums since New Year."""

    day = serializers.DateField(help_text="数字算到哪一天")
    year = serializers.IntegerField(help_text="“今年”是哪一年")
    total = inline_serializer("DistrictTotal", dict(FIGURES))
    rows = inline_serializer("DistrictRow", dict(FIGURES), many=True)


class DistrictView(OnRecord):
    """The streets of the district."""

    resource = Resource.DISTRICT

    @reads(
        "各街道的数字",
        DistrictSerializer,
        note="区级岗位专用：只有各街道的合计数，没有任何个人。",
        operation_id="district_streets_retrieve",
    )
    def get(self, request: Request) -> Response:
        areas = Area.objects.for_user(request.user, resource=self.resource)
        return Response(streets_beside(areas, today=timezone.localdate(), by_month=True).as_dict())


class DistrictStreetView(OnRecord):
    """The communities of a street."""

    resource = Resource.DISTRICT

    @reads(
        "一个街道各社区的数字", DistrictSerializer, one=True, note="区级岗位专用：只有各社区的合计数，没有任何个人。"
    )
    def get(self, request: Request, pk: int) -> Response:
        areas = Area.objects.for_user(request.user, resource=self.resource)
        found = communities_beside(areas, pk, today=timezone.localdate())
        if found is None:
            raise Http404
        return Response(found.as_dict())
