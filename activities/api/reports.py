"""The reports: the rhythm of a year, and the participation in a period."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from activities.rules.due import DueState
from activities.rules.outcomes import outcomes
from activities.rules.participation import participation
from activities.rules.rhythm import rhythm
from activities.rules.thin import thin
from members.api.fields import PastDayApiField
from members.api.schema import reads
from members.api.viewsets import OnRecord
from members.ground.access import Resource
from members.models import Area
from members.models.areas import AreaQuerySet
from members.models.households import FIRST_YEAR

LAST_YEAR = 2100
LEVELS = "、".join(Area.Level.names)


class PeriodSerializer(serializers.Serializer):
    """A week, month or quarter."""

    label = serializers.CharField(help_text="名称")  # type: ignore[assignment]
    first = serializers.DateField(help_text="第一天")
    last = serializers.DateField(help_text="最后一天")


class CellSerializer(serializers.Serializer):
    """A period of an area."""

    state = serializers.ChoiceField(choices=DueState.choices, help_text="已办、未办、未到期、不适用")
    activities = serializers.IntegerField(help_text="本区域自己已举办的活动")
    visits = serializers.IntegerField(help_text="走访（只计楼组）")


class ProgressSerializer(serializers.Serializer):
    """How many periods are done; the share is null where none is due."""

    done = serializers.IntegerField(help_text="已办的期数")
    due = serializers.IntegerField(help_text="到期的期数：已办＋未办")
    share = serializers.FloatField(allow_null=True, help_text="完成率：已办÷到期")


class RhythmRowSerializer(ProgressSerializer):
    """An area's year."""

    area = serializers.CharField(help_text="区域名称")
    id = serializers.IntegerField()
    below = serializers.DictField(child=ProgressSerializer(), help_text="所辖区域合计，按层级")
    cells = CellSerializer(many=True, help_text="依次对应 periods")


class GridSerializer(serializers.Serializer):
    """Areas of one level and the periods of that level."""

    level = serializers.CharField(help_text=f"各行的层级：{LEVELS}")
    periods = PeriodSerializer(many=True)
    rows = RhythmRowSerializer(many=True)


class RhythmSerializer(serializers.Serializer):
    """An area's year: a grid of the area itself and one of the areas in it."""

    area = serializers.CharField(help_text="区域名称")
    level = serializers.CharField(help_text=f"区域的层级：{LEVELS}")
    year = serializers.IntegerField()
    grids = GridSerializer(many=True, help_text="先是本区域，再是下级")


class ThinPlaceSerializer(serializers.Serializer):
    """An area and its last periods, the running one last."""

    id = serializers.IntegerField()
    area = serializers.CharField(help_text="区域全称")
    is_missing = serializers.BooleanField(help_text="这一期应办，还没有登记")
    has_missed_before = serializers.BooleanField(help_text="上一期也没有")
    cells = CellSerializer(many=True, help_text="依次对应 periods")


class ThinTierSerializer(ProgressSerializer):
    """The areas of one level: what is due in the running period, and the share of the last periods done."""

    level = serializers.CharField(help_text=f"层级：{LEVELS}")
    due_now = serializers.IntegerField(help_text="这一期应办的地方")
    missing_now = serializers.IntegerField(help_text="其中还没有办的")
    missed_before = serializers.IntegerField(help_text="其中上一期也没有的")
    held_now = serializers.IntegerField(help_text="这一期的活动和走访次数")
    periods = PeriodSerializer(many=True, help_text="最后一个是正在过的这一期")
    places = ThinPlaceSerializer(many=True)


class ThinSerializer(serializers.Serializer):
    """What is due now in an area and in those below it, tier by tier."""

    area = serializers.CharField(help_text="区域名称")
    level = serializers.CharField(help_text=f"区域的层级：{LEVELS}")
    day = serializers.DateField(help_text="截至这一天")
    tiers = ThinTierSerializer(many=True, help_text="从本区域的层级到楼组")


class HeldSerializer(serializers.Serializer):
    activities = serializers.IntegerField(help_text="已举办的活动")
    attendances = serializers.IntegerField(help_text="党员参加人次")
    residents = serializers.IntegerField(help_text="群众参加人次")


class ParticipationFiguresSerializer(HeldSerializer):
    """An area's figures in a period. A share of no members is null; fields by tier have a key per level."""

    members = serializers.IntegerField(help_text="这段时间里住过的党员")
    participants = serializers.IntegerField(help_text="其中至少参加过一次活动的")
    share = serializers.FloatField(allow_null=True, help_text="参加率：参加过的÷住过的")
    participants_by_tier = serializers.DictField(
        child=serializers.IntegerField(), help_text="其中至少参加过一次这一级活动的"
    )
    shares_by_tier = serializers.DictField(child=serializers.FloatField(allow_null=True), help_text="各级活动的参加率")


