"""Cards on paper: from the frozen body, for those who may, each bulk print on record."""

import io
import re
from datetime import timedelta
from typing import Any

import pypdf
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.models import RecordCard
from feedback.rules import agreeing, withdrawing
from feedback.views import papers
from members.models import Area, AuditEntry, Member, User
from tests import cards, factories

PERIOD = cards.PERIOD.code
MARKUP = '#panic(1) #read("/etc/passwd") $x$ *粗* `码` <l> @r // 注 ]) #{ } \\u{41} & "'


@pytest.fixture
def client(logged_in, secretary: User) -> Client:
    return logged_in(secretary)


@pytest.fixture
def issued(group: Area) -> list[RecordCard]:
    units = ("嘉定区图书馆", "上海嘉定仪表厂", "嘉定区图书馆")
    names = ("安一明", "白二明", "曹三明")
    return [
        cards.issued(cards.in_post(name, group, room=name[1], at=factories.employer(unit)))
        for name, unit in zip(names, units, strict=True)
    ]


def text(answer: Any) -> str:
    return answer.content.decode()


def pages(answer: Any) -> list[str]:
    """The text of each page of a PDF, without blanks."""
    assert answer["Content-Type"] == "application/pdf", text(answer)[:200]
    reader = pypdf.PdfReader(io.BytesIO(b"".join(answer) if answer.streaming else answer.content))
    return ["".join(page.extract_text().split()) for page in reader.pages]


def picked(*rows: RecordCard, **more: Any) -> dict[str, Any]:
    return {"period": PERIOD, "card": [row.pk for row in rows]} | more


def exports() -> list[tuple[str, dict]]:
    return list(AuditEntry.objects.filter(action="export").order_by("pk").values_list("reason", "changes"))


class TestPdf:
    def test_cards_lie_two_on_a_sheet_by_employer(self, client, issued) -> None:
        answer = client.get("/cards/cards.pdf", picked(*issued))
        found = pages(answer)
        assert len(found) == 2
        names = re.findall("安一明|白二明|曹三明", "".join(found))
        assert list(dict.fromkeys(names)) == ["白二明", "安一明", "曹三明"]
        code = issued[0].digest[:16]
        for word in ("2026年上半年", "楼道大扫除", "新成路街道第一社区", issued[0].number, code, "参加活动1次"):
            assert word in "".join(found)
        assert exports() == [("打印记录卡", {"rows": 3})]

    def test_it_says_what_was_frozen(self, client, issued) -> None:
        Member.objects.update(name="改了名")
        RecordCard.objects.update(sentence="后来改的")
        found = "".join(pages(client.get("/cards/cards.pdf", picked(*issued))))
        assert "安一明" in found
        assert "改了名" not in found
        assert "后来改的" not in found

    def test_all_of_a_list_and_posted_it_becomes_an_address(self, client, issued) -> None:
        answer = client.post("/cards/cards.pdf", {"period": PERIOD, "show": "issued", "all": "1", "q": ""})
        assert answer["Location"] == f"/cards/cards.pdf?period={PERIOD}&show=issued&q=&all=1"
        assert len(pages(client.get(answer["Location"]))) == 2

    def test_what_is_not_out_is_not_printed(self, client, group, issued) -> None:
        waiting = cards.shown(cards.in_post("戴四明", group, room="9"))
        withdrawing.withdraw(issued[0], RecordCard.Withdrawal.MISTAKE)
        found = "".join(pages(client.get("/cards/cards.pdf", picked(*issued, waiting))))
        assert ("安一明" in found, "戴四明" in found, "白二明" in found) == (False, False, True)
        assert "没有已发出的" in text(client.get("/cards/cards.pdf", picked(waiting), follow=True))

    def test_others_cards_are_not_printed(self, logged_in, other_secretary, issued) -> None:
        answer = logged_in(other_secretary).get("/cards/cards.pdf", picked(*issued), follow=True)
        assert "没有已发出的" in text(answer)
        assert exports() == []

    def test_a_long_card_goes_on_with_its_name_and_no_row_steers_it(self, client, group) -> None:
        lines = [cards.LINE | {"key": f"a{number}", "title": f"活动{number}{MARKUP}"} for number in range(70)]
        card = cards.issued(cards.in_post("长卡人", group), lines=lines, sentence=f"值守{MARKUP}")
        found = pages(client.get("/cards/cards.pdf", picked(card)))
        assert "".join(MARKUP.split()) in "".join(found)
        assert all("长卡人" in page for page in found)
        assert len(found) > 1

    def test_too_many_at_once_are_refused(self, client, issued, monkeypatch) -> None:
        monkeypatch.setattr(papers, "MOST", 2)
        assert "一次最多印" in text(client.get("/cards/cards.pdf", picked(*issued), follow=True))


