from django.urls import path
from rest_framework.routers import SimpleRouter

from activities.api.activities import ActivityViewSet
from activities.api.attendances import AttendanceViewSet
from activities.api.honours import HonourViewSet
from activities.api.needs import NeedViewSet
from activities.api.reminders import ReminderViewSet
from activities.api.reports import ParticipationView, RhythmView, ThinView
from activities.api.visits import UnvisitedViewSet, VisitViewSet

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("activities", ActivityViewSet, basename="activity")
router.register("attendances", AttendanceViewSet, basename="attendance")
router.register("visits", VisitViewSet, basename="visit")
router.register("unvisited-pairings", UnvisitedViewSet, basename="unvisited-pairing")
router.register("needs", NeedViewSet, basename="need")
router.register("honours", HonourViewSet, basename="honour")
router.register("reminders", ReminderViewSet, basename="reminder")

urlpatterns = [
    *router.urls,
    path("rhythm/<int:pk>", RhythmView.as_view(), name="rhythm"),
    path("thin/<int:pk>", ThinView.as_view(), name="thin"),
    path("participation/<int:pk>", ParticipationView.as_view(), name="participation"),
]
