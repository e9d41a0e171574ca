"""Calls of the office's own programs on reporting slips: who is meant, accept, ask, hand on, end; the pages' rules."""

from collections.abc import Callable
from typing import Any, cast

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from feedback.models import Slip
from feedback.rules import slips_accepting, slips_asking, slips_closing, slips_forwarding
from feedback.rules.receiving import By
from members.api.fields import PhoneField, ScopedField
from members.api.filters import by_id, employers, id_of, inside
from members.api.schema import reads, writes
from members.api.serializers import places
from members.api.viewsets import BulkReadViewSet
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.models import Area, Employer, Member, User

End = Slip.End
ENDS = [(each.value, each.label) for each in (End.LEFT_UNIT, End.RETIRED, End.MOVED_AWAY)]
DOUBLES = [(each.value, each.label) for each in (Slip.Withdrawer.MEMBER, Slip.Withdrawer.COMMUNITY)]


class SlipSuccessorSerializer(serializers.Serializer):
    """The street that goes on with a slip, and its number there."""

    street = serializers.CharField(source="street.name", label="街道")
    number = serializers.CharField(label="那边的报到单号")


class ReportingSlipSerializer(serializers.ModelSerializer):
    """A slip as the office sees it; the phone number is masked."""

    label = serializers.CharField(source="area.label", default="", label="社区全称")  # type: ignore[assignment]
    home_label = serializers.CharField(source="home.label", default="", label="楼组全称")
    phone = PhoneField(label="电话")
    employer_name = serializers.CharField(source="unit", label="单位名称")
    forwarded_to = serializers.SerializerMethodField(label="转到了哪里")

    class Meta:
        model = Slip
        fields = (
            "id", "number", "status", "origin", "street", "area", "label", "home", "home_label", "room", "is_certain",
            "home_text", "name", "phone", "employer", "employer_name", "employer_number", "skills", "wishes",
            "agreed_how", "agreed_on", "tells_employer", "employer_says", "sent_at", "asked_at", "asked_code",
            "asked_text", "reply", "forwarded_at", "forwarded_to", "accepted_at", "member", "was_known", "declined_at",
            "declined_text", "withdrawn_at", "withdrawn_by", "ended_at", "ended_code", "ended_text", "continues",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(SlipSuccessorSerializer(allow_null=True))
    def get_forwarded_to(self, slip: Slip) -> Any:
        there = getattr(slip, "continued_by", None)
        return SlipSuccessorSerializer(there).data if there else None


class SlipCandidateSerializer(serializers.Serializer):
    """A registered member who may be meant."""

    member = serializers.IntegerField(source="member.pk", label="党员（编号）")
    name = serializers.CharField(source="member.name", label="姓名")
    home = serializers.CharField(label="住在哪里")
    why = serializers.CharField(label="哪里一致，哪里不同")
    is_same = serializers.BooleanField(label="姓名、电话都一致")


class AcceptSlipSerializer(serializers.Serializer):
    """The registered member who is meant, or the home of a new one; what is left out is as the slip says."""

    member = ScopedField(
        rows=lambda user: Member.objects.for_user(user, Right.WRITE),
        required=False,
        allow_null=True,
        label="就是已登记的这位党员；不填就登记新党员",
    )
    home = ScopedField(rows=places(Resource.MEMBER), required=False, allow_null=True, label="楼组；不填用报到单上的")
    room = serializers.CharField(required=False, allow_blank=True, max_length=30, label="室号，和楼组一起填")
    employer = ScopedField(
        rows=Employer.objects.for_user, required=False, allow_null=True, label="单位；不填用报到单上的"
    )
    sex = serializers.ChoiceField(Member.Sex.choices, required=False, allow_blank=True, label="新党员的性别")


class AskSlipSerializer(serializers.Serializer):
    """What the sender is asked."""

    code = serializers.ChoiceField(Slip.Question.choices, label="要核对什么")
    text = serializers.CharField(required=False, allow_blank=True, max_length=200, label="说明；选“其他”时必填")


class DeclineSlipSerializer(serializers.Serializer):
    """A sentence for the sender."""

    text = serializers.CharField(required=False, allow_blank=True, max_length=200, label="说明")


class PlaceSlipSerializer(serializers.Serializer):
    """The community that goes on with the slip."""

    community = ScopedField(rows=places(Resource.CARD), label="本街道的社区")


class ForwardSlipSerializer(serializers.Serializer):
    """The street that goes on with the slip."""

    street = ScopedField(rows=lambda user: Area.objects.streets().current(), label="本平台上的另一个街道")


class EndSlipSerializer(serializers.Serializer):
    """The reason of an end."""

    reason_code = serializers.ChoiceField(ENDS, label="原因")
    text = serializers.CharField(required=False, allow_blank=True, max_length=200, label="说明")


class WithdrawSlipSerializer(serializers.Serializer):
    """Who wants the slip withdrawn."""

    withdrawer = serializers.ChoiceField(DOUBLES, label="谁撤回")


class ReportingSlipFilter(filters.FilterSet):
    inside = inside(Resource.CARD)
    status = filters.ChoiceFilter(choices=Slip.Status.choices, label="状态")
    origin = filters.ChoiceFilter(choices=Slip.Origin.choices, label="来源")
    employer = by_id("单位（编号）", queryset=employers)
    member = id_of("党员（编号）", "member_id")


@extend_schema_view(
    list=reads("列出报到单", ReportingSlipSerializer(many=True), note="不知道社区的归街道。读取会记入操作记录。"),
    retrieve=reads("查看报到单", ReportingSlipSerializer, one=True),
)
class ReportingSlipViewSet(BulkReadViewSet):
    model, resource = Slip, Resource.CARD
    queryset = Slip.objects.none()
    serializer_class = ReportingSlipSerializer
    filterset_class = ReportingSlipFilter

    def rows(self, right: Right) -> QuerySet:
        return super().rows(right).with_facts()  # type: ignore[attr-defined]

    @reads("可能是哪几位已登记的党员", SlipCandidateSerializer(many=True), one=True, filters=False)
    @action(detail=True, pagination_class=None, filterset_class=None)
    def candidates(self, request: Request, pk: int) -> Response:
        meant = slips_accepting.candidates(self.get_object(), by=self.by)
        return Response(SlipCandidateSerializer(meant, many=True).data)

    @writes(
        "接收报到单",
        ReportingSlipSerializer,
        request=AcceptSlipSerializer,
        note="登记新党员，或者写明就是已登记的哪一位；本人的同意随之登记，回执发给单位。再接收一次，什么也不改。",
    )
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: int) -> Response:
        return self._step(AcceptSlipSerializer, slips_accepting.accept)

    @writes("请对方核对", ReportingSlipSerializer, request=AskSlipSerializer, note="单位在卡片流里得知。")
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, pk: int) -> Response:
        return self._step(AskSlipSerializer, slips_asking.ask)

    @writes("退回：不在本街道", ReportingSlipSerializer, request=DeclineSlipSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: int) -> Response:
        return self._step(DeclineSlipSerializer, slips_closing.decline)

    @writes("交给社区", ReportingSlipSerializer, request=PlaceSlipSerializer, note="由这个社区接着办。")
    @action(detail=True, methods=["post"])
    def place(self, request: Request, pk: int) -> Response:
        return self._step(PlaceSlipSerializer, slips_asking.place)

    @writes(
        "转给其他街道", ReportingSlipSerializer, request=ForwardSlipSerializer, note="由街道办理，见 forwarded_to。"
    )
    @action(detail=True, methods=["post"])
    def forward(self, request: Request, pk: int) -> Response:
        return self._step(ForwardSlipSerializer, lambda slip, street, by: slips_forwarding.forward(slip, street, by=by))

    @writes(
        "结束报到", ReportingSlipSerializer, request=EndSlipSerializer, note="已接收的；党员以后怎么登记，另外办理。"
    )
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: int) -> Response:
        return self._step(EndSlipSerializer, _end)

    @writes(
        "撤回报到单",
        ReportingSlipSerializer,
        request=WithdrawSlipSerializer,
        note="本人要撤回，或者是重复的；以它为凭的同意一并失效。",
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        return self._step(WithdrawSlipSerializer, _withdraw)

    @property
    def by(self) -> User:
        return cast(User, self.request.user)

    def _step(self, serializer_class: Any, rule: Callable[..., object]) -> Response:
        """Run a rule on the slip of the URL with the values of the body; 404 or 403 come before what is wrong in it."""
        slip = self.get_object()
        serializer = serializer_class(data=self.request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        with atomic_write():
            rule(slip, **serializer.validated_data, by=self.by)
            return self.answer(slip)


def _end(slip: Slip, *, reason_code: str, by: User, text: str = "") -> object:
    return slips_closing.end(slip, code=reason_code, text=text, by=By(user=by))


def _withdraw(slip: Slip, *, withdrawer: str, by: User) -> object:
    return slips_closing.withdraw(slip, withdrawer=withdrawer, by=By(user=by))
