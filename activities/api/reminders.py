"""Reminders of places; the street office sends them, and they close by themselves."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from activities.models import Reminder
from activities.rules import reminding
from members.api.fields import ScopedField
from members.api.filters import inside
from members.api.schema import reads, writes
from members.api.viewsets import CreateMixin, ScopedViewSet
from members.ground.access import Resource, Right
from members.models import Area


def _areas(user: Any) -> QuerySet:
    return Area.objects.for_user(user, resource=Resource.ACTIVITY)


class ReminderSerializer(serializers.ModelSerializer):
    """A reminder of a place in a week, month or quarter."""

    area = ScopedField(rows=_areas, label="区域")
    label = serializers.CharField(source="area.label", read_only=True)  # type: ignore[assignment]
    is_done = serializers.BooleanField(read_only=True, help_text="这一期已经登记了活动或走访")

    class Meta:
        model = Reminder
        fields = ("id", "area", "label", "first", "last", "sent_at", "is_done")
        read_only_fields = ("first", "last", "sent_at")

    def create(self, validated_data: dict[str, Any]) -> Reminder:
        return reminding.remind(by=self.context["request"].user, today=timezone.localdate(), **validated_data)


class ReminderFilter(filters.FilterSet):
    inside = inside(Resource.ACTIVITY)


@extend_schema_view(
    list=reads("列出提醒", ReminderSerializer(many=True)),
    retrieve=reads("查看提醒", ReminderSerializer, one=True),
    create=writes(
        "提醒社区书记",
        ReminderSerializer,
        status=201,
        note="只由街道发出，只提醒现在缺活动的地方；同一个地方 7 天一次。登记以后自动消失。",
    ),
)
class ReminderViewSet(CreateMixin, ScopedViewSet):
    model, resource = Reminder, Resource.ACTIVITY
    queryset = Reminder.objects.none()
    serializer_class = ReminderSerializer
    filterset_class = ReminderFilter

    def rows(self, right: Right) -> QuerySet:
        return Reminder.objects.for_user(self.request.user, right).select_related("area").with_done()
