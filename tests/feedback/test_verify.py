"""What anybody may ask of a printed card: whether number and check code are genuine and in force, nothing else."""

import pytest
from django.db import transaction
from django.test import Client

from feedback.models import RecordCard
from feedback.rules import receiving, withdrawing
from feedback.views import verify as views
from members.models import Area
from tests import cards

ANSWERS = (views.IN_FORCE, views.OVER, views.UNFIT)
SECRET = ("安一明", "上海嘉定仪表厂", "楼道大扫除", "第一社区", "2026年上半年")


@pytest.fixture
def card(group: Area) -> RecordCard:
    return cards.issued(cards.in_post("安一明", group))


def asked(number: str, d: str) -> str:
    answer = Client().get(f"/verify/{number}/", {"d": d})
    assert answer.status_code == 200
    return answer.content.decode()


def said(number: str, d: str) -> list[str]:
    """Which of the sentences the page holds."""
    page = asked(number, d)
    return [sentence for sentence in ANSWERS if sentence in page]


def test_a_genuine_card_is_genuine_and_no_more_is_told(card) -> None:
    page = asked(card.number, card.digest)
    assert views.IN_FORCE in page
    assert [word for word in SECRET if word in page] == []


def test_what_is_printed_is_enough(card) -> None:
    assert said(card.number, card.digest[:16]) == [views.IN_FORCE]
    assert said(card.number, " ".join(card.digest[at : at + 4] for at in range(0, 16, 4)).upper()) == [views.IN_FORCE]


@pytest.mark.parametrize("d", ["0" * 16, "0" * 64, "f" * 100, "x" * 16, "一" * 16])
def test_another_code_does_not_fit(card, d: str) -> None:
    assert said(card.number, d) == [views.UNFIT]


def test_a_code_that_is_longer_than_the_digest_does_not_fit(card) -> None:
    assert said(card.number, card.digest + "00") == [views.UNFIT]
    assert said(card.number, card.digest[:15] + ("0" if card.digest[15] != "0" else "1")) == [views.UNFIT]


@pytest.mark.parametrize("d", ["", "abc", "0" * 15, "0" * 101])
def test_a_code_that_is_none_is_asked_for_again(card, d: str) -> None:
    assert said(card.number, d) == []


def test_a_withdrawn_card_is_no_longer_in_force(card) -> None:
    withdrawing.withdraw(card, RecordCard.Withdrawal.MISTAKE)
    assert said(card.number, card.digest) == [views.OVER]
    assert said(card.number, "0" * 16) == [views.UNFIT]


def test_a_returned_card_is_no_longer_in_force(card) -> None:
    with transaction.atomic():
        receiving.give_back(card, digest=card.digest, code="left_unit", text="")
    assert said(card.number, card.digest) == [views.OVER]


@pytest.mark.parametrize("number", ["310114001-2026-99999", "9" * 25, "'\"><%25"])
def test_a_number_that_is_none_is_told_as_a_code_that_does_not_fit(card, number: str) -> None:
    assert said(number, card.digest) == [views.UNFIT]


def test_a_card_that_never_left_cannot_be_asked_for(group) -> None:
    cards.agreed(cards.in_post("安一明", group))
    for number in ("None", "-", "0"):
        assert said(number, "0" * 16) == [views.UNFIT]


def test_a_form_takes_what_was_typed_in_whatever_width(card) -> None:
    assert "校验码" in Client().get("/verify/").content.decode()
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in card.digest[:16])
    page = Client().get("/verify/", {"number": f" {card.number} ", "d": wide}).content.decode()
    assert views.IN_FORCE in page
    assert "lz-problem" in Client().get("/verify/", {"number": "", "d": ""}).content.decode()
    assert "lz-problem" in Client().get("/verify/", {"number": "9" * 41, "d": "0" * 16}).content.decode()
    assert Client().get("/verify/?number=%00&d=1").status_code == 400


def test_trying_through_is_slow(card) -> None:
    limit = int(views.Checking.rate.split("/")[0])
    visitor = Client()
    found = [visitor.get(f"/verify/{card.number}/", {"d": f"{at:016x}"}).status_code for at in range(limit + 1)]
    assert found == [200] * limit + [429]
    assert visitor.get("/verify/").status_code == 200
