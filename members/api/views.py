"""Areas, employers, members and their homes."""

from typing import Any, cast

from django.db.models import F, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Length, Substr
from drf_spectacular.utils import extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from members.api.erasing import EraseSerializer
from members.api.filters import AreaFilter, EmployerFilter, MemberFilter, ResidenceFilter
from members.api.schema import reads, writes
from members.api.serializers import (
    AreaNameSerializer,
    AreaSerializer,
    EmployerSerializer,
    LeaveSerializer,
    MemberSerializer,
    MergeSerializer,
    MoveSerializer,
    NewMemberSerializer,
    PhoneSerializer,
    ResidenceSerializer,
)
from members.api.viewsets import BulkReadViewSet, ChangeMixin, CreateMixin, LockedByRule, ScopedViewSet
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.models import Area, AreaName, Employer, Member, Residence, User
from members.models.areas import SEGMENT
from members.rules import erasing, moving


@extend_schema_view(
    list=reads("列出区域", AreaSerializer(many=True)),
    retrieve=reads("查看区域", AreaSerializer, one=True),
    create=writes("新设区域", AreaSerializer, status=201, note="放在 parent 之下，层级随之而定。"),
    partial_update=writes(
        "修改区域",
        AreaSerializer,
        note="改 name 即改名，改 parent 即连同下级一起迁移，填 until 即连同下级一起停用。",
    ),
)
class AreaViewSet(CreateMixin, ChangeMixin, ScopedViewSet):
    model, resource = Area, Resource.AREA
    queryset = Area.objects.none()
    serializer_class = AreaSerializer
    filterset_class = AreaFilter

    def rows(self, right: Right) -> QuerySet:
        above = Substr(OuterRef("path"), 1, Length(OuterRef("path")) - SEGMENT)
        parents = Area.objects.for_user(self.request.user).filter(path=above).order_by()
        return super().rows(right).annotate(parent_pk=Subquery(parents.values("pk")))

    def locked_object(self) -> Area:
        """Lock the street's row instead of the area's own: every writer of the tree queues there."""
        Area.objects.lock_street(self.get_object())
        return self.get_object()


@extend_schema_view(
    list=reads("列出地址与别名", AreaNameSerializer(many=True)),
    retrieve=reads("查看地址或别名", AreaNameSerializer, one=True),
    create=writes("登记地址或别名", AreaNameSerializer, status=201, note="导入名单和登记住址时，据此认出小区或楼组。"),
    partial_update=writes("修改地址或别名", AreaNameSerializer),
)
class AreaNameViewSet(LockedByRule, CreateMixin, ChangeMixin, ScopedViewSet):
    model, resource = AreaName, Resource.AREA
    queryset = AreaName.objects.none()
    serializer_class = AreaNameSerializer

    def rows(self, right: Right) -> QuerySet:
        return super().rows(right).select_related("area")


@extend_schema_view(
    list=reads("列出单位", EmployerSerializer(many=True)),
    retrieve=reads("查看单位", EmployerSerializer, one=True),
    create=writes("登记单位", EmployerSerializer, status=201),
    partial_update=writes("修改单位", EmployerSerializer),
)
class EmployerViewSet(CreateMixin, ChangeMixin, ScopedViewSet):
    model, resource = Employer, Resource.EMPLOYER
    queryset = Employer.objects.none()
    serializer_class = EmployerSerializer
    filterset_class = EmployerFilter

    @writes(
        "并入另一家单位",
        EmployerSerializer,
        request=MergeSerializer,
        note="党员、叫法、资源和认领的需求归到 into；返回留下来的单位。不能撤回。",
    )
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: int) -> Response:
        with atomic_write():
            serializer = MergeSerializer(self.get_object(), data=request.data, context=self.get_serializer_context())
            serializer.is_valid(raise_exception=True)
            return self.answer(serializer.save())


@extend_schema_view(
    list=reads("列出党员", MemberSerializer(many=True), note="成批读取个人资料，每一页都记入操作记录。"),
    retrieve=reads("查看党员", MemberSerializer, one=True),
    create=writes("登记党员", MemberSerializer, status=201, request=NewMemberSerializer),
    partial_update=writes("修改党员", MemberSerializer),
)
class MemberViewSet(CreateMixin, ChangeMixin, BulkReadViewSet):
    model, resource = Member, Resource.MEMBER
    rights = {"phone": Right.REVEAL}
    queryset = Member.objects.none()
    serializer_class = MemberSerializer
    filterset_class = MemberFilter

    def rows(self, right: Right) -> QuerySet:
        homes = Residence.objects.for_user(self.request.user).select_related("area")
        latest_first = homes.order_by(F("until").desc(nulls_first=True), "-since")
        prefetch = Prefetch("residences", queryset=latest_first, to_attr="homes")
        return super().rows(right).select_related("employer").prefetch_related(prefetch)

    def locked_object(self) -> Member:
        """Return the member without a lock: the rules lock by themselves, the street before the member."""
        return self.get_object()

    def get_serializer_class(self) -> Any:
        return NewMemberSerializer if self.action == "create" else MemberSerializer

    @writes("查看完整电话", PhoneSerializer, request=None, note="每次查看都记入操作记录。")
    @action(detail=True, methods=["post"])
    def phone(self, request: Request, pk: int) -> Response:
        return Response({"phone": self.get_object().reveal_phone()})

    @writes("办理迁居", MemberSerializer, request=MoveSerializer, note="迁出的人迁回，也用这个办理。")
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: int) -> Response:
        return self.saved_by(MoveSerializer)

    @writes("办理迁出", MemberSerializer, request=LeaveSerializer, note="记录和经历都保留。")
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: int) -> Response:
        return self.saved_by(LeaveSerializer)

    @writes(
        "撤销最近一次迁居、迁出",
        MemberSerializer,
        request=None,
        note="7 天内可以撤销，一起结束的也恢复；之后又有人改过的不能撤销（409，写明是谁、改了什么）。",
    )
    @action(detail=True, methods=["post"], url_path="undo-move")
    def undo_move(self, request: Request, pk: int) -> Response:
        return self.changed_by(lambda member: moving.undo_last(member, by=cast(User, request.user)))

    @writes(
        "删除个人信息",
        None,
        status=204,
        request=EraseSerializer,
        note="只有街道可以办，不能恢复。已发出的记录卡先通知单位撤回；参加过的活动仍计入人数。",
    )
    @action(detail=True, methods=["post"])
    def erase(self, request: Request, pk: int) -> Response:
        serializer = EraseSerializer(data=request.data)
        with atomic_write():
            member = self.get_object()
            serializer.is_valid(raise_exception=True)
            erasing.erase(member, by=cast(User, request.user), **serializer.validated_data)
        return Response(status=204)


@extend_schema_view(
    list=reads("列出居住经历", ResidenceSerializer(many=True)),
    retrieve=reads("查看居住经历", ResidenceSerializer, one=True),
    partial_update=writes("更正居住经历", ResidenceSerializer),
)
class ResidenceViewSet(ChangeMixin, ScopedViewSet):
    model, resource = Residence, Resource.MEMBER
    queryset = Residence.objects.none()
    serializer_class = ResidenceSerializer
    filterset_class = ResidenceFilter

    def rows(self, right: Right) -> QuerySet:
        return super().rows(right).select_related("area")

    def locked_object(self) -> Residence:
        """Return the home without a lock: the rule locks by itself, the member before the home."""
        return self.get_object()
