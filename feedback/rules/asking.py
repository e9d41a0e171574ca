"""Asking many members at once: a code for all who live in a place, or who came to an activity.

Whoever scans it gives a name and the last four digits of a phone. Only both together open the member's card; anything
else gets one and the same answer, after the same work: a made-up name, wrong digits, a member without a card, a locked
card. Wrong digits count against the cards of that name as they do at a link, and every wrong answer counts against the
code, which after 200 opens nothing.
"""

import secrets
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from activities.models import Activity, Attendance
from feedback.ground.periods import CardPeriod
from feedback.models import CardCode, RecordCard
from feedback.models.cards import RecordCardQuerySet
from feedback.rules.agreeing import MOST_TRIES, MovedOn, correct_all, show_all
from members.ground import access
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.names import LONGEST, fold_name
from members.models import Area, Member, Residence
from members.models.areas import SEGMENT

COMMUNITY = Area.Level.COMMUNITY * SEGMENT
Status = RecordCard.Status
WAITING = (Status.DRAFT, Status.SHOWN)
LATELY, MOST_ACTIVITIES = timedelta(days=60), 10
NOBODY = "这里没有等本人确认的卡，没有生成确认码。"
WRONG_DAY = "最后一天请选今天到 {} 天以内。"


class Asker(NamedTuple):
    """Who asks a member: street and community, and how to reach them, as the card itself will say."""

    place: str
    contacts: list[str]


class Askable(NamedTuple):
    """A place or an activity, with the number of members whose cards could be asked about there."""

    target: Area | Activity
    label: str
    members: int

    @property
    def key(self) -> str:
        """What stands for it in a form."""
        return f"{self.target._meta.model_name}-{self.target.pk}"


def asker_of(area: Area) -> Asker:
    """Return who asks for the cards of this area, in one query."""
    paths = [path for path in (*area.paths_above, area.path) if len(path) <= COMMUNITY]
    areas = list(Area.objects.filter(path__in=paths).select_related("sender").order_by("path"))
    contacts = [f"{each.name}：{each.sender.contact}" for each in reversed(areas) if _has_contact(each)]
    return Asker(" ".join(each.name for each in areas), contacts)


def _has_contact(area: Area) -> bool:
    sender = getattr(area, "sender", None)
    return bool(sender and sender.contact)


def cards_at(place: Area, activity: Activity | None, period: CardPeriod) -> RecordCardQuerySet:
    """Return the period's cards of those who live in the place, and who came to the activity if there is one."""
    ours = access.subtree(place.path[:COMMUNITY])
    cards = RecordCard.objects.filter(access.within("area__path", [ours])).of_period(period)
    if len(place.path) > COMMUNITY:
        homes = Residence.objects.inside(place).current()
        cards = cards.filter(Exists(homes.filter(member=OuterRef("member"))))
    if activity:
        cards = cards.filter(Exists(Attendance.objects.filter(activity=activity, member=OuterRef("member"))))
    return cards


def ask_with_code(
    place: Area, activity: Activity | None, period: CardPeriod, *, ends_on: date
) -> tuple[CardCode, MovedOn]:
    """Show the drafts there to their members and return the code with which they find them; the open one, if any.

    Cards whose link has expired or is locked are shown again. ValidationError where no card waits, or for the day.
    """
    today = timezone.localdate()
    if not today <= ends_on <= today + timedelta(days=settings.CARD_LINK_DAYS):
        raise ValidationError({"ends_on": WRONG_DAY.format(settings.CARD_LINK_DAYS)})
    with atomic_write():
        Area.objects.select_for_update(no_key=True).get(pk=place.pk)  # of two calls at once the second finds the code
        moved = _show(cards_at(place, activity, period))
        same = {"place": place, "activity": activity, "first_day": period.first, "last_day": period.last}
        code: CardCode | None = CardCode.objects.select_for_update(no_key=True).filter(closed_at=None, **same).first()
        if code and not code.is_open:
            code.close()
            code = None
        code = code or CardCode(**same, secret_code=secrets.token_urlsafe(16))
        code.ends_on = ends_on
        code.save()
    return code, moved


def find_cards(code: CardCode, *, name: str, phone_end: str) -> list[RecordCard]:
    """Return the cards of the one member whom name and digits mean, empty where they mean nobody or several.

    What does not open a card takes the same queries whatever was typed.
    """
    known = fold_name(name)[:LONGEST]
    named = cards_at(code.place, code.activity, code.period).open_by_link()
    named = named.filter(member__name=known, wrong_tries__lt=MOST_TRIES)
    namesakes = Member.objects.filter(name=known, street__path=code.place.street_path).only("phone_sealed")
    with atomic_write():
        found = named.select_related("member").only("status", "shown_at", "member__phone_sealed")
        cards = list(found.order_by("pk").locked())
        meant = {one.pk for one in namesakes if constant_time_compare(one.phone[-4:], phone_end)}
        right = [card for card in cards if {card.member_id} == meant]
        if right:
            RecordCard.objects.filter(pk__in=[card.pk for card in right]).update(wrong_tries=0)
            return right
        named.update(wrong_tries=F("wrong_tries") + 1)
        CardCode.objects.filter(pk=code.pk).update(wrong=F("wrong") + 1)
        record("refuse", code, changes={"call": "digits"})
    return []


def places_to_ask(area: Area, period: CardPeriod) -> list[Askable]:
    """Return the communities of a street with cards that wait, or a community and its building groups, by path."""
    waiting = _waiting(area, period)
    members = dict(waiting.values_list("area").annotate(members=Count("member", distinct=True)))
    if area.level == Area.Level.COMMUNITY:
        homes = Residence.objects.inside(area).current().filter(member__in=waiting.values("member")).order_by()
        members |= dict(homes.values_list("area").annotate(members=Count("member", distinct=True)))
    places = Area.objects.filter(pk__in=members).order_by("path")
    return [Askable(place, place.label, members[place.pk]) for place in places]


def activities_to_ask(area: Area, period: CardPeriod, *, user: Any) -> list[Askable]:
    """Return the latest activities to which members came whose cards wait."""
    today = timezone.localdate()
    came = Q(attendances__member__in=_waiting(area, period).values("member"))
    lately = Activity.objects.for_user(user).between(today - LATELY, today)
    rows = lately.annotate(waiting=Count("attendances", filter=came)).filter(waiting__gt=0)
    return [
        Askable(row, f"{row}（{row.held_on:%m-%d}）", row.waiting)
        for row in rows.order_by("-held_on", "-pk")[:MOST_ACTIVITIES]
    ]


def _waiting(area: Area, period: CardPeriod) -> RecordCardQuerySet:
    return cards_at(area, None, period).filter(status__in=WAITING).order_by()


def _show(cards: RecordCardQuerySet) -> MovedOn:
    """Show the drafts among these cards, and again those that their members cannot open any more."""
    shown = cards.filter(status=Status.SHOWN)
    useless: Sequence[int] = [
        *shown.exclude(pk__in=cards.open_by_link().values("pk")).values_list("pk", flat=True),
        *shown.filter(wrong_tries__gte=MOST_TRIES).values_list("pk", flat=True),
    ]
    correct_all(useless)
    moved = show_all(list(cards.filter(status=Status.DRAFT).values_list("pk", flat=True)))
    if not cards.filter(status=Status.SHOWN).exists():
        raise ValidationError(f"{NOBODY}{moved}")
    return moved
