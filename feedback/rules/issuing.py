"""Issuing: number the card, freeze its body, add it to the employer's feed; never without its member's consent.

The office's word comes first: `send_all` and `start`. With `ISSUE_DELAY` the cards then wait in a run, and `stop_all`
takes them back. When the time is up the worker issues those that are still agreed, consented to and in that run.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from django.conf import settings
from django.utils import timezone
from django_tasks import task

from feedback.feed import feed
from feedback.feed.body import digest_of, render
from feedback.models import IssueRun, NumberSeries, RecordCard
from feedback.models.cards import RecordCardQuerySet
from feedback.models.senders import contacts_of
from feedback.rules.agreeing import MovedOn, left_behind, require
from feedback.rules.holding import note_held
from members.ground import access
from members.ground.access import Right
from members.ground.atomic import atomic_write
from members.ground.audit import acting, record
from members.ground.beats import Heart
from members.ground.history import batches
from members.ground.states import Conflict
from members.models import Area, Consent, User
from members.work.jobs import enqueue

AT_ONCE = 300
NO_CONSENT = "本人同意以后才能发出。"
HAS_LEFT = "发往的单位已不是本人现在的单位，不能再发过去。请不发这张卡，再重新生成一张。"
IS_LEAVING = "已经在等着发出了，到时间自己发出。"
NOT_LEAVING = "没有在等着发出，不用停止。"
TOO_LATE = "已经开始发出，停不下来了。要收回，请用“撤回”。"
NOT_STOPPED = {
    IssueRun.Status.WAITING: "这一批里没有您能停止的卡。",
    IssueRun.Status.RUNNING: f"这一批{TOO_LATE}",
    IssueRun.Status.DONE: "这一批已经发出，停不下来了。要收回，请用“撤回”。",
    IssueRun.Status.HELD: "这一批已经停止发出，不用再停。",
    IssueRun.Status.STOPPED: "这一批已经中断，没有在发。",
}


def issue(card: RecordCard) -> None:
    """Issue one card; Conflict where its member has not agreed, or has left the employer."""
    require(issue_all([card.pk]))


def issue_all(pks: Sequence[int], *, run: IssueRun | None = None) -> MovedOn:
    """Issue those of these cards (ids) that are agreed, in one transaction; the others stay as they are.

    A card whose member has left the employer stays too: it does not concern that employer any more. So does a card that
    waits in another run than this one.
    """
    with atomic_write():
        cards = _ready(pks, run)
        left = _left(pks, cards)
        if cards:
            _freeze(cards)
            ready = RecordCard.objects.filter(status=RecordCard.Status.AGREED)
            for card in cards:
                card.status, card.leaving = RecordCard.Status.ISSUED, None
            fields = ["status", "leaving", "number", "body", "digest", "issued_at"]
            ready.bulk_update(cards, fields, batch_size=100)
            feed.add_events(cards)
            for path, some in groupby(cards, key=lambda card: card.area.path):
                numbers = [card.number for card in some]
                record("change", RecordCard, path=path, changes={"status": ["agreed", "issued"], "numbers": numbers})
    return MovedOn(len(cards), left)


def send(card: RecordCard, *, user: User) -> None:
    """Send one card, as `send_all` does; Conflict with the reason where it cannot leave."""
    require(send_all([card.pk], user=user))


def send_all(pks: Sequence[int], *, user: User) -> MovedOn:
    """Let those of these cards (ids) leave that may: after the delay, one run a street; without a delay at once."""
    if not settings.ISSUE_DELAY:
        return issue_all(pks)
    IssueRun.objects.bury_the_silent()
    with atomic_write():
        cards = _ready(pks)
        left = _left(pks, cards)
        for _, some in groupby(cards, key=lambda card: card.area.street_path):
            _queue(list(some), user)
    return MovedOn(len(cards), left)


def start(area: Area, pks: Sequence[int], *, user: User) -> IssueRun | None:
    """Let these cards (ids) leave by a run in the background, and return it; None where none may leave.

    A second call for the same cards returns the run that is under way.
    """
    IssueRun.objects.bury_the_silent()
    with atomic_write():
        Area.objects.select_for_update(no_key=True).get(pk=area.pk)
        if cards := _ready(pks):
            return _queue(cards, user, area)
        waiting = RecordCard.objects.filter(pk__in=pks).exclude(leaving=None)
        known = IssueRun.objects.for_user(user).under_way().filter(user=user, leaving_cards__in=waiting)
        return known.order_by("pk").first()


def sendable(pks: Sequence[int]) -> RecordCardQuerySet:
    """Return those of these cards (ids) that would leave now: agreed, consented to, to their members' employer."""
    in_force = Consent.objects.in_force(Consent.Purpose.CARDS).values("pk")
    return _agreed(pks).for_present_employers().filter(consent__in=in_force)


def minutes() -> int:
    """Return how many minutes cards wait before they leave."""
    return round(settings.ISSUE_DELAY.total_seconds() / 60)


def told_sent(count: int) -> str:
    """Return the sentence about this many cards that were sent just now."""
    if wait := minutes():
        return f"{count} 张将在 {wait} 分钟后发给单位，在这以前单位看不到，可以停止发出。"
    return f"已发出 {count} 张。"


