"""Figures over time, month by month."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from activities.api.reports import LAST_YEAR, LEVELS, ReportView
from louzu.models import FiguresOfDay
from louzu.rules.figures import COUNTS, LOWEST_LEVEL
from louzu.rules.months import RATES, months
from members.api.schema import reads
from members.models.households import FIRST_YEAR

RATE_TEXTS = {
    "coverage": "覆盖率：已建党小组的楼组÷楼组",
    "taking_part_share": "参加率：已参加÷居住党员",
    "paired_share": "结对率：正在结对的党员家庭÷党员家庭",
    "communities_share": "本月结束的社区月份：已办÷到期",
    "stations_share": "本月结束的小区周：已办÷到期",
    "groups_share": "本月结束的楼组季度：已办÷到期",
}
LABELS = {field.name: str(field.verbose_name) for field in FiguresOfDay._meta.concrete_fields}


class MonthFiguresSerializer(serializers.Serializer):
    """A month: what there was on `day`, its last or today, and what happened in it. A rate of nothing is null."""

    month = serializers.CharField(help_text="月份，如 2026-03")
    day = serializers.DateField(help_text="存量数字是哪一天的")

    def get_fields(self) -> dict[str, serializers.Field]:
        counts = {name: serializers.IntegerField(help_text=LABELS[name]) for name in COUNTS}
        rates = {name: serializers.FloatField(allow_null=True, help_text=RATE_TEXTS[name]) for name in RATES}
        return {**super().get_fields(), **counts, **rates}


class MonthsRowSerializer(serializers.Serializer):
    area = serializers.CharField(help_text="区域名称")
    id = serializers.IntegerField()
    months = MonthFiguresSerializer(many=True)


class MonthsSerializer(MonthsRowSerializer):
    """An area's months from January of the year before, and those of the areas one level down."""

    level = serializers.CharField(help_text=f"区域的层级：{LEVELS}")
    year = serializers.IntegerField()
    rows = MonthsRowSerializer(many=True)


class AskedMonths(serializers.Serializer):
    """The query: the year, by default this one; the report begins a year earlier."""

    year = serializers.IntegerField(
        min_value=FIRST_YEAR.year, max_value=LAST_YEAR, required=False, help_text="年份，默认今年"
    )


class MonthsView(ReportView):
    @reads("查看月度走势", MonthsSerializer, one=True, parameters=[AskedMonths])
    def get(self, request: Request, pk: int) -> Response:
        area = get_object_or_404(self.areas(), pk=pk, level__lte=LOWEST_LEVEL)
        today = timezone.localdate()
        year = min(self.query(AskedMonths).get("year", today.year), today.year)
        return Response(months(area, areas=self.areas(), year=year, today=today).as_dict())
