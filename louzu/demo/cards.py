"""Record cards of the demonstration street: half a year of them, in every status, and employers who answer.

Communities are at different stages: the employers have answered nearly all cards of the first, the fifth has not issued
any. Some employers have never fetched theirs.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import cycle, groupby
from operator import attrgetter
from random import Random

from django.db.models import Count, Q
from django.utils import timezone

from feedback.ground.periods import CardPeriod
from feedback.models import Contact, EmployerKey, Feed, Offer, RecordCard, Scope, Sender
from feedback.models.counterparts import Counterpart
from feedback.rules import admitting, agreeing, issuing, making, receiving, withdrawing
from feedback.rules.receiving import By
from louzu.demo.clock import ago
from louzu.demo.communities import TRAITS, DemoCommunity
from louzu.demo.words import ANSWERS, OBJECTIONS, OFFERS, SENTENCES
from members.models import Area, Employer, User

# Shares of a community's cards, and of those of employers who read them; the rest stays issued.
DRAFTS, SHOWN, OBJECTED = 0.02, 0.03, 0.006
RETURNED, WITHDRAWN, RECEIVED, ANSWERED = 0.03, 0.02, 0.85, 0.5
NEARLY_ALL = 0.98  # received and answered of the first community's, by other employers than the two
SILENT = 6  # employers of these that never fetched
MADE_AGO, SHOWN_AGO, AGREED_AGO, ISSUED_AGO = 40, 20, 12, 10  # days
SYSTEM, TRIED, CONTACT = ("单位系统", "程序员试用", "单位联系人")
Status = RecordCard.Status


def send_cards(street: Area, *, today: date) -> int:
    """Make the cards of the half year that ended last and send most of them; return how many there are."""
    period = CardPeriod.on(today, months=6).previous
    for area in Area.objects.inside(street).filter(level__lte=Area.Level.COMMUNITY):
        Sender.objects.create(area=area, contact=f"{area.name}党建办，电话 1990000{area.pk:04}")
    making.make(street, period)
    rng = Random(f"{street.name} 记录卡")
    for community, traits in zip(Area.objects.children_of(street).order_by("path"), cycle(TRAITS)):
        _send(rng, list(RecordCard.objects.filter(area=community).order_by("pk")), traits, period)
    cards = RecordCard.objects.of_period(period)
    return cards.update(created_at=timezone.now() - _since(period, MADE_AGO))


def two_employers(street: Area) -> tuple[str, str, str]:
    """Give the two largest employers access: one by a key, one by a login; return key, login and password.

    They answer, and most of the others answer the first community.
    """
    by_key, by_hand = Employer.objects.annotate(n=Count("cards", filter=Q(cards__street=street))).order_by("-n", "pk")[
        :2
    ]
    key, text = EmployerKey.make(label=SYSTEM, employer=by_key, street=street, scopes=Scope.values)
    user = User(username=CONTACT, name=f"{by_hand}联系人")
    password = user.set_first_password()
    user.save()
    Contact.objects.create(user=user, employer=by_hand, street=street)
    rng = Random(f"{street.name} 单位")
    for employer, by in ((by_key, By(key=key)), (by_hand, By(user=user))):
        cards = list(receiving.issued_to(Counterpart(employer.pk, street.pk)).filter(status=Status.ISSUED))
        _answer(rng, _give_some_back(cards), by, RECEIVED, ANSWERED)
        _offer(rng, employer, street)
    _others_answer(rng, street)
    return text, user.username, password


def key_to_try(street: Area) -> str:
    """Give the first employer that has a key a test key too, and return it."""
    key = EmployerKey.objects.filter(street=street).select_related("employer").order_by("pk")[0]
    scopes, life = list(Scope.values), EmployerKey.LIFE
    _, text = admitting.give_key(
        employer=key.employer, street=street, label=TRIED, scopes=scopes, addresses="", life=life, is_test=True
    )
    return text


def _send(rng: Random, cards: list[RecordCard], traits: DemoCommunity, period: CardPeriod) -> None:
    """Advance a community's cards, each to its status."""
    rng.shuffle(cards)
    for card in cards:
        if rng.random() < 0.4:
            card.sentence = rng.choice(SENTENCES)
    RecordCard.objects.bulk_update(cards, ["sentence"], batch_size=200)
    _, rest = _split(cards, DRAFTS)
    before, rest = _split(rest, SHOWN + OBJECTED)
    with ago(_since(period, SHOWN_AGO)):
        agreeing.show_all([card.pk for card in (*before, *rest)])
    with ago(_since(period, AGREED_AGO)):
        for card in before[: round(len(cards) * OBJECTED)]:
            agreeing.object_to(card, reason=rng.choice(OBJECTIONS))
        rest, _ = _split(rest, traits.agreed)
        agreeing.agree_all([card.pk for card in rest], how=RecordCard.How.LINK)
    if not traits.issued:
        return
    with ago(_since(period, ISSUED_AGO)):
        rest, _ = _split(rest, traits.issued)
        issuing.issue_all([card.pk for card in rest])
        for card in _split(rest, WITHDRAWN)[0]:
            withdrawing.withdraw(card, rng.choice((RecordCard.Withdrawal.MISTAKE, RecordCard.Withdrawal.CONSENT)))


