"""Stock record cards, in plain good Django: made in a loop, served by a ModelViewSet.

Rows, content and key are the same as ours. Pages have a hundred rows, as in REST framework's own examples. Each pull
leaves an audit entry, as the rules require of anything that serves cards.
"""

from typing import Any

from django.urls import path
from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.viewsets import ReadOnlyModelViewSet

from activities.models import Visit
from feedback.api.keys import HoldsKey, KeyAuthentication
from feedback.feed.pulls import record_pull
from feedback.ground.periods import CardPeriod
from feedback.models import FeedEvent, RecordCard, Sender
from feedback.models.cards import OUT
from members.models import Area, Member

COMMUNITY = 8


def make(street: Area, period: CardPeriod) -> int:
    """Make the cards, member by member; return how many."""
    made = 0
    for member in Member.objects.filter(affiliation="in_post", residences__area__path__startswith=street.path):
        home = member.home
        assert home
        lines = _lines(member, home, period)
        if lines:
            community = Area.objects.get(path=home.area.path[:COMMUNITY])
            RecordCard.objects.create(
                member=member, employer=member.employer, area=community, lines=lines,
                first_day=period.first, last_day=period.last,
            )  # fmt: skip
            made += 1
    return made


def _lines(member: Member, home: Any, period: CardPeriod) -> list[dict[str, Any]]:
    came = member.attendances.filter(activity__status="held", activity__held_on__range=period)
    lines = [
        _line(
            "activity",
            row.activity.held_on,
            row.activity.title,
            row.activity.area.get_level_display(),
            row.activity.get_field_display(),
        )
        for row in came.select_related("activity__area")
    ]
    visits = Visit.objects.filter(visited_on__range=period, pairing__household__area=home.area)
    for visit in visits.filter(pairing__household__room=home.room):
        lines.append(
            _line("visit", visit.visited_on, f"走访结对家庭（{visit.get_kind_display()}）", "楼组", "互帮互助")
        )
    for need in member.needs.filter(status="done", done_at__date__range=period):
        lines.append(_line("need", need.done_at.date(), "帮助办好群众需求", need.area.get_level_display(), "互帮互助"))
    for duty in member.duties.filter(since__lte=period.last).exclude(until__lte=period.first):
        lines.append(_line("duty", duty.since, duty.get_kind_display(), "", ""))
    return lines


def _line(kind: str, day: Any, title: str, tier: str, field: str) -> dict[str, Any]:
    return {"kind": kind, "day": day.isoformat(), "title": title, "tier": tier, "field": field, "duty": ""}


class StockLineSerializer(serializers.Serializer):
    day = serializers.DateField()
    title = serializers.CharField()
    tier = serializers.CharField()
    field = serializers.CharField()
    duty = serializers.CharField()


class BodySerializer(serializers.ModelSerializer):
    """The content of the body, built anew for each reader."""

    supersedes = serializers.CharField(source="supersedes.number", default=None)
    issued_on = serializers.DateTimeField(source="issued_at")
    period = serializers.SerializerMethodField()
    member = serializers.SerializerMethodField()
    employer = serializers.SerializerMethodField()
    sender = serializers.SerializerMethodField()
    lines = StockLineSerializer(source="kept_lines", many=True)
    counts = serializers.SerializerMethodField()

    class Meta:
        model = RecordCard
        fields = (
            "number", "supersedes", "issued_on", "period", "member", "employer", "sender", "lines", "counts",
            "sentence",
        )  # fmt: skip

    def get_period(self, card: RecordCard) -> dict[str, Any]:
        return {"code": card.period.code, "first": card.first_day, "last": card.last_day}

    def get_member(self, card: RecordCard) -> dict[str, Any]:
        return {"name": card.member.name, "employer_number": card.member.employer_number}

    def get_employer(self, card: RecordCard) -> dict[str, Any]:
        return {"name": card.employer.name, "credit_code": card.employer.credit_code}

    def get_sender(self, card: RecordCard) -> dict[str, Any]:
        return {"community": card.area.name, "contact": self.context["contacts"].get(card.area_id, "")}

    def get_counts(self, card: RecordCard) -> dict[str, int]:
        kinds = [line["kind"] for line in card.kept_lines]
        return {kind: kinds.count(kind) for kind in ("activity", "visit", "need")}


class CardSerializer(serializers.ModelSerializer):
    body = BodySerializer(source="*")

    class Meta:
        model = RecordCard
        fields = ("number", "status", "digest", "body")


class EventSerializer(serializers.ModelSerializer):
    card = CardSerializer()

    class Meta:
        model = FeedEvent
        fields = ("seq", "type", "at", "card")


class Plain(ReadOnlyModelViewSet):
    authentication_classes = [KeyAuthentication]
    permission_classes = [HoldsKey]
    throttle_classes: list[Any] = []

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().list(request, *args, **kwargs)
        record_pull(request.auth, rows=len(answer.data["results"]))
        return answer

    def get_serializer_context(self) -> dict[str, Any]:
        return super().get_serializer_context() | {"contacts": dict(Sender.objects.values_list("area", "contact"))}


class ByNumber(CursorPagination):
    ordering, page_size = "number", 100


class BySeq(ByNumber):
    ordering = "seq"


class CardViewSet(Plain):
    serializer_class = CardSerializer
    pagination_class = ByNumber

    def get_queryset(self):
        cards = RecordCard.objects.filter(employer=self.request.auth.employer_id, status__in=OUT)
        return cards.select_related("member", "employer", "area", "supersedes")


class EventViewSet(Plain):
    serializer_class = EventSerializer
    pagination_class = BySeq

    def get_queryset(self):
        events = FeedEvent.objects.filter(feed__employer=self.request.auth.employer_id)
        return events.select_related("card__member", "card__employer", "card__area", "card__supersedes")


urlpatterns = [
    path("cards", CardViewSet.as_view({"get": "list"})),
    path("events", EventViewSet.as_view({"get": "list"})),
]
