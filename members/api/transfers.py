"""Members on their way from one street of the installation to another; each side sees its own records only."""

from typing import Any, cast

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from members.api.fields import PastDayApiField, ScopedField
from members.api.schema import reads, writes
from members.api.serializers import AddressedSerializer, EndingField, GroupField, places
from members.api.viewsets import BulkReadViewSet, CreateMixin
from members.ground.access import Resource, Right
from members.models import Area, Member, Transfer, User
from members.models.consents import BY_HAND
from members.rules import transferring


class TransferSerializer(serializers.ModelSerializer):
    """A member's way to another street. The other side's record has no id here, and no phone before it is accepted."""

    member = ScopedField(
        rows=lambda user: Member.objects.for_user(user, Right.WRITE).select_related("street"),
        write_only=True,
        label="党员",
    )
    record = serializers.SerializerMethodField(label="您这边的党员（编号）")
    name = serializers.CharField(source="member.name", read_only=True, label="姓名")
    affiliation = serializers.CharField(source="member.affiliation", read_only=True, label="在职/在册")
    employer_name = serializers.CharField(
        source="member.employer.name", read_only=True, allow_null=True, default=None, label="单位名称"
    )
    from_street = serializers.CharField(source="member.street.name", read_only=True, label="从哪个街道")
    to_street = ScopedField(
        rows=lambda user: Area.objects.streets().current(), label="转到哪个街道", help_text="街道的编号。"
    )
    means = serializers.ChoiceField(choices=list(BY_HAND.items()), write_only=True, label="本人怎么同意的")
    given_on = PastDayApiField(write_only=True, required=False, label="哪一天同意的", help_text="不填就是今天。")
    end = EndingField(write_only=True)

    class Meta:
        model = Transfer
        fields = (
            "id", "member", "record", "name", "affiliation", "employer_name", "from_street", "to_street", "home_text",
            "means", "given_on", "end", "status", "sent_at", "accepted_at", "declined_at", "withdrawn_at", "sentence",
        )  # fmt: skip
        read_only_fields = ("status", "sent_at", "accepted_at", "declined_at", "withdrawn_at", "sentence")
        validators: list = []

    @extend_schema_field({"type": "integer", "nullable": True})
    def get_record(self, transfer: Transfer) -> int | None:
        return transfer.member_id if transfer.is_ours else transfer.settled_id  # type: ignore[attr-defined]

    def create(self, validated_data: dict[str, Any]) -> Transfer:
        member = validated_data.pop("member")
        return transferring.send(member, by=self.context["request"].user, **validated_data)


class AcceptSerializer(AddressedSerializer):
    """The home in the receiving street, and the record of the person that it has already."""

    group_field = "to"
    area = GroupField(rows=places(Resource.MEMBER), source="to", required=False, label="楼组")
    room = serializers.CharField(required=False, allow_blank=True, max_length=30, label="室号")
    joins = serializers.BooleanField(required=False, label="从今天起参加楼组的党小组")
    known = ScopedField(
        rows=lambda user: Member.objects.for_user(user, Right.WRITE),
        required=False,
        allow_null=True,
        label="就是已登记的（编号）",
    )

    def update(self, instance: Transfer, validated_data: dict[str, Any]) -> Transfer:
        transferring.accept(instance, by=self.context["request"].user, **validated_data)
        return instance


class DeclineSerializer(serializers.Serializer):
    """Why the member is not accepted."""

    sentence = serializers.CharField(max_length=200, label="不接收的原因", help_text="原街道会看到。")

    def update(self, instance: Transfer, validated_data: dict[str, Any]) -> Transfer:
        transferring.decline(instance, by=self.context["request"].user, **validated_data)
        return instance


class TransferFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=Transfer.Status.choices, label="状态")


@extend_schema_view(
    list=reads("列出转接", TransferSerializer(many=True), note="转出的和转来的都在；成批读取，每一页都记入操作记录。"),
    retrieve=reads("查看转接", TransferSerializer, one=True),
    create=writes(
        "转到其他街道",
        TransferSerializer,
        status=201,
        note="本人同意了才能转。对方接收以前什么都不变；接收的那天，end 里的一起结束。",
    ),
)
class TransferViewSet(CreateMixin, BulkReadViewSet):
    model, resource = Transfer, Resource.MEMBER
    queryset = Transfer.objects.none()
    serializer_class = TransferSerializer
    filterset_class = TransferFilter

    def rows(self, right: Right) -> QuerySet:
        rows = Transfer.objects.for_user(self.request.user, right).with_ours(self.request.user)
        return rows.select_related("member__street", "member__employer", "to_street", "sent_by")

    def locked_object(self) -> Transfer:
        """Return the transfer without a lock, which the rules take; 403 for its sender where the other street acts."""
        transfer = self.get_object()
        if self.action != "withdraw":
            transferring.require_receiver(transfer, cast(User, self.request.user))
        return transfer

    @writes("撤回转接", TransferSerializer, request=None, note="对方接收以前可以撤回。")
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        return self.changed_by(lambda transfer: transferring.withdraw(transfer, by=cast(User, request.user)))

    @writes("接收", TransferSerializer, request=AcceptSerializer, note="由收到的街道接收；接收以后不能撤销。")
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: int) -> Response:
        return self.saved_by(AcceptSerializer)

    @writes("不接收", TransferSerializer, request=DeclineSerializer, note="要写明原因。")
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: int) -> Response:
        return self.saved_by(DeclineSerializer)
