"""A unit's slips in the inbox: whose are seen, sending one or a workbook, the steps, receipts, the link."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from feedback.feed.slips import signed
from feedback.forms import slip_book
from feedback.models import Slip, SlipCode, SlipReceipt
from feedback.rules import slips_asking, slips_closing
from feedback.rules.receiving import By
from feedback.views import verify as verifying
from members.ground.export import workbook
from members.models import Area, AuditEntry, Employer, User
from tests import cards, factories, slips

PAGE = "/inbox/slips/"
HEADINGS = [names[0] for names in slip_book.HEADINGS.values()]
GOOD = {
    "name": "郁建平", "phone": "19900008765", "home": slips.HERE, "agreed_how": "paper", "agreed_on": "2026-11-02",
}  # fmt: skip


@pytest.fixture
def unit(db: None) -> Employer:
    return factories.employer()


@pytest.fixture
def client(logged_in: Callable[[User], Client], unit: Employer, street: Area, group: Area) -> Client:
    return logged_in(cards.contact("lianxiren", unit, street))


@pytest.fixture
def slip(street: Area, group: Area, unit: Employer) -> Slip:
    return slips.from_unit(street, unit=unit)


@pytest.fixture
def own(street: Area, group: Area, unit: Employer) -> Slip:
    return slips.reported(street, "单国强", employer_name=unit.name, tells_employer=True, phone=slips.phone(7))


def text(answer: Any) -> str:
    return answer.content.decode()


def told(answer: Any) -> list[str]:
    return [str(each) for each in answer.context["messages"]]


def post(client: Client, slip: Slip, act: str, **body: Any) -> Any:
    return client.post(f"{PAGE}{slip.pk}/{act}/", body, follow=True)


def book(*rows: tuple[Any, ...]) -> SimpleUploadedFile:
    return SimpleUploadedFile("报到单.xlsx", workbook("报到单", HEADINGS, rows, formats={}))


def upload(client: Client, *rows: tuple[Any, ...]) -> Any:
    return client.post(f"{PAGE}workbook/", {"file": book(*rows)})


def test_one_is_sent(client: Client, unit: Employer) -> None:
    page = client.post(f"{PAGE}add/", GOOD, follow=True)
    slip = Slip.objects.get()
    assert (slip.name, slip.employer, slip.origin, slip.user.username) == ("郁建平", unit, "employer", "lianxiren")
    assert told(page) == ["已发给社区。"]
    assert told(client.post(f"{PAGE}add/", GOOD, follow=True)) == ["这张单以前发过，还有效，没有再发一张。"]
    assert Slip.objects.count() == 1


def test_without_agreement_none_is_sent(client: Client) -> None:
    page = client.post(f"{PAGE}add/", GOOD | {"agreed_how": "", "agreed_on": ""})
    assert "郁建平" in text(page), "nothing typed is lost"
    page = client.post(f"{PAGE}add/", GOOD | {"phone": "12"})
    assert page.context["form"].errors["phone"]
    assert not Slip.objects.exists()


def test_a_workbook_is_shown_before_its_good_rows_are_sent(client: Client) -> None:
    good = ("郁建平", "19900008765", slips.HERE, "A-1", "", "", "书面签字", date(2026, 11, 2))
    page = upload(client, good, ("单国强", "19900008766", slips.THERE, "", "", "", "口信", ""), good)
    assert (page.context["good"], len(page.context["bad"])) == (2, 1)
    assert page.context["bad"][0].number == 3
    assert "同意的方式请写" in text(page)
    assert not Slip.objects.exists()
    rows = page.context["sealed"]
    sent = client.post(f"{PAGE}workbook/send/", {"rows": rows}, follow=True)
    assert told(sent) == ["已发给社区 1 张。另有 1 张以前发过，还有效，没有再发。"]
    assert Slip.objects.get().agreed_on == date(2026, 11, 2)
    assert "再上传一次" in told(client.post(f"{PAGE}workbook/send/", {"rows": rows + "x"}, follow=True))[0]
    assert Slip.objects.count() == 1


def test_a_workbook_of_another_contact_is_not_sent(
    client: Client, logged_in: Callable[[User], Client], street: Area
) -> None:
    good = ("郁建平", "19900008765", slips.HERE, "", "", "", "书面签字", "2026-11-02")
    rows = upload(client, good).context["sealed"]
    other = logged_in(cards.contact("bieren", factories.employer("别家公司"), street))
    assert "再上传一次" in told(other.post(f"{PAGE}workbook/send/", {"rows": rows}, follow=True))[0]
    assert not Slip.objects.exists()


def test_what_is_no_workbook_of_slips(client: Client) -> None:
    assert "没有找到表头" in text(client.post(f"{PAGE}workbook/", {"file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")}))
    assert "请在表头下面" in text(upload(client))
    assert "请先选一个表格文件" in text(client.post(f"{PAGE}workbook/", {}))
    many = [(f"郁{chr(0x4E00 + n)}", slips.phone(n), slips.HERE) for n in range(501)]
    assert "一次最多发 500 张，这份表里有 501 行" in text(upload(client, *many))


def test_the_template_comes_back_empty(client: Client) -> None:
    empty = SimpleUploadedFile("a.xlsx", client.get(f"{PAGE}template.xlsx").content)
    page = client.post(f"{PAGE}workbook/", {"file": empty})
    assert "请在表头下面" in text(page)


def test_the_list_and_its_tabs(
    client: Client, slip: Slip, own: Slip, street: Area, secretary: User, django_assert_max_num_queries: Any
) -> None:
    for n in range(10, 30):
        slips.from_unit(street, f"郁{chr(0x4E00 + n)}", unit=slip.employer, phone=slips.phone(n))
    slips_asking.ask(slip, code="home", by=secretary)
    with django_assert_max_num_queries(22):
        page = client.get(PAGE)
    assert "有 1 张社区看不明白" in text(page)
    assert "有 1 位党员自己报到" in text(page)
    assert page.context["shown"].object_list[0] == slip
    assert [each.pk for each in client.get(PAGE, {"show": "asked"}).context["shown"].object_list] == [slip.pk]
    assert AuditEntry.objects.filter(action="pull").exists()


def test_a_question_is_answered(client: Client, slip: Slip, secretary: User) -> None:
    slips_asking.ask(slip, code="home", text="几号楼？", by=secretary)
    page = text(client.get(f"{PAGE}{slip.pk}/"))
    assert "几号楼？" in page
    assert slips.HERE in page
    assert "请写一句回答" in text(post(client, slip, "answer"))
    assert told(post(client, slip, "answer", home=slips.THERE)) == ["已回答，社区会接着核对。"]
    assert slips.fresh(slip).home_text == slips.THERE


def test_withdrawn_it_shows_nobody(client: Client, slip: Slip) -> None:
    page = post(client, slip, "withdraw")
    assert told(page) == ["已撤回。"]
    assert "郁建平" not in text(page)
    assert "郁建平" not in text(client.get(PAGE))


def test_who_left(client: Client, slip: Slip, secretary: User) -> None:
    slips.accepted(slip, secretary)
    assert "请选“已调离”或“已退休”" in text(post(client, slip, "end"))
    post(client, slip, "end", code="retired", text="十月")
    now = slips.fresh(slip)
    assert (now.status, now.ended_code, now.ended_text) == ("ended", "retired", "十月")


def test_a_members_own_is_claimed_or_not(client: Client, own: Slip) -> None:
    page = text(client.get(f"{PAGE}{own.pk}/"))
    assert "是不是" in page
    assert own.home_text not in page
    assert own.phone not in page
    post(client, own, "ours", is_ours="no")
    assert slips.fresh(own).employer_says == "not_ours"
    assert "单国强" not in text(client.get(f"{PAGE}{own.pk}/"))


def test_receipts_and_their_check(client: Client, slip: Slip, secretary: User) -> None:
    assert client.get(f"{PAGE}{slip.pk}/receipt.pdf").status_code == 404
    slips.accepted(slip, secretary)
    receipt = SlipReceipt.objects.select_related("slip").get()
    assert json.loads(client.get(f"{PAGE}{slip.pk}/receipt.json").content) == json.loads(json.dumps(signed(receipt)))
    assert client.get(f"{PAGE}{slip.pk}/receipt.pdf").content.startswith(b"%PDF")
    check = f"/verify/{slip.number}/"
    assert verifying.RECEIPT_IN_FORCE in text(Client().get(check, {"d": receipt.hash[:16]}))
    assert verifying.UNFIT in text(Client().get(check, {"d": "0" * 16}))
    slips_closing.withdraw(slip, withdrawer="sender", by=By())
    page = text(Client().get(check, {"d": receipt.hash[:16]}))
    assert verifying.RECEIPT_OVER in page
    assert "郁建平" not in page


def test_the_link_is_opened_and_closed(client: Client, unit: Employer, street: Area) -> None:
    last = timezone.localdate() + timedelta(days=30)
    client.post(f"{PAGE}link/", {"ends_on": last})
    code = SlipCode.objects.get()
    assert (code.employer, code.place, code.ends_on) == (unit, street, last)
    assert f"/r/{code.secret_code}/" in text(client.get(f"{PAGE}link/"))
    refused = text(client.post(f"{PAGE}link/", {"ends_on": last + timedelta(days=900)}))
    assert "一年以内" in refused
    client.post(f"{PAGE}link/close/")
    assert SlipCode.objects.get().closed_at
    assert not re.search("/r/", text(client.get(f"{PAGE}link/")))


def test_what_others_find(
    slip: Slip, unit: Employer, street: Area, other_street: Area, secretary: User, logged_in: Callable[[User], Client]
) -> None:
    """Another unit's contact, and the same unit's of another street, find none of it; the office has no inbox."""
    strangers = [
        logged_in(cards.contact("bieren", factories.employer("别家公司"), street)),
        logged_in(cards.contact("waijie", unit, other_street)),
    ]
    for stranger in strangers:
        assert not stranger.get(PAGE).context["shown"].object_list
        for address in ("", "receipt.pdf", "receipt.json"):
            assert stranger.get(f"{PAGE}{slip.pk}/{address}").status_code == 404
        for act in ("answer", "withdraw", "end", "ours"):
            assert stranger.post(f"{PAGE}{slip.pk}/{act}/").status_code == 404
    assert logged_in(secretary).get(PAGE).status_code == 403
    assert slips.fresh(slip).status == "sent"
