"""The counts of an area's month, for the area itself and for each area one level down.

The counts of a part are those of everything in it; what is the area's own (its own activities and needs) is a part
too. So the parts add up to the whole. Members who came to an activity are the exception: whoever moved from one part to
another within the month counts in both, and in the whole once.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from statistics import median
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import Substr
from django.utils import timezone

from activities.models import Activity, Need, Visit
from activities.models.visits import unvisited
from activities.rules.participation import participation
from feedback.models import RecordCard
from louzu.rules.monthly_due import due_in
from members.ground import access
from members.ground.dated import valid_on
from members.ground.moments import moments_of
from members.models import Area, Pairing
from members.models.areas import SEGMENT
from members.rules.coverage import CoverageFigures, coverage

TIERS = {
    Area.Level.STREET: "at_street",
    Area.Level.COMMUNITY: "at_community",
    Area.Level.STATION: "at_station",
    Area.Level.BUILDING_GROUP: "at_group",
}
DUE = {Area.Level.COMMUNITY: "months", Area.Level.STATION: "weeks", Area.Level.BUILDING_GROUP: "quarters"}
OF_COVERAGE = ("members", "taking_part", "communities", "groups", "established")
OF_EVENTS = (
    "activities", *TIERS.values(), "attendances", "residents", "pairings", "pairings_begun", "pairings_ended",
    "unvisited", "visits", "needs_opened", "needs_done", "needs_open", "cards_issued", "cards_received",
    "cards_answered",
)  # fmt: skip
OF_DUE = tuple(f"{name}_{end}" for name in DUE.values() for end in ("done", "due"))
OF_PEOPLE = ("lived", "participants")  # the only counts that do not add up
ADDITIVE = (*OF_COVERAGE, *OF_EVENTS, *OF_DUE)
COUNTED = (*ADDITIVE, *OF_PEOPLE)
WHOLE = ""
Counts = dict[str, Any]
ByPart = dict[str, Counts]


def counts_of(area: Area, first: date, last: date, *, today: date) -> ByPart:
    """Return the counts of these days by the path of the part; the whole's stand under "".

    `median_days` is None where no need was done. Thirteen queries, whatever the size.
    """
    parts: ByPart = defaultdict(lambda: dict.fromkeys(COUNTED, 0) | {"median_days": None})
    _count_activities(parts, area, first, last)
    _count_due(parts, area, first, last, today)
    _count_pairings(parts, area, first, last)
    days = _count_needs(parts, area, first, last)
    _count_cards(parts, area, first, last)
    cover = coverage(area, areas=Area.objects.all(), day=last)
    for row in cover.rows:
        _cover(parts[row.area.path], row.figures)
    whole = dict.fromkeys(COUNTED, 0) | {name: sum(part[name] for part in parts.values()) for name in ADDITIVE}
    _cover(whole, cover.figures)
    whole["median_days"] = median(days) if days else None
    parts[WHOLE] = whole
    _count_people(parts, area, first, last)
    return dict(parts)


def _part(area: Area, column: str = "area__path") -> Substr:
    """Return an expression for the path of the part that a row lies in."""
    return Substr(column, 1, (area.level + 1) * SEGMENT)


def _cover(counts: Counts, figures: CoverageFigures) -> None:
    counts.update({name: getattr(figures, name) for name in OF_COVERAGE})


def _add(parts: ByPart, names: Iterable[str], rows: Iterable[Any]) -> None:
    for path, *found in rows:
        for name, count in zip(names, found, strict=True):
            parts[path][name] += count or 0


def _count_activities(parts: ByPart, area: Area, first: date, last: date) -> None:
    held = Activity.objects.held().inside(area).between(first, last).with_came().annotate(part=_part(area)).order_by()
    sums = {"held": Count("pk"), "all_came": Sum("came"), "reached": Sum("residents_reached")}
    rows = held.values_list("part", "area__level").annotate(**sums)
    for path, level, *found in rows:
        _add(parts, ("activities", "attendances", "residents", TIERS[level]), [(path, *found, found[0])])


def _count_due(parts: ByPart, area: Area, first: date, last: date, today: date) -> None:
    for path, level, progress in due_in(area, first, last, today):
        names = [f"{DUE[Area.Level(level)]}_{end}" for end in ("done", "due")]
        _add(parts, names, [(path[: (area.level + 1) * SEGMENT], progress.done, progress.due)])


def _count_pairings(parts: ByPart, area: Area, first: date, last: date) -> None:
    pairings = Pairing.objects.inside(area).annotate(part=_part(area, "household__area__path")).order_by()
    counted = {
        "pairings": Count("pk", filter=valid_on(last)),
        "begun": Count("pk", filter=Q(since__range=(first, last))),
        "ended": Count("pk", filter=Q(until__range=(first, last))),
        "lonely": Count("pk", filter=valid_on(last) & unvisited(last)),
    }
    names = ("pairings", "pairings_begun", "pairings_ended", "unvisited")
    _add(parts, names, pairings.values_list("part").annotate(**counted))
    visits = Visit.objects.inside(area).filter(visited_on__range=(first, last)).order_by()
    by_part = visits.annotate(part=_part(area, "pairing__household__area__path")).values_list("part")
    _add(parts, ("visits",), by_part.annotate(Count("pk")))


def _count_needs(parts: ByPart, area: Area, first: date, last: date) -> list[int]:
    """Count needs as they were on the last day; return the days that those done in the month took."""
    begin, end = moments_of(first, last)
    alive = Need.objects.inside(area).filter(
        Q(done_at=None) | Q(done_at__gte=begin), Q(withdrawn_at=None) | Q(withdrawn_at__gte=begin), opened_on__lte=last
    )
    days: dict[str, list[int]] = defaultdict(list)
    for path, opened_on, done_at, withdrawn_at in (
        alive.annotate(part=_part(area)).order_by().values_list("part", "opened_on", "done_at", "withdrawn_at")
    ):
        counts = parts[path]
        counts["needs_opened"] += opened_on >= first
        if done_at and done_at < end:
            counts["needs_done"] += 1
            days[path].append((timezone.localdate(done_at) - opened_on).days)
        elif not (withdrawn_at and withdrawn_at < end):
            counts["needs_open"] += 1
    for path, some in days.items():
        parts[path]["median_days"] = median(some)
    return [each for some in days.values() for each in some]


def _count_cards(parts: ByPart, area: Area, first: date, last: date) -> None:
    begin, end = moments_of(first, last)
    moments = ("issued_at", "received_at", "answered_at")
    spans = {name: Q(**{f"{name}__gte": begin, f"{name}__lt": end}) for name in moments}
    inside = RecordCard.objects.filter(access.within("area__path", [access.subtree(area.path)]))
    inside = inside.filter(spans["issued_at"] | spans["received_at"] | spans["answered_at"])
    counted = {f"in_{name}": Count("pk", filter=span) for name, span in spans.items()}
    rows = inside.annotate(part=_part(area)).order_by().values_list("part").annotate(**counted)
    _add(parts, ("cards_issued", "cards_received", "cards_answered"), rows)


def _count_people(parts: ByPart, area: Area, first: date, last: date) -> None:
    """Count who lived in each part and came to an activity of the street, wherever in it that was."""
    street = Area.objects.filter(access.within("path", [access.subtree(area.street_path)]))
    report = participation(area, areas=street, first=first, last=last)
    for path, figures in [(WHOLE, report.figures), *((row.area.path, row.figures) for row in report.rows)]:
        parts[path].update(lived=figures.members, participants=figures.participants)
