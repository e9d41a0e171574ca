"""The demonstration street's year: as much as the paper tells of, by the models' own rules, the same on every build."""

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from python_calamine import CalamineWorkbook

from activities.models import Activity, Attendance, Honour, Need, Visit
from activities.models.honours import STATEMENTS
from activities.models.visits import unvisited
from activities.rules.participation import participation
from louzu.demo.street import COMMUNITIES, STREET, areas_workbook, roster_workbook
from louzu.demo.year import build_year
from louzu.documents import making
from louzu.models import MonthlyFile
from members.ground.access import PostKind
from members.ground.history import write_history
from members.models import (
    Area,
    AreaRole,
    AuditEntry,
    Consent,
    Duty,
    Employer,
    Household,
    Member,
    Pairing,
    Residence,
    User,
)
from members.roster.tree import import_tree, street_named
from members.rules.coverage import CoverageFigures, coverage
from tests import factories
from tests.louzu.test_monthly import text_of, url

Level = Area.Level


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, int]]:
    """The counts of a whole street's year, built once for the module and then rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        street = with_members(COMMUNITIES)
        counts = build_year(street, today=timezone.localdate())
        if connection.vendor == "postgresql":
            connection.cursor().execute("ANALYZE")  # as autovacuum would; without it a plan may take minutes
        yield counts
        transaction.set_rollback(True)


def with_members(communities: tuple[str, ...]) -> Area:
    """The demonstration street with these communities' members, as the roster's import leaves them, and secretaries."""
    today = timezone.localdate()
    import_tree(areas_workbook(), street=street_named(STREET), today=today)
    street = Area.objects.get(level=Level.STREET)
    for other in Area.objects.filter(level=Level.COMMUNITY).exclude(name__in=communities):
        Area.objects.inside(other).delete()
    rows = [row for row in roster() if row["社区"] in communities]
    employers = {name: Employer(name=name) for name in dict.fromkeys(row["工作单位"] for row in rows) if name}
    Employer.objects.bulk_create(employers.values())
    members = Member.objects.bulk_create(someone(street, row, employers.get(row["工作单位"])) for row in rows)
    groups = {group.label: group for group in Area.objects.filter(level=Level.BUILDING_GROUP)}
    homes = Residence.objects.bulk_create(home(one, row, groups) for one, row in zip(members, rows, strict=True))
    write_history(Residence, [home.pk for home in homes], kind="+")
    factories.official("street", PostKind.STREET, street)
    factories.official("secretary", PostKind.SECRETARY, Area.objects.get(label=COMMUNITIES[0]))
    return street


def roster() -> list[dict[str, str]]:
    headings, *rows = CalamineWorkbook.from_filelike(io.BytesIO(roster_workbook())).get_sheet_by_index(0).to_python()
    return [dict(zip(headings, row, strict=True)) for row in rows]


def someone(street: Area, row: dict[str, str], employer: Employer | None) -> Member:
    affiliation = {label: value for value, label in Member.Affiliation.choices}[row["在职/在册"]]
    rank = {"处级": Member.Rank.DIVISION, "科级": Member.Rank.SECTION}.get(row["职务层次"], "")
    own = {"name": row["姓名"], "sex": "male", "rank": rank, "skills": row["特长"], "party_since": row["入党时间"]}
    return Member(street=street, affiliation=affiliation, employer=employer, **own)


def home(member: Member, row: dict[str, str], groups: dict[str, Area]) -> Residence:
    group = groups[f"{row['社区']} {row['小区']} {row['楼组']}"]
    today = timezone.localdate()
    joined_on = today if row["参加楼组党小组"] == "是" else None
    return Residence(member=member, area=group, room=row["室号"], since=today, joined_on=joined_on)


def held(level: int) -> models.QuerySet:
    return Activity.objects.held().filter(area__level=level)


def sample(model: type[models.Model]) -> Iterator[models.Model]:
    """About twenty-five rows, from the first to the last."""
    rows = model._default_manager.order_by("pk")
    return islice(rows.iterator(), 0, None, max(1, rows.count() // 25))


# How much ------------------------------------------------------------------------------------------------------------
def test_it_is_as_much_as_a_year_of_the_street(built: dict[str, int]) -> None:
    assert 58_000 <= Attendance.objects.count() <= 62_000
    assert 900 <= Pairing.objects.count() <= 1_600
    assert 19_000 <= Household.objects.count() <= 22_000
    assert 140 <= Need.objects.count() <= 160
    assert 90 <= Honour.objects.count() <= 110
    assert Visit.objects.count() > 5_000


def test_it_says_how_much(built: dict[str, int]) -> None:
    models = (Household, Pairing, Visit, Activity, Attendance, Need, Honour, Consent, Duty)
    leaders, young = AreaRole.objects.filter(kind=PostKind.LEADER).count(), built["young_groups"]
    assert list(built.values()) == [*(model._default_manager.count() for model in models), leaders, young]
    told = AuditEntry.objects.filter(changes=built)
    assert told.count() == 1
    assert AuditEntry.objects.filter(model__startswith="activities.").count() == 1


def test_the_coverage_is_as_before(built: dict[str, int]) -> None:
    street = Area.objects.get(level=Level.STREET)
    figures = coverage(street, areas=Area.objects.all(), day=timezone.localdate()).figures
    assert (figures.members, figures.local, figures.in_post) == (5_200, 1_300, 3_900)
    assert (figures.taking_part, figures.groups, figures.established) == (5_100, 873, 873)


def test_every_tier_keeps_the_papers_rhythm_with_some_misses(built: dict[str, int]) -> None:
    months = held(Level.COMMUNITY).values("area", "held_on__year", "held_on__month").distinct().count()
    weeks = held(Level.STATION).values("area", "held_on__iso_year", "held_on__week").distinct().count()
    quarters = held(Level.BUILDING_GROUP).values("area", "held_on__year", "held_on__quarter").distinct().count()
    assert 4 <= held(Level.STREET).count() <= 30
    assert 0.8 < months / (8 * 13) < 1
    assert 0.7 < weeks / (40 * 53) < 0.98
    assert 0.5 < quarters / (873 * 5) < 0.95


def test_a_third_of_the_member_households_is_paired_and_some_are_not_visited(built: dict[str, int]) -> None:
    today = timezone.localdate()
    homes = Household.objects.of_members(today)
    assert 0.2 < homes.paired(today).count() / homes.count() < 0.5
    assert Pairing.objects.filter(until__isnull=False).count() > 50
    assert 50 < Pairing.objects.current().filter(unvisited(today)).count() < 500


def test_needs_are_in_all_states_and_claimed_by_whoever_can(built: dict[str, int]) -> None:
    assert set(Need.objects.values_list("status", flat=True)) == set(Need.Status.values)
    claimed = Need.objects.filter(claimed_at__isnull=False)
    assert not claimed.filter(members=None, employer=None).exists()
    assert claimed.filter(employer__isnull=False).exists()
    for need in claimed.exclude(skill="").prefetch_related("members"):
        assert all(need.skill in member.skills for member in need.members.all())
    assert not Need.objects.expired(timezone.now()).exists()


def test_honours_are_of_two_years_with_themes_deeds_and_statements(built: dict[str, int]) -> None:
    year = timezone.localdate().year
    assert set(Honour.objects.values_list("year", flat=True)) == {year - 1, year}
    assert {"study", "arts", "science", "army", "green", ""} == set(Honour.objects.values_list("theme", flat=True))
    assert not Honour.objects.filter(Q(deeds="") | Q(stated_on=None)).exists()
    assert Honour.objects.filter(**dict.fromkeys(STATEMENTS, True)).count() > 50


def test_consents_are_most_in_the_first_communities(built: dict[str, int]) -> None:
    first = Member.objects.living_in(Area.objects.get(label=COMMUNITIES[0]), timezone.localdate())
    agreed = Consent.objects.filter(is_agreed=True)
    assert 0.5 < agreed.filter(member__in=first).count() / first.count() < 0.7
    assert agreed.filter(withdrawn_at__isnull=False).exists()
    assert Consent.objects.filter(is_agreed=False).exists()
    assert set(agreed.filter(member__in=first).values_list("recorded_by__username", flat=True)) == {"secretary"}
    assert not Consent.objects.filter(recorded_by=None).exists()


def test_some_is_still_ahead(built: dict[str, int]) -> None:
    today = timezone.localdate()
    ahead = Activity.objects.filter(held_on__gte=today)
    assert set(ahead.values_list("status", flat=True)) == {"planned"}
    assert set(ahead.values_list("area__level", flat=True)) == set(Level.values)
    assert max(ahead.values_list("held_on", flat=True)) <= today + timedelta(days=21)
    # And a few of the last days wait to be recorded.
    assert 0 < Activity.objects.filter(status="planned", held_on__lt=today).count() < 100


# Uneven --------------------------------------------------------------------------------------------------------------
def covered(day: date) -> list[CoverageFigures]:
    """The figures of the communities on this day, in their order."""
    street = Area.objects.get(level=Level.STREET)
    return [row.figures for row in coverage(street, areas=Area.objects.all(), day=day).rows]


def spread(shares: Iterable[float | None]) -> tuple[float, float]:
    """The lowest and the highest of these shares."""
    known = sorted(share for share in shares if share is not None)
    return known[0], known[-1]


def test_communities_differ_in_who_takes_part_is_paired_and_leads(built: dict[str, int]) -> None:
    figures = covered(timezone.localdate())
    lowest, highest = spread(each.taking_part_share for each in figures)
    assert 0.93 < lowest < 0.95 < 0.99 < highest < 1
    lowest, highest = spread(each.paired_share for each in figures)
    assert 0.1 < lowest < 0.22 < 0.38 < highest < 0.5
    lowest, highest = spread(each.local_share for each in figures)
    assert lowest < 0.15 < 0.35 < highest
    lowest, highest = spread(each.cadre_share for each in figures)
    assert 0 < lowest < 0.15 < 0.4 < highest < 0.7
    assert len({each.groups for each in figures}) > 4


def test_two_years_rise(built: dict[str, int]) -> None:
    """Groups, those who take part, leaders, pairs: month by month more, and none at once."""
    today = timezone.localdate()
    months = [CoverageFigures.total(covered(today - timedelta(days=30 * ago))) for ago in range(24, -1, -1)]
    for name in ("taking_part", "established", "led", "paired", "members"):
        counts = [getattr(each, name) for each in months]
        assert counts == sorted(counts), name
        assert len(set(counts)) > 15, name
        assert max(later - count for count, later in pairwise(counts)) < 0.1 * counts[-1], name
    assert 0.6 < months[0].established / months[-1].established < 0.9


def weekly() -> dict[str, set[date]]:
    """The Mondays of the year's weeks with an activity, by the compound's path."""
    found: dict[str, set[date]] = {area.path: set() for area in Area.objects.filter(level=Level.STATION)}
    for path, held_on in held(Level.STATION).values_list("area__path", "held_on"):
        found[path].add(held_on - timedelta(days=held_on.weekday()))
    return found


def test_one_compound_stopped_and_one_began_late(built: dict[str, int]) -> None:
    today = timezone.localdate()
    weeks = weekly()
    stopped = [path for path, days in weeks.items() if max(days) < today - timedelta(weeks=10)]
    assert len(stopped) == 1
    assert len(weeks[stopped[0]]) > 33
    assert Area.objects.get(path=stopped[0]).until is None
    assert not Activity.objects.filter(area__path=stopped[0], status="planned").exists()
    late = [path for path, days in weeks.items() if min(days) > today - timedelta(weeks=36)]
    assert len(late) == 1
    assert len(weeks[late[0]]) > 26


def test_compounds_differ_from_half_of_the_weeks_to_nearly_all(built: dict[str, int]) -> None:
    shares = sorted(len(days) / 53 for days in weekly().values())
    assert 0.3 < shares[0] < 0.55 < 0.92 < shares[-1]
    assert shares[30] - shares[10] > 0.1


def test_two_communities_are_ahead_and_one_misses_months(built: dict[str, int]) -> None:
    communities = Area.objects.filter(level=Level.COMMUNITY)
    days = [list(held(Level.COMMUNITY).inside(area).values_list("held_on", flat=True)) for area in communities]
    others = sum(len(days[i]) for i in (1, 2, 3, 5, 7)) / 5
    assert len(days[4]) < others < min(len(days[0]), len(days[6]))
    months = [len({(day.year, day.month) for day in some}) for some in days]
    assert months[4] < 12
    assert min(months[0], months[6]) >= 11


def test_the_year_has_a_shape(built: dict[str, int]) -> None:
    months = Counter(Activity.objects.held().values_list("held_on__month", flat=True))
    today = timezone.localdate()
    months = Counter({month: count for month, count in months.items() if month != today.month})
    usual = sorted(months.values())[len(months) // 2]
    assert all(months[month] < usual for month in (2, 7, 8) if month in months)
    assert months[10] > usual or today.month == 10


def test_shares_of_those_who_come_differ(built: dict[str, int]) -> None:
    street, today = Area.objects.get(level=Level.STREET), timezone.localdate()
    rows = participation(street, areas=Area.objects.all(), first=today - timedelta(days=90), last=today).rows
    lowest, highest = spread(row.figures.share for row in rows)
    assert highest - lowest > 0.08


def test_needs_pile_up_in_one_community_and_another_forgets_to_visit(built: dict[str, int]) -> None:
    communities, today = Area.objects.filter(level=Level.COMMUNITY), timezone.localdate()
    waiting = [Need.objects.inside(area).filter(status="open").count() for area in communities]
    assert waiting[7] > 2 * sorted(waiting)[-2]
    pairs = [Pairing.objects.current().filter(compound__path__startswith=area.path) for area in communities]
    shares = [some.filter(unvisited(today)).count() / some.count() for some in pairs]
    assert shares[5] > 0.4
    assert sorted(shares)[4] < 0.2


# Leaders -------------------------------------------------------------------------------------------------------------
def test_every_group_has_one_leader_who_lives_there_and_cannot_log_in(built: dict[str, int]) -> None:
    posts = AreaRole.objects.current().filter(kind=PostKind.LEADER).select_related("user__member", "area")
    assert sorted(post.area_id for post in posts) == sorted(
        Area.objects.filter(level=Level.BUILDING_GROUP).values_list("pk", flat=True)
    )
    homes = Residence.objects.current().filter(joined_on__isnull=False)
    assert set(homes.values_list("member", "area")) >= {(post.user.member_id, post.area_id) for post in posts}
    assert not posts.filter(since__lt=F("area__established_on")).exists()
    assert all(post.user.name == post.user.member.name and not post.user.has_usable_password() for post in posts)
    assert posts[0].user.username == "第一社区迎晖苑1期1号楼"


def test_a_group_that_has_a_leader_keeps_them(db: None) -> None:
    street = with_members(COMMUNITIES[:1])
    group = Area.objects.filter(level=Level.BUILDING_GROUP)[0]
    own = Member.objects.filter(residences__area=group)[0]
    post = AreaRole.objects.create(user=User.objects.create(username="楼组长", member=own), area=group, kind="leader")
    build_year(street, today=timezone.localdate())
    assert list(AreaRole.objects.filter(area=group, kind="leader")) == [post]


# By the rules --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "model",
    [Household, Pairing, Visit, Activity, Attendance, Need, Honour, Consent, Duty, Residence, Area, AreaRole, User],
)
def test_a_sample_passes_the_models_rules(built: dict[str, int], model: type[models.Model]) -> None:
    for row in sample(model):
        row.full_clean()


def test_nobody_came_before_they_lived_there_or_to_what_was_not_held(built: dict[str, int]) -> None:
    outside = Attendance.objects.exclude(
        member__residences__area__path__startswith=F("activity__area__path"),
        member__residences__since__lte=F("activity__held_on"),
    )
    assert not outside.exists()
    assert not Attendance.objects.exclude(activity__status="held").exists()
    assert not Attendance.objects.filter(activity__held_on__gte=timezone.localdate()).exists()
    assert not Attendance.objects.filter(member__residences__joined_on=None).exists()


def test_moments_are_in_order_and_past(built: dict[str, int]) -> None:
    now = timezone.now()
    assert not Activity.objects.filter(Q(recorded_at__gt=now) | Q(cancelled_at__gt=now)).exists()
    assert not Activity.objects.filter(recorded_at__date__lt=F("held_on")).exists()
    assert not Need.objects.filter(Q(claimed_at__gt=now) | Q(done_at__gt=now) | Q(withdrawn_at__gt=now)).exists()
    assert not Need.objects.filter(Q(claimed_at__date__lt=F("opened_on")) | Q(done_at__lt=F("claimed_at"))).exists()
    assert not Consent.objects.filter(withdrawn_at__date__lt=F("given_on")).exists()


def test_members_join_after_the_group_was_founded_and_history_says_the_same(built: dict[str, int]) -> None:
    homes = Residence.objects.all()
    assert not homes.filter(joined_on__lt=F("area__established_on")).exists()
    assert not homes.filter(Q(joined_on__lt=F("since")) | Q(since__gt=timezone.localdate())).exists()
    assert homes.filter(since__lt=timezone.localdate() - timedelta(days=365)).count() > 4_000
    told = set(Residence.history.values_list("id", "since", "joined_on"))
    assert told == set(homes.values_list("pk", "since", "joined_on"))


def test_pairs_are_of_a_members_door_and_a_neighbours(built: dict[str, int]) -> None:
    today = timezone.localdate()
    current = Pairing.objects.current()
    assert not current.exclude(household__in=Household.objects.of_members(today)).exists()
    assert not current.filter(neighbour__in=Household.objects.of_members(today)).exists()
    assert Pairing.history.count() == Pairing.objects.count()
    assert not Visit.objects.filter(visited_on__lt=F("pairing__since")).exists()


def test_every_members_room_is_a_door(built: dict[str, int]) -> None:
    doors = set(Household.objects.values_list("area", "room"))
    assert set(Residence.objects.values_list("area", "room")) <= doors
    villas = Household.objects.filter(area__path__startswith=Area.objects.filter(housing="villa")[0].path)
    assert set(villas.values_list("floor", flat=True)) == {1, 2, 3}


def test_members_come_more_or_less_often_but_nearly_all_come(built: dict[str, int]) -> None:
    times = list(Attendance.objects.values_list("member").annotate(n=Count("pk")).values_list("n", flat=True))
    assert len(times) > 4_500
    assert max(times) > 4 * sorted(times)[len(times) // 2] > 0
    assert 0.02 < Attendance.objects.exclude(duty="").count() / sum(times) < 0.2


# Every time the same -------------------------------------------------------------------------------------------------
def test_the_same_day_gives_the_same_year(db: None) -> None:
    street = with_members(COMMUNITIES[:1])
    years = []
    for _ in range(2):
        point = transaction.savepoint()
        build_year(street, today=timezone.localdate())
        years.append(everything())
        transaction.savepoint_rollback(point)
    assert years[0] == years[1]
    assert 7_000 < len(years[0]["attendances"]) < 9_000


def test_new_years_day_has_its_year(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The day on which this year's honours are of this very day."""
    day = date(2027, 1, 1)
    street = with_members(COMMUNITIES[:1])
    today = timezone.localdate
    monkeypatch.setattr(timezone, "localdate", lambda *moment: today(*moment) if moment else day)
    counts = build_year(street, today=day)
    assert 7_000 < counts["attendances"] < 9_000
    for model in (Activity, Honour, Need, Visit, Residence):
        for row in sample(model):
            row.full_clean()


