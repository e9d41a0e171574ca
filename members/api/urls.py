from django.urls import path
from rest_framework.routers import SimpleRouter

from members.api.coverage import CoverageView
from members.api.views import AreaViewSet, EmployerViewSet, MemberViewSet, ResidenceViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("areas", AreaViewSet, basename="area")
router.register("employers", EmployerViewSet, basename="employer")
router.register("members", MemberViewSet, basename="member")
router.register("residences", ResidenceViewSet, basename="residence")

urlpatterns = [*router.urls, path("coverage/<int:pk>", CoverageView.as_view(), name="coverage")]
