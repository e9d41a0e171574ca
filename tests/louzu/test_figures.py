"""The figures of each day: random streets against a slow, plain count, what is kept, and what a night mends."""

import io
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from activities.models import Activity, Attendance, Need, Visit
from activities.rules.due import DueState
from activities.rules.rhythm import rhythm
from feedback.models import RecordCard
from louzu.models import FiguresOfDay
from louzu.rules import nightly
from louzu.rules.figures import COUNTS, count_days, differences, keep_days
from louzu.rules.months import STOCK, months
from louzu.rules.tally import OpenSpan, merged
from members.ground.access import PostKind
from members.models import Area, AreaRole, Household, Member, Pairing, Residence
from members.rules.coverage import coverage
from members.work.worker import Worker
from tests import cards, factories

TODAY = timezone.localdate()
FIRST, LAST = date(2025, 3, 20), date(2025, 7, 10)
DAYS = st.dates(FIRST - timedelta(days=100), LAST + timedelta(days=20))
SPANS = st.tuples(DAYS, st.none() | st.integers(0, 200)).map(
    lambda span: (span[0], span[1] if span[1] is None else span[0] + timedelta(days=span[1]))
)
ENDS = st.none() | DAYS
SLOW = {"deadline": None, "phases": [Phase.explicit, Phase.generate], "suppress_health_check": list(HealthCheck)}


def figures_of(area: Area, day: date) -> dict[str, int]:
    return dict(zip(COUNTS, count_days(area, day, day)[area.pk, day], strict=True))


@settings(max_examples=12, **SLOW)
@given(data=st.data())
def test_a_random_street_is_counted_as_slowly_and_plainly(data: Any, street: Area, member: Member) -> None:
    with transaction.atomic():
        build(data.draw, street)
        counted = count_days(street, FIRST, LAST)
        for day in data.draw(st.lists(st.dates(FIRST, LAST), min_size=1, max_size=3)):
            for area in Area.objects.inside(street).filter(level__lte=Area.Level.STATION):
                found = dict(zip(COUNTS, counted.get((area.pk, day), (0,) * len(COUNTS)), strict=True))
                assert found == slowly(area, day), (area, day)
        transaction.set_rollback(True)


@settings(max_examples=6, **SLOW)
@given(data=st.data())
def test_communities_add_up_to_the_street_and_no_rate_leaves_its_bounds(
    data: Any, street: Area, member: Member
) -> None:
    with transaction.atomic():
        build(data.draw, street)
        report = months(street, areas=Area.objects.all(), year=2025, today=TODAY)
        own = Activity.objects.held().filter(area=street)
        for number, month in enumerate(report.own.months):
            parts = [each.counts for row in report.rows for each in row.months if each.month == month.month]
            here = own.filter(held_on__year=month.month.year, held_on__month=month.month.month)
            assert sum(part["activities"] for part in parts) + here.count() == month.counts["activities"], number
            for name in (*STOCK, "visits", "cards_issued", "stations_due", "groups_done"):
                assert sum(part[name] for part in parts) == month.counts[name], name
            for rate in ("coverage", "taking_part_share", "paired_share", "stations_share", "groups_share"):
                assert 0 <= (month.share(rate) or 0) <= 1
        transaction.set_rollback(True)


def build(draw: Any, street: Area) -> None:
    """Let areas open and close, people move, pair, visit, hold activities, and cards go out, on random days."""
    groups = list(Area.objects.inside(street).filter(level=Area.Level.BUILDING_GROUP))
    for group in groups:
        since = draw(st.none() | st.just(FIRST - timedelta(days=120)))
        Area.objects.filter(pk=group.pk).update(since=since, until=draw(ENDS), established_on=draw(DAYS))
    card = cards.draft(Member.objects.get(name="欧阳建国"))
    RecordCard.objects.filter(pk=card.pk).update(created_at=at(draw(DAYS), draw(st.sampled_from([0, 23]))))
    _move(draw, groups)
    _pair(draw, groups)
    _lead(draw, groups)
    _happen(draw, street)


def _move(draw: Any, groups: list[Area]) -> None:
    for member in Member.objects.all():
        Residence.objects.filter(member=member).delete()
        for since, until in draw(st.lists(SPANS, max_size=2)):
            Residence.objects.create(
                member=member,
                area=draw(st.sampled_from(groups)),
                room=draw(st.sampled_from(["", "101", "102"])),
                since=since,
                until=until or since + timedelta(days=400),
                joined_on=draw(st.none() | st.just(since + timedelta(days=7))),
            )