def _give_some_back(cards: Sequence[RecordCard]) -> Sequence[RecordCard]:
    """Return some cards to their communities, one of which is made anew, and keep the others."""
    back, rest = _split(cards, RETURNED)
    for card in back:
        receiving.give_back(card, digest=card.digest, code=RecordCard.Return.LEFT_UNIT, text="已调往外区，请核对。")
    if back:
        making.remake(RecordCard.objects.select_related("area").get(pk=back[0].pk))
    return rest


def _answer(rng: Random, cards: Sequence[RecordCard], by: By, received: float, answered: float) -> None:
    """Acknowledge a share of an employer's cards and answer a share of these, each on one of the days since."""
    period = cards[0].period
    on = rng.randint(2, ISSUED_AGO - 1)
    with ago(_since(period, on)):
        got = [card for card in cards if rng.random() < received]
        for card in got:
            receiving.receive(card, digest=card.digest)
    with ago(_since(period, rng.randint(0, on - 1))):
        for card in got:
            if rng.random() < answered:
                receiving.answer(card, text=rng.choice(ANSWERS), thanks=rng.random() < 0.6, by=by)
    Feed.objects.filter(employer=cards[0].employer_id, street=cards[0].street_id).update(fetched_at=timezone.now())


def _others_answer(rng: Random, street: Area) -> None:
    """Let most other employers answer the first community; the smallest have not even fetched its cards."""
    first = Area.objects.children_of(street).order_by("path")[0]
    waiting = RecordCard.objects.filter(area=first, status=Status.ISSUED, received_at=None).order_by("employer", "pk")
    sent = [list(some) for _, some in groupby(waiting, attrgetter("employer_id"))]
    sent.sort(key=len, reverse=True)
    for cards in sent[:-SILENT]:
        _answer(rng, cards, By(), NEARLY_ALL, NEARLY_ALL)


def _offer(rng: Random, employer: Employer, street: Area) -> None:
    places = [street, *Area.objects.children_of(street)]
    for kind, title, text in rng.sample(OFFERS, 2):
        Offer.objects.create(employer=employer, area=rng.choice(places), kind=kind, title=title, text=text)


def _split(cards: Sequence[RecordCard], share: float) -> tuple[Sequence[RecordCard], Sequence[RecordCard]]:
    """Return the first `share` of these, at least one if there are any, and the rest."""
    number = max(1, round(len(cards) * share))
    return cards[:number], cards[number:]


def _since(period: CardPeriod, days: int) -> timedelta:
    """Return these days as a time ago, fewer where the period ended only lately."""
    return timedelta(days=max(0, min(days, (timezone.localdate() - period.last).days - 1)))
