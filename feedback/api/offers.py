"""Calls on the employer's offers to a street and its communities."""

from typing import Any, cast

from django.core.signing import Signer
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from feedback.api.calls import EmployerCall, json_bytes, json_response
from feedback.api.examples import CHANGE, OFFER, OFFERS
from feedback.api.fields import TextField
from feedback.api.paging import Paged, behind
from feedback.api.problems import as_problems
from feedback.api.schema import IDEMPOTENCY_OF_OFFERS, OFFER_ID, call
from feedback.api.shapes import OfferShape, OffersShape
from feedback.models import EmployerKey, Offer, Scope
from feedback.models.offers import OfferQuerySet
from feedback.models.replays import Reply
from feedback.rules import offering
from members.api.fields import ScopedField
from members.ground.atomic import atomic_write
from members.models import Area

STANDING = [(each.value, each.label) for each in (Offer.Status.OPEN, Offer.Status.WITHDRAWN)]
FIELDS = ("id", "area", "kind", "title", "text", "status", "created_at", "closed_at")


def places(request: Request) -> QuerySet[Area]:
    """Return the areas that the key's employer can offer to: the street that the key opens, and its communities."""
    return Offer.places(cast(EmployerKey, request.auth).opens)


class PlaceField(ScopedField):
    """The id of an area that the employer can offer to."""

    default_error_messages = {"does_not_exist": offering.NO_PLACE}

    def get_queryset(self) -> QuerySet[Area]:
        return places(self.context["request"])


class OfferSaid(serializers.Serializer):
    """A new offer."""

    area = PlaceField(help_text="提供给哪个街道或社区（编号，见 /me 的 areas）。")
    kind = serializers.ChoiceField(Offer.Kind.choices, help_text="类别。")
    title = TextField(max_length=60, help_text="提供什么。")
    text = TextField(required=False, allow_blank=True, max_length=500, help_text="说明：时间、数量、怎么联系。")


class OfferChange(serializers.Serializer):
    """The changeable fields of an offer."""

    kind = serializers.ChoiceField(Offer.Kind.choices, required=False, help_text="类别。")
    title = TextField(required=False, max_length=60, help_text="提供什么。")
    text = TextField(required=False, allow_blank=True, max_length=500, help_text="说明。")
    status = serializers.ChoiceField(STANDING, required=False, help_text="open 可用，withdrawn 收回。")


class OfferQuery(Paged):
    """The query of a list of offers."""

    status = serializers.ChoiceField(Offer.Status.choices, required=False, help_text="状态。")


class OfferCall(EmployerCall):
    scope = Scope.OFFER

    def offers(self) -> OfferQuerySet:
        """Return the offers of the key's employer to the key's street."""
        return Offer.objects.offered_by(self.key)


class OffersView(OfferCall):
    parameters = OfferQuery

    @call(
        "list_offers",
        "列出本单位提供的资源",
        {200: OffersShape},
        description="由旧到新。",
        problems=(400,),
        parameters=[OfferQuery],
        examples=OFFERS,
    )
    def get(self, request: Request) -> HttpResponse:
        query = self.query()
        limit, cursor, status = query["limit"], query["cursor"], query.get("status", "")
        signer = Signer(salt=f"feedback.offers.{self.counterpart}.{status}")
        rows = self.offers().filter(**({"status": status} if status else {}))
        if cursor:
            rows = rows.filter(pk__gt=int(behind(signer, cursor)))
        found = list(rows.order_by("pk").values(*FIELDS)[: limit + 1])
        after = signer.sign(str(found[limit - 1]["id"])) if len(found) > limit else None
        return json_response({"offers": found[:limit], "next": after})

    @call(
        "make_offer",
        "提供资源",
        {201: OfferShape, 200: OfferShape},
        description="提供给一个街道（其下各社区都能用）或一个社区。"
        "同样的资源已经在提供的，不再添一项，返回 200 和原来那一项。",
        request=OfferSaid,
        parameters=[IDEMPOTENCY_OF_OFFERS],
        examples=OFFER,
    )
    def post(self, request: Request) -> HttpResponse:
        body = self.body(OfferSaid)
        return self.once(lambda: self._offer(body))

    def _offer(self, body: dict[str, Any]) -> Reply:
        offer, is_new = offering.offer(self.key, **body)
        return Reply(201 if is_new else 200, json_bytes(offer_json(offer)))


class OfferView(OfferCall):
    http_method_names = ["patch"]

    @call(
        "change_offer",
        "修改或收回资源",
        {200: OfferShape},
        description="只改写明的几项，收回或用完以后不能改；status 填 withdrawn 即收回，填 open 即重新提供。",
        problems=(404, 409),
        request=OfferChange,
        parameters=[OFFER_ID],
        examples=CHANGE,
    )
    def patch(self, request: Request, pk: int) -> HttpResponse:
        values = self.body(OfferChange)
        status = values.pop("status", "")
        with atomic_write():
            offer = self.offers().filter(pk=pk).first()
            if offer is None:
                raise Http404
            with as_problems(offer):
                offer = self._change(offer, status, values)
        return json_response(offer_json(offer))

    def _change(self, offer: Offer, status: str, values: dict[str, Any]) -> Offer:
        """Open the offer first and withdraw it last, since only an open offer can change."""
        if status == Offer.Status.OPEN:
            offer = offering.offer_again(offer)
        if values:
            offer = offering.change(offer, by=self.key, **values)
        return offering.take_back(offer) if status == Offer.Status.WITHDRAWN else offer


def offer_json(offer: Offer) -> dict[str, Any]:
    return {name: getattr(offer, "area_id" if name == "area" else name) for name in FIELDS}
