"""Monthly reports: made, read, closed, and their files."""

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema_field, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from louzu.documents import making
from louzu.models import MonthlyFile, MonthlyReport
from louzu.models.monthly import NAMES_NOBODY
from louzu.rules import monthly
from members.api.fields import ScopedField
from members.api.filters import inside
from members.api.schema import reads, writes
from members.api.viewsets import LockedByRule, ScopedViewSet
from members.ground.access import Resource, Right
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.models import Area, User
from members.web.files import download


@extend_schema_field({"type": "string", "example": "2026-10"})
class MonthField(serializers.CharField):
    """A month, written 2026-10."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return monthly.read_month(super().to_internal_value(data))
        except ValidationError as error:
            raise serializers.ValidationError(error.messages) from error

    def to_representation(self, value: Any) -> str:
        return f"{value:%Y-%m}"


def _reporting(user: Any) -> QuerySet:
    """Return the areas whose report the user may make: once begun, it is not taken back."""
    return Area.objects.for_user(user, Right.WRITE, resource=Resource.MONTHLY)


class MonthlyReportSerializer(serializers.ModelSerializer):
    """An area's report of a month, without its figures."""

    area = ScopedField(rows=_reporting, label="街道或社区")
    label = serializers.CharField(source="area.label", read_only=True, label="全称")  # type: ignore[assignment]
    month = MonthField(label="月份", help_text="如 2026-10。")
    paragraph = serializers.CharField(read_only=True, label="情况说明")

    class Meta:
        model = MonthlyReport
        fields = ("id", "area", "label", "month", "status", "message", "paragraph", "made_at", "closed_at", "digest")
        read_only_fields = ("status", "message", "made_at", "closed_at", "digest")
        validators: list = []


class MonthlyFiguresSerializer(MonthlyReportSerializer):
    """A report with its figures: `rows` with those of the whole, of the area itself and of each part."""

    figures = serializers.JSONField(
        read_only=True,
        label="数字",
        help_text="rows 第一行是合计；figures 是数字，month_change、year_change 是比上月、比去年同月；没有的为 null。",
    )

    class Meta(MonthlyReportSerializer.Meta):
        fields = (*MonthlyReportSerializer.Meta.fields, "figures")  # type: ignore[assignment]


class MonthlyTextSerializer(serializers.Serializer):
    """The paragraph of a report."""

    text = serializers.CharField(allow_blank=True, label="情况说明", help_text=NAMES_NOBODY)


class MonthlyReportFilter(filters.FilterSet):
    inside = inside(Resource.MONTHLY)
    status = filters.ChoiceFilter(choices=MonthlyReport.Status.choices, label="状态")


@extend_schema_view(
    list=reads("列出月报", MonthlyReportSerializer(many=True)),
    retrieve=reads("查看月报的数字", MonthlyFiguresSerializer, one=True),
)
class MonthlyReportViewSet(LockedByRule, ScopedViewSet):
    model, resource = MonthlyReport, Resource.MONTHLY
    queryset = MonthlyReport.objects.none()
    serializer_class = MonthlyReportSerializer
    filterset_class = MonthlyReportFilter

    def rows(self, right: Right) -> QuerySet:
        return super().rows(right).select_related("area", "made_by")

    def get_serializer_class(self) -> Any:
        return MonthlyFiguresSerializer if self.action == "retrieve" else MonthlyReportSerializer

    @writes(
        "生成月报",
        MonthlyReportSerializer,
        status=201,
        note="在后台生成，几秒钟以后 status 变为 ready。还没有定稿的，再提交一次就重新生成；已经定稿的不能再生成。",
    )
    def create(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        # The files are not made in a transaction, so that none is opened here.
        report = making.make(**serializer.validated_data, by=cast(User, request.user))
        return self.answer(report, status.HTTP_201_CREATED)

    @writes(
        "写月报的情况说明",
        MonthlyReportSerializer,
        request=MonthlyTextSerializer,
        note="数字不变，三个文件在后台重新生成。空的就恢复为按数字写的一段。",
    )
    @action(detail=True, methods=["post"])
    def text(self, request: Request, pk: int) -> Response:
        report = self.get_object()
        serializer = MonthlyTextSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        making.rewrite(report, serializer.validated_data["text"], by=cast(User, request.user))
        return self.answer(report)

    @writes("定稿", MonthlyReportSerializer, request=None, note="以后数字、文字和文件都不再变。")
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: int) -> Response:
        user = cast(User, request.user)
        return self.changed_by(lambda report: monthly.close(report, by=user))

    @reads(
        "下载月报的文件",
        {(200, content_type): OpenApiTypes.BINARY for content_type in making.TYPES.values()},
        one=True,
        note="定稿以后，每次下载的都一模一样；记入操作记录。",
        parameters=[OpenApiParameter("kind", str, "path", enum=list(making.TYPES), description="文件的种类")],
    )
    @action(detail=True, methods=["get"], url_path="files/<str:kind>")
    def files(self, request: Request, pk: int, kind: str) -> HttpResponse:
        report = self.get_object()
        kept = MonthlyFile.objects.filter(report=report, kind=kind).first() if report.has_files else None
        if kept is None:
            raise Http404
        with atomic_write():
            record("export", report, changes={"file": kind, "sha256": kept.digest})
        return download(bytes(kept.content), f"{report}.{kind}", content_type=making.TYPES[kind])
