"""Targets: set as one table by the street office, read with where each community stands; places, never persons."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from louzu.models import Target
from louzu.models.targets import MOST, NOT_A_NUMBER
from louzu.rules.targets import NOT_HERE, ONLY_SOON, TargetProgress, cell_name, progress, set_targets
from members.ground import dependents
from members.models import Area, AuditEntry, Member, User
from members.rules.coverage import coverage
from tests import factories

TODAY = timezone.localdate()
YEAR = TODAY.year
KINDS = Target.Kind
GROUPS, ACTIVITIES, PAIRINGS = KINDS
NOVEMBER = date(2026, 11, 20)


def cells(area: Area, *, year: int = 2026, today: date = NOVEMBER, community: int = 0) -> dict[str, TargetProgress]:
    report = progress(area, areas=Area.objects.all(), year=year, today=today)
    return {cell.kind: cell for cell in report.rows[community].cells}


def target(area: Area, kind: str, value: int, *, year: int = 2026) -> Target:
    row = Target(area=area, kind=kind, value=value, year=year)
    row.full_clean()
    row.save()
    return row


# The rule ------------------------------------------------------------------------------------------------------------
def test_a_table_is_set_at_once_and_a_second_time_adds_nothing(
    street: Area, community: Area, other_community: Area
) -> None:
    values = {(community.pk, "groups"): 12, (community.pk, "pairings"): 30, (other_community.pk, "activities"): 2}
    assert set_targets(street, YEAR, values, today=TODAY) == 3
    entries = AuditEntry.objects.filter(model="louzu.Target")
    assert [entry.action for entry in entries] == ["create"] * 3
    assert set_targets(street, YEAR, values, today=TODAY) == 0
    assert entries.count() == 3
    assert set_targets(street, YEAR, {(community.pk, "groups"): None, (community.pk, "pairings"): 31}, today=TODAY) == 2
    assert sorted(entries.values_list("action", flat=True)) == ["change", "create", "create", "create", "delete"]
    found = Target.objects.values_list("area__name", "kind", "value")
    assert sorted(found) == [("第一社区", "pairings", 31), ("第二社区", "activities", 2)]


def test_one_wrong_cell_and_nothing_is_written(street: Area, community: Area) -> None:
    values: dict[tuple[int, str], int | None] = {(community.pk, "groups"): 12, (community.pk, "pairings"): 0}
    with pytest.raises(ValidationError) as refusal:
        set_targets(street, YEAR, values, today=TODAY)
    assert refusal.value.message_dict == {cell_name(community.pk, "pairings"): [NOT_A_NUMBER]}
    assert not Target.objects.exists()


@given(st.integers().filter(lambda value: not 1 <= value <= MOST))
def test_no_number_out_of_bounds_is_taken(value: int) -> None:
    with pytest.raises(ValidationError):
        Target(year=2026, kind="groups", value=value).clean_fields(exclude=["area"])


@pytest.mark.parametrize("year", [YEAR - 1, YEAR + 2, 0])
def test_only_this_year_and_the_next(street: Area, community: Area, year: int) -> None:
    with pytest.raises(ValidationError, match=ONLY_SOON):
        set_targets(street, year, {(community.pk, "groups"): 1}, today=TODAY)
    assert set_targets(street, YEAR + 1, {(community.pk, "groups"): 1}, today=TODAY) == 1


def test_communities_of_this_street_alone(street: Area, community: Area, station: Area, far_community: Area) -> None:
    community.close()
    for area in (far_community, station, street, community):
        with pytest.raises(ValidationError, match=NOT_HERE):
            set_targets(street, YEAR, {(area.pk, "groups"): 1}, today=TODAY)
    assert not Target.objects.exists()


def test_a_target_is_a_community_s(station: Area) -> None:
    with pytest.raises(ValidationError, match="目标定给社区"):
        target(station, GROUPS, 3)


def test_a_community_with_targets_is_in_use(street: Area, community: Area) -> None:
    target(community, GROUPS, 3)
    used = dependents.uses_of(Area, [community.pk], street_path=street.path, but={})
    assert used == {community.pk: "已有 1 项目标"}


# Where it stands -----------------------------------------------------------------------------------------------------
def test_groups_are_counted_as_the_coverage_does(street: Area, group: Area, station: Area) -> None:
    factories.area("无组楼", station, stage=Area.Stage.NONE)
    factories.building("明年的", station, established_on=date(2027, 1, 1))
    target(Area.objects.get(name="第一社区"), GROUPS, 3)
    cell = cells(street)[GROUPS]
    assert cell.now == coverage(street, areas=Area.objects.all(), day=NOVEMBER).figures.established == 1
    assert (cell.missing, cell.is_reached, cell.sentence) == (2, False, "现在 1 个；还差 2 个")
    later = cells(street, today=date(2027, 6, 1))[GROUPS]
    assert (later.now, later.sentence) == (1, "年底 1 个；差 2 个")


def test_pairings_are_those_of_the_day(street: Area, member: Member) -> None:
    group = Area.objects.get(name="1号楼")
    door, first, second = (factories.household(group, room) for room in ("302", "401", "402"))
    factories.pairing(door, first, since=date(2026, 3, 1))
    factories.pairing(door, second, since=date(2026, 3, 1), until=date(2026, 9, 1))
    target(Area.objects.get(name="第一社区"), PAIRINGS, 2)
    assert cells(street)[PAIRINGS].sentence == "现在 1 对；还差 1 对"
    assert cells(street, today=date(2026, 8, 31))[PAIRINGS].sentence == "已达到；现在 2 对"


def test_all_activities_in_the_community_count(street: Area, community: Area, group: Area, station: Area) -> None:
    for number, (area, day) in enumerate(
        [(community, date(2026, 9, 1)), (station, date(2026, 9, 30)), (group, date(2026, 10, 1)), (group, NOVEMBER)]
    ):
        factories.activity(area, title=f"活动{number}", held_on=day)
    factories.activity(street, held_on=date(2026, 9, 2))
    factories.activity(group, title="取消的", held_on=date(2026, 9, 2), is_held=False)
    target(community, ACTIVITIES, 2)
    cell = cells(street)[ACTIVITIES]
    assert list(cell.months) == [*(8 * [0]), 2, 1]
    assert (cell.now, cell.missing, cell.is_reached) == (1, 1, False)
    assert cell.sentence == "过完的 10 个月里 1 个月达到；本月 1 次；还差 1 次"
    over = cells(street, today=date(2027, 2, 1))[ACTIVITIES]
    assert (over.sentence, over.missing, over.share, over.whole) == ("12 个月里 1 个月达到", 0, 1, 12)


def test_months_before_the_community_was_there_do_not_count(street: Area) -> None:
    community = factories.area("新社区", street, since=date(2026, 9, 15))
    target(community, ACTIVITIES, 1)
    factories.activity(community, held_on=date(2026, 10, 8))
    assert cells(street)[ACTIVITIES].sentence == "过完的 1 个月里 1 个月达到；本月 0 次；还差 1 次"
    factories.activity(community, title="合唱", held_on=NOVEMBER)
    assert cells(street)[ACTIVITIES].sentence == "已达到；本月 1 次"


def test_of_the_next_year(street: Area, group: Area) -> None:
    community = Area.objects.get(name="第一社区")
    for kind in KINDS:
        target(community, kind, 2, year=2027)
    found = cells(street, year=2027)
    assert [found[kind].sentence for kind in KINDS] == ["现在 1 个；还差 1 个", "从 1 月起算", "现在 0 对；还差 2 对"]
    assert not any(cell.is_reached for cell in found.values())


def test_without_a_target_there_is_only_what_is_there(street: Area, group: Area) -> None:
    assert [cells(street)[kind].sentence for kind in KINDS] == ["现在 1 个", "本月 0 次", "现在 0 对"]


@given(
    kind=st.sampled_from(list(KINDS)),
    value=st.one_of(st.none(), st.integers(1, MOST)),
    now=st.integers(0, 2 * MOST),
    months=st.lists(st.integers(0, 2 * MOST), max_size=12),
    when=st.sampled_from(["over", "now", "ahead"]),
)
def test_nothing_exceeds_its_target(
    kind: Target.Kind, value: int | None, now: int, months: list[int], when: str
) -> None:
    seen = months if kind == ACTIVITIES else []
    cell = TargetProgress(kind, value, now, is_over=when == "over", is_ahead=when == "ahead", months=seen)
    assert 0 <= cell.share <= max(cell.whole, 0)
    assert cell.missing <= (value or 0)
    assert not (cell.is_reached and cell.missing)
    assert "%" not in cell.sentence
    assert cell.is_reached == cell.sentence.startswith("已达到")


# Pages and calls -----------------------------------------------------------------------------------------------------
@pytest.fixture
def client(logged_in: Callable[[User], Client], street_officer: User, community: Area, other_community: Area) -> Client:
    return logged_in(street_officer)


def test_the_office_sets_them_and_the_secretary_reads(
    client: Client, logged_in: Callable, secretary: User, street: Area, community: Area, other_community: Area
) -> None:
    assert client.get("/targets/", follow=True).redirect_chain == [(f"/targets/{street.pk}/", 302)]
    body = {"year": YEAR, cell_name(community.pk, "groups"): "12", cell_name(other_community.pk, "activities"): " 2 "}
    answer = client.post(f"/targets/{street.pk}/edit/?year={YEAR}", body, follow=True)
    assert answer.redirect_chain == [(f"/targets/{street.pk}/?year={YEAR}", 302)]
    assert "还差 12 个" in answer.content.decode()
    reader = logged_in(secretary)
    page = reader.get("/targets/", follow=True).content.decode()
    assert "还差 12 个" in page
    assert not any(words in page for words in ("第二社区", "定目标</a>"))
    assert reader.get(f"/targets/{community.pk}/edit/").status_code == 403
    assert reader.get(f"/targets/{other_community.pk}/").status_code == 404


@pytest.mark.parametrize("value", ["0", "-3", "十二", "1.5", "9" * 30, "10000", "＝1"])
def test_what_is_no_target_is_said_beside_its_cell(client: Client, street: Area, community: Area, value: str) -> None:
    page = client.post(
        f"/targets/{street.pk}/edit/", {"year": YEAR, cell_name(community.pk, "groups"): value}
    ).content.decode()
    assert NOT_A_NUMBER in page
    assert value in page
    assert not Target.objects.exists()


def test_an_empty_cell_removes_a_target(client: Client, street: Area, community: Area) -> None:
    target(community, GROUPS, 3, year=YEAR)
    client.post(f"/targets/{street.pk}/edit/", {"year": YEAR, cell_name(community.pk, "groups"): ""})
    assert not Target.objects.exists()


def test_what_was_not_touched_stays_as_a_colleague_set_it(
    client: Client, street: Area, community: Area, other_community: Area
) -> None:
    target(community, "groups", 5, year=YEAR)
    shown = client.get(f"/targets/{street.pk}/edit/?year={YEAR}").context["form"]
    sent = {name: shown[name].value() or "" for name in ("year", *shown.cells)}
    sent |= {shown.add_initial_prefix(name): shown[name].initial or "" for name in shown.cells}
    set_targets(street, YEAR, {(community.pk, "groups"): 20, (community.pk, "pairings"): 7}, today=TODAY)
    client.post(f"/targets/{street.pk}/edit/?year={YEAR}", sent | {cell_name(other_community.pk, "groups"): "10"})
    found = Target.objects.values_list("area__name", "kind", "value")
    assert sorted(found) == [("第一社区", "groups", 20), ("第一社区", "pairings", 7), ("第二社区", "groups", 10)]


def test_a_past_year_is_only_read(client: Client, street: Area, community: Area) -> None:
    assert "定目标</a>" not in client.get(f"/targets/{street.pk}/?year={YEAR - 1}").content.decode()
    body = {cell_name(community.pk, "groups"): "3"}
    for year in (YEAR - 1, YEAR + 2):
        assert ONLY_SOON in client.post(f"/targets/{street.pk}/edit/", body | {"year": year}).content.decode()
    assert not Target.objects.exists()
    for year in ("x", "99999", str(YEAR + 5), "²⁰²⁶"):
        assert client.get(f"/targets/{street.pk}/?year={year}").status_code == 200


def test_the_file_is_in_the_trail(client: Client, street: Area, community: Area) -> None:
    target(community, GROUPS, 3, year=YEAR)
    book = load_workbook(io.BytesIO(client.get(f"/targets/{street.pk}/targets.xlsx").content))
    assert [row[:4] for row in book.active.iter_rows(values_only=True)][3] == ("第一社区", 3, 0, "现在 0 个；还差 3 个")
    assert AuditEntry.objects.get(action="export").changes == {"report": "目标", "rows": 2, "year": YEAR}


def test_the_api_reads_and_sets(api: Callable, street_officer: User, street: Area, community: Area) -> None:
    client = api(street_officer)
    cell = {"area": community.pk, "kind": "groups", "value": 12}
    answer = client.put(f"/api/v1/targets/{street.pk}", {"year": YEAR, "targets": [cell]})
    assert answer.status_code == 200
    assert answer.json() == client.get(f"/api/v1/targets/{street.pk}").json()
    assert answer.json()["rows"][0]["targets"][0]["sentence"] == "现在 0 个；还差 12 个"
    client.put(f"/api/v1/targets/{street.pk}", {"year": YEAR, "targets": [cell | {"value": None}]})
    assert not Target.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"year": YEAR},
        {"year": YEAR, "targets": [{"area": 0, "kind": "groups", "value": 1}]},
        {"year": YEAR, "targets": [{"area": 10**30, "kind": "groups", "value": 1}]},
        {"year": YEAR, "targets": [{"area": 1, "kind": "members", "value": 1}]},
        {"year": YEAR, "targets": [{"area": 1, "kind": "groups"}]},
        {"year": 10**9, "targets": []},
        {"year": YEAR, "targets": [{"area": 1, "kind": "groups", "value": 1}] * 2},
        {"year": YEAR, "targets": "x"},
    ],
)
def test_what_the_api_cannot_read_is_refused(api: Callable, street_officer: User, street: Area, body: Any) -> None:
    assert api(street_officer).put(f"/api/v1/targets/{street.pk}", body).status_code == 400


@pytest.mark.parametrize("page", ["/targets/{}/", "/targets/{}/edit/", "/api/v1/targets/{}"])
def test_a_constant_number_of_queries(client: Client, street: Area, page: str) -> None:
    for number in range(10):
        target(factories.area(f"第{number}社区", street), GROUPS, 3, year=YEAR)
    client.get("/targets/")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(page.format(street.pk)).status_code == 200
    session = ("django_session", 'FROM "members_user"', "is_demo", "SAVEPOINT", "RELEASE", "callcount")
    posts = 'WHERE ("members_arearole"."user_id"'
    found = [query["sql"] for query in queries if not any(name in query["sql"] for name in (*session, posts))]
    assert len(found) <= 7, found  # the area, its areas above, and five


def test_two_streets_keep_theirs_apart(
    logged_in: Callable, api: Callable, far_officer: User, street_officer: User, street: Area, community: Area
) -> None:
    target(community, GROUPS, 3, year=YEAR)
    assert logged_in(far_officer).get(f"/targets/{street.pk}/").status_code == 404
    assert logged_in(far_officer).post(f"/targets/{street.pk}/edit/", {}).status_code == 404
    body = {"year": YEAR, "targets": [{"area": community.pk, "kind": "groups", "value": 4}]}
    mine = Area.objects.get(path=far_officer.roles.get().area.path)
    assert api(far_officer).put(f"/api/v1/targets/{street.pk}", body).status_code == 404
    assert api(far_officer).put(f"/api/v1/targets/{mine.pk}", body).status_code == 400
    assert Target.objects.get().value == 3
    assert list(Target.objects.for_user(far_officer)) == []
    assert [row.value for row in Target.objects.for_user(street_officer)] == [3]


def test_the_last_day_of_a_year_counts(street: Area, community: Area) -> None:
    factories.activity(community, held_on=TODAY)
    found = cells(street, year=TODAY.year, today=TODAY)
    assert found[ACTIVITIES].now == 1
    assert cells(street, year=TODAY.year + 1, today=TODAY)[ACTIVITIES].now == 0