class ParticipationRowSerializer(ParticipationFiguresSerializer):
    area = serializers.CharField(help_text="区域名称")
    id = serializers.IntegerField()


class PairingsSerializer(serializers.Serializer):
    current = serializers.IntegerField(help_text="截止那天结对中的")
    unvisited = serializers.IntegerField(help_text="其中 90 天没有走访的")
    begun = serializers.IntegerField(help_text="这段时间里开始的")
    ended = serializers.IntegerField(help_text="这段时间里结束的")


class NeedsSerializer(serializers.Serializer):
    told = serializers.IntegerField(help_text="这段时间里提出的")
    open = serializers.IntegerField(help_text="截止那天待认领的")
    claimed = serializers.IntegerField(help_text="截止那天已认领、未办结的")
    done = serializers.IntegerField(help_text="这段时间里办结的")
    median_days = serializers.FloatField(allow_null=True, help_text="从提出到办结的天数，中位数")


class HonouredSerializer(serializers.Serializer):
    year = serializers.IntegerField(help_text="年度")
    name = serializers.CharField(help_text="类别或主题")
    given = serializers.IntegerField(help_text="个数")


class ParticipationSerializer(serializers.Serializer):
    """An area from the first to the last day, with a row for each area one level down."""

    area = serializers.CharField(help_text="区域名称")
    level = serializers.CharField(help_text=f"区域的层级：{LEVELS}")
    first = serializers.DateField(help_text="第一天")
    last = serializers.DateField(help_text="最后一天")
    figures = ParticipationFiguresSerializer()
    rows = ParticipationRowSerializer(many=True)
    by_tier = serializers.DictField(child=HeldSerializer(), help_text="按主办的层级")
    by_kind = serializers.DictField(
        child=serializers.DictField(child=HeldSerializer()), help_text="按领域、经常或阶段、显性或隐性、物质或精神文化"
    )
    pairings = PairingsSerializer()
    needs = NeedsSerializer()
    honours = HonouredSerializer(many=True)


class AskedYear(serializers.Serializer):
    """The query of the rhythm: the year, by default this one, and the level of the rows, by default the next lower."""

    year = serializers.IntegerField(
        min_value=FIRST_YEAR.year, max_value=LAST_YEAR, required=False, help_text="年份，默认今年"
    )
    level = serializers.ChoiceField(choices=Area.Level.choices, required=False, help_text="各行的层级，默认下一级")


class AskedPeriod(serializers.Serializer):
    """The query of participation: the first and last day, by default from New Year of that year to today."""

    first = PastDayApiField(required=False, help_text="第一天，默认当年 1 月 1 日")
    last = PastDayApiField(required=False, help_text="最后一天，默认今天")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        last = attrs.get("last", timezone.localdate())
        first = attrs.get("first", last.replace(month=1, day=1))
        if first < FIRST_YEAR:
            raise serializers.ValidationError({"first": "日期太早了，请检查年份。"})
        if first > last:
            raise serializers.ValidationError({"last": "最后一天不能早于第一天。"})
        return {"first": first, "last": last}


class ReportView(OnRecord):
    resource = Resource.REPORT

    def areas(self) -> AreaQuerySet:
        return Area.objects.for_user(self.request.user, resource=self.resource)

    def query(self, serializer_class: type[serializers.Serializer]) -> dict[str, Any]:
        """Return the validated query parameters."""
        serializer = serializer_class(data=self.request.query_params)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data


class RhythmView(ReportView):
    @reads("查看四联动", RhythmSerializer, one=True, parameters=[AskedYear])
    def get(self, request: Request, pk: int) -> Response:
        area = get_object_or_404(self.areas(), pk=pk)
        today = timezone.localdate()
        query = {"year": today.year} | self.query(AskedYear)
        return Response(rhythm(area, areas=self.areas(), today=today, **query).as_dict())


class ThinView(ReportView):
    @reads("查看薄弱点", ThinSerializer, one=True)
    def get(self, request: Request, pk: int) -> Response:
        area = get_object_or_404(self.areas(), pk=pk)
        return Response(thin(area, areas=self.areas(), today=timezone.localdate()).as_dict())


class ParticipationView(ReportView):
    @reads("查看参与情况", ParticipationSerializer, one=True, parameters=[AskedPeriod])
    def get(self, request: Request, pk: int) -> Response:
        area = get_object_or_404(self.areas(), pk=pk)
        query = {"areas": self.areas()} | self.query(AskedPeriod)
        return Response(participation(area, **query).as_dict() | outcomes(area, **query).as_dict())
