"""The report on slips, the desk's line on those that wait, and what a member's page tells of theirs."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from feedback.models import Slip
from feedback.rules import slips_closing
from louzu.rules.person import FactKind, on_record
from louzu.views.desk import waiting_lines
from members.models import Area, AuditEntry, User
from tests import factories, slips

TODAY = timezone.localdate()
WEEK_AGO = timedelta(days=8)


@pytest.fixture
def sent(street: Area, group: Area, other_group: Area, far_group: Area, other_street: Area, secretary: User) -> Slip:
    """Three slips of one unit in the first community, one in the second, one in the other street; one is accepted."""
    unit = factories.employer("甲厂")
    first, *_ = [
        slips.from_unit(street, f"王{name}", unit=unit, phone=slips.phone(at)) for at, name in enumerate("甲乙丙", 1)
    ]
    slips.from_unit(street, "李甲", unit=factories.employer("乙厂"), phone=slips.phone(8), home=slips.THERE)
    slips.from_unit(other_street, "外甲", unit=factories.employer("丙厂"), phone=slips.phone(9), home=slips.FAR)
    Slip.objects.update(sent_at=timezone.now() - WEEK_AGO)
    return slips.accepted(first, secretary)


def days(first: Any = TODAY - timedelta(days=30), last: Any = TODAY) -> str:
    return f"?from={first}&to={last}"


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def units(answer: Any) -> list[tuple]:
    return [
        (unit.unit, unit.sent, unit.accepted, unit.waiting, unit.ended, unit.days) for unit in answer.context["units"]
    ]


def lines(user: User) -> list[tuple[str, list[tuple[str, int, str]]]]:
    return [(line.sentence, [tuple(place) for place in line.places]) for line in waiting_lines(user, TODAY)]


class TestReport:
    def test_the_street_sees_both_communities_and_no_name(
        self, sent: Slip, street: Area, group: Area, street_officer: User, logged_in: Any
    ) -> None:
        factories.activity(group, held_on=TODAY).attendances.create(member=sent.member)
        client = logged_in(street_officer)
        answer = client.get(f"/slips-report/{street.pk}/{days()}")
        assert units(answer) == [("乙厂", 1, 0, 1, 0, None), ("甲厂", 3, 1, 2, 0, 8.0)]
        assert [(each.community.name, each.reported, each.came) for each in answer.context["places"]] == [
            ("第一社区", 1, 1)
        ]
        for page in ("", "print/"):
            told = text(client, f"/slips-report/{street.pk}/{page}{days()}")
            assert "甲厂" in told
            assert not any(name in told for name in ("王甲", "王乙", "李甲", "外甲", "丙厂"))

    def test_a_secretary_sees_their_own(
        self, sent: Slip, community: Area, street: Area, secretary: User, logged_in: Any
    ) -> None:
        client = logged_in(secretary)
        assert client.get("/slips-report/").url == f"/slips-report/{community.pk}/"
        answer = client.get(f"/slips-report/{community.pk}/{days()}")
        assert [unit for unit, *_ in units(answer)] == ["甲厂"]
        assert (answer.context["own"].reported, answer.context["own"].came) == (1, 0)
        assert client.get(f"/slips-report/{street.pk}/").status_code == 404

    def test_the_other_street_sees_its_own(
        self, sent: Slip, street: Area, other_street: Area, far_officer: User, logged_in: Any
    ) -> None:
        client = logged_in(far_officer)
        assert client.get(f"/slips-report/{street.pk}/").status_code == 404
        assert [unit for unit, *_ in units(client.get(f"/slips-report/{other_street.pk}/{days()}"))] == ["丙厂"]

    def test_other_days_have_none_and_say_what_to_do(
        self, sent: Slip, community: Area, secretary: User, logged_in: Any
    ) -> None:
        before, client = TODAY - timedelta(days=100), logged_in(secretary)
        assert "这段时间没有报到单" in text(client, f"/slips-report/{community.pk}/{days(before, before)}")

    @pytest.mark.parametrize("query", ["?from=x&to=y", "?from=2026-05-01&to=2026-01-01", "?p=x"])
    def test_what_cannot_be_read_shows_this_year(
        self, sent: Slip, community: Area, secretary: User, logged_in: Any, query: str
    ) -> None:
        answer = logged_in(secretary).get(f"/slips-report/{community.pk}/{query}")
        assert answer.context["report"].days == (TODAY.replace(month=1, day=1), TODAY)

    def test_the_export_has_typed_cells_and_an_entry(
        self, sent: Slip, street: Area, street_officer: User, logged_in: Any
    ) -> None:
        answer = logged_in(street_officer).get(f"/slips-report/{street.pk}/slips-report.xlsx{days()}")
        book = load_workbook(io.BytesIO(answer.content))
        assert book.sheetnames == ["各单位", "各社区", "公式"]
        assert list(book["各单位"].values)[3:] == [("乙厂", 1, 0, 1, 0, None), ("甲厂", 3, 1, 2, 0, 8)]
        assert list(book["各社区"].values)[3:] == [("第一社区", 1, 0)]
        changes = AuditEntry.objects.filter(action="export").latest("pk").changes
        assert (changes["report"], changes["rows"]) == ("报到情况", 3)

    def test_the_page_asks_no_query_a_row(
        self, sent: Slip, street: Area, street_officer: User, logged_in: Any, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(8):
            unit = factories.employer(f"单位{number}")
            slips.from_unit(street, "郁多", unit=unit, phone=slips.phone(20 + number))
        client = logged_in(street_officer)
        client.get(f"/slips-report/{street.pk}/")
        with django_assert_max_num_queries(12):
            client.get(f"/slips-report/{street.pk}/{days()}")


class TestApi:
    @pytest.mark.parametrize(
        ("who", "status"),
        [
            ("street_officer", 200), ("secretary", 200), ("liaison", 403), ("leader", 403), ("instructor", 403),
            ("auditor", 403), ("far_officer", 404), ("far_secretary", 404),
        ],
    )  # fmt: skip
    def test_each_reader(self, sent: Slip, community: Area, request: Any, api: Any, who: str, status: int) -> None:
        asked = {"first": str(TODAY - timedelta(days=30)), "last": str(TODAY)}
        answer = api(request.getfixturevalue(who)).get(f"/api/v1/slip-report/{community.pk}", asked)
        assert answer.status_code == status

    def test_it_tells_the_counts_of_the_page(self, sent: Slip, community: Area, secretary: User, api: Any) -> None:
        first, last = str(TODAY - timedelta(days=30)), str(TODAY)
        found = api(secretary).get(f"/api/v1/slip-report/{community.pk}", {"first": first, "last": last}).json()
        assert found == {
            "area": "第一社区", "first": first, "last": last,
            "units": [{"unit": "甲厂", "sent": 3, "accepted": 1, "waiting": 2, "ended": 0, "days": 8.0}],
            "communities": [{"area": "第一社区", "id": community.pk, "reported": 1, "came": 0}],
        }  # fmt: skip

    @pytest.mark.parametrize("asked", [{}, {"first": "x", "last": "y"}, {"first": "2026-05-02", "last": "2026-05-01"}])
    def test_days_that_cannot_be_read_are_refused(
        self, community: Area, secretary: User, api: Any, asked: dict[str, str]
    ) -> None:
        assert api(secretary).get(f"/api/v1/slip-report/{community.pk}", asked).status_code in (400, 422)


class TestDesk:
    def test_what_waits_over_a_week_is_on_the_desk(
        self, sent: Slip, street: Area, community: Area, secretary: User, street_officer: User, far_officer: User
    ) -> None:
        slips.from_unit(street, "郁新", unit=factories.employer("丁厂"), phone=slips.phone(30))
        own = ("第一社区", 2, f"/slips/?place={community.path}")
        assert lines(secretary) == [("等了 7 天以上的报到单：2 张", [own])]
        [(sentence, places)] = lines(street_officer)
        assert (sentence, [place[:2] for place in places]) == (
            "等了 7 天以上的报到单：3 张", [("第一社区", 2), ("第二社区", 1)],
        )  # fmt: skip
        assert [sentence for sentence, _ in lines(far_officer)] == ["等了 7 天以上的报到单：1 张"]

    def test_without_a_community_they_are_the_street_s(
        self, street: Area, group: Area, secretary: User, street_officer: User
    ) -> None:
        slips.from_unit(street, home=slips.UNKNOWN)
        Slip.objects.update(sent_at=timezone.now() - WEEK_AGO)
        assert lines(secretary) == []
        assert lines(street_officer) == [("等了 7 天以上的报到单：1 张", [("还不知道社区", 1, "/slips/?place=none")])]

    def test_who_only_reads_is_asked_to_do_nothing(self, sent: Slip, instructor: User, auditor: User) -> None:
        assert lines(instructor) == lines(auditor) == []


class TestPerson:
    def test_the_slip_they_came_by_is_on_record(
        self, sent: Slip, secretary: User, leader: User, logged_in: Any
    ) -> None:
        slips_closing.end(sent, code="retired", by=Slip.objects.all())
        found = on_record(secretary, sent.member_id, most=20)
        told = [(fact.day, fact.text, fact.row) for fact in found.facts if fact.kind == FactKind.SLIP]
        assert told == [
            (TODAY, "报到单结束（单位发来，甲厂）", sent.pk),
            (TODAY, "报到单接收（单位发来，甲厂）", sent.pk),
            (TODAY - WEEK_AGO, "报到单发来（单位发来，甲厂）", sent.pk),
        ]
        assert f'href="/slips/{sent.pk}/"' in text(logged_in(secretary), f"/members/{sent.member_id}/")
        assert FactKind.SLIP not in {fact.kind for fact in on_record(leader, sent.member_id, most=20).facts}
