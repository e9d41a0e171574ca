"""Activities: planned, held or cancelled, each with the number of members who came."""

from typing import Any, cast

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from activities.api.attendances import (
    EnrolSerializer,
    PutBackSerializer,
    RecordedSerializer,
    StrikeSerializer,
    StruckSerializer,
)
from activities.models import Activity, Attendance
from activities.models.activities import MOST_RESIDENTS
from activities.rules import attendance, recording, voiding
from members.api.fields import ScopedField
from members.api.filters import inside
from members.api.schema import reads, writes
from members.api.serializers import errors_at, places
from members.api.viewsets import ChangeMixin, CreateMixin, LockedByRule, ScopedViewSet
from members.ground.access import Resource, Right
from members.models import User


class ActivitySerializer(serializers.ModelSerializer):
    """An event of an area on one day, with the number of members who came."""

    area = ScopedField(rows=places(Resource.ACTIVITY), label="主办")
    label = serializers.CharField(source="area.label", read_only=True, label="主办的全称")  # type: ignore[assignment]
    attended = serializers.IntegerField(read_only=True, label="参加的党员人数")

    class Meta:
        model = Activity
        fields = (
            "id", "area", "label", "title", "held_on", "begins_at", "place", "field", "regularity", "visibility",
            "support", "co_organisers", "residents_reached", "result", "status", "recorded_at", "cancelled_at",
            "voided_at", "attended",
        )  # fmt: skip
        read_only_fields = ("status", "recorded_at", "cancelled_at", "voided_at")
        extra_kwargs = {"residents_reached": {"help_text": f"只填人数，最多 {MOST_RESIDENTS}。"}}
        validators: list = []

    def create(self, validated_data: dict[str, Any]) -> Activity:
        activity, _ = recording.record(is_plan=True, **validated_data)
        return activity

    def update(self, instance: Activity, validated_data: dict[str, Any]) -> Activity:
        return recording.correct(instance, **validated_data)


class ActivityFilter(filters.FilterSet):
    inside = inside(Resource.ACTIVITY)
    first = filters.DateFilter(field_name="held_on", lookup_expr="gte", label="从这一天起")
    last = filters.DateFilter(field_name="held_on", lookup_expr="lte", label="到这一天为止（含）")
    field = filters.ChoiceFilter(choices=Activity.Field.choices, label="工作领域")
    status = filters.ChoiceFilter(choices=Activity.ON_RECORD, label="状态")


@extend_schema_view(
    list=reads("列出活动", ActivitySerializer(many=True)),
    retrieve=reads("查看活动", ActivitySerializer, one=True),
    create=writes(
        "登记活动",
        ActivitySerializer,
        status=201,
        note="先是计划中，办完再用 hold 登记；同样的内容再提交，得到已登记的那一次。",
    ),
    partial_update=writes("修改活动", ActivitySerializer),
)
class ActivityViewSet(LockedByRule, CreateMixin, ChangeMixin, ScopedViewSet):
    model, resource = Activity, Resource.ACTIVITY
    queryset = Activity.objects.none()
    serializer_class = ActivitySerializer
    filterset_class = ActivityFilter

    def rows(self, right: Right) -> QuerySet:
        came = Attendance.objects.filter(activity=OuterRef("pk")).order_by().values("activity").annotate(n=Count("pk"))
        mine = super().rows(right)
        if self.action in ("void", "unvoid"):
            mine = Activity.objects.within_reach(self.request.user, right)
        counted = mine.annotate(attended=Coalesce(Subquery(came.values("n")), 0))
        return counted.select_related("area")

    @writes("登记活动已举办", ActivitySerializer, request=None, note="日期到了才能登记。")
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, pk: int) -> Response:
        return self.changed_by(Activity.hold)

    @writes("取消活动", ActivitySerializer, request=None)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: int) -> Response:
        return self.changed_by(Activity.cancel)

    @writes("改回计划中", ActivitySerializer, request=None, note="已登记参加的人的活动不能改回。")
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: int) -> Response:
        return self.changed_by(Activity.reopen)

    @writes("作废登记错的活动", ActivitySerializer, request=None, note="参加的人一起不算；7 天内可以用 unvoid 撤销。")
    @action(detail=True, methods=["post"])
    def void(self, request: Request, pk: int) -> Response:
        return self.changed_by(lambda row: voiding.void(row, user=cast(User, request.user)))

    @writes("撤销作废", ActivitySerializer, request=None, note="恢复得和作废以前一样。")
    @action(detail=True, methods=["post"])
    def unvoid(self, request: Request, pk: int) -> Response:
        return self.changed_by(voiding.unvoid)

    @writes(
        "登记参加的人",
        RecordedSerializer,
        request=EnrolSerializer,
        note="重复提交不会多登记；有一位不能登记，就一位都不登记。",
    )
    @action(detail=True, methods=["post"])
    def enrol(self, request: Request, pk: int) -> Response:
        activity, user, body = self.get_object(), cast(User, request.user), self._body(EnrolSerializer)
        duties = {each["member"]: each.get("duty", "") for each in body["members"]}
        with errors_at("members"):
            recorded = attendance.enrol(activity, duties, user=user, source=Attendance.Source.API, duties=duties)
        return Response(RecordedSerializer(recorded).data)

    @writes(
        "划去误登的人",
        StruckSerializer,
        request=StrikeSerializer,
        note="留有操作记录；没有登记的不计；7 天内可以用 put-back 放回。",
    )
    @action(detail=True, methods=["post"])
    def strike(self, request: Request, pk: int) -> Response:
        activity, user, body = self.get_object(), cast(User, request.user), self._body(StrikeSerializer)
        with errors_at("members"):
            struck = attendance.strike(activity, body["members"], user=user)
        return Response({"struck": struck})

    @writes("放回划去的人", PutBackSerializer, request=StrikeSerializer, note="六员、登记方式和时间都和划去以前一样。")
    @action(detail=True, methods=["post"], url_path="put-back")
    def put_back(self, request: Request, pk: int) -> Response:
        activity, user, body = self.get_object(), cast(User, request.user), self._body(StrikeSerializer)
        with errors_at("members"):
            back = attendance.put_back(activity, body["members"], user=user)
        return Response({"back": back})

    def _body(self, serializer_class: Any) -> dict[str, Any]:
        """Return the validated body of the request."""
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data
