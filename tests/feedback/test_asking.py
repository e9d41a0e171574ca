"""Asking many at once: the code that is hung up, what a member finds behind it, and the list of links."""

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pypdf
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from activities.models import Attendance
from feedback.models import CardCode, RecordCard, Sender
from feedback.models.codes import MOST_WRONG
from feedback.rules import agreeing, asking
from feedback.views import asked
from members.ground.states import Conflict
from members.models import Area, AuditEntry, User
from tests import cards, factories
from tests.cards import PERIOD

Status = RecordCard.Status
TODAY = timezone.localdate()


@pytest.fixture
def client(logged_in: Any, secretary: User) -> Client:
    return logged_in(secretary)


@pytest.fixture
def drafts(group: Area) -> list[RecordCard]:
    """Three in-post members of one building; the first one's phone ends in 1001."""
    people = [
        cards.in_post(name, group, room=str(number), phone=f"1990000100{number}")
        for number, name in enumerate(("安一明", "白二明", "曹三明"), 1)
    ]
    return [cards.draft(member) for member in people]


@pytest.fixture
def code(group: Area, drafts: list[RecordCard]) -> CardCode:
    return ask(group)


def ask(place: Area, activity: Any = None, *, days: int = 14) -> CardCode:
    return asking.ask_with_code(place, activity, PERIOD, ends_on=TODAY + timedelta(days=days))[0]


def address(code: CardCode) -> str:
    return f"/ask/{code.secret_code}/"


def text(answer: Any) -> str:
    return answer.content.decode()


def typed(code: CardCode, name: str, phone_end: str, phone: Client | None = None) -> Any:
    return (phone or Client()).post(address(code), {"name": name, "phone_end": phone_end})


def opens(code: CardCode, name: str, phone_end: str) -> bool:
    return typed(code, name, phone_end).status_code == 302