def _pair(draw: Any, groups: list[Area]) -> None:
    for group in groups:
        neighbours = [Household.objects.create(area=group, room=f"9{n}") for n in range(2)]
        for room in ("101", "102"):
            door = Household.objects.get_or_create(area=group, room=room)[0]
            for (since, until), neighbour in zip(draw(st.lists(SPANS, max_size=2)), neighbours, strict=False):
                until = until or since + timedelta(days=300)
                pair = Pairing(household=door, neighbour=neighbour, since=since, until=until)
                pair.compound = pair.neighbour_compound = Area.objects.get(path=group.path[:12])
                pair.save()
                Visit.objects.create(pairing=pair, visited_on=draw(DAYS), kind=Visit.Kind.DOOR)


def _lead(draw: Any, groups: list[Area]) -> None:
    for number, (since, until) in enumerate(draw(st.lists(SPANS, max_size=3))):
        user = factories.user(f"组长{number}")
        if number == 0:
            user.member = Member.objects.get(name="欧阳建国")
            Member.objects.filter(pk=user.member.pk).update(rank=draw(st.sampled_from(["", "division"])))
            user.save()
        place = draw(st.sampled_from(groups))
        AreaRole.objects.create(user=user, area=place, kind=PostKind.LEADER, since=since, until=until)


def _happen(draw: Any, street: Area) -> None:
    areas = list(Area.objects.inside(street))
    members = list(Member.objects.filter(street=street))
    for number, day in enumerate(draw(st.lists(DAYS, max_size=8))):
        event = factories.activity(draw(st.sampled_from(areas)), title=f"活动{number}", held_on=day, is_held=False)
        if draw(st.booleans()):
            event.residents_reached = draw(st.none() | st.integers(0, 9))
            event.status, event.recorded_at = Activity.Status.HELD, timezone.now()
            event.save()
            came = draw(st.lists(st.sampled_from(members), unique=True))
            Attendance.objects.bulk_create(Attendance(activity=event, member=each) for each in came)
    for day in draw(st.lists(DAYS, max_size=4)):
        wish = Need.objects.create(area=draw(st.sampled_from(areas)), text="帮忙", opened_on=day)
        if done := draw(st.none() | st.integers(0, 40)):
            moment = at(day + timedelta(days=done), draw(st.sampled_from([0, 9, 23])))
            Need.objects.filter(pk=wish.pk).update(status=Need.Status.DONE, claimed_at=moment, done_at=moment)


def at(day: date, hour: int) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min) + timedelta(hours=hour))


def slowly(area: Area, day: date) -> dict[str, int]:
    """Count a day of an area row by row, from the reports of one day and the rows themselves."""
    return _there(area, day) | _happened(area, day) | _ended(area, day)


def _there(area: Area, day: date) -> dict[str, int]:
    figures = coverage(area, areas=Area.objects.all(), day=day).figures
    counts = {name: getattr(figures, name) for name in STOCK if name != "pairings"}
    return counts | {"pairings": Pairing.objects.inside(area).on(day).count()}


def _happened(area: Area, day: date) -> dict[str, int]:
    held = Activity.objects.held().inside(area).filter(held_on=day)
    needs, issued = Need.objects.inside(area), RecordCard.objects.inside(area)
    counts = {
        "activities": held.count(),
        "attendances": Attendance.objects.filter(activity__in=held).count(),
        "residents_reached": sum(each.residents_reached or 0 for each in held),
        "visits": Visit.objects.inside(area).filter(visited_on=day).count(),
        "needs_opened": needs.filter(opened_on=day).count(),
        "needs_done": needs.filter(done_at__date=day).count(),
    }
    fields = ("created_at", "shown_at", "agreed_at", "issued_at", "received_at", "answered_at")
    names = [name for name in COUNTS if name.startswith("cards_")]
    return counts | {
        name: issued.filter(**{f"{field}__date": day}).count() for name, field in zip(names, fields, strict=True)
    }


def _ended(area: Area, day: date) -> dict[str, int]:
    names = {2: "communities", 3: "stations", 4: "groups"}
    counts = {f"{name}_{end}": 0 for name in names.values() for end in ("due", "done")}
    for level, name in names.items():
        if level < area.level:
            continue
        for year in (day.year, day.year + 1):
            for grid in rhythm(area, areas=Area.objects.all(), year=year, today=TODAY, level=level).grids:
                if grid.level != level:
                    continue
                for index, period in enumerate(grid.periods):
                    for row in grid.rows if period.last == day else ():
                        state = row.cells[index].state
                        counts[f"{name}_due"] += state in (DueState.DONE, DueState.MISSING)
                        counts[f"{name}_done"] += state == DueState.DONE
    return counts


