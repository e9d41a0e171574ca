"""Calls of the office's own programs on record cards, from making to withdrawing; the same rules as the pages."""

from datetime import date
from typing import Any, cast

from django.db.models import Prefetch, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.api.fields import CardPeriodField
from feedback.ground.periods import CardPeriod
from feedback.models import RecordCard
from feedback.rules import agreeing, issuing, making, withdrawing
from members.api.fields import PastDayApiField, ScopedField
from members.api.filters import by_id, employers, id_of, inside
from members.api.schema import reads, writes
from members.api.serializers import CheckedSerializer, places
from members.api.viewsets import BulkReadViewSet, ChangeMixin
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.models import Area, User

MOST_LINES = 2_000


class LineSerializer(serializers.Serializer):
    """A line of a card; `left_out` refers to its `key`."""

    key = serializers.CharField()
    kind = serializers.ChoiceField(choices=["activity", "visit", "need", "duty"])
    day = serializers.DateField()
    title = serializers.CharField()
    tier = serializers.CharField()
    field = serializers.CharField()
    duty = serializers.CharField()


class RecordCardSerializer(CheckedSerializer):
    """A card as the office sees it, with the employer's latest answer."""

    label = serializers.CharField(source="area.label", read_only=True, label="社区")  # type: ignore[assignment]
    name = serializers.CharField(source="member.name", read_only=True, label="姓名")
    employer_name = serializers.CharField(source="employer.name", read_only=True, label="单位名称")
    period = CardPeriodField(read_only=True, label="时段")
    lines = LineSerializer(many=True, read_only=True, label="内容")
    left_out = serializers.ListField(
        child=serializers.CharField(max_length=20),
        max_length=MOST_LINES,
        required=False,
        label="不写进卡片的内容的 key",
    )
    answer = serializers.SerializerMethodField(label="单位最新的反馈")
    leaves_at = serializers.DateTimeField(
        source="leaving.leaves_at", read_only=True, default=None, allow_null=True, label="等着发出的，什么时候发出"
    )

    class Meta:
        model = RecordCard
        fields = (
            "id", "area", "label", "member", "name", "employer", "employer_name", "period", "lines", "left_out",
            "sentence", "status", "created_at", "shown_at", "agreed_at", "agreed_how", "objected_at", "objection",
            "leaves_at", "number", "digest", "issued_at", "received_at", "answered_at", "answer", "returned_at",
            "return_code", "return_text", "withdrawn_at", "withdrawal", "supersedes",
        )  # fmt: skip
        read_only_fields = tuple(name for name in fields if name not in ("left_out", "sentence"))
        validators: list = []

    @extend_schema_field(OpenApiTypes.STR)
    def get_answer(self, card: RecordCard) -> str:
        return card.all_answers[-1].text if card.all_answers else ""  # type: ignore[attr-defined]

    def update(self, instance: RecordCard, validated_data: dict[str, Any]) -> RecordCard:
        values = {name: validated_data.get(name, getattr(instance, name)) for name in ("sentence", "left_out")}
        instance.write(**values)
        return instance


class MakeSerializer(serializers.Serializer):
    """The area and period to make cards for."""

    area = ScopedField(rows=places(Resource.CARD), label="区域")
    period = CardPeriodField(label="时段")


class MadeSerializer(serializers.Serializer):
    """The outcome of making."""

    new = serializers.IntegerField(label="新生成的张数")
    refreshed = serializers.IntegerField(label="更新了草稿的张数")
    same = serializers.IntegerField(label="没有变化的张数")


class PaperSerializer(serializers.Serializer):
    """The day of the member's signature."""

    given_on = PastDayApiField(required=False, label="签字的日期", help_text="不填就是今天。")

    def validate_given_on(self, day: date) -> date:
        agreeing.check_day(day)
        return day


class WithdrawalSerializer(serializers.Serializer):
    """The reason of a withdrawal."""

    reason = serializers.ChoiceField(RecordCard.Withdrawal.choices, label="原因")


