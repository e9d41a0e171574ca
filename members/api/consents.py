"""Members' answers to notices; a refusal is visible only to the user who recorded it."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from members.api.fields import PastDayApiField, ScopedField
from members.api.filters import id_of, inside
from members.api.schema import reads, writes
from members.api.serializers import CheckedSerializer
from members.api.viewsets import BulkReadViewSet, CreateMixin
from members.ground.access import Resource, Right
from members.models import Area, Consent, Employer, Member
from members.models.consents import BY_HAND
from members.rules.consenting import record_answers


class MeansField(serializers.ChoiceField):
    """How a member answered: any of the means is read, but only those by another person's hand are written."""

    def to_internal_value(self, data: Any) -> Any:
        means = super().to_internal_value(data)
        if means not in BY_HAND:
            self.fail("invalid_choice", input=data)
        return means


class ConsentSerializer(CheckedSerializer):
    """A member's answer to a notice, with the notice as it was read."""

    member = ScopedField(rows=Member.objects.for_user, label="党员")
    name = serializers.CharField(source="member.name", read_only=True, label="姓名")
    employer = ScopedField(
        rows=Employer.objects.for_user,
        required=False,
        allow_null=True,
        label="哪个单位",
        help_text="只有 cards、tell_employer、passed_on 填。",
    )
    is_agreed = serializers.BooleanField(label="本人是否同意")
    means = MeansField(choices=Consent.Means.choices, label="方式", help_text="本人通过链接表示的，不能代为登记。")
    given_on = PastDayApiField(required=False, label="表示意见的日期", help_text="不填就是今天。")

    class Meta:
        model = Consent
        fields = (
            "id", "member", "name", "purpose", "employer", "is_agreed", "notice", "version", "means", "given_on",
            "withdrawn_at",
        )  # fmt: skip
        read_only_fields = ("notice", "version", "withdrawn_at")
        validators: list = []

    def create(self, validated_data: dict[str, Any]) -> Consent:
        member, is_agreed = validated_data.pop("member"), validated_data.pop("is_agreed")
        answers = record_answers({member.pk: is_agreed}, by=self.context["request"].user, **validated_data)
        return answers[member.pk]


class ConsentFilter(filters.FilterSet):
    inside = inside(Resource.MEMBER, "党员现住此区域（编号）及其以下", method="filter_inside")
    member = id_of("党员（编号）", "member_id")
    purpose = filters.ChoiceFilter(choices=Consent.Purpose.choices, label="用途")
    in_force = filters.BooleanFilter(method="filter_in_force", label="是否在生效的同意")

    def filter_inside(self, rows: QuerySet, name: str, area: Area) -> QuerySet:
        return rows.filter(member__in=Member.objects.living_in(area, timezone.localdate()))

    def filter_in_force(self, rows: QuerySet, name: str, in_force: bool) -> QuerySet:
        in_force_now = {"is_agreed": True, "withdrawn_at": None}
        return rows.filter(**in_force_now) if in_force else rows.exclude(**in_force_now)


@extend_schema_view(
    list=reads("列出本人意见", ConsentSerializer(many=True), note="不同意的，只有登记的人自己看得到。"),
    retrieve=reads("查看本人意见", ConsentSerializer, one=True),
    create=writes(
        "登记本人意见", ConsentSerializer, status=201, note="党员看过告知内容（notice）以后表示的意见，同意或不同意。"
    ),
)
class ConsentViewSet(CreateMixin, BulkReadViewSet):
    model, resource = Consent, Resource.MEMBER
    queryset = Consent.objects.none()
    serializer_class = ConsentSerializer
    filterset_class = ConsentFilter

    def rows(self, right: Right) -> QuerySet:
        return super().rows(right).select_related("member")

    @writes("撤回同意", ConsentSerializer, request=None, note="立即生效，记录保留。")
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        return self.changed_by(Consent.withdraw)
