"""The coverage report of an area on a day."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from members.api.schema import reads
from members.api.viewsets import OnRecord
from members.ground.access import Resource
from members.models import Area
from members.rules.coverage import coverage

COUNTS = {
    "members": "居住党员数",
    "local": "在册",
    "in_post": "在职",
    "taking_part": "已参加楼组党小组",
    "groups": "楼组数",
    "established": "已建党小组的楼组",
    "communities": "社区数",
    "residents": "常住人口（已填报的社区）",
    "led": "有组长的楼组",
    "led_by_cadre": "处级、科级干部任组长的楼组",
    "households": "党员家庭：有党员居住的户（楼组＋室号）",
    "paired": "正在结对的党员家庭",
}
SHARES = {
    "coverage": "覆盖率：已建党小组的楼组÷楼组数",
    "taking_part_share": "参加率：已参加÷居住党员数",
    "local_share": "在册比例",
    "in_post_share": "在职比例",
    "share_of_residents": "党员占常住人口的比例（已填报的社区）",
    "cadre_share": "处级、科级干部任组长÷有组长的楼组",
    "paired_share": "结对率：正在结对的党员家庭÷党员家庭",
}
FIGURES: dict[str, serializers.Field] = {
    **{name: serializers.IntegerField(help_text=text) for name, text in COUNTS.items()},
    **{name: serializers.FloatField(help_text=text, allow_null=True) for name, text in SHARES.items()},
}
FiguresSerializer = inline_serializer("Figures", dict(FIGURES))
RowSerializer = inline_serializer(
    "CoverageRow", {"area": serializers.CharField(), "id": serializers.IntegerField(), **FIGURES}, many=True
)


class CoverageSerializer(serializers.Serializer):
    """The coverage of an area on a day, with a row for each area of the chosen level. A share of nothing is null."""

    area = serializers.CharField(help_text="区域名称")
    level = serializers.ChoiceField(choices=Area.Level.names, help_text="区域的层级")
    day = serializers.DateField()
    figures = FiguresSerializer
    rows = RowSerializer


class CoverageQuery(serializers.Serializer):
    """The day, today by default, and the level of the rows, by default one below the area's own."""

    day = serializers.DateField(required=False, help_text="截止日期，默认今天")
    level = serializers.ChoiceField(choices=Area.Level.choices, required=False, help_text="各行的层级，默认下一级")


class CoverageView(OnRecord):
    resource = Resource.REPORT

    @reads("查看覆盖情况", CoverageSerializer, one=True, parameters=[CoverageQuery])
    def get(self, request: Request, pk: int) -> Response:
        areas = Area.objects.for_user(request.user, resource=self.resource)
        area = get_object_or_404(areas, pk=pk)
        query = CoverageQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        day = query.validated_data.get("day", timezone.localdate())
        report = coverage(area, areas=areas, day=day, level=query.validated_data.get("level"))
        return Response(report.as_dict())