class TestOnePrinted:
    def test_it_bears_its_number_and_the_way_to_check_it(self, client, issued) -> None:
        answer = text(client.get(f"/cards/{issued[0].pk}/print/"))
        assert issued[0].number in answer
        digest = issued[0].digest
        assert f"{digest[:4]} {digest[4:8]}" in answer
        assert "data:image/svg+xml" in answer

    def test_before_it_is_out_there_is_nothing_to_print(self, client, group) -> None:
        card = cards.agreed(cards.in_post("安一明", group))
        answer = client.get(f"/cards/{card.pk}/print/", follow=True)
        assert "没有可以打印的" in text(answer)


class TestSheets:
    @pytest.fixture
    def waiting(self, group: Area, station: Area) -> list[RecordCard]:
        next_door = factories.building("3号楼", station)
        homes = (next_door, group, next_door)
        names = ("安一明", "白二明", "曹三明")
        return [cards.shown(cards.in_post(name, home, room=name[1])) for name, home in zip(names, homes, strict=True)]

    def test_one_a_member_by_building_with_the_notice_and_the_link(self, client, waiting) -> None:
        answer = text(client.get("/cards/sheets/", picked(*waiting)))
        slips = answer.split('<section class="lz-slip')[1:]
        assert [re.search("安一明|白二明|曹三明", slip)[0] for slip in slips] == ["白二明", "安一明", "曹三明"]
        for slip in slips:
            assert agreeing.NOTICE in slip
            assert "data:image/svg+xml" in slip
            assert "本人签名" in slip
            assert len(re.findall("安一明|白二明|曹三明", re.sub(r'alt="[^"]+"', "", slip))) == 1
        assert exports() == [("打印确认单", {"rows": 3})]

    def test_no_door_and_no_phone_stands_on_it(self, client, group) -> None:
        card = cards.shown(cards.in_post("安一明", group, room="7301"))
        answer = text(client.get("/cards/sheets/", picked(card)))
        assert "7301" not in answer
        assert "5678" not in re.sub(r"data:[^\"]+", "", answer)

    def test_only_what_waits_is_printed(self, client, group, waiting) -> None:
        draft = cards.draft(cards.in_post("戴四明", group, room="9"))
        assert "戴四明" not in text(client.get("/cards/sheets/", picked(draft, *waiting)))
        assert "没有确认单可以打印" in text(client.get("/cards/sheets/", picked(draft), follow=True))

    def test_they_ask_the_same_for_one_and_for_many(self, client, waiting) -> None:
        client.get("/")
        counts = []
        for rows in (waiting[:1], waiting):
            with CaptureQueriesContext(connection) as asked:
                client.get("/cards/sheets/", picked(*rows))
            counts.append(len(asked))
        assert counts[0] == counts[1]

    @pytest.mark.parametrize("junk", ["9" * 25, "１", "x"])
    def test_junk_is_nothing_chosen(self, client, waiting, junk: str) -> None:
        for page in ("sheets/", "cards.pdf"):
            assert client.get(f"/cards/{page}", {"card": junk, "period": junk, "place": junk}).status_code == 302
        assert exports() == []


def test_the_sheet_says_until_when(client, group, settings) -> None:
    card = cards.shown(cards.in_post("安一明", group))
    until = timezone.localtime(card.shown_at + timedelta(days=settings.CARD_LINK_DAYS))
    assert f"{until.year}年{until.month}月{until.day}日" in text(client.get("/cards/sheets/", picked(card)))