class RecordCardFilter(filters.FilterSet):
    inside = inside(Resource.CARD)
    period = filters.CharFilter(method="filter_period", label="时段，如 2026H1")
    status = filters.ChoiceFilter(choices=RecordCard.Status.choices, label="状态")
    employer = by_id("单位（编号）", queryset=employers)
    member = id_of("党员（编号）", "member_id")

    def filter_period(self, rows: Any, name: str, code: str) -> QuerySet:
        try:
            return rows.of_period(CardPeriod.read(code))
        except ValueError:
            return rows.none()


@extend_schema_view(
    list=reads("列出记录卡", RecordCardSerializer(many=True), note="读取会记入操作记录。"),
    retrieve=reads("查看记录卡", RecordCardSerializer, one=True),
    partial_update=writes("修改记录卡草稿", RecordCardSerializer, note="只能改草稿的 sentence 和 left_out。"),
)
class RecordCardViewSet(ChangeMixin, BulkReadViewSet):
    model, resource = RecordCard, Resource.CARD
    queryset = RecordCard.objects.none()
    serializer_class = RecordCardSerializer
    filterset_class = RecordCardFilter

    def rows(self, right: Right) -> QuerySet:
        cards = (
            super().rows(right).select_related("area", "member", "employer", "leaving").defer("body", "leaving__cards")
        )
        return cards.prefetch_related(Prefetch("answers", to_attr="all_answers"))

    def locked_object(self) -> Any:
        """Return the card without a lock: each rule locks for itself, consents before cards."""
        return self.get_object()

    @writes("批量生成记录卡", MadeSerializer, request=MakeSerializer, note="可以重复调用，只更新草稿。")
    @action(detail=False, methods=["post"])
    def make(self, request: Request) -> Response:
        serializer = MakeSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        area, period = serializer.validated_data["area"], serializer.validated_data["period"]
        if not Area.objects.for_user(request.user, Right.WRITE, resource=Resource.CARD).filter(pk=area.pk).exists():
            self.permission_denied(request)
        return Response(MadeSerializer(making.make(area, period)).data)

    @writes("请本人确认", RecordCardSerializer, request=None, note="草稿可以，空的不行。")
    @action(detail=True, methods=["post"])
    def show(self, request: Request, pk: int) -> Response:
        return self.changed_by(agreeing.show)

    @writes("登记本人书面同意", RecordCardSerializer, request=PaperSerializer)
    @action(detail=True, methods=["post"])
    def agree(self, request: Request, pk: int) -> Response:
        day = self._valid_body(PaperSerializer).get("given_on")
        by = cast(User, request.user)
        return self.changed_by(lambda card: agreeing.agree(card, how=RecordCard.How.PAPER, by=by, given_on=day))

    @writes("退回草稿", RecordCardSerializer, request=None, note="改好以后要再请本人确认。")
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, pk: int) -> Response:
        return self.changed_by(agreeing.correct)

    @writes(
        "发给单位",
        RecordCardSerializer,
        request=None,
        note="本人同意以后才能发出。过几分钟（LOUZU_ISSUE_MINUTES）才离开，见 leaves_at；在这以前可以停止。",
    )
    @action(detail=True, methods=["post"])
    def issue(self, request: Request, pk: int) -> Response:
        user = cast(User, request.user)
        return self.changed_by(lambda card: issuing.send(card, user=user))

    @writes("停止发出", RecordCardSerializer, request=None, note="只在 leaves_at 以前；卡仍是本人已同意。")
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: int) -> Response:
        return self.changed_by(issuing.stop)

    @writes(
        "撤回",
        RecordCardSerializer,
        request=WithdrawalSerializer,
        note="立即生效，单位下次取卡时得知。本人撤回同意的，凭这份同意的卡全部撤回。",
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        reason = self._valid_body(WithdrawalSerializer)["reason"]
        return self.changed_by(lambda card: withdrawing.withdraw(card, reason))

    @writes("重做一张", RecordCardSerializer, status=201, one=True, request=None, note="代替退回或撤回的卡，先是草稿。")
    @action(detail=True, methods=["post"])
    def remake(self, request: Request, pk: int) -> Response:
        card = self.get_object()
        with atomic_write():
            return self.answer(making.remake(card), 201)

    def _valid_body(self, serializer_class: Any) -> dict[str, Any]:
        """Return the validated body; 404 or 403 first, where the user may not write to the card."""
        self.get_object()
        serializer = serializer_class(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data
