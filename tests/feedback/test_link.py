"""The member's link: what it takes to see the card, and what the member may say to it."""

import time
from typing import Any

import pytest
from django.test import Client

from feedback.models import FeedEvent, RecordCard, Sender
from feedback.rules import agreeing
from feedback.views import link as views
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Consent, Member, User
from members.web import known, throttling
from tests import cards
from tests.conftest import FUTURE

Status = RecordCard.Status
TOLD = ("安一明", "上海嘉定仪表厂", "楼道大扫除", "2026年上半年", "值守", "记录卡给单位")


@pytest.fixture
def member(group: Area) -> Member:
    return cards.in_post("安一明", group)


@pytest.fixture
def card(member: Member) -> RecordCard:
    return cards.shown(member, sentence="值守两次")


@pytest.fixture
def phone() -> Client:
    return Client()


def address(card: RecordCard) -> str:
    return f"/c/{agreeing.link_token(card)}/"


def text(answer: Any) -> str:
    return answer.content.decode()


def opened(phone: Client, card: RecordCard, digits: str = "5678") -> str:
    """Type the digits; return the page that comes."""
    return text(phone.post(address(card), {"digits": digits}, follow=True))


def state(card: RecordCard) -> str:
    return RecordCard.objects.get(pk=card.pk).status


