"""Needs of neighbours, and who claims them. Households and members only for users who may read them."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from activities.models import Need
from activities.rules import needing
from members.api.fields import IdsField, ScopedField
from members.api.filters import inside
from members.api.permissions import KnowsMembers, ScopedPermission
from members.api.schema import reads, writes
from members.api.serializers import places
from members.api.viewsets import ChangeMixin, CreateMixin, LockedByRule, ScopedViewSet
from members.ground import access, audit
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.models import Employer, Household, Member

MOST_READ = 1_000  # the rule says how many may claim, in a sentence
MOST_SUGGESTED = 50
# Fields of another resource; null where the user may not read that resource.
OF_OTHERS = {
    "household": Resource.HOUSEHOLD,
    "room": Resource.HOUSEHOLD,
    "employer": Resource.MEMBER,
    "employer_name": Resource.MEMBER,
}


class ClaimantSerializer(serializers.ModelSerializer):
    """A member who claimed a need."""

    class Meta:
        model = Member
        fields = ("id", "name")


class NeedSerializer(serializers.ModelSerializer):
    """A neighbour's need, which may be anonymous."""

    area = ScopedField(rows=places(Resource.NEED), label="在哪里")
    label = serializers.CharField(source="area.label", read_only=True, label="全称")  # type: ignore[assignment]
    household = ScopedField(
        rows=Household.objects.for_user,
        required=False,
        allow_null=True,
        label="哪一户",
        help_text="可以不填，就是匿名。",
    )
    room = serializers.CharField(source="household.room", read_only=True, allow_null=True, label="室号")
    opened_on = serializers.DateField(required=False, label="提出日期", help_text="不填就是今天。")
    days_open = serializers.IntegerField(read_only=True, label="提出至今或至办结的天数")
    members = ClaimantSerializer(source="claimants", many=True, read_only=True, label="认领党员")
    employer_name = serializers.CharField(source="employer.name", read_only=True, allow_null=True, label="单位名称")

    class Meta:
        model = Need
        fields = (
            "id", "area", "label", "household", "room", "text", "skill", "opened_on", "status", "days_open",
            "claimed_at", "done_at", "withdrawn_at", "members", "employer", "employer_name",
        )  # fmt: skip
        read_only_fields = ("status", "claimed_at", "done_at", "withdrawn_at")
        validators: list = []

    def create(self, validated_data: dict[str, Any]) -> Need:
        need, _ = needing.write_down(**validated_data)
        return need

    def update(self, instance: Need, validated_data: dict[str, Any]) -> Need:
        return needing.mend(instance, **validated_data)

    def to_representation(self, instance: Need) -> dict[str, Any]:
        data, user = super().to_representation(instance), self.context["request"].user
        closed = {name for name, other in OF_OTHERS.items() if not access.covers(user, other, instance.area.path)}
        return data | dict.fromkeys(closed)


class ClaimSerializer(serializers.Serializer):
    """The claimants of a need: members, an employer or both."""

    members = IdsField(
        most=MOST_READ, required=False, label="认领党员", help_text=f"一次最多 {needing.MOST_CLAIMANTS} 名。"
    )
    employer = ScopedField(rows=Employer.objects.for_user, required=False, allow_null=True, label="认领单位")

    def update(self, instance: Need, validated_data: dict[str, Any]) -> Need:
        needing.claim(instance, user=self.context["request"].user, **validated_data)
        return instance


class SuggestedSerializer(serializers.ModelSerializer):
    """A member with the skill that a need asks for."""

    label = serializers.CharField(source="home_label", label="楼组的全称")  # type: ignore[assignment]
    nearness = serializers.IntegerField(label="远近", help_text="0 同一楼组，1 同一小区，2 同一社区，3 更远")

    class Meta:
        model = Member
        fields = ("id", "name", "label", "skills", "nearness")


class NeedFilter(filters.FilterSet):
    inside = inside(Resource.NEED)
    status = filters.ChoiceFilter(choices=Need.Status.choices, label="状态")
    first = filters.DateFilter(field_name="opened_on", lookup_expr="gte", label="从这一天起提出")
    last = filters.DateFilter(field_name="opened_on", lookup_expr="lte", label="到这一天为止（含）提出")
    skill = filters.CharFilter(lookup_expr="contains", label="需要的特长包含")


@extend_schema_view(
    list=reads("列出群众需求", NeedSerializer(many=True)),
    retrieve=reads("查看群众需求", NeedSerializer, one=True),
    create=writes(
        "登记群众需求",
        NeedSerializer,
        status=201,
        note="household 不填就是匿名；同样的内容再提交，得到已登记的那一条。",
    ),
    partial_update=writes(
        "修改群众需求", NeedSerializer, note="状态用 claim、finish 等办理；已办结、已撤回的不能再改。"
    ),
)
class NeedViewSet(LockedByRule, CreateMixin, ChangeMixin, ScopedViewSet):
    model, resource = Need, Resource.NEED
    queryset = Need.objects.none()
    serializer_class = NeedSerializer
    filterset_class = NeedFilter

    def rows(self, right: Right) -> QuerySet:
        readable = Member.objects.for_user(self.request.user)
        claimants = Prefetch("members", queryset=readable, to_attr="claimants")
        return super().rows(right).select_related("area", "household", "employer").prefetch_related(claimants)

    @writes("认领需求", NeedSerializer, request=ClaimSerializer, note="由党员、单位或两者一起认领。")
    @action(detail=True, methods=["post"])
    def claim(self, request: Request, pk: int) -> Response:
        return self.saved_by(ClaimSerializer)

    @writes("退回认领", NeedSerializer, request=None, note="回到待认领。")
    @action(detail=True, methods=["post"])
    def unclaim(self, request: Request, pk: int) -> Response:
        return self.changed_by(Need.unclaim)

    @writes("办结需求", NeedSerializer, request=None)
    @action(detail=True, methods=["post"])
    def finish(self, request: Request, pk: int) -> Response:
        return self.changed_by(Need.finish)

    @writes("撤回需求", NeedSerializer, request=None, note="不再需要了。")
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        return self.changed_by(Need.withdraw)

    @writes("恢复需求", NeedSerializer, request=None, note="已办结的回到已认领，已撤回的回到待认领。")
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: int) -> Response:
        return self.changed_by(Need.resume)

    @reads(
        "列出可以帮忙的党员",
        SuggestedSerializer(many=True),
        one=True,
        note="有所需特长的，由近到远，同样远近的按姓名，与以往参加多少无关；记入操作记录。",
        filters=False,
    )
    @action(detail=True, methods=["get"], permission_classes=[KnowsMembers, ScopedPermission], pagination_class=None)
    def suggestions(self, request: Request, pk: int) -> Response:
        need, readable = self.get_object(), Member.objects.for_user(request.user).with_home()
        nearest = need.suggestions(readable, timezone.localdate())[:MOST_SUGGESTED]
        suggestions = SuggestedSerializer(nearest, many=True).data
        with atomic_write():
            audit.record("export", Member, path=need.area.path, changes={"rows": len(suggestions), "need": need.pk})
        return Response(suggestions)
