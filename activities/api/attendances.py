"""Attendances, for users who may read members. Calls of the activity record and delete them."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from activities.models import Activity, Attendance
from activities.rules import attendance
from members.api.fields import IdField, IdsField
from members.api.filters import id_of, inside
from members.api.permissions import KnowsMembers, ScopedPermission
from members.api.schema import reads, writes
from members.api.viewsets import BulkReadViewSet, ChangeMixin, LockedByRule
from members.ground.access import Resource, Right
from members.models import Area, Duty


class CameSerializer(serializers.Serializer):
    """A member who came, perhaps in one of the six roles."""

    member = IdField(label="党员")
    duty = serializers.ChoiceField(choices=Duty.Kind.choices, required=False, allow_blank=True, label="六员")


class EnrolSerializer(serializers.Serializer):
    """Members who came to an activity."""

    members: serializers.ListSerializer = serializers.ListSerializer(
        child=CameSerializer(), allow_empty=False, max_length=attendance.MOST_AT_ONCE, label="参加的党员"
    )


class RecordedSerializer(serializers.Serializer):
    """The result of recording attendances."""

    added = serializers.IntegerField(label="新登记人数")
    already = serializers.IntegerField(label="原已登记人数")
    total = serializers.IntegerField(label="现共登记人数")


class StrikeSerializer(serializers.Serializer):
    """Members recorded by mistake."""

    members = IdsField(most=attendance.MOST_AT_ONCE, allow_empty=False, label="误登的党员")


class StruckSerializer(serializers.Serializer):
    """The number of attendances struck."""

    struck = serializers.IntegerField(label="划去人数")


class PutBackSerializer(serializers.Serializer):
    """The number of attendances put back."""

    back = serializers.IntegerField(label="放回人数")


class AttendanceSerializer(serializers.ModelSerializer):
    """A member's presence at an activity; only the role can be changed."""

    name = serializers.CharField(source="member.name", read_only=True, label="姓名")

    class Meta:
        model = Attendance
        fields = ("id", "activity", "member", "name", "duty", "source", "recorded_at")
        read_only_fields = ("activity", "member", "source", "recorded_at")
        validators: list = []

    def update(self, instance: Attendance, validated_data: dict[str, Any]) -> Attendance:
        if "duty" in validated_data:
            user = self.context["request"].user
            attendance.note_duties(instance.activity, {instance.member_id: validated_data["duty"]}, user=user)
        return instance


class AttendanceFilter(filters.FilterSet):
    inside = inside(Resource.ACTIVITY, "活动由此区域（编号）及其以下主办", method="filter_inside")
    activity = id_of("活动（编号）", "activity_id")
    member = id_of("党员（编号）", "member_id")
    first = filters.DateFilter(field_name="activity__held_on", lookup_expr="gte", label="活动从这一天起")
    last = filters.DateFilter(field_name="activity__held_on", lookup_expr="lte", label="活动到这一天为止（含）")
    duty = filters.ChoiceFilter(choices=Duty.Kind.choices, label="六员")

    def filter_inside(self, rows: QuerySet, name: str, area: Area) -> QuerySet:
        return rows.filter(activity__in=Activity.objects.inside(area))


@extend_schema_view(
    list=reads("列出参加的人", AttendanceSerializer(many=True), note="成批读取个人资料，每一页都记入操作记录。"),
    retrieve=reads("查看参加", AttendanceSerializer, one=True),
    partial_update=writes("补记六员", AttendanceSerializer, note="以哪一员的身份参加；空字符串就是没有。"),
)
class AttendanceViewSet(LockedByRule, ChangeMixin, BulkReadViewSet):
    model, resource = Attendance, Resource.ACTIVITY
    permission_classes = [KnowsMembers, ScopedPermission]
    queryset = Attendance.objects.none()
    serializer_class = AttendanceSerializer
    filterset_class = AttendanceFilter

    def rows(self, right: Right) -> QuerySet:
        return super().rows(right).select_related("member", "activity")