def test_overlapping_days_are_counted_once() -> None:
    a, b, c, d = (date(2026, 1, day) for day in (1, 5, 9, 20))
    assert merged([OpenSpan(c, d), OpenSpan(a, c), OpenSpan(b, c)]) == [OpenSpan(a, d)]
    assert merged([OpenSpan(None, b), OpenSpan(c, None), OpenSpan(d, None)]) == [OpenSpan(None, b), OpenSpan(c, None)]
    assert OpenSpan(a, c).within(OpenSpan(b, None)) == OpenSpan(b, c)


def test_a_street_is_counted_in_eight_queries(street: Area, member: Member, other_member: Member) -> None:
    with CaptureQueriesContext(connection) as asked:
        count_days(street, FIRST, LAST)
    assert len(asked) == 8


def test_what_was_recorded_late_is_mended_by_the_next_night(street: Area, group: Area, member: Member) -> None:
    yesterday = TODAY - timedelta(days=1)
    assert nightly.next_night() == at(TODAY, 0) + timedelta(minutes=20)
    nightly.keep_figures.call()
    assert nightly.next_night() == at(TODAY, 24) + timedelta(minutes=20)
    assert FiguresOfDay.objects.get(area=street, day=yesterday).members == 1
    factories.activity(group, held_on=yesterday)
    (found,) = {each.day for each in differences(street, yesterday, yesterday)}
    assert found == yesterday
    assert len(keep_days(street, yesterday, yesterday)) == 3  # street, community, compound
    assert keep_days(street, yesterday, yesterday) == []
    assert FiguresOfDay.objects.get(area=street, day=yesterday).activities == 1


def test_the_worker_keeps_them_by_itself(street: Area, member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nightly, "AFTER_MIDNIGHT", time.min)
    Worker("夜班").empty_the_queue()
    assert FiguresOfDay.objects.get(area=street, day=TODAY - timedelta(days=1)).members == 1


def test_a_day_on_which_an_area_was_not_open_is_forgotten(street: Area, station: Area, group: Area) -> None:
    day = TODAY - timedelta(days=3)
    keep_days(street, day, day)
    Area.objects.filter(pk__in=[station.pk, group.pk]).update(since=TODAY)
    assert [each.counted for each in keep_days(street, day, day) if each.area == station.pk] == [None]
    assert not FiguresOfDay.objects.filter(area=station).exists()


def test_other_streets_are_not_counted(street: Area, other_street: Area, member: Member, far_member: Member) -> None:
    assert figures_of(street, TODAY)["members"] == figures_of(other_street, TODAY)["members"] == 1
    assert {pk for pk, _ in count_days(street, TODAY, TODAY)} <= set(
        Area.objects.inside(street).values_list("pk", flat=True)
    )


def test_the_command_tells_what_differs_and_keeps_it(street: Area, member: Member) -> None:
    with pytest.raises(CommandError, match="加 --keep"):
        call_command("check_figures", area="新成路街道", stdout=io.StringIO())
    out = io.StringIO()
    call_command("check_figures", keep=True, stdout=out)
    call_command("check_figures", stdout=out)
    assert "每日数字都相符" in out.getvalue()
    FiguresOfDay.objects.filter(area=street, day=TODAY - timedelta(days=2)).update(members=7)
    out = io.StringIO()
    with pytest.raises(CommandError, match="有 1 天"):
        call_command("check_figures", stdout=out)
    assert "党员 7 → 1" in out.getvalue()
    with pytest.raises(CommandError, match="昨天"):
        call_command("check_figures", last=TODAY, stdout=io.StringIO())


def test_months_are_the_same_kept_or_counted(street: Area, member: Member, other_member: Member) -> None:
    factories.activity(street, held_on=TODAY - timedelta(days=40))
    options: dict[str, Any] = {"areas": Area.objects.all(), "year": TODAY.year, "today": TODAY}
    counted = months(street, **options).as_dict()
    nightly.keep_figures.call()
    with CaptureQueriesContext(connection) as asked:
        assert months(street, **options).as_dict() == counted
    assert len(asked) == 10


def test_a_past_year_needs_two_queries(street: Area, member: Member) -> None:
    nightly.keep_figures.call()
    keep_days(street, date(TODAY.year - 2, 1, 1), date(TODAY.year - 2, 12, 31))
    with CaptureQueriesContext(connection) as asked:
        report = months(street, areas=Area.objects.all(), year=TODAY.year - 1, today=TODAY)
    assert len(asked) == 2
    assert len(report.own.months) == 24