def around(paths: Sequence[str]) -> Area | None:
    """Return the smallest area around these paths; its users may see the run."""
    return Area.objects.filter(path=access.above_all(paths)).first() if paths else None


def stop(card: RecordCard) -> None:
    """Stop one card that waits to leave; Conflict where it does not wait any more."""
    require(stop_all([card.pk]))


def stop_all(pks: Sequence[int]) -> MovedOn:
    """Take back those of these cards (ids) that wait to leave: they are agreed as before, and leave with no run.

    A run that has begun keeps its cards: of this and the worker's beginning, whichever is first wins.
    """
    with atomic_write():
        mine = RecordCard.objects.filter(pk__in=pks).exclude(leaving=None)
        runs = list(
            IssueRun.objects.waiting()
            .filter(pk__in=mine.values("leaving"))
            .order_by("pk")
            .select_for_update(no_key=True)
        )
        rows = mine.filter(leaving__in=runs).select_related("area").order_by("area__path", "leaving", "pk").locked()
        cards = list(rows)
        note_held(cards)
        RecordCard.objects.filter(pk__in=[card.pk for card in cards]).update(leaving=None)
        for (path, _), some in groupby(cards, key=lambda card: (card.area.path, card.leaving_id)):
            of_place = list(some)
            changes = {"leaving_id": [of_place[0].leaving_id, None], "cards": [card.pk for card in of_place]}
            record("change", RecordCard, path=path, changes=changes)
        for run in runs:
            if not run.leaving_cards.exists():
                run.advance(IssueRun.Status.HELD)
        left = left_behind(pks, cards, agreed=_why_not_stopped(pks), otherwise=NOT_LEAVING, issued=TOO_LATE)
    return MovedOn(len(cards), left)


@task()
def begin_due() -> None:
    """Begin the runs whose time is up; one that is stopped at this moment is left alone."""
    for run in IssueRun.objects.waiting().filter(leaves_at__lte=timezone.now()).order_by("pk"):
        with atomic_write():
            try:
                run.advance(IssueRun.Status.RUNNING)
            except Conflict:
                continue
            enqueue(run_issue, run.pk)


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
            run.leaving_cards.update(leaving=None)
            run.advance(IssueRun.Status.DONE)


def _issue_part(run: IssueRun, cards: list[int], *, of: int) -> None:
    with atomic_write():
        done = issue_all(cards, run=run).done
        run.issued, run.skipped, run.beat_at = run.issued + done, run.skipped + of - done, timezone.now()
        run.save(update_fields=["issued", "skipped", "beat_at"])


def _queue(cards: list[RecordCard], user: User, area: Area | None = None) -> IssueRun:
    """Put these locked cards of one street into a new run, and let the worker know."""
    area = area or around([card.area.path for card in cards])
    assert area
    pks = [card.pk for card in cards]
    run = IssueRun.objects.create(area=area, user=user, cards=pks, **_times())
    for part in batches(pks):
        RecordCard.objects.filter(pk__in=part).update(leaving=run)
    if run.leaves_at:
        for path, some in groupby(cards, key=lambda card: card.area.path):
            changes = {"leaving_id": [None, run.pk], "cards": [card.pk for card in some]}
            record("change", RecordCard, path=path, changes=changes)
        enqueue(begin_due)  # nothing is due yet: it lets the worker look when to come back
    else:
        enqueue(run_issue, run.pk)
    return run


def _times() -> dict[str, datetime | str]:
    if not settings.ISSUE_DELAY:
        return {}
    return {"status": IssueRun.Status.WAITING, "leaves_at": timezone.now() + settings.ISSUE_DELAY}


def _agreed(pks: Sequence[int], run: IssueRun | None = None) -> RecordCardQuerySet:
    """Return those of these cards that are agreed and in this run; without one, in none."""
    return RecordCard.objects.filter(pk__in=pks, status=RecordCard.Status.AGREED, leaving=run)


def _ready(pks: Sequence[int], run: IssueRun | None = None) -> list[RecordCard]:
    """Return the cards that may be issued, locked; consents are locked first, as when one is withdrawn."""
    agreed = _agreed(pks, run)
    consents = Consent.objects.in_force(Consent.Purpose.CARDS).filter(pk__in=agreed.values("consent"))
    in_force = {consent.pk for consent in consents.order_by("pk").select_for_update(no_key=True)}
    rows = agreed.locked().select_related("member", "employer", "area", "supersedes")
    ready = rows.for_present_employers().order_by("area__path", "pk")
    return [card for card in ready if card.consent_id in in_force]


def _left(pks: Sequence[int], cards: list[RecordCard]) -> dict[str, int]:
    """Count the cards that stay, by the reason; those that wait in a run already have their own."""
    ready = {card.pk for card in cards}
    waiting = set(RecordCard.objects.filter(pk__in=pks).exclude(leaving=None).values_list("pk", flat=True)) - ready
    left = left_behind([pk for pk in pks if pk not in waiting], cards, otherwise=NO_CONSENT, agreed=HAS_LEFT)
    return left | ({IS_LEAVING: len(waiting)} if waiting else {})


def _why_not_stopped(pks: Sequence[int]) -> str:
    """Return why agreed cards were not stopped: their run has begun, or they were in none."""
    has_begun = RecordCard.objects.filter(pk__in=pks).exclude(leaving=None).exists()
    return TOO_LATE if has_begun else NOT_LEAVING


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
