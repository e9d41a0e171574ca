"""Models of what street and employer exchange: one file a noun."""

from feedback.models.cards import RecordCard
from feedback.models.codes import CardCode, SlipCode
from feedback.models.feeds import Feed, FeedEvent
from feedback.models.offers import Offer
from feedback.models.replays import Replay
from feedback.models.replies import Answer, Receipt, SlipReceipt
from feedback.models.runs import IssueRun
from feedback.models.senders import NumberSeries, Sender
from feedback.models.slips import Slip
from feedback.models.units import Contact, EmployerKey, Scope
from feedback.models.webhooks import Delivery, Webhook

__all__ = [
    "Answer",
    "CardCode",
    "Contact",
    "Delivery",
    "EmployerKey",
    "Feed",
    "FeedEvent",
    "IssueRun",
    "NumberSeries",
    "Offer",
    "Receipt",
    "RecordCard",
    "Replay",
    "Scope",
    "Sender",
    "Slip",
    "SlipCode",
    "SlipReceipt",
    "Webhook",
]
