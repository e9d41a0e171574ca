"""Makers of record cards and of those who read them; each works as the product does."""

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from feedback.ground.periods import CardPeriod
from feedback.models import Contact, EmployerKey, Offer, RecordCard, Scope, Webhook
from feedback.rules import admitting, agreeing, issuing
from members.models import Area, Employer, Member, User
from members.models.areas import SEGMENT
from tests import factories

PERIOD = CardPeriod(date(2026, 1, 1), date(2026, 6, 30))
LINE = {  # of no attendance on record: the key of one begins with an a
    "key": "x1", "kind": "activity", "day": "2026-03-12", "title": "楼道大扫除", "tier": "楼组", "field": "居住环境",
    "duty": "",
}  # fmt: skip


def in_post(name: str, home: Area, *, at: Employer | None = None, **fields: Any) -> Member:
    """Create an in-post member who lives in the building group; the phone ends in 5678 by default."""
    fields = {"phone": "19900005678", "affiliation": Member.Affiliation.IN_POST} | fields
    return factories.person(name, home, employer=at or factories.employer(), **fields)


def draft(member: Member, *, period: CardPeriod = PERIOD, **fields: Any) -> RecordCard:
    """Create a draft card of the member with one line; the member must live in a community."""
    home = member.home
    assert home
    community = Area.objects.get(path=home.area.path[: Area.Level.COMMUNITY * SEGMENT])
    fields = {"lines": [LINE], "employer": member.employer} | fields
    return RecordCard.objects.create(
        member=member, area=community, first_day=period.first, last_day=period.last, **fields
    )


def shown(member: Member, **fields: Any) -> RecordCard:
    """Create a card that waits for its member's answer."""
    card = draft(member, **fields)
    assert agreeing.show_all([card.pk]).done
    return fresh(card)


def agreed(member: Member, **fields: Any) -> RecordCard:
    card = shown(member, **fields)
    agreeing.agree(card, how=RecordCard.How.PAPER)
    return fresh(card)


def issued(member: Member, **fields: Any) -> RecordCard:
    """Create a card that is on its employer's feed."""
    card = agreed(member, **fields)
    issuing.issue(card)
    return fresh(card)


def fresh(card: RecordCard) -> RecordCard:
    return RecordCard.objects.select_related("member", "employer", "area").get(pk=card.pk)


def key(employer: Employer, street: Area, *scopes: str, **fields: Any) -> tuple[EmployerKey, str]:
    """Create a key of the employer with these scopes, by default all; return it and its text."""
    made, text = EmployerKey.make(
        label="单位系统", employer=employer, street=street, scopes=list(scopes or Scope.values), **fields
    )
    return made, text


def key_to_try(employer: Employer, street: Area, **fields: Any) -> tuple[EmployerKey, str]:
    """Give the employer a test key with all scopes; return it and its text."""
    values = {"label": "程序员试用", "scopes": list(Scope.values), "addresses": "", "life": EmployerKey.LIFE} | fields
    return admitting.give_key(employer=employer, street=street, is_test=True, **values)


def contact(username: str, employer: Employer, street: Area) -> User:
    """Create a user who reads the employer's cards in the browser."""
    holder = factories.user(username, name=f"{employer}联系人")
    Contact.objects.create(
        user=holder, employer=employer, street=street, since=timezone.localdate() - timedelta(days=9)
    )
    return holder


def offer(employer: Employer, place: Area, **fields: Any) -> Offer:
    fields = {"kind": Offer.Kind.VENUE, "title": "会议室", "text": "周末可用，能坐 60 人。"} | fields
    made = Offer(employer=employer, area=place, **fields)
    made.full_clean()
    made.save()
    return made


def webhook(employer: Employer, street: Area, url: str = "https://hooks.example/louzu", **fields: Any) -> Webhook:
    made = Webhook(employer=employer, street=street, url=url, **fields)
    made.make_secret()
    made.save()
    return made
