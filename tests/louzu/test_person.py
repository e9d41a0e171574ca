"""A member's page: who may see what of it, what is on record, and what it leads to."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from activities.models import Activity, Attendance, Need, Visit
from louzu.rules.person import FactKind, on_record
from louzu.views.person import SHOWN
from members.models import Area, AuditEntry, Duty, Household, Member, Pairing, User
from tests import cards, factories

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def page_of(member: Member) -> str:
    return f"/members/{member.pk}/"


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def person(group: Area) -> Member:
    return cards.in_post("陶某人", group, room="302", skills="书法")


@pytest.fixture
def lived(person: Member, group: Area, community: Area, secretary: User) -> Member:
    """The person with one row of each kind, and neighbours who have their own."""
    door = factories.household(group, "302")
    pair = factories.pairing(door, factories.household(group, "401"), since=date(2026, 1, 5))
    factories.visit(pair, on=date(2026, 2, 6))
    event = factories.activity(community, title="端午包粽子", held_on=date(2026, 3, 7))
    Attendance.objects.create(activity=event, member=person, duty=Duty.Kind.HELPER, source="tick")
    Duty.objects.create(member=person, kind=Duty.Kind.MESSENGER, since=date(2026, 4, 8))
    need = factories.need(group, text="修纱窗", opened_on=date(2026, 5, 1))
    need.claim(members=[person])
    need.finish()
    cards.issued(person)
    other = factories.person("旁人", group, room="303")
    elsewhere = factories.activity(group, title="别人的活动")
    Attendance.objects.create(activity=elsewhere, member=other, source="tick")
    return person


def facts(user: User, member: Member) -> list[tuple[FactKind, str]]:
    return [(fact.kind, fact.text) for fact in on_record(user, member.pk, most=SHOWN).facts]


class TestWhatIsOnRecord:
    def test_all_of_it_the_latest_first(self, lived: Member, secretary: User, group: Area) -> None:
        found = on_record(secretary, lived.pk, most=SHOWN)
        assert [fact.day for fact in found.facts] == sorted((fact.day for fact in found.facts), reverse=True)
        assert not found.has_more
        home, unit = f"{group} 302", lived.employer
        assert {(fact.kind, fact.text) for fact in found.facts} == {
            (FactKind.HOME, f"住进{home}"),
            (FactKind.HOME, f"参加{group}党小组"),
            (FactKind.PAIRING, "与1号楼 401结对"),
            (FactKind.VISIT, "上门：1号楼 401"),
            (FactKind.ACTIVITY, "参加“端午包粽子”（第一社区），做服务员"),
            (FactKind.DUTY, "担任信息员"),
            (FactKind.NEED, "认领“修纱窗”"),
            (FactKind.NEED, "办结“修纱窗”"),
            (FactKind.CARD, f"2026年上半年的记录卡生成（{unit}）"),
            (FactKind.CARD, f"2026年上半年的记录卡发出（{unit}）"),
        }

    def test_what_ended_is_told_as_well(self, lived: Member, secretary: User, group: Area, station: Area) -> None:
        Pairing.objects.update(until=date(2026, 6, 1))
        Duty.objects.update(until=date(2026, 6, 2))
        lived.move(to=factories.building("3号楼", station), room="11", on=date(2026, 6, 3))
        lived.leave(on=date(2026, 6, 4))
        told = facts(secretary, lived)
        for kind, words in (
            (FactKind.PAIRING, "与1号楼 401的结对结束"),
            (FactKind.DUTY, "不再担任信息员"),
            (FactKind.HOME, f"住进{station} 3号楼 11"),
            (FactKind.HOME, f"从{station} 3号楼 11迁出"),
        ):
            assert (kind, words) in told
        assert (FactKind.HOME, f"从{group} 302迁出") not in told, "on that day the next home began"

    def test_pairings_and_visits_of_their_own_time_alone(self, person: Member, group: Area, secretary: User) -> None:
        """Who lived behind the door before has the pairing and the visits of that time."""
        before = factories.person("前住户", group, room="501", on=date(2024, 1, 1))
        before.move(to=group, room="502", on=date(2025, 1, 1))
        door, neighbour = factories.household(group, "501"), factories.household(group, "601")
        after = factories.person("后住户", group, room="501", on=date(2025, 3, 1))
        pair = Pairing(household=door, neighbour=neighbour, since=date(2024, 2, 1), until=date(2025, 4, 1))
        pair.save()
        for day in (date(2024, 5, 1), date(2025, 3, 5)):
            Visit.objects.create(pairing=pair, visited_on=day, kind=Visit.Kind.PHONE)
        days = {
            who: {fact.day for fact in on_record(secretary, who.pk, most=SHOWN).facts if fact.kind == FactKind.VISIT}
            for who in (before, after, person)
        }
        assert days == {before: {date(2024, 5, 1)}, after: {date(2025, 3, 5)}, person: set()}

    def test_no_activity_that_was_not_held(self, person: Member, secretary: User, group: Area) -> None:
        event = factories.activity(group, title="没办成的", is_held=False)
        Attendance.objects.create(activity=event, member=person, source="tick")
        assert FactKind.ACTIVITY not in dict(facts(secretary, person))

    def test_each_post_sees_its_own(
        self, lived: Member, secretary: User, leader: User, far_officer: User, street_officer: User
    ) -> None:
        everything, of_the_building = facts(secretary, lived), facts(leader, lived)
        assert facts(street_officer, lived) == everything
        kinds = {kind for kind, _ in everything} - {kind for kind, _ in of_the_building}
        assert kinds == {FactKind.ACTIVITY, FactKind.CARD}, "the community's activity and card are above the building"

    def test_an_objection_is_not_told(self, person: Member, secretary: User) -> None:
        card = cards.shown(person)
        card.advance("objected", objected_at=timezone.now(), objection="我没去")
        assert [kind_text for kind_text in facts(secretary, person) if kind_text[0] == FactKind.CARD] == [
            (FactKind.CARD, f"2026年上半年的记录卡生成（{person.employer}）")
        ]


class TestPage:
    @pytest.mark.parametrize(
        ("who", "status"),
        [
            ("superuser", 404), ("street_officer", 200), ("secretary", 200), ("liaison", 200), ("leader", 200),
            ("instructor", 404), ("auditor", 404), ("outsider", 404), ("far_officer", 404), ("far_secretary", 404),
        ],
    )  # fmt: skip
    def test_each_reader(self, lived: Member, request: Any, logged_in: Any, who: str, status: int) -> None:
        answer = logged_in(request.getfixturevalue(who)).get(page_of(lived))
        assert answer.status_code == status
        shown = answer.content.decode()
        assert ("199****5678" in shown) == (status == 200)
        assert "19900005678" not in shown
        assert ("陶某人" in shown) == (status == 200)

    def test_what_each_may_do(self, lived: Member, request: Any, logged_in: Any, group: Area, community: Area) -> None:
        daily = {"登记活动", "结对", "记走访", "楼道公示意见"}
        writing = daily | {"生成记录卡", "办理迁居", "办理迁出"}
        office = writing | {"删除个人信息"}
        for who, acts in (("street_officer", office), ("secretary", writing), ("liaison", daily), ("leader", daily)):
            client = logged_in(request.getfixturevalue(who))
            answer = client.get(page_of(lived))
            assert {act.label for act in answer.context["acts"]} == acts, who
            links = [act.address for act in answer.context["acts"]]
            links += [address for _, address in answer.context["facts"] if address]
            assert [link for link in links if client.get(link).status_code != 200] == [], who
            shown = answer.content.decode()
            assert (f"/admin/members/member/{lived.pk}/change/" in shown) == (acts >= writing), who
            assert (f"/members/{lived.pk}/phone/" in shown) == (who != "leader"), who

    def test_who_moved_away_can_come_back(self, lived: Member, logged_in: Any, secretary: User) -> None:
        lived.leave()
        answer = logged_in(secretary).get(page_of(lived))
        assert [act.label for act in answer.context["acts"]] == ["生成记录卡", "办理迁居"]
        assert "迁出</dd>" in answer.content.decode()

    def test_looking_writes_nothing(self, lived: Member, logged_in: Any, secretary: User) -> None:
        client = logged_in(secretary)
        entries = AuditEntry.objects.count()
        client.get(page_of(lived))
        assert client.post(page_of(lived)).status_code == 405
        assert AuditEntry.objects.count() == entries

    @pytest.mark.parametrize("asked", ["x", "-1", "0", "9" * 25, "٣", "20.5", "'\"><%😀"])
    def test_junk_shows_the_latest(self, lived: Member, logged_in: Any, secretary: User, asked: str) -> None:
        answer = logged_in(secretary).get(page_of(lived), {"shown": asked, "_changelist_filters": asked})
        assert len(answer.context["facts"]) == 10


def test_a_long_history_costs_no_more_queries(
    lived: Member, group: Area, logged_in: Any, secretary: User, django_assert_max_num_queries: Any
) -> None:
    pair = Pairing.objects.get()
    days = [TODAY - timedelta(days=number) for number in range(1, 200)]
    events = Activity.objects.bulk_create(
        [
            Activity(
                area=group, title=f"第{day}次", held_on=day, field="culture", status="held", recorded_at=_noon(day)
            )
            for day in days
        ]
    )
    Attendance.objects.bulk_create([Attendance(activity=event, member=lived, source="tick") for event in events])
    Visit.objects.bulk_create([Visit(pairing=pair, visited_on=day, kind="door") for day in days])
    needs = Need.objects.bulk_create(
        [
            Need(area=group, text=f"需求{day}", opened_on=day, status="done", claimed_at=_noon(day), done_at=_noon(day))
            for day in days
        ]
    )
    lived.needs.add(*needs)
    doors = Household.objects.bulk_create(
        [Household(area=group, room=f"9{number:03}", number=f"9{number:03}") for number in range(100)]
    )
    Pairing.objects.bulk_create(
        [
            Pairing(
                household=pair.household, neighbour=door, since=date(2026, 1, 5), until=date(2026, 1, 6),
                compound=pair.compound, neighbour_compound=pair.compound,
            )
            for door in doors
        ]
    )  # fmt: skip
    client = logged_in(secretary)
    client.get(page_of(lived))  # the first request saves the session
    for query, shown in (("", SHOWN), ("?shown=100", 100), ("?shown=5000", 1006)):
        with django_assert_max_num_queries(13):
            answer = client.get(page_of(lived) + query)
        assert len(answer.context["facts"]) == shown
    assert answer.context["more"] == 0
    few = client.get(page_of(lived))
    assert f'href="?shown={few.context["more"]}#record">更多</a>' in few.content.decode()
    latest = on_record(secretary, lived.pk, most=5000).facts
    for most in (20, 100, 500):
        assert on_record(secretary, lived.pk, most=most).facts == latest[:most], "no fact is left out between others"


def _noon(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(12)))


def test_lists_searches_and_forms_lead_to_the_page(lived: Member, logged_in: Any, secretary: User) -> None:
    client, address = logged_in(secretary), page_of(lived)
    assert f'href="{address}' in text(client, "/admin/members/member/?affiliation__exact=in_post")
    assert f'href="{address}"' in text(client, "/search/?q=陶某人")
    back = text(client, f"{address}?_changelist_filters=affiliation__exact%3Din_post")
    assert 'href="/admin/members/member/?affiliation__exact=in_post"' in back
    for page in ("move", "leave", "phone"):
        assert f'href="{address}"' in text(client, f"{address}{page}/"), page
    form = f"/admin/members/member/{lived.pk}/change/"
    body = {
        "name": "陶某人", "sex": "male", "affiliation": "in_post", "employer": lived.employer_id, "skills": "摄影",
        "standing": "full",
        "residences-TOTAL_FORMS": 0, "residences-INITIAL_FORMS": 0, "duties-TOTAL_FORMS": 0, "duties-INITIAL_FORMS": 0,
    }  # fmt: skip
    saved = client.post(form, body)
    assert (saved.status_code, saved.headers.get("Location")) == (302, address)
    assert "摄影" in text(client, address)
