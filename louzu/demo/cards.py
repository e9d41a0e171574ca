"""Record cards of the demonstration street: half a year of them, in every status, and two employers who answer."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from django.db.models import Count, Q
from django.utils import timezone

from feedback.ground.periods import CardPeriod
from feedback.models import Contact, EmployerKey, Offer, RecordCard, Scope, Sender
from feedback.models.counterparts import Counterpart
from feedback.rules import agreeing, issuing, making, receiving, withdrawing
from feedback.rules.receiving import By
from louzu.demo.words import ANSWERS, OBJECTIONS, OFFERS, SENTENCES
from members.models import Area, Employer, User

# Shares of a community's cards, and of those of employers who read them; the rest stays issued.
DRAFTS, SHOWN, OBJECTED, AGREED = 0.02, 0.03, 0.006, 0.03
RETURNED, WITHDRAWN, RECEIVED = 0.03, 0.02, 0.85
SYSTEM, CONTACT = ("单位系统", "单位联系人")
Status = RecordCard.Status


def send_cards(street: Area, *, today: date) -> int:
    """Make the cards of the half year that ended last and send most of them; return how many there are."""
    period = CardPeriod.on(today, months=6).previous
    for area in Area.objects.inside(street).filter(level__lte=Area.Level.COMMUNITY):
        Sender.objects.create(area=area, contact=f"{area.name}党建办，电话 1990000{area.pk:04}")
    making.make(street, period)
    rng = Random(f"{street.name} 记录卡")
    for community in Area.objects.children_of(street):
        _send(rng, list(RecordCard.objects.filter(area=community).order_by("pk")))
    _date(period)
    return RecordCard.objects.of_period(period).count()


def two_employers(street: Area) -> tuple[str, str, str]:
    """Give the two largest employers access: one by a key, one by a login; return key, login and password."""
    by_key, by_hand = Employer.objects.annotate(n=Count("cards", filter=Q(cards__street=street))).order_by("-n", "pk")[
        :2
    ]
    _, text = EmployerKey.make(label=SYSTEM, employer=by_key, street=street, scopes=Scope.values)
    user = User(username=CONTACT, name=f"{by_hand}联系人")
    password = user.set_first_password()
    user.save()
    Contact.objects.create(user=user, employer=by_hand, street=street)
    rng = Random(f"{street.name} 单位")
    for employer, by in ((by_key, By()), (by_hand, By(user=user))):
        _answer(rng, Counterpart(employer.pk, street.pk), by)
        _offer(rng, employer, street)
    return text, user.username, password


def _send(rng: Random, cards: list[RecordCard]) -> None:
    """Advance a community's cards, each to its status."""
    rng.shuffle(cards)
    for card in cards:
        if rng.random() < 0.4:
            card.sentence = rng.choice(SENTENCES)
    RecordCard.objects.bulk_update(cards, ["sentence"], batch_size=200)
    _, rest = _split(cards, DRAFTS)
    before, rest = _split(rest, SHOWN + OBJECTED)
    agreeing.show_all([card.pk for card in (*before, *rest)])
    for card in before[: round(len(cards) * OBJECTED)]:
        agreeing.object_to(card, reason=rng.choice(OBJECTIONS))
    agreeing.agree_all([card.pk for card in rest], how=RecordCard.How.LINK)
    _, rest = _split(rest, AGREED)
    issuing.issue_all([card.pk for card in rest])
    for card in _split(rest, WITHDRAWN)[0]:
        withdrawing.withdraw(card, rng.choice((RecordCard.Withdrawal.MISTAKE, RecordCard.Withdrawal.CONSENT)))


def _answer(rng: Random, counterpart: Counterpart, by: By) -> None:
    """Acknowledge most cards and answer about half of these; return some, and make one of these anew."""
    cards = list(receiving.issued_to(counterpart).filter(status=Status.ISSUED).order_by("pk"))
    back, rest = _split(cards, RETURNED)
    for card in back:
        receiving.give_back(card, digest=card.digest, code=RecordCard.Return.LEFT_UNIT, text="已调往外区，请核对。")
    for card in rest[: round(len(rest) * RECEIVED)]:
        receiving.receive(card, digest=card.digest)
        if rng.random() < 0.5:
            receiving.answer(card, text=rng.choice(ANSWERS), thanks=rng.random() < 0.6, by=by)
    if back:
        making.remake(RecordCard.objects.select_related("area").get(pk=back[0].pk))


def _offer(rng: Random, employer: Employer, street: Area) -> None:
    places = [street, *Area.objects.children_of(street)]
    for kind, title, text in rng.sample(OFFERS, 2):
        Offer.objects.create(employer=employer, area=rng.choice(places), kind=kind, title=title, text=text)


def _split(cards: Sequence[RecordCard], share: float) -> tuple[Sequence[RecordCard], Sequence[RecordCard]]:
    """Return the first `share` of these, at least one if there are any, and the rest."""
    number = max(1, round(len(cards) * share))
    return cards[:number], cards[number:]


def _date(period: CardPeriod) -> None:
    """Date the cards' steps back by weeks: made after the period's end, then shown, then agreed to."""
    cards = RecordCard.objects.of_period(period)
    now = timezone.now()
    made, shown, agreed = (now - timedelta(days=days) for days in (40, 20, 12))
    cards.update(created_at=made)
    cards.filter(shown_at__isnull=False).update(shown_at=shown)
    cards.filter(agreed_at__isnull=False).update(agreed_at=agreed)
