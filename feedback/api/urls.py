from django.urls import path, register_converter
from django.urls.converters import StringConverter
from rest_framework.routers import SimpleRouter

from feedback.api.card_report import CardReportView
from feedback.api.cards import CardsView, CardView
from feedback.api.employer_offers import EmployerOfferViewSet
from feedback.api.feed import FeedView
from feedback.api.me import KeysView, MeView, NoticeTestView, RotationView
from feedback.api.offers import OffersView, OfferView
from feedback.api.record_cards import RecordCardViewSet
from feedback.api.replies import AnswerView, ReceiptView, ReturnView, TakeBackView
from feedback.api.reporting_slips import ReportingSlipViewSet
from feedback.api.slip_report import SlipReportView
from feedback.api.slips import SlipAnswerView, SlipEndView, SlipOursView, SlipsView, SlipView, SlipWithdrawView


class NumberConverter(StringConverter):
    """A card's number, such as 310114001-2026-00001."""

    regex = "[0-9]{4,12}-[0-9]{4}-[0-9]{5,10}[A-Z]{0,2}"


class SlipNumberConverter(StringConverter):
    """A slip's number, such as 310114001B-2026-00001KX."""

    regex = "[0-9]{4,12}B-[0-9]{4}-[0-9]{5,10}[A-Z]{2}"


register_converter(NumberConverter, "number")
register_converter(SlipNumberConverter, "slip")

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("record-cards", RecordCardViewSet, basename="record-card")
router.register("reporting-slips", ReportingSlipViewSet, basename="reporting-slip")
router.register("employer-offers", EmployerOfferViewSet, basename="employer-offer")

office = [
    *router.urls,
    path("card-report/<int:pk>", CardReportView.as_view(), name="card_report"),
    path("slip-report/<int:pk>", SlipReportView.as_view(), name="slip_report"),
]

# The employers' calls, which a schema of their own describes.
employers = [
    path("me", MeView.as_view(), name="me"),
    path("me/key/rotate", RotationView.as_view(), name="me_key_rotate"),
    path("webhooks/test", NoticeTestView.as_view(), name="webhooks_test"),
    path("keys", KeysView.as_view(), name="receipt_keys"),
    path("feed", FeedView.as_view(), name="feed"),
    path("cards", CardsView.as_view(), name="cards"),
    path("cards/<number:number>", CardView.as_view(), name="card"),
    path("cards/<number:number>/receipt", ReceiptView.as_view(), name="card_receipt"),
    path("cards/<number:number>/receipt/take-back", TakeBackView.as_view(), name="card_take_back"),
    path("cards/<number:number>/answer", AnswerView.as_view(), name="card_answer"),
    path("cards/<number:number>/return", ReturnView.as_view(), name="card_return"),
    path("slips", SlipsView.as_view(), name="slips"),
    path("slips/<slip:number>", SlipView.as_view(), name="slip"),
    path("slips/<slip:number>/answer", SlipAnswerView.as_view(), name="slip_answer"),
    path("slips/<slip:number>/withdraw", SlipWithdrawView.as_view(), name="slip_withdraw"),
    path("slips/<slip:number>/end", SlipEndView.as_view(), name="slip_end"),
    path("slips/<slip:number>/ours", SlipOursView.as_view(), name="slip_ours"),
    path("offers", OffersView.as_view(), name="offers"),
    path("offers/<int:pk>", OfferView.as_view(), name="offer"),
]

urlpatterns = [*office, *employers]
