"""The inbox: whose cards are seen, what is done with them, and what stays on record of it."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.feed import receipts
from feedback.ground.periods import CardPeriod
from feedback.models import Answer, Contact, Feed, FeedEvent, Receipt, RecordCard
from feedback.rules.withdrawing import withdraw
from feedback.views.cards import _trail
from members.models import Area, AuditEntry, Employer, Member, User
from tests import cards, factories
from tests.members.test_admin_scope import exported

INBOX = "/inbox/"
NOW = CardPeriod.on(timezone.localdate(), months=6)
Status = RecordCard.Status


@pytest.fixture
def unit(db: None) -> Employer:
    return factories.employer()


@pytest.fixture
def card(member: Member) -> RecordCard:
    """A card that is with the unit."""
    return cards.issued(member, period=NOW, sentence="谢谢支持。")


@pytest.fixture
def foreign(group: Area) -> RecordCard:
    """A card of another unit."""
    elsewhere = cards.in_post("别家人", group, room="909", at=factories.employer("别家公司"))
    return cards.issued(elsewhere, period=NOW)


@pytest.fixture
def contact(unit: Employer, street: Area) -> User:
    return cards.contact("lianxiren", unit, street)


@pytest.fixture
def client(logged_in: Callable[[User], Client], contact: User) -> Client:
    return logged_in(contact)


def text(answer: Any) -> str:
    return answer.content.decode()


def told(answer: Any) -> list[str]:
    """The messages of a page."""
    return [str(each) for each in answer.context["messages"]]


def names(answer: Any) -> list[str]:
    """Whose cards are listed, in order."""
    return re.findall(r'<th>(?:<a href="/inbox/\d+/">)?(\w+)(?:</a>)?</th>', text(answer).partition("<tbody>")[2])


def now(card: RecordCard) -> RecordCard:
    return RecordCard.objects.get(pk=card.pk)


def post(client: Client, card: RecordCard, act: str, **body: Any) -> Any:
    return client.post(f"{INBOX}{card.pk}/{act}/", body, follow=True)


def receive(client: Client, card: RecordCard) -> Any:
    return post(client, card, "receive", digest=card.digest)


def give_back(client: Client, card: RecordCard, code: str = "left_unit", **more: Any) -> Any:
    return post(client, card, "return", digest=card.digest, code=code, **more)


# Who sees what -------------------------------------------------------------------------------------------------------
PAGES = ("", "receive/", "take-back/", "answer/", "return/", "print/", "receipt.json", "receipt.pdf")


@pytest.mark.parametrize("act", PAGES)
def test_the_cards_of_another_unit_are_not_there(client: Client, foreign: RecordCard, act: str) -> None:
    address = f"{INBOX}{foreign.pk}/{act}"
    body = {"digest": foreign.digest, "text": "收到", "code": "left_unit"}
    assert client.get(address).status_code in (404, 405)
    assert client.post(address, body).status_code in (404, 405)
    assert (now(foreign).status, Receipt.objects.count(), Answer.objects.count()) == ("issued", 0, 0)
    assert not AuditEntry.objects.filter(action="pull").exists()


@pytest.mark.parametrize("pk", ["0", "9" * 25, "１", "%00"])
@pytest.mark.parametrize(
    "address", ["/inbox/{}/", "/inbox/{}/receipt.json", "/our-offers/{}/", "/inbox/keys/{}/rotate/"]
)
def test_numbers_that_nobody_has_are_not_there(client: Client, card: RecordCard, address: str, pk: str) -> None:
    assert client.get(address.format(pk)).status_code in (400, 404)


@pytest.mark.parametrize("state", ["draft", "shown", "agreed"])
def test_what_was_not_issued_is_not_there(client: Client, member: Member, state: str) -> None:
    card = getattr(cards, state)(member)
    assert client.get(f"{INBOX}{card.pk}/").status_code == 404
    assert "欧阳建国" not in text(client.get(INBOX))


@pytest.mark.parametrize("who", ["superuser", "street_officer", "secretary", "liaison", "auditor", "outsider"])
def test_whoever_is_no_contact_stays_outside(request: Any, logged_in: Any, card: RecordCard, who: str) -> None:
    client = logged_in(request.getfixturevalue(who))
    addresses = (INBOX, f"{INBOX}{card.pk}/", f"{INBOX}cards.xlsx", "/our-offers/", f"{INBOX}keys/")
    assert {client.get(address).status_code for address in addresses} == {403}
    assert client.post(f"{INBOX}{card.pk}/receive/", {"digest": card.digest}).status_code == 403
    assert now(card).status == Status.ISSUED


def test_a_visitor_is_asked_to_log_in(card: RecordCard) -> None:
    for address in (INBOX, f"{INBOX}{card.pk}/", f"{INBOX}cards.xlsx"):
        assert Client().get(address).headers["Location"].startswith("/admin/login")


@pytest.mark.parametrize("days", [(-9, 0), (1, None)])
def test_a_contact_acts_for_a_time(client: Client, card: RecordCard, days: tuple[int, int | None]) -> None:
    today = timezone.localdate()
    since, until = (None if day is None else today + timedelta(days=day) for day in days)
    Contact.objects.update(since=since, until=until)
    assert client.get(INBOX).status_code == 403
    assert client.get(f"{INBOX}{card.pk}/").status_code == 403


def test_a_contact_lands_in_the_inbox_and_sees_no_more_of_the_product(client: Client, card: RecordCard) -> None:
    page = client.get("/", follow=True)
    assert page.redirect_chain == [(INBOX, 302)]
    shown = text(page)
    assert [word for word in ("收件箱", "我们的资源", "修改密码") if word not in shown] == []
    assert [word for word in ("群众需求", "花名册", "覆盖情况", "操作记录") if word in shown] == []
    for address in ("/admin/members/member/", "/admin/feedback/recordcard/", "/cards/", "/offers/", "/needs/"):
        assert client.get(address).status_code in (302, 403), address
    assert client.get("/admin/members/member/").headers["Location"].startswith("/admin/login")


def test_a_contact_of_several_units_chooses(
    client: Client, contact: User, street: Area, card: RecordCard, foreign: RecordCard
) -> None:
    other = Contact.objects.create(user=contact, employer=foreign.employer, street=street)
    assert names(client.get(INBOX)) == ["欧阳建国"]
    assert names(client.get(INBOX, {"unit": other.pk})) == ["别家人"]
    assert client.get(f"{INBOX}{foreign.pk}/").status_code == 200
    assert exported(client.get(f"{INBOX}cards.xlsx", {"unit": other.pk}))[0][2] == "别家人"
    for unknown in (other.pk + 1, "x", "", "9" * 25, "１"):
        assert client.get(INBOX, {"unit": unknown}).status_code == 404


def test_the_first_password_is_changed_before_anything_else(contact: User, card: RecordCard) -> None:
    first = contact.set_first_password()
    contact.save()
    client = Client()
    client.post("/admin/login/", {"username": "lianxiren", "password": first})
    assert client.get(INBOX).headers["Location"] == "/admin/password_change/"
    assert client.get(f"{INBOX}{card.pk}/").headers["Location"] == "/admin/password_change/"
    assert client.get("/admin/password_change/").status_code == 200
    new = "jiading-2010-yibiaochang"
    body = {"old_password": first, "new_password1": new, "new_password2": new}
    page = client.post("/admin/password_change/", body, follow=True)
    assert (page.redirect_chain[-1][0], names(page)) == (INBOX, ["欧阳建国"])
    assert client.post("/admin/logout/").headers["Location"].startswith("/admin/login")
    assert client.get(INBOX).headers["Location"].startswith("/admin/login")


# The list ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def all_states(client: Client, group: Area, card: RecordCard) -> dict[str, RecordCard]:
    """A card in each of the states that a unit sees."""
    people = dict(
        zip(("received", "answered", "returned", "withdrawn"), ("收到了", "答过了", "退回了", "撤回了"), strict=True)
    )
    rows = {"issued": card}
    for number, (state, name) in enumerate(people.items()):
        rows[state] = cards.issued(cards.in_post(name, group, room=f"80{number}"), period=NOW)
    for state in ("received", "answered"):
        receive(client, rows[state])
    post(client, rows["answered"], "answer", text="已阅。", thanks="on")
    give_back(client, rows["returned"])
    withdraw(rows["withdrawn"], "mistake")
    return rows


def test_what_is_to_be_done_comes_first(client: Client, all_states: dict[str, RecordCard]) -> None:
    page = client.get(INBOX)
    assert names(page) == ["欧阳建国", "收到了", "答过了", "退回了", "已撤回"]
    assert "有 1 张新的记录卡" in text(page)


def test_a_withdrawn_card_is_a_line_without_content(client: Client, all_states: dict[str, RecordCard]) -> None:
    gone = all_states["withdrawn"]
    page = text(client.get(INBOX))
    assert ("撤回了" in page, gone.number in page) == (False, True)
    answer = client.get(f"{INBOX}{gone.pk}/")
    assert (answer.status_code, "撤回了" in text(answer), "不再有效" in text(answer)) == (410, False, True)
    assert names(client.get(INBOX, {"q": "撤回了"})) == []
    assert client.get(f"{INBOX}{gone.pk}/print/").status_code == 302
    rows = exported(client.get(f"{INBOX}cards.xlsx"))
    assert [row[2] for row in rows if row[0] == gone.number] == [None]


@pytest.mark.parametrize("state", ["issued", "received", "answered", "returned"])
def test_the_list_is_narrowed_by_state(client: Client, all_states: dict[str, RecordCard], state: str) -> None:
    card = all_states[state]
    shown = names(client.get(INBOX, {"show": state}))
    assert shown == [card.member.name]
    assert [row[0] for row in exported(client.get(f"{INBOX}cards.xlsx", {"show": state}))] == [card.number]


def test_the_list_is_narrowed_by_period_and_name(client: Client, card: RecordCard, group: Area) -> None:
    cards.issued(cards.in_post("单秀英", group, room="808"), period=NOW.previous)
    assert names(client.get(INBOX)) == ["欧阳建国", "单秀英"]
    assert names(client.get(INBOX, {"period": NOW.previous.code})) == ["单秀英"]
    for words in ("欧阳", "oyjg", "ouyang", card.number):
        assert names(client.get(INBOX, {"q": words})) == ["欧阳建国"], words


JUNK = ["\0", "９" * 25, "9" * 25, "' OR 1=1", "2026H3", "2026Q9", "draft", "x" * 5000]


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("name", ["show", "period", "q", "p"])
def test_junk_in_the_address_is_no_error(client: Client, card: RecordCard, name: str, junk: str) -> None:
    for address in (INBOX, f"{INBOX}cards.xlsx"):
        assert client.get(address, {name: junk}).status_code in (200, 400)


def test_a_list_asks_a_fixed_number_of_queries(client: Client, card: RecordCard, group: Area) -> None:
    def asked(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    before = [asked(address) for address in (INBOX, f"{INBOX}cards.xlsx")]
    for number in range(6):
        more = cards.issued(cards.in_post(f"多一{number}", group, room=f"70{number}"), period=NOW)
        receive(client, more)
        post(client, more, "answer", text="好")
    assert [asked(address) for address in (INBOX, f"{INBOX}cards.xlsx")] == before
    assert before[0] < 25


def test_every_look_is_on_record_as_a_pull(client: Client, contact: User, card: RecordCard, street: Area) -> None:
    for address in (INBOX, f"{INBOX}{card.pk}/", f"{INBOX}{card.pk}/print/"):
        client.get(address)
    pulls = AuditEntry.objects.filter(action="pull").order_by("pk")
    assert [(each.row, each.user, each.area_path) for each in pulls] == [
        ("", contact, street.path), (str(card.pk), contact, street.path), (str(card.pk), contact, street.path),
    ]  # fmt: skip
    assert pulls[0].changes == {"rows": 1, "filters": [], "cursor": ""}
    fetched = Feed.objects.get(employer=card.employer).fetched_at
    assert fetched
    assert timezone.now() - fetched < timedelta(minutes=1)


def test_an_empty_list_is_no_pull(client: Client, unit: Employer) -> None:
    assert "还没有收到记录卡" in text(client.get(INBOX))
    assert not AuditEntry.objects.filter(action="pull").exists()


# Acknowledging -------------------------------------------------------------------------------------------------------
def test_a_card_is_acknowledged_by_what_was_read(client: Client, card: RecordCard, contact: User) -> None:
    assert card.digest in text(client.get(f"{INBOX}{card.pk}/"))
    assert told(receive(client, card)) == ["已签收。接下来请写一两句反馈。"]
    receipt = Receipt.objects.get()
    assert (now(card).status, receipt.digest) == (Status.RECEIVED, card.digest)
    assert AuditEntry.objects.filter(model="feedback.Receipt", action="create", user=contact).count() == 1
    assert told(receive(client, card)) == ["已签收。接下来请写一两句反馈。"], "again it is the same receipt"
    assert Receipt.objects.count() == 1


@pytest.mark.parametrize("digest", ["", "0" * 64, "\0", "x" * 5000])
def test_another_text_is_not_acknowledged(client: Client, card: RecordCard, digest: str) -> None:
    assert "校验码不对" in told(post(client, card, "receive", digest=digest))[0]
    assert (now(card).status, Receipt.objects.count()) == (Status.ISSUED, 0)


def test_a_card_that_was_withdrawn_meanwhile_is_not_acknowledged(client: Client, card: RecordCard) -> None:
    withdraw(card, "mistake")
    answer = receive(client, card)
    assert (told(answer), answer.status_code) == (["这张卡已经撤回，请删去您那里的内容。"], 410)


def test_the_signed_receipt_can_be_kept(client: Client, card: RecordCard) -> None:
    assert client.get(f"{INBOX}{card.pk}/receipt.json").status_code == 404
    receive(client, card)
    answer = client.get(f"{INBOX}{card.pk}/receipt.json")
    assert json.loads(answer.content) == json.loads(json.dumps(receipts.signed(Receipt.objects.get())))
    assert answer.headers["Content-Type"] == "application/json"
    assert card.number in answer.headers["Content-Disposition"]


def test_many_are_acknowledged_at_once(client: Client, group: Area, card: RecordCard, foreign: RecordCard) -> None:
    others = [
        cards.issued(cards.in_post(f"多一{number}", group, room=f"70{number}"), period=NOW) for number in range(4)
    ]
    gone, returned, stale, good = others
    withdraw(gone, "mistake")
    give_back(client, returned)
    ticked = [f"{each.pk}.{each.digest}" for each in (card, foreign, gone, returned, good)] + [f"{stale.pk}.{'0' * 64}"]
    answer = client.post(f"{INBOX}receive/", {"card": ticked}, follow=True)
    assert told(answer)[0].startswith("已签收 2 张")
    assert [said.partition("：")[0] for said in told(answer)[1:]] == ["1 张没有签收"] * 4
    states = [now(each).status for each in (card, good, stale, foreign, gone, returned)]
    assert states == ["received", "received", "issued", "issued", "withdrawn", "returned"]
    assert {each.card_id for each in Receipt.objects.all()} == {card.pk, good.pk}


@pytest.mark.parametrize(
    "ticked", [[], ["x"], ["1"], [f"{'9' * 25}.{'0' * 64}"], ["\0"], [f"１.{'0' * 64}"], [f"1.{'0' * 64}\n"]]
)
def test_nothing_ticked_is_said(client: Client, card: RecordCard, ticked: list[str]) -> None:
    answer = client.post(f"{INBOX}receive/", {"card": ticked}, follow=True)
    assert told(answer) == ["还没有选中：请先在卡片前面打勾，再点“只签收选中的”。"]
    assert now(card).status == Status.ISSUED


def test_after_the_ticks_the_same_list_comes_back(client: Client, card: RecordCard) -> None:
    back = f"{INBOX}?show=issued"
    body = {"card": [f"{card.pk}.{card.digest}"], "back": back}
    assert client.post(f"{INBOX}receive/", body).headers["Location"] == back
    assert client.post(f"{INBOX}receive/", body | {"back": "//evil.example/"}).headers["Location"] == INBOX


def test_when_all_are_acknowledged_the_answers_are_next(client: Client, card: RecordCard) -> None:
    body = {"card": [f"{card.pk}.{card.digest}"], "back": f"{INBOX}?show=issued"}
    page = client.post(f"{INBOX}receive/", body, follow=True).content.decode()
    assert "没有等签收的卡了。" in page
    assert re.search(
        r'还有 1 张没有反馈：点姓名，写一两句话；也可以打勾，写同一句。 <a href="\?show=received">去写</a>', page
    )
    assert "去写</a>" not in client.get(f"{INBOX}?show=received").content.decode()


# Answering -----------------------------------------------------------------------------------------------------------
def test_an_answer_goes_home_and_may_be_amended(client: Client, card: RecordCard, contact: User) -> None:
    receive(client, card)
    assert "反馈已送到社区" in told(post(client, card, "answer", text="已阅，表现很好。", thanks="on"))[0]
    assert now(card).status == Status.ANSWERED
    page = text(post(client, card, "answer", text="已阅，谢谢社区。"))
    versions = list(Answer.objects.order_by("version").values_list("version", "text", "thanks", "user"))
    assert versions == [(1, "已阅，表现很好。", True, contact.pk), (2, "已阅，谢谢社区。", False, contact.pk)]
    until = card.amendable_until
    assert ("已阅，表现很好。" in page, f"{until.year}年{until.month}月{until.day}日以前都可以修改" in page) == (
        True,
        True,
    )
    post(client, card, "answer", text="已阅，谢谢社区。")
    assert Answer.objects.count() == 2, "the same again changes nothing"


def test_an_answer_is_fixed_when_its_time_is_over(client: Client, member: Member) -> None:
    old = CardPeriod(date(2020, 1, 1), date(2020, 6, 30))
    card = cards.issued(member, period=old)
    receive(client, card)
    post(client, card, "answer", text="迟到的反馈")
    assert "不能再改" in told(post(client, card, "answer", text="改一改"))[0]
    assert Answer.objects.get().text == "迟到的反馈"
    assert "修改反馈" not in text(client.get(f"{INBOX}{card.pk}/"))


def test_a_card_is_acknowledged_before_it_is_answered(client: Client, card: RecordCard) -> None:
    assert "不能再做这一步" in told(post(client, card, "answer", text="好"))[0]
    assert (now(card).status, Answer.objects.count()) == (Status.ISSUED, 0)


@pytest.mark.parametrize("said", ["", "  ", "x" * 501, "好\0"])
def test_an_answer_that_cannot_be_kept_is_refused_in_words(client: Client, card: RecordCard, said: str) -> None:
    receive(client, card)
    page = text(post(client, card, "answer", text=said, thanks="on"))
    assert 'class="lz-problem"' in page
    assert ("x" * 501 in page) == (len(said) > 500), "what was typed is still there"
    assert Answer.objects.count() == 0


def test_thanks_are_never_ticked_beforehand(client: Client, card: RecordCard) -> None:
    receive(client, card)
    page = text(client.get(f"{INBOX}{card.pk}/"))
    assert re.search(r'<input type="checkbox" name="thanks"[^>]*>', page)
    assert "checked" not in re.search(r'<input type="checkbox" name="thanks"[^>]*>', page)[0]


# Sending back --------------------------------------------------------------------------------------------------------
def test_a_card_is_sent_back_with_a_reason(client: Client, card: RecordCard) -> None:
    assert client.get(f"{INBOX}{card.pk}/return/").status_code == 200
    assert told(give_back(client, card, text="去年调走"))[0].startswith("已退回。")
    row = now(card)
    assert (row.status, row.return_code, row.return_text) == (Status.RETURNED, "left_unit", "去年调走")
    assert "不能再做这一步" in told(receive(client, card))[0]
    assert client.get(f"{INBOX}{card.pk}/return/").status_code == 302


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": "nothing"},
        {"code": "other"},
        {"code": "other", "text": " "},
        {"code": "left_unit", "text": "x" * 201},
    ],
)
def test_a_card_is_not_sent_back_without_a_reason(client: Client, card: RecordCard, body: dict) -> None:
    answer = client.post(f"{INBOX}{card.pk}/return/", {"digest": card.digest} | body)
    assert (answer.status_code, "lz-problem" in text(answer)) == (200, True)
    assert now(card).status == Status.ISSUED


def test_what_was_answered_is_not_sent_back(client: Client, card: RecordCard) -> None:
    receive(client, card)
    post(client, card, "answer", text="好")
    assert "不能再做这一步" in told(give_back(client, card))[0]


# On paper and as a file ----------------------------------------------------------------------------------------------
def test_the_paper_says_what_the_card_says(client: Client, card: RecordCard) -> None:
    page = text(client.get(f"{INBOX}{card.pk}/print/"))
    assert [word for word in ("欧阳建国", "楼道大扫除", "谢谢支持。", card.number) if word not in page] == []
    assert f'href="{INBOX}{card.pk}/"' in page


def test_the_page_says_what_left_not_what_is_known_now(client: Client, card: RecordCard) -> None:
    Member.objects.filter(pk=card.member_id).update(name="改名了")
    RecordCard.objects.filter(pk=card.pk).update(sentence="后来写的", lines=[])
    page = text(client.get(f"{INBOX}{card.pk}/"))
    assert ("欧阳建国" in page, "谢谢支持。" in page, "改名了" in page, "后来写的" in page) == (
        True,
        True,
        False,
        False,
    )


def test_no_address_phone_or_neighbour_is_shown(client: Client, card: RecordCard) -> None:
    pages = "".join(text(client.get(f"{INBOX}{path}")) for path in ("", f"{card.pk}/", f"{card.pk}/print/"))
    assert [word for word in ("迎晖苑", "1号楼", "302", "5678") if word in pages] == []


def test_the_file_holds_the_list_and_is_on_record(client: Client, contact: User, card: RecordCard) -> None:
    receive(client, card)
    post(client, card, "answer", text="=1+1", thanks="on")
    (row,) = exported(client.get(f"{INBOX}cards.xlsx", {"q": "欧阳"}))
    today = timezone.localdate().isoformat()
    assert row == (
        card.number, NOW.label, "欧阳建国", None, "第一社区", 1, 0, 0, "2026-03-12 楼道大扫除", None, "谢谢支持。",
        "已反馈", today, today, "'=1+1", "是", None,
    )  # fmt: skip
    entry = AuditEntry.objects.get(action="export")
    assert (entry.user, entry.changes) == (contact, {"rows": 1, "filters": ["q"]})


# From one to the next ------------------------------------------------------------------------------------------------
def test_the_next_card_is_the_one_that_waits(
    client: Client, card: RecordCard, group: Area, foreign: RecordCard
) -> None:
    second, third = (cards.issued(cards.in_post(f"多一{n}", group, room=f"70{n}"), period=NOW) for n in range(2))
    order = [third, second, card]  # the newest first
    for each, after in zip(order, [second, card, third], strict=True):
        assert f'href="{INBOX}{after.pk}/">下一张' in text(client.get(f"{INBOX}{each.pk}/"))
    receive(client, third)
    answer = client.post(f"{INBOX}{third.pk}/answer/", {"text": "好", "next": "1"})
    assert answer.headers["Location"] == f"{INBOX}{second.pk}/"
    give_back(client, second)
    give_back(client, card)
    assert "下一张" not in text(client.get(f"{INBOX}{third.pk}/"))


# Taking a receipt back ------------------------------------------------------------------------------------------------
def test_a_receipt_is_taken_back_and_given_again(client: Client, card: RecordCard, street: Area) -> None:
    """Each statement is signed, in one chain; the feed tells of it; the office sees it."""
    receive(client, card)
    assert "撤回签收" in text(client.get(f"{INBOX}{card.pk}/"))
    assert told(post(client, card, "take-back")) == ["已撤回签收，这张卡重新等候签收。"]
    assert (now(card).status, now(card).received_at) == (Status.ISSUED, None)
    assert "taken_back_at" in client.get(f"{INBOX}{card.pk}/receipt.json").content.decode()
    post(client, card, "take-back")
    receive(client, card)
    rows = list(Receipt.objects.order_by("pk"))
    assert [row.kind for row in rows] == ["received", "taken_back", "received"]
    assert [row.previous for row in rows] == ["", rows[0].hash, rows[1].hash]
    assert list(FeedEvent.objects.order_by("seq").values_list("seq", "type")) == [(1, "issued"), (2, "reopened")]
    office = cards.fresh(card)
    events = [event for _, event in _trail(office)]
    assert events[-3:] == ["单位签收", "单位撤回签收", "单位签收"]


@pytest.mark.parametrize("late", ["a day", "answered", "returned"])
def test_a_receipt_is_not_taken_back_later(client: Client, card: RecordCard, late: str) -> None:
    receive(client, card)
    if late == "a day":
        RecordCard.objects.filter(pk=card.pk).update(received_at=timezone.now() - timedelta(hours=25))
    elif late == "answered":
        post(client, card, "answer", text="好")
    else:
        give_back(client, card)
    before = now(card).status
    assert ("签收已超过一天" if late == "a day" else "不能再做这一步") in told(post(client, card, "take-back"))[0]
    assert (now(card).status, Receipt.objects.count()) == (before, 1)
    assert "take-back" not in text(client.get(f"{INBOX}{card.pk}/"))


# Many at once ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def many(group: Area, unit: Employer) -> list[RecordCard]:
    return [cards.issued(cards.in_post(f"多{n:02}", group, room=f"7{n:02}", at=unit), period=NOW) for n in range(60)]


def test_all_that_wait_are_answered_by_one_sentence(
    client: Client, contact: User, many: list[RecordCard], foreign: RecordCard, member: Member
) -> None:
    """Beyond the page too; set-based; each card has its own receipt, answer and entries in the trail."""
    page = text(client.get(INBOX))
    assert "选中全部要办的 60 张" in page
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]  # type: ignore[index]
    receive(client, many[0])
    withdraw(many[1], "mistake")
    new = cards.issued(member, period=NOW)
    with CaptureQueriesContext(connection) as asked:
        answer = client.post(f"{INBOX}answer/", {"all": "1", "seen": seen, "text": "已阅，谢谢。", "thanks": "on"})
    assert len(asked) <= 45, len(asked)
    assert told(client.get(answer["Location"]))[0].startswith("已反馈 59 张")
    assert Answer.objects.filter(text="已阅，谢谢。", thanks=True, user=contact, version=1).count() == 59
    rows = list(Receipt.objects.order_by("pk"))
    assert [row.previous for row in rows] == ["", *(row.hash for row in rows[:-1])]
    assert {now(each).status for each in many} == {"answered", "withdrawn"}
    assert (now(new).status, now(foreign).status) == ("issued", "issued")
    entries = AuditEntry.objects.filter(user=contact)
    assert entries.filter(model="feedback.Answer", action="create").count() == 59
    assert entries.filter(model="feedback.Receipt", action="create").count() == 59
    assert AuditEntry.objects.first_broken() is None


def test_a_card_issued_meanwhile_is_not_among_all(
    client: Client, many: list[RecordCard], group: Area, unit: Employer
) -> None:
    """Nor one with an older moment, as whoever issued it saved last; and what others did meanwhile is told."""
    page = text(client.get(f"{INBOX}?show=issued"))
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]  # type: ignore[index]
    late = cards.issued(cards.in_post("后到", group, room="900", at=unit), period=NOW)
    RecordCard.objects.filter(pk=late.pk).update(issued_at=many[0].issued_at)
    withdraw(many[1], "mistake")
    answer = client.post(f"{INBOX}receive/?show=issued", {"all": "1", "seen": seen}, follow=True)
    assert told(answer)[0].startswith("已签收 59 张")
    assert "1 张没有签收：这张卡已经撤回" in told(answer)[1]
    assert now(late).status == Status.ISSUED
    assert Receipt.objects.count() == 59


@pytest.mark.parametrize("seen", ["", "x", "2026-13-45", "2026-01-01T00:00:00+08:00", "a:b:c", "\0"])
def test_all_of_a_list_that_was_never_shown_is_none(client: Client, card: RecordCard, seen: str) -> None:
    for act in ("receive", "answer"):
        answer = client.post(f"{INBOX}{act}/", {"all": "1", "seen": seen, "text": "好"}, follow=True)
        assert "还没有选中" in told(answer)[0]
    assert now(card).status == Status.ISSUED


@pytest.mark.parametrize("said", ["", " ", "x" * 501])
def test_no_sentence_answers_nothing(client: Client, card: RecordCard, said: str) -> None:
    body = {"card": [f"{card.pk}.{card.digest}"], "text": said}
    assert told(client.post(f"{INBOX}answer/", body, follow=True))[0].startswith("没有反馈。")
    assert (now(card).status, Answer.objects.count()) == (Status.ISSUED, 0)


def test_an_answer_is_not_amended_with_many(client: Client, card: RecordCard) -> None:
    receive(client, card)
    post(client, card, "answer", text="第一句")
    body = {"card": [f"{card.pk}.{card.digest}"], "text": "第二句"}
    assert "不能再做这一步" in told(client.post(f"{INBOX}answer/", body, follow=True))[0]
    assert Answer.objects.get().text == "第一句"


def test_the_papers_can_be_printed(client: Client, contact: User, card: RecordCard, foreign: RecordCard) -> None:
    assert client.get(f"{INBOX}{card.pk}/receipt.pdf").status_code == 404
    receive(client, card)
    for address in (f"{INBOX}{card.pk}/receipt.pdf", f"{INBOX}cards.pdf"):
        assert client.get(address).content.startswith(b"%PDF")
    entry = AuditEntry.objects.get(action="export")
    assert (entry.user, entry.changes, entry.reason) == (contact, {"rows": 1, "filters": []}, "打印记录卡")
    assert client.get(f"{INBOX}cards.pdf?show=returned")["Location"].startswith(INBOX)
