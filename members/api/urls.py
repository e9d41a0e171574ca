from django.urls import path
from rest_framework.routers import SimpleRouter

from members.api.consents import ConsentViewSet
from members.api.corrections import CorrectionViewSet
from members.api.coverage import CoverageView
from members.api.households import HouseholdViewSet, PairingViewSet
from members.api.transfers import TransferViewSet
from members.api.views import AreaNameViewSet, AreaViewSet, EmployerViewSet, MemberViewSet, ResidenceViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("areas", AreaViewSet, basename="area")
router.register("area-names", AreaNameViewSet, basename="area-name")
router.register("employers", EmployerViewSet, basename="employer")
router.register("members", MemberViewSet, basename="member")
router.register("residences", ResidenceViewSet, basename="residence")
router.register("households", HouseholdViewSet, basename="household")
router.register("pairings", PairingViewSet, basename="pairing")
router.register("transfers", TransferViewSet, basename="transfer")
router.register("consents", ConsentViewSet, basename="consent")
router.register("correction-requests", CorrectionViewSet, basename="correction-request")

urlpatterns = [*router.urls, path("coverage/<int:pk>", CoverageView.as_view(), name="coverage")]
