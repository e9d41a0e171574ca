"""What the rows of this app are called in the trail and among a user's own writes."""

from django.db.models import F, Value
from django.db.models.functions import Coalesce

from feedback.models import (
    CardCode,
    Contact,
    EmployerKey,
    Offer,
    RecordCard,
    Sender,
    Slip,
    SlipCode,
    SlipReceipt,
    Webhook,
)
from members.ground.row_names import joined, register, register_list


def register_all() -> None:
    register(CardCode, joined("place__label", Coalesce("activity__title", Value(""))))
    register(Contact, joined("employer__name", "user__name"))
    register(EmployerKey, joined("employer__name", "label"))
    register(Offer, joined("employer__name", "title"), state=F("status"))
    register(RecordCard, joined("member__name", Coalesce("number", Value(""))), state=F("status"))
    register(Sender, "area__label")
    register(Slip, joined("name", "number"), state=F("status"))
    register(SlipCode, joined("place__label", Coalesce("employer__name", Value(""))))
    register(SlipReceipt, joined("slip__name", "slip__number"))
    register(Webhook, "employer__name")
    register_list("cards", RecordCard)
    register_list("slips", Slip)
