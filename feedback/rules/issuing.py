"""Issuing: the body is frozen, numbered and put on the employer's feed. No card leaves without its member's consent."""

from collections.abc import Sequence
from itertools import groupby

from django.utils import timezone
from django_tasks import task

from feedback.feed import feed
from feedback.feed.body import digest_of, render
from feedback.models import IssueRun, NumberSeries, RecordCard
from feedback.models.senders import contacts_of
from feedback.rules.agreeing import MovedOn
from members.ground.access import Right
from members.ground.atomic import atomic_write
from members.ground.audit import acting, record
from members.ground.beats import Heart
from members.ground.history import batches
from members.ground.states import Conflict
from members.models import Area, Consent, User
from members.work.jobs import enqueue

AT_ONCE = 300


def issue(card: RecordCard) -> None:
    """Issue one card; Conflict where its member has not agreed, or has left the employer."""
    if not issue_all([card.pk]).done:
        card.refresh_from_db(fields=["status"])
        has_left = not RecordCard.objects.filter(pk=card.pk).for_present_employers().exists()
        if card.status == RecordCard.Status.AGREED and has_left:
            raise Conflict(f"本人现在的单位已不是{card.employer}，这张卡不能再发过去。请不发这张卡，再重新生成一张。")
        raise Conflict(f"“{card}”现在是“{card.get_status_display()}”，本人同意以后才能发出。")


def issue_all(pks: Sequence[int]) -> MovedOn:
    """Issue those of these cards (ids) whose members agree, in one transaction; the others stay as they are.

    A card for an employer that its member has left since is none of its business any more.
    """
    with atomic_write():
        cards = _ready(pks)
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
    return MovedOn(done=len(cards), skipped=len(pks) - len(cards))


def start(area: Area, pks: Sequence[int], *, user: User) -> IssueRun:
    """Issue many cards (ids) in the background."""
    with atomic_write():
        run = IssueRun.objects.create(area=area, user=user, cards=list(pks))
        enqueue(run_issue, run.pk)
    return run


@task()
def run_issue(pk: int) -> None:
    """Issue a run's cards, some hundred a transaction; each part counts with its commit.

    So a worker that takes the run up from one that was killed goes on behind the last part. A run that was said to
    have stopped issues nothing: its user was told to begin another.
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
    """Those that may leave, locked; their consents are locked first, as by whoever takes one back."""
    agreed = RecordCard.objects.filter(pk__in=pks, status=RecordCard.Status.AGREED)
    consents = Consent.objects.in_force(Consent.Purpose.CARDS).filter(pk__in=agreed.values("consent"))
    standing = {consent.pk for consent in consents.order_by("pk").select_for_update(no_key=True)}
    rows = agreed.held().select_related("member", "employer", "area", "supersedes")
    ready = rows.for_present_employers().order_by("area__path", "pk")
    return [card for card in ready if card.consent_id in standing]


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
