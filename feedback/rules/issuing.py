"""Issuing: number the card, freeze its body, add it to the employer's feed; never without its member's consent."""

from collections.abc import Sequence
from itertools import groupby

from django.utils import timezone
from django_tasks import task

from feedback.feed import feed
from feedback.feed.body import digest_of, render
from feedback.models import IssueRun, NumberSeries, RecordCard
from feedback.models.senders import contacts_of
from feedback.rules.agreeing import MovedOn, left_behind, require
from members.ground.access import Right
from members.ground.atomic import atomic_write
from members.ground.audit import acting, record
from members.ground.beats import Heart
from members.ground.history import batches
from members.models import Area, Consent, User
from members.work.jobs import enqueue

AT_ONCE = 300
HAS_LEFT = "发往的单位已不是本人现在的单位，不能再发过去。请不发这张卡，再重新生成一张。"


def issue(card: RecordCard) -> None:
    """Issue one card; Conflict where its member has not agreed, or has left the employer."""
    require(issue_all([card.pk]))


def issue_all(pks: Sequence[int]) -> MovedOn:
    """Issue those of these cards (ids) that are agreed, in one transaction; the others stay as they are.

    A card whose member has left the employer stays too: it does not concern that employer any more.
    """
    with atomic_write():
        cards = _ready(pks)
        left = left_behind(pks, cards, otherwise="本人同意以后才能发出。", agreed=HAS_LEFT)
        if cards:
            _freeze(cards)
            ready = RecordCard.objects.filter(status=RecordCard.Status.AGREED)
            for card in cards:
                card.status = RecordCard.Status.ISSUED
            ready.bulk_update(cards, ["status", "number", "body", "digest", "issued_at"], batch_size=100)
            feed.add_events(cards)
            for path, some in groupby(cards, key=lambda card: card.area.path):
                numbers = [card.number for card in some]
                record("change", RecordCard, path=path, changes={"status": ["agreed", "issued"], "numbers": numbers})
    return MovedOn(len(cards), left)


def start(area: Area, pks: Sequence[int], *, user: User) -> IssueRun | None:
    """Issue the agreed ones of these cards (ids) in the background, and return the run; None where none is agreed.

    A second call for the same cards returns the run that is under way.
    """
    with atomic_write():
        Area.objects.select_for_update(no_key=True).get(pk=area.pk)
        agreed = RecordCard.objects.filter(pk__in=pks, status=RecordCard.Status.AGREED)
        cards = list(agreed.order_by("area__path", "pk").values_list("pk", flat=True))
        busy = IssueRun.objects.for_user(user).filter(user=user, status=IssueRun.Status.RUNNING, cards=cards)
        run = busy.first() if cards else None
        if cards and run is None:
            run = IssueRun.objects.create(area=area, user=user, cards=cards)
            enqueue(run_issue, run.pk)
    return run


@task()
def run_issue(pk: int) -> None:
    """Issue a run's cards, 300 a transaction; each transaction also saves how far the run is.

    After a worker was killed, the next one continues behind the last part. A run marked as stopped issues nothing,
    because its user was told to start another.
    """
    run = IssueRun.objects.select_related("user").get(pk=pk)
    if not run.beat():
        return
    mine = RecordCard.objects.for_user(run.user, Right.WRITE).filter(pk__in=run.cards)
    known = set(mine.values_list("pk", flat=True))
    with acting(run.user), Heart(run.beat):
        for part in batches(run.cards[run.issued + run.skipped :], AT_ONCE):
            _issue_part(run, [card for card in part if card in known], of=len(part))
        with atomic_write():
            run.advance(IssueRun.Status.DONE)


def _issue_part(run: IssueRun, cards: list[int], *, of: int) -> None:
    with atomic_write():
        done = issue_all(cards).done
        run.issued, run.skipped, run.beat_at = run.issued + done, run.skipped + of - done, timezone.now()
        run.save(update_fields=["issued", "skipped", "beat_at"])


def _ready(pks: Sequence[int]) -> list[RecordCard]:
    """Return the cards that may be issued, locked; consents are locked first, as when one is withdrawn."""
    agreed = RecordCard.objects.filter(pk__in=pks, status=RecordCard.Status.AGREED)
    consents = Consent.objects.in_force(Consent.Purpose.CARDS).filter(pk__in=agreed.values("consent"))
    in_force = {consent.pk for consent in consents.order_by("pk").select_for_update(no_key=True)}
    rows = agreed.locked().select_related("member", "employer", "area", "supersedes")
    ready = rows.for_present_employers().order_by("area__path", "pk")
    return [card for card in ready if card.consent_id in in_force]


def _freeze(cards: list[RecordCard]) -> None:
    now = timezone.now()
    day = timezone.localdate(now)
    for path, some in groupby(cards, key=lambda card: card.area.street_path):
        street, of_street = Area.objects.get(path=path), list(some)
        contacts = contacts_of(street)
        numbers = NumberSeries.take(street, day.year, len(of_street))
        for card, number in zip(of_street, numbers, strict=True):
            card.number, card.issued_at = number, now
            card.body = render(card, number=number, street=street.name, contacts=contacts, day=day)
            card.digest = digest_of(card.body)
