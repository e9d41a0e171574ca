"""The root of the API, /api/v1/: what each app offers, the schema, and a page to read and try it."""

from django.http import Http404
from django.urls import include, path, re_path
from django.views.generic import TemplateView
from drf_spectacular.utils import extend_schema
from rest_framework.routers import SimpleRouter

from feedback.api.keys import IsKnown, KeyAuthentication
from feedback.api.throttling import RateLimited
from louzu.api.balance import BalanceView
from louzu.api.district import DistrictStreetView, DistrictView
from louzu.api.monthly import MonthlyReportViewSet
from louzu.api.months import MonthsView
from louzu.api.own_files import OwnFileViewSet
from louzu.api.schemas import EmployerSchemaView, SchemaView
from louzu.api.search import SearchView
from louzu.api.targets import TargetsView

app_name = "api"


@extend_schema(exclude=True)
class NoSuchCall(RateLimited):
    """Answers any other address with a problem response instead of a page."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [IsKnown]
    metadata_class = None

    def get(self, request, **kwargs):
        raise Http404

    post = put = patch = delete = get


DOCS = TemplateView.as_view(template_name="louzu/api_docs.html")

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("monthly-reports", MonthlyReportViewSet, basename="monthly-report")
router.register("own-files", OwnFileViewSet, basename="own-file")

urlpatterns = [
    path("", include("members.api.urls")),
    path("", include("activities.api.urls")),
    path("", include("feedback.api.urls")),
    path("months/<int:pk>", MonthsView.as_view(), name="months"),
    path("search", SearchView.as_view(), name="search"),
    path("balance/<int:pk>", BalanceView.as_view(), name="balance"),
    path("district", DistrictView.as_view(), name="district"),
    path("district/<int:pk>", DistrictStreetView.as_view(), name="district_street"),
    path("targets/<int:pk>", TargetsView.as_view(), name="targets"),
    *router.urls,
    path("schema", SchemaView.as_view(), name="schema"),
    path("docs", DOCS, {"title": "楼组党建 API", "schema": "api:schema"}, name="docs"),
    path("employer/schema", EmployerSchemaView.as_view(), name="employer_schema"),
    path("employer/docs", DOCS, {"title": "单位接口", "schema": "api:employer_schema"}, name="employer_docs"),
    re_path("", NoSuchCall.as_view()),
]