class TestDigits:
    def test_nothing_is_told_before_them(self, phone, card) -> None:
        answer = phone.get(address(card))
        assert [word for word in TOLD if word in text(answer)] == []
        assert "手机号的最后四位" in text(answer)
        assert answer["Cache-Control"] == "no-store, private"

    def test_it_says_first_who_asks_and_whom_to_ring(self, phone, card, community, street) -> None:
        Sender.objects.keep(community, contact="严书记，69980001")
        Sender.objects.keep(street, contact="党建办，69980000")
        for answer in (phone.get(address(card)), phone.post(address(card), {"digits": "0000"})):
            for word in ("新成路街道 第一社区", "第一社区：严书记，69980001", "新成路街道：党建办，69980000"):
                assert word in text(answer)

    def test_the_right_ones_show_the_card_and_the_notice(self, phone, card) -> None:
        answer = opened(phone, card)
        for word in ("安一明", "上海嘉定仪表厂", "楼道大扫除", "值守两次", agreeing.NOTICE, "同意发给单位", "不同意发"):
            assert word in answer
        assert "5678" not in answer
        assert phone.get(address(card))["Cache-Control"] == "no-store, private"

    @pytest.mark.parametrize("digits", ["５６７８", " 5678 ", "56 78"])
    def test_digits_of_full_width_are_digits(self, phone, card, digits: str) -> None:
        assert "安一明" in opened(phone, card, digits)

    @pytest.mark.parametrize("digits", ["", "567", "56789", "abcd", "9" * 25, "a\0b", "五六七八", "٥٦٧٨x"])
    def test_what_is_no_four_digits_counts_as_no_try(self, phone, card, digits: str) -> None:
        answer = phone.post(address(card), {"digits": digits})
        assert (answer.status_code, "请填手机号的最后四位数字" in text(answer)) == (200, True)
        assert RecordCard.objects.get().wrong_tries == 0

    def test_wrong_ones_are_answered_alike_until_locked(self, phone, card) -> None:
        page = {opened(phone, card, "0000").split("csrfmiddlewaretoken")[0] for _ in range(agreeing.MOST_TRIES + 1)}
        assert len(page) == 1
        assert views.WRONG in opened(phone, card, "5678")
        assert "安一明" not in text(phone.get(address(card)))
        entry = AuditEntry.objects.filter(action="refuse").latest("pk")
        assert (entry.row, entry.user, entry.changes) == (str(card.pk), None, {"call": "digits"})

    def test_shown_anew_they_are_asked_again(self, phone, card) -> None:
        opened(phone, card)
        old = address(card)
        agreeing.correct(card)
        assert phone.get(old).status_code == 404
        RecordCard.objects.filter(pk=card.pk).update(status="draft", shown_at=None)
        agreeing.show_all([card.pk])
        RecordCard.objects.update(shown_at=cards.fresh(card).shown_at.replace(year=2030))
        assert "安一明" not in text(phone.get(address(cards.fresh(card))))

    def test_they_are_remembered_for_this_card_and_twenty_minutes(self, phone, card, group, monkeypatch) -> None:
        other = cards.shown(cards.in_post("白二明", group, room="2"))
        opened(phone, card)
        assert "安一明" in text(phone.get(address(card)))
        assert "白二明" not in text(phone.get(address(other)))
        later = time.time() + known.KNOWN_SECONDS + 1
        monkeypatch.setattr(known.time, "time", lambda: later)
        assert "安一明" not in text(phone.get(address(card)))
        answer = phone.post(address(card) + "agree/")
        assert (answer.status_code, state(card)) == (302, Status.SHOWN)

    def test_another_browser_knows_nothing(self, phone, card) -> None:
        opened(phone, card)
        assert "安一明" not in text(Client().get(address(card)))

    def test_guessing_is_slow_whatever_the_links(self, phone, group) -> None:
        limit = int(views.Guessing.rate.split("/")[0])
        rows = [cards.shown(cards.in_post(f"人{number}号", group, room=str(number))) for number in range(7)]
        tried = [phone.post(address(rows[at // 5]), {"digits": "0000"}).status_code for at in range(limit + 1)]
        assert tried == [200] * limit + [429]
        throttling.forget(before=FUTURE)
        assert "人6号" in opened(phone, rows[6])

    def test_a_member_without_a_phone_gets_in_by_none(self, phone, group) -> None:
        card = cards.shown(cards.in_post("无话人", group, phone=""))
        assert "无话人" not in opened(phone, card, "0000")


class TestBadLinks:
    @pytest.mark.parametrize("token", ["x", "9" * 25, "１", "WzEsMV0:1abc:def", "a" * 3000, "%F0%9F%98%80"])
    def test_what_is_no_link_is_one_page(self, phone, card, token: str) -> None:
        for step in ("", "agree/", "object/", "refuse/", "unsay/", "take-back/"):
            for method in (phone.get, phone.post):
                answer = method(f"/c/{token}/{step}")
                assert answer.status_code in (404, 405)
        assert "请联系社区书记" in text(phone.get(f"/c/{token}/"))

    def test_a_link_that_was_tampered_with(self, phone, card, group) -> None:
        other = cards.shown(cards.in_post("白二明", group, room="2"))
        mine, theirs = agreeing.link_token(card).split(":"), agreeing.link_token(other).split(":")
        mixed = ":".join([theirs[0], *mine[1:]])
        assert phone.get(f"/c/{mixed}/").status_code == 404

    def test_a_link_that_is_over(self, phone, card, settings) -> None:
        settings.CARD_LINK_DAYS = 0
        assert phone.get(address(card)).status_code == 404


class TestAnswers:
    def test_two_taps_agree(self, phone, card) -> None:
        opened(phone, card)
        answer = text(phone.post(address(card) + "agree/", follow=True))
        assert "您已经同意" in answer
        agreed = cards.fresh(card)
        assert (agreed.status, agreed.agreed_how, agreed.agreed_by) == ("agreed", "link", None)
        consent = Consent.objects.get()
        assert (consent.means, consent.notice, consent.version) == ("link", agreeing.NOTICE, agreeing.VERSION)

    def test_again_it_stays_agreed(self, phone, card) -> None:
        opened(phone, card)
        for _ in range(2):
            answer = phone.post(address(card) + "agree/", follow=True)
        assert "现在是“本人已同意”，不能再做这一步" in text(answer)
        assert Consent.objects.count() == 1

    def test_what_was_shown_anew_meanwhile_is_read_first(self, card) -> None:
        agreeing.correct(card)
        agreeing.show_all([card.pk])
        with pytest.raises(Conflict, match="请用新的链接打开"):
            agreeing.agree(card, how="link")
        assert (cards.fresh(card).status, Consent.objects.count()) == ("shown", 0)

    @pytest.mark.parametrize("step", ["agree/", "object/", "refuse/", "unsay/", "take-back/"])
    def test_without_the_digits_nothing_is_said(self, phone, card, step: str) -> None:
        answer = phone.post(address(card) + step, {"reason": "冒名"})
        assert answer["Location"] == address(card)
        assert state(card) == Status.SHOWN

    def test_an_objection_reaches_the_secretary(self, phone, card, logged_in, secretary: User) -> None:
        opened(phone, card)
        answer = text(phone.post(address(card) + "object/", {"reason": "扫除我没去"}, follow=True))
        assert "您的意见“扫除我没去”已经告诉社区。这张卡没有发出" in answer
        assert "扫除我没去" in text(logged_in(secretary).get(f"/cards/{card.pk}/"))

    @pytest.mark.parametrize("reason", ["", "  ", "长" * 201, "a\0b"])
    def test_an_objection_says_what(self, phone, card, reason: str) -> None:
        opened(phone, card)
        answer = phone.post(address(card) + "object/", {"reason": reason})
        assert (answer.status_code, "lz-problem" in text(answer), state(card)) == (200, True, Status.SHOWN)

    def test_a_no_takes_one_tap_and_is_taken_back_by_another(self, phone, card) -> None:
        asked = opened(phone, card)
        assert asked.index("同意发给单位</button>") < asked.index("不同意发</button>")
        answer = text(phone.post(address(card) + "refuse/", follow=True))
        assert "您不同意发，这张卡没有发出" in answer
        assert ("同意发给单位</button>" in answer, state(card)) == (False, Status.OBJECTED)
        answer = text(phone.post(address(card) + "unsay/", follow=True))
        assert ("同意发给单位</button>" in answer, state(card)) == (True, Status.SHOWN)
        assert "现在是“待本人确认”，不能再做这一步" in text(phone.post(address(card) + "unsay/", follow=True))

    def test_it_follows_the_card(self, phone, member) -> None:
        card = cards.issued(member)
        assert "卡片已发给您单位的党组织" in opened(phone, card)

    def test_taking_back_asks_once_and_takes_every_card_that_rests_on_it(self, phone, member) -> None:
        card = cards.issued(member)
        earlier = cards.agreed(member, period=cards.PERIOD.previous)
        opened(phone, card)
        asked = text(phone.get(address(card) + "take-back/"))
        assert "凭它发的 2 张卡都作废" in asked
        assert state(card) == Status.ISSUED
        answer = text(phone.post(address(card) + "take-back/", follow=True))
        assert "已经撤回" in answer
        assert "楼道大扫除" not in answer
        assert (state(card), state(earlier)) == ("withdrawn", "withdrawn")
        assert RecordCard.objects.get(pk=card.pk).body == ""
        assert FeedEvent.objects.filter(type="withdrawn").count() == 1
        assert Consent.objects.get().withdrawn_at is not None

    def test_nothing_to_take_back_leads_to_the_card(self, phone, card) -> None:
        opened(phone, card)
        assert phone.get(address(card) + "take-back/")["Location"] == address(card)
        assert phone.post(address(card) + "take-back/")["Location"] == address(card)
        assert state(card) == Status.SHOWN

    def test_the_form_is_protected(self, card) -> None:
        strict = Client(enforce_csrf_checks=True)
        assert strict.post(address(card), {"digits": "5678"}).status_code == 403