def everything() -> dict[str, list]:
    """What a year wrote, without its numbers."""
    return {
        "homes": list(Residence.objects.order_by("pk").values_list("member", "since", "joined_on")),
        "pairings": list(Pairing.objects.order_by("pk").values_list("household__room", "neighbour__room", "since")),
        "visits": list(Visit.objects.order_by("pk").values_list("visited_on", "kind", "note")),
        "activities": list(Activity.objects.order_by("pk").values_list("area", "title", "held_on", "status", "result")),
        "attendances": list(Attendance.objects.order_by("pk").values_list("activity__held_on", "member", "duty")),
        "needs": list(
            Need.objects.order_by("pk", "members").values_list("area", "text", "status", "members__name", "employer")
        ),
        "honours": list(Honour.objects.order_by("pk").values_list("area", "year", "theme", "stated_on")),
        "groups": list(Area.objects.order_by("path").values_list("path", "established_on")),
        "leaders": list(AreaRole.objects.order_by("pk").values_list("area", "user__username", "user__member", "since")),
        "consents": list(Consent.objects.order_by("pk").values_list("member", "is_agreed", "given_on")),
    }


@pytest.mark.django_db
def test_the_month_s_report_says_so_on_page_paper_and_api(built: Any, logged_in: Any, api: Any) -> None:
    """The paper's street: 5,200 members, 8 communities, 873 groups, all of them with a party group."""
    officer, today = User.objects.get(username="street"), timezone.localdate()
    report = making.make(Area.objects.get(level=Level.STREET), today.replace(day=1), by=officer)
    figures = api(officer).get(f"/api/v1/monthly-reports/{report.pk}").json()["figures"]
    whole = figures["rows"][0]["figures"]
    assert [whole[name] for name in ("members", "groups", "coverage")] == [5200, 873, 1]
    assert [figures["communities"], len(figures["rows"])] == [8, 10]
    page = "".join(logged_in(officer).get(url(report)).content.decode().split())
    files = {
        kind: text_of(kind, bytes(content)) for kind, content in MonthlyFile.objects.values_list("kind", "content")
    }
    for text in (page, *files.values()):
        assert "8个社区、873个楼组，党员5,200名，楼组党小组覆盖率100.0%" in text
