"""The report on a period's record cards."""

from typing import cast

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.api.fields import CardPeriodField
from feedback.rules.card_figures import card_figures, card_periods
from members.api.schema import reads
from members.api.viewsets import OnRecord
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area, User


class CardCountsSerializer(serializers.Serializer):
    """Counts of cards that came as far as a step, and by present status; a rate of no cards is null."""

    made = serializers.IntegerField(help_text="生成的卡")
    shown = serializers.IntegerField(help_text="其中请本人确认过的")
    agreed = serializers.IntegerField(help_text="其中本人同意的")
    issued = serializers.IntegerField(help_text="其中发给单位的")
    received = serializers.IntegerField(help_text="其中单位签收的")
    answered = serializers.IntegerField(help_text="其中单位反馈的")
    now = serializers.DictField(child=serializers.IntegerField(), help_text="按现在的状态")
    receipt_share = serializers.FloatField(allow_null=True, help_text="签收率：签收÷发出")
    answer_share = serializers.FloatField(allow_null=True, help_text="反馈率：反馈÷签收")
    days_to_receipt = serializers.FloatField(allow_null=True, help_text="从发出到签收的天数，中位数")
    days_to_answer = serializers.FloatField(allow_null=True, help_text="从签收到反馈的天数，中位数")


class CommunityCardsSerializer(CardCountsSerializer):
    area = serializers.CharField(help_text="社区名称")
    id = serializers.IntegerField()


class EmployerCardsSerializer(CardCountsSerializer):
    employer = serializers.CharField(help_text="单位名称")
    id = serializers.IntegerField()
    fetched_at = serializers.DateTimeField(allow_null=True, help_text="最近一次取卡")
    is_unfetched = serializers.BooleanField(help_text="有卡等着签收，从最早的一张发出以后没有来取过、签收或退回过")


class CardFiguresSerializer(serializers.Serializer):
    """A period's cards of a street or community."""

    area = serializers.CharField(help_text="区域名称")
    level = serializers.CharField(help_text="区域的层级：STREET 或 COMMUNITY")
    period = serializers.CharField(help_text="时段，如 2026H1")
    first = serializers.DateField(help_text="第一天")
    last = serializers.DateField(help_text="最后一天")
    figures = CardCountsSerializer()
    rows = CommunityCardsSerializer(many=True, help_text="各社区")
    employers = EmployerCardsSerializer(
        many=True, allow_null=True, help_text="各单位；只能看数字、不能看记录卡的岗位是 null"
    )


class AskedCardPeriod(serializers.Serializer):
    """The query: the period, by default the last one with cards."""

    period = CardPeriodField(required=False, help_text="时段，如 2026H1；默认最近一个有卡的时段")


class CardReportView(OnRecord):
    resource = Resource.CARD
    rights = {"": Right.COUNT}

    @reads("查看记录卡情况", CardFiguresSerializer, one=True, parameters=[AskedCardPeriod])
    def get(self, request: Request, pk: int) -> Response:
        user = cast(User, request.user)
        areas = Area.objects.for_user(user, Right.COUNT, resource=Resource.CARD)
        areas = areas.filter(level__lte=Area.Level.COMMUNITY)
        area = get_object_or_404(areas, pk=pk)
        query = AskedCardPeriod(data=request.query_params)
        query.is_valid(raise_exception=True)
        period = query.validated_data.get("period") or card_periods(area, areas=areas, today=timezone.localdate())[0]
        by_employer = access.covers(user, Resource.CARD, area.path)
        return Response(card_figures(area, areas=areas, period=period, by_employer=by_employer).as_dict())