def bare(answer: Any) -> str:
    """Return the page without its one-time token."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text(answer))


def post(client: Client, **body: Any) -> Any:
    end = (TODAY + timedelta(days=7)).isoformat()
    return client.post("/cards/ask/", {"period": PERIOD.code, "ends_on": end, **body}, follow=True)


def states(rows: list[RecordCard]) -> list[str]:
    return [cards.fresh(row).status for row in rows]


class TestMaking:
    def test_one_click_asks_a_building(self, client, group, drafts) -> None:
        other = cards.draft(cards.in_post("邻楼人", factories.building("3号楼", group.parent)))
        listed = text(client.get(f"/cards/ask/?period={PERIOD.code}"))
        assert re.findall(r'<th>(\S+)[^<]*(?:（整个社区，开会用）)?</th><td>(\d) 人', listed) == [
            ("第一社区（整个社区，开会用）", "4"), ("第一社区", "3"), ("第一社区", "1"),
        ]  # fmt: skip
        answer = post(client, target=f"area-{group.pk}")
        assert "新请本人确认 3 张" in text(answer)
        assert (states(drafts), states([other])) == (["shown"] * 3, ["draft"])
        made = CardCode.objects.get()
        assert (answer.redirect_chain[-1][0], made.period) == (f"/cards/codes/{made.pk}/", PERIOD)
        assert not any(card.member.name in text(answer) for card in drafts)
        entry = AuditEntry.objects.get(model="feedback.CardCode")
        assert (entry.action, entry.area_path, made.secret_code in str(entry.changes)) == ("create", group.path, False)

    def test_the_list_takes_as_many_queries_for_many(self, client, group, drafts) -> None:
        def count() -> int:
            with CaptureQueriesContext(connection) as queries:
                client.get(f"/cards/ask/?period={PERIOD.code}")
            return len(queries)

        count()  # what is read once
        before = count()
        for number in range(3):
            place = factories.building(f"1{number}号楼", group.parent)
            member = cards.in_post(f"多{number}人", place)
            cards.draft(member)
            factories.activity(place, held_on=TODAY).attendances.create(member=member, source="tick")
        assert count() == before

    def test_those_who_came_to_an_activity(self, client, community, group, drafts) -> None:
        event = factories.activity(group, title="读书会", held_on=TODAY)
        Attendance.objects.create(activity=event, member=drafts[0].member, source="tick")
        assert "参加“读书会”的人" in text(client.get(f"/cards/ask/?period={PERIOD.code}"))
        post(client, target=f"activity-{event.pk}")
        assert states(drafts) == ["shown", "draft", "draft"]
        made = CardCode.objects.get()
        assert (made.place, made.activity, opens(made, "安一明", "1001")) == (community, event, True)
        agreeing.show_all([row.pk for row in drafts])
        assert not opens(made, "白二明", "1002")
        event.delete()
        assert not CardCode.objects.exists()

    def test_again_it_is_the_same_code(self, client, group, code) -> None:
        post(client, target=f"area-{group.pk}")
        assert CardCode.objects.get().secret_code == code.secret_code
        code.close()
        assert ask(group).secret_code != code.secret_code

    def test_what_could_not_be_opened_any_more_is_shown_again(self, group, drafts, settings) -> None:
        agreeing.show_all([row.pk for row in drafts])
        late = timezone.now() - timedelta(days=settings.CARD_LINK_DAYS)
        RecordCard.objects.filter(pk=drafts[0].pk).update(shown_at=late)
        RecordCard.objects.filter(pk=drafts[1].pk).update(wrong_tries=agreeing.MOST_TRIES)
        seen = cards.fresh(drafts[2]).shown_at
        made = ask(group)
        assert opens(made, "安一明", "1001")
        assert opens(made, "白二明", "1002")
        assert cards.fresh(drafts[2]).shown_at == seen

    @pytest.mark.parametrize("day", ["", "x", "9" * 25, "2020-01-01", "2999-01-01", "a\0b"])
    def test_a_wrong_last_day_is_said(self, client, group, drafts, day: str) -> None:
        answer = post(client, target=f"area-{group.pk}", ends_on=day)
        assert ("lz-problem" in text(answer), CardCode.objects.exists()) == (True, False)
        assert states(drafts) == ["draft"] * 3

    def test_only_what_is_on_the_list_is_asked(self, client, drafts, other_group, far_community, group) -> None:
        far = factories.activity(other_group, held_on=TODAY)
        for card in (cards.draft(cards.in_post("邻社区", other_group)), drafts[0]):
            far.attendances.create(member=card.member, source="tick")
        for place in (other_group, other_group.parent.parent, far_community):
            assert "请从名单里选一处" in text(post(client, target=f"area-{place.pk}"))
        for target in ("", "x", f"activity-{far.pk}", "area-" + "9" * 25):
            assert "请从名单里选一处" in text(post(client, target=target))
        assert not CardCode.objects.exists()

    def test_where_no_card_waits_there_is_none(self, community, group) -> None:
        cards.draft(cards.in_post("安空白", group), lines=[])
        with pytest.raises(ValidationError, match=r"没有等本人确认的卡.*1 张没有动：还是空白的"):
            ask(community)
        assert not CardCode.objects.exists()


class TestPoster:
    def test_it_says_who_asks_and_names_nobody(self, client, community, code) -> None:
        Sender.objects.keep(community, contact="严书记，69980001")
        page = text(client.get(f"/cards/codes/{code.pk}/"))
        pdf = client.get(f"/cards/codes/{code.pk}/poster.pdf")
        sheets = pypdf.PdfReader(BytesIO(pdf.content)).pages
        paper = re.sub(r"\s", "", "".join(sheet.extract_text() for sheet in sheets))
        assert len(sheets) == 1
        for word in ("严书记，69980001", "请确认您的记录卡", PERIOD.label, "1号楼"):
            assert (word in page, word in paper) == (True, True), word
        assert "安一明" not in page + paper

    def test_closed_it_opens_nothing(self, client, code) -> None:
        assert "这个码已经结束" in text(client.post(f"/cards/codes/{code.pk}/close/", follow=True))
        assert typed(code, "安一明", "1001").status_code == 404
        assert client.get(f"/cards/codes/{code.pk}/poster.pdf")["Location"] == f"/cards/codes/{code.pk}/"
        with pytest.raises(Conflict):
            code.close()

    def test_it_closes_by_itself(self, code) -> None:
        CardCode.objects.update(ends_on=TODAY)
        assert opens(code, "安一明", "1001")
        CardCode.objects.update(ends_on=TODAY - timedelta(days=1))
        assert "这个码打不开了" in text(Client().get(address(code)))
        assert typed(code, "安一明", "1001").status_code == 404


class TestScanning:
    def test_three_taps(self, code, drafts) -> None:
        phone = Client()
        first = text(phone.get(address(code)))
        assert "新成路街道 第一社区" in first
        assert "安一明" not in first
        card = text(phone.post(address(code), {"name": " 安一明", "phone_end": "１００１"}, follow=True))
        assert "楼道大扫除" in card
        agreed = re.search(r'action="(/c/[^"]+/agree/)"', card)
        assert agreed
        assert "您已经同意" in text(phone.post(agreed[1], follow=True))
        assert states(drafts) == ["agreed", "shown", "shown"]
        assert opens(code, "安一明", "1001")  # to look again

    def test_whatever_opens_nothing_has_one_answer_for_one_work(self, code, drafts, group) -> None:
        cards.draft(cards.in_post("无卡人", group, room="8", phone="19900001008"))
        cards.in_post("没有卡", group, room="9", phone="19900001009")
        RecordCard.objects.filter(pk=drafts[2].pk).update(wrong_tries=agreeing.MOST_TRIES)
        found = {}
        for name, end in (
            ("假名字", "0000"), ("安一明", "0000"), ("白二明", "1001"), ("曹三明", "1003"), ("无卡人", "1008"),
            ("没有卡", "1009"),
        ):  # fmt: skip
            phone = Client()
            with CaptureQueriesContext(connection) as queries:
                answer = typed(code, name, end, phone)
            found[name] = (answer.status_code, bare(answer), len(queries), [*phone.cookies])
        assert len({repr(each) for each in found.values()}) == 1
        assert asked.NOT_FOUND in found["安一明"][1]
        entry = AuditEntry.objects.filter(action="refuse").latest("pk")
        assert (entry.model, entry.user, entry.changes) == ("feedback.CardCode", None, {"call": "digits"})

    def test_six_wrong_ones_lock_the_card_and_no_other(self, code, drafts) -> None:
        pages = {bare(typed(code, "安一明", f"000{number}")) for number in range(agreeing.MOST_TRIES)}
        pages.add(bare(typed(code, "安一明", "1001")))
        assert len(pages) == 1
        assert agreeing.is_locked(cards.fresh(drafts[0]))
        assert opens(code, "白二明", "1002")
        assert [cards.fresh(row).wrong_tries for row in drafts[1:]] == [0, 0]

    def test_guessed_at_too_often_the_code_is_over(self, code, group) -> None:
        CardCode.objects.update(wrong=MOST_WRONG - 1)
        assert asked.NOT_FOUND in text(typed(code, "假名字", "0000"))
        assert typed(code, "安一明", "1001").status_code == 404
        assert opens(ask(group), "安一明", "1001")

    def test_guessing_is_slow(self, code, monkeypatch) -> None:
        monkeypatch.setattr(asked.Scanning, "rate", "2/min")
        assert [typed(code, "假名字", "0000").status_code for _ in range(3)] == [200, 200, 429]

    @pytest.mark.parametrize(
        ("name", "end"),
        [
            ("", "1001"),
            ("安", "1001"),
            ("名" * 500, "1001"),
            ("安一明", "100"),
            ("安\0明", "1001"),
            ("安一明", "一二三四"),
        ],
    )
    def test_what_is_no_name_or_no_digits_counts_as_no_try(self, code, name: str, end: str) -> None:
        answer = typed(code, name, end)
        assert (answer.status_code, "lz-problem" in text(answer)) == (200, True)
        assert CardCode.objects.get().wrong == 0

    def test_it_opens_no_other_place_street_or_period(self, code, group, other_group, far_group, drafts) -> None:
        elsewhere = [
            cards.shown(cards.in_post("邻社区", other_group)), cards.shown(cards.in_post("外街道", far_group)),
            cards.shown(cards.in_post("别时段", group, room="5"), period=PERIOD.previous),
        ]  # fmt: skip
        assert [opens(code, card.member.name, "5678") for card in elsewhere] == [False] * 3
        assert [cards.fresh(card).wrong_tries for card in elsewhere] == [0] * 3

    def test_two_of_one_name_and_number_open_none(self, code, group, drafts) -> None:
        cards.shown(cards.in_post("安一明", group, room="7", phone="19900011001"))
        assert not opens(code, "安一明", "1001")
        cards.shown(cards.in_post("白二明", group, room="8", phone="19900019999"))
        assert opens(code, "白二明", "9999")

    def test_a_second_card_of_the_member_is_one_tap_on(self, group, drafts) -> None:
        cards.draft(drafts[0].member, employer=factories.employer("嘉定自来水厂"))
        phone = Client()
        page = text(phone.post(address(ask(group)), {"name": "安一明", "phone_end": "1001"}, follow=True))
        other = re.search(r'您还有一张卡，发给(\S+)党组织。<a href="([^"]+)"', page)
        assert other
        assert (other[1], "同意发给单位" in text(phone.get(other[2]))) == ("嘉定自来水厂", True)
        again = phone.post(address(CardCode.objects.get()), {"name": "白二明", "phone_end": "1002"}, follow=True)
        assert "您还有一张卡" not in text(again)

    @pytest.mark.parametrize("word", ["x", "9" * 25, "%F0%9F%98%80", "a" * 3000])
    def test_what_is_no_code_is_one_page(self, code, word: str) -> None:
        assert Client().get(f"/ask/{word}/").status_code == 404

    def test_the_form_is_protected(self, code) -> None:
        strict = Client(enforce_csrf_checks=True)
        assert strict.post(address(code), {"name": "安一明", "phone_end": "1001"}).status_code == 403


class TestLinks:
    @pytest.fixture(autouse=True)
    def waiting(self, drafts) -> None:
        agreeing.show_all([row.pk for row in drafts[:2]])

    def chosen(self, client: Client, **body: Any) -> Any:
        return client.post(f"/cards/links/?period={PERIOD.code}&show=shown&all=1", body)

    def test_each_member_s_own_link(self, client, drafts, group) -> None:
        cards.shown(cards.in_post("无话人", group, room="6", phone=""))
        answer = self.chosen(client, reason="逐个发给本人")
        _, _, heading, *rows = load_workbook(BytesIO(answer.content)).active.values
        assert heading == ("姓名", "楼组", "链接", "有效到", "说明")
        assert [(row[0], row[1], row[4] or "") for row in rows] == [
            ("安一明", group.label, ""), ("白二明", group.label, ""),
            ("无话人", group.label, "没有登记电话，请用确认单"),
        ]  # fmt: skip
        assert rows[0][2] == f"http://testserver/c/{agreeing.link_token(cards.fresh(drafts[0]))}/"
        assert abs(rows[0][3] - timezone.make_naive(agreeing.link_ends(cards.fresh(drafts[0])))) < timedelta(seconds=1)
        assert rows[2][2] is None
        entry = AuditEntry.objects.get(action="export")
        assert (entry.changes, entry.reason) == ({"rows": 3}, "逐个发给本人")

    def test_it_asks_why(self, client) -> None:
        ticked = client.post("/cards/links/", {"period": PERIOD.code, "show": "shown", "all": "1"}, follow=True)
        assert "导出 2 张卡的链接" in text(ticked)
        assert "请写一句导出的用途" in text(self.chosen(client, reason=" "))
        assert not AuditEntry.objects.filter(action="export").exists()

    def test_the_list_takes_as_many_queries_for_many(self, client, group) -> None:
        def count() -> int:
            with CaptureQueriesContext(connection) as queries:
                self.chosen(client, reason="逐个发给本人")
            return len(queries)

        count()  # what is read once
        before = count()
        for number in range(4):
            cards.shown(cards.in_post(f"多{number}人", group, room=f"3{number}"))
        assert count() == before

    def test_where_none_waits_it_is_said(self, client, drafts) -> None:
        answer = client.get(f"/cards/links/?period={PERIOD.code}&card={drafts[2].pk}", follow=True)
        assert "没有链接可以导出" in text(answer)

    def test_none_of_another_place(self, client, other_group) -> None:
        far = cards.shown(cards.in_post("邻社区", other_group))
        answer = client.get(f"/cards/links/?period={PERIOD.code}&card={far.pk}", follow=True)
        assert "没有链接可以导出" in text(answer)
