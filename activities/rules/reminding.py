"""Reminding: the street office reminds a community's secretary of a place where something due is missing now.

A reminder closes by itself: it is open while its place still owes the period and nothing was recorded in it, and until
a week after the period ended, so that what was held can still be recorded. Then the period is over, and the reports say
what was missed.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from activities.models import Reminder
from activities.models.reminders import PAUSE, sending_ranges
from activities.rules.due import DueArea, DuePeriod
from activities.rules.thin import ThinTier, tiers_of
from members.ground import access
from members.ground.access import PostKind
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.moments import midnight
from members.ground.rows import locked
from members.models import Area, AreaRole
from members.models.areas import GONE, SEGMENT, AreaQuerySet

NOW = {Area.Level.COMMUNITY: "本月", Area.Level.STATION: "本周", Area.Level.BUILDING_GROUP: "本季"}
BEFORE = {Area.Level.COMMUNITY: "上月", Area.Level.STATION: "上周", Area.Level.BUILDING_GROUP: "上季"}
WHAT = {Area.Level.COMMUNITY: "活动", Area.Level.STATION: "活动", Area.Level.BUILDING_GROUP: "活动或走访"}
NOTHING = "“{}”现在没有缺的，不用提醒。"
ALL_REMINDED = f"这里缺的地方，最近 {PAUSE.days} 天都已经提醒过了，不用再提醒。"


@dataclass(frozen=True, slots=True)
class OpenReminder:
    """A reminder that waits for something to be recorded; `url` is the form that records it."""

    area: DueArea
    period: DuePeriod
    sent_on: date
    sentence: str
    url: str


def may_remind(user: Any, path: str) -> bool:
    """Whether the user may remind the secretary of a place at this path."""
    return any(low <= path < high for low, high in sending_ranges(user))


def remind(area: Area, *, by: Any, today: date) -> Reminder:
    """Remind the secretary of one place; PermissionDenied to anybody below the street office.

    ValidationError where nothing is missing now, the place was reminded of within a week, or it is closed.
    """
    _require(by, area)
    with atomic_write():
        stored = locked(Area.objects.all(), area.pk, gone=GONE)
        if stored.until and stored.until <= today:
            raise ValidationError(f"“{stored.name}”已经停用，不用提醒。")
        tier = _tier(stored, Area.objects.filter(pk=stored.pk), stored.level, today)
        if day := _sent_lately(stored, today).get(stored.pk):
            again = f"满 {PAUSE.days} 天才能再提醒"
            raise ValidationError(f"“{stored.name}”{day.month}月{day.day}日已经提醒过了，{again}。")
        reminder = Reminder(area=stored, first=tier.now.first, last=tier.now.last, sent_by=by)
        reminder.full_clean()
        reminder.save()
    return reminder


def remind_all(area: Area, *, level: int, by: Any, today: date) -> list[Reminder]:
    """Remind the secretary of all places of this level in the area that miss something now and can be reminded of.

    ValidationError where there is none. One entry in the trail tells of all.
    """
    _require(by, area)
    if level not in WHAT:
        raise ValidationError(NOTHING.format(area.name))
    with atomic_write():
        rows = Area.objects.inside(area).filter(level=level)
        list(rows.order_by("path").select_for_update(no_key=True).values_list("pk"))
        tier, sent = _tier(area, rows, level, today), _sent_lately(area, today)
        waiting = [place.area.pk for place in tier.missing if place.area.pk not in sent]
        if not waiting:
            raise ValidationError(ALL_REMINDED)
        made = [Reminder(area_id=pk, first=tier.now.first, last=tier.now.last, sent_by=by) for pk in waiting]
        Reminder.objects.bulk_create(made)
        record("create", Reminder, path=area.path, changes={"areas": len(made), "level": int(level)})
    return made


def open_reminders(user: Any, today: date) -> list[OpenReminder]:
    """Return the reminders that wait for this user, the secretary of the place's community; one a place and period.

    One query.
    """
    mine = [access.subtree(path) for kind, path in access.posts_of(user) if kind == PostKind.SECRETARY]
    rows = Reminder.objects.filter(access.within("area__path", mine)).recent(today).waiting()
    columns = [f"area__{name}" for name in DueArea._fields]
    found: dict[tuple[int, date], OpenReminder] = {}
    for *place, first, last, sent_at in rows.order_by("area__path", "first", "sent_at").values_list(
        *columns, "first", "last", "sent_at"
    ):
        area, period = DueArea(*place), DuePeriod("", first, last)
        if first <= today and area.owes(period):
            found[area.pk, first] = _open(area, period, timezone.localdate(sent_at), today)
    return list(found.values())


def has_reader(area: Area, today: date) -> bool:
    """Whether the area's community has a secretary who can log in."""
    posts = AreaRole.objects.on(today).filter(kind=PostKind.SECRETARY, user__is_active=True)
    return posts.filter(area__path=area.path[: Area.Level.COMMUNITY * SEGMENT]).exists()


def last_sent(area: Area, today: date) -> dict[int, date]:
    """Return {id of an area inside this one: the day of the last reminder of a period that is not over}."""
    rows = Reminder.objects.inside(area).filter(last__gte=today).order_by()
    return {pk: timezone.localdate(at) for pk, at in rows.values_list("area").annotate(Max("sent_at"))}


def can_be_reminded(sent_on: date | None, today: date) -> bool:
    """Whether a place with this last reminder may be reminded of again."""
    return sent_on is None or sent_on <= today - PAUSE


def _require(user: Any, area: Area) -> None:
    if not may_remind(user, area.path):
        raise PermissionDenied("提醒由街道发出。")


def _tier(area: Area, rows: AreaQuerySet, level: int, today: date) -> ThinTier:
    """Return the places of a level; ValidationError where none misses anything now. Whatever is missing is open."""
    [tier] = tiers_of(area, rows, [Area.Level(level)], today)
    if not tier.missing:
        raise ValidationError(NOTHING.format(area.name))
    return tier


def _sent_lately(area: Area, today: date) -> dict[int, date]:
    """Return the areas inside this one that were reminded of within the pause, and the day."""
    since = midnight(today - PAUSE + timedelta(days=1))
    rows = Reminder.objects.inside(area).filter(sent_at__gte=since).order_by("sent_at")
    return {pk: timezone.localdate(at) for pk, at in rows.values_list("area", "sent_at")}


def _open(area: DueArea, period: DuePeriod, sent_on: date, today: date) -> OpenReminder:
    level, is_running = Area.Level(area.level), period.is_running(today)
    name = area.label.partition(" ")[2] or area.name
    said = f"{NOW[level]}还没有{WHAT[level]}" if is_running else f"{BEFORE[level]}没有{WHAT[level]}，办过的请补登记"
    day = today if is_running else period.last
    url = f"{reverse('activities:add')}?area={area.pk}&on={day}"
    return OpenReminder(area, period, sent_on, f"街道提醒：{name}{said}", url)
