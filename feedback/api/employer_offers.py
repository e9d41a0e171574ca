"""Calls of the office's own programs on employers' offers: list, use for a need, mark as used up."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from activities.models import Need
from feedback.models import Offer
from feedback.rules import offering
from members.api.fields import ScopedField
from members.api.filters import by_id, employers
from members.api.schema import reads, writes
from members.api.viewsets import ScopedViewSet
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write


class EmployerOfferSerializer(serializers.ModelSerializer):
    """An offer, with those of its needs that the user may read."""

    label = serializers.CharField(source="area.label", read_only=True, label="提供给的全称")  # type: ignore[assignment]
    employer_name = serializers.CharField(source="employer.name", read_only=True, label="单位名称")
    needs: Any = serializers.SerializerMethodField(label="用在哪些需求")

    class Meta:
        model = Offer
        fields = (
            "id", "area", "label", "employer", "employer_name", "kind", "title", "text", "status", "created_at",
            "closed_at", "needs",
        )  # fmt: skip
        read_only_fields = fields

    def get_needs(self, offer: Offer) -> list[int]:
        known: list[Need] = offer.known_needs  # type: ignore[attr-defined]
        return [need.pk for need in known if need.employer_id == offer.employer_id]


class UseSerializer(serializers.Serializer):
    """The open need to use the offer for."""

    need = ScopedField(rows=lambda user: Need.objects.for_user(user, Right.WRITE), label="群众需求")


class EmployerOfferFilter(filters.FilterSet):
    status = filters.ChoiceFilter(choices=Offer.Status.choices, label="状态")
    kind = filters.ChoiceFilter(choices=Offer.Kind.choices, label="类别")
    employer = by_id("单位（编号）", queryset=employers)


@extend_schema_view(
    list=reads("列出单位资源", EmployerOfferSerializer(many=True), note="提供给全街道的，各社区也看得到。"),
    retrieve=reads("查看单位资源", EmployerOfferSerializer, one=True),
)
class EmployerOfferViewSet(ScopedViewSet):
    model, resource = Offer, Resource.CARD
    queryset = Offer.objects.none()
    serializer_class = EmployerOfferSerializer
    filterset_class = EmployerOfferFilter

    def rows(self, right: Right) -> QuerySet:
        known = Need.objects.for_user(self.request.user)
        needs = Prefetch("needs", queryset=known, to_attr="known_needs")
        return super().rows(right).select_related("area", "employer").prefetch_related(needs)

    @writes("用在一条需求上", EmployerOfferSerializer, request=UseSerializer, note="由该单位认领这条待认领的需求。")
    @action(detail=True, methods=["post"])
    def use(self, request: Request, pk: int) -> Response:
        offer = self.get_object()
        serializer = UseSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        with atomic_write():
            offering.use(offer, need=serializer.validated_data["need"])
            return self.answer(offer)

    @writes("标记为已用完", EmployerOfferSerializer, request=None, note="提供给全街道的，由街道标记。")
    @action(detail=True, methods=["post"], url_path="used-up")
    def used_up(self, request: Request, pk: int) -> Response:
        return self._marked(offering.use_up)

    @writes("还可以用", EmployerOfferSerializer, request=None, note="收回标记；单位收回的，由单位重新提供。")
    @action(detail=True, methods=["post"])
    def available(self, request: Request, pk: int) -> Response:
        return self._marked(offering.make_available)

    def _marked(self, mark: Any) -> Response:
        return self.changed_by(lambda offer: mark(offer, user=self.request.user))
