"""The admin of what goes to units: what each may do there, and that no rule is got round by it."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.admin import cards as cards_admin
from feedback.feed import delivering, feed
from feedback.models import Contact, Delivery, Feed, RecordCard, Webhook
from members.ground.access import PostKind
from members.models import Area, AuditEntry, Employer, User
from tests import cards, factories
from tests.feedback.test_inbox import text, told
from tests.members.test_admin_scope import exported

LIST, CONTACTS, DELIVERIES = "/admin/feedback/recordcard/", "/admin/feedback/contact/", "/admin/feedback/delivery/"
REASON = {"format": "0", "reason": "核对上半年发卡"}
Status = RecordCard.Status


@pytest.fixture
def client(logged_in: Callable[[User], Client], secretary: User) -> Client:
    return logged_in(secretary)


@pytest.fixture
def office(logged_in: Callable[[User], Client], street_officer: User) -> Client:
    return logged_in(street_officer)


@pytest.fixture
def unit(db: None) -> Employer:
    return factories.employer()


@pytest.fixture
def foreign(other_group: Area) -> RecordCard:
    """A card of the other community."""
    return cards.draft(cards.in_post("别处人", other_group))


@pytest.fixture
def rows(group: Area) -> dict[str, RecordCard]:
    """A card of the community in each of the first states, and an empty one."""
    made = {
        state: getattr(cards, state)(cards.in_post(f"{name}一明", group, room=f"60{number}"))
        for number, (state, name) in enumerate({"draft": "安", "shown": "白", "agreed": "曹", "issued": "丁"}.items())
    }
    return made | {"empty": cards.draft(cards.in_post("空一明", group, room="609"), lines=[])}


def act(client: Client, name: str, *chosen: RecordCard, **more: Any) -> Any:
    return client.post(LIST, {"action": name, "_selected_action": [card.pk for card in chosen]} | more, follow=True)


def state(card: RecordCard) -> str:
    return RecordCard.objects.get(pk=card.pk).status


# Cards ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "own", "other"),
    [
        ("superuser", 403, 403), ("street_officer", 200, 200), ("secretary", 200, 404), ("other_secretary", 404, 200),
        ("liaison", 403, 403), ("leader", 403, 403), ("instructor", 403, 403), ("auditor", 403, 403),
    ],
)  # fmt: skip
def test_cards_are_open_to_those_who_send_them(
    request: Any, logged_in: Any, rows: dict, foreign: RecordCard, who: str, own: int, other: int
) -> None:
    client = logged_in(request.getfixturevalue(who))
    found = [client.get(f"{LIST}{card.pk}/change/").status_code for card in (rows["draft"], foreign)]
    assert found == [own, other]
    page = client.get(LIST)
    assert page.status_code == (403 if own == 403 else 200)
    assert ("安一明" in text(page), "别处人" in text(page)) == (own == 200, other == 200)
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{rows['draft'].pk}/change/", {"sentence": "x"}).status_code in (403, 404)


def test_cards_without_consent_are_not_issued(client: Client, rows: dict[str, RecordCard]) -> None:
    page = act(client, "issue", *rows.values())
    (said,) = told(page)
    assert said.startswith("已发出 1 张。2 张没有动：现在是“草稿”，本人同意以后才能发出。1 张没有动：")
    assert {name: state(card) for name, card in rows.items()} == {
        "draft": "draft", "shown": "shown", "agreed": "issued", "issued": "issued", "empty": "draft",
    }  # fmt: skip


def test_a_card_whose_consent_was_taken_back_is_not_issued(client: Client, rows: dict[str, RecordCard]) -> None:
    rows["agreed"].consent.withdraw()
    assert told(act(client, "issue", rows["agreed"])) == ["1 张没有动：现在是“已撤回”，本人同意以后才能发出。"]
    assert state(rows["agreed"]) == Status.WITHDRAWN


def test_drafts_are_put_before_their_members(client: Client, rows: dict[str, RecordCard]) -> None:
    page = act(client, "show_to_members", *rows.values())
    (said,) = told(page)
    assert said.startswith("已请 1 位本人确认。")
    assert "1 张没有动：还是空白的" in said
    assert said.count("没有动") == 4
    assert (state(rows["draft"]), state(rows["empty"])) == ("shown", "draft")


@pytest.mark.parametrize("name", ["issue", "show_to_members"])
def test_cards_outside_are_not_moved_by_their_numbers(client: Client, foreign: RecordCard, name: str) -> None:
    act(client, name, foreign)
    act(client, name, foreign, select_across="1")
    assert state(foreign) == Status.DRAFT


def test_not_too_many_at_once(client: Client, rows: dict[str, RecordCard], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards_admin, "MOST", 2)
    assert told(act(client, "issue", *rows.values()))[0].startswith("一次最多选")
    assert state(rows["agreed"]) == Status.AGREED


def test_cards_are_exported_with_a_reason(client: Client, rows: dict[str, RecordCard], foreign: RecordCard) -> None:
    assert client.post(f"{LIST}export/", {"format": "0", "reason": ""}).status_code == 200
    assert not AuditEntry.objects.filter(action="export").exists()
    found = exported(client.post(f"{LIST}export/", REASON))
    assert {row[1] for row in found} == {card.member.name for card in rows.values()}
    row = next(row for row in found if row[1] == "丁一明")
    issued = RecordCard.objects.get(pk=rows["issued"].pk)
    assert row[:8] == (
        issued.number,
        "丁一明",
        "上海嘉定仪表厂",
        "第一社区",
        "2026年上半年",
        "2026-03-12 楼道大扫除",
        None,
        "已发出",
    )
    entry = AuditEntry.objects.get(action="export")
    assert (entry.reason, entry.changes["rows"]) == ("核对上半年发卡", 5)


@pytest.mark.parametrize("junk", ["\0", "2026H9", "９", "x" * 3000, "9" * 25])
@pytest.mark.parametrize("name", ["period", "place", "status__exact", "q", "employer__id__exact", "issued_at_from"])
def test_junk_in_a_filter_is_no_error(client: Client, rows: dict, name: str, junk: str) -> None:
    assert client.get(LIST, {name: junk}).status_code in (200, 302, 400)
    assert client.get(f"{LIST}export/", {name: junk}).status_code in (200, 302, 400)


def test_the_lists_ask_a_fixed_number_of_queries(office: Client, street: Area, unit: Employer, group: Area) -> None:
    models = ("recordcard", "employerkey", "contact", "webhook", "delivery", "offer")

    def fill(number: int) -> None:
        other = factories.employer(f"第{number}厂")
        cards.draft(cards.in_post(f"多一{number}", group, room=f"50{number}", at=other))
        cards.key(other, street)
        cards.contact(f"lianxi{number}", other, street)
        cards.offer(other, street)
        webhook = Webhook.objects.create(employer=other, street=street, url="https://hooks.example/")
        Delivery.objects.create(webhook=webhook, cursor="c")

    def asked() -> list[int]:
        counts = []
        for model in models:
            with CaptureQueriesContext(connection) as queries:
                assert office.get(f"/admin/feedback/{model}/").status_code == 200
            counts.append(len(queries))
        return counts

    fill(0)
    asked()
    before = asked()
    for number in range(1, 5):
        fill(number)
    assert asked() == before


# Contacts ------------------------------------------------------------------------------------------------------------
PASSWORD = re.compile(r"(?:初始密码|新密码)是 (\S+?)（")


def body(unit: Employer, street: Area, **fields: Any) -> dict[str, Any]:
    return {"employer": unit.pk, "street": street.pk, "name": "钱联系", "username": "qianlx"} | fields


def first_password(answer: Any) -> str:
    found = PASSWORD.search(" ".join(told(answer)))
    assert found
    return found[1]


def logs_in(username: str, password: str) -> bool:
    answer = Client().post("/admin/login/?next=/", {"username": username, "password": password})
    return answer.status_code == 302


def test_a_contact_gets_a_login_and_no_post(office: Client, unit: Employer, street: Area) -> None:
    page = office.post(f"{CONTACTS}add/", body(unit, street), follow=True)
    contact = Contact.objects.select_related("user").get()
    assert logs_in("qianlx", first_password(page))
    assert (contact.user.must_change_password, contact.user.is_staff, contact.employer) == (True, False, unit)
    assert PASSWORD.search(text(office.get(f"{CONTACTS}{contact.pk}/change/"))) is None


def test_a_login_that_somebody_has_is_not_taken(office: Client, secretary: User, unit: Employer, street: Area) -> None:
    for username in ("shuji1", "", "x" * 151, "a b", "好\0"):
        answer = office.post(f"{CONTACTS}add/", body(unit, street, username=username, name="社区书记"))
        assert answer.status_code == 200, username
    assert Contact.objects.count() == 0
    assert not secretary.contacts.exists()


def test_a_contact_may_act_for_one_more_unit(office: Client, unit: Employer, street: Area) -> None:
    office.post(f"{CONTACTS}add/", body(unit, street))
    other = factories.employer("第二家")
    assert office.post(f"{CONTACTS}add/", body(other, street, name="别人")).status_code == 200
    page = office.post(f"{CONTACTS}add/", body(other, street), follow=True)
    assert Contact.objects.filter(user__username="qianlx").count() == 2
    assert PASSWORD.search(" ".join(told(page)[1:])) is None, "the password stays"
    assert "已经是这个单位的联系人" in text(office.post(f"{CONTACTS}add/", body(other, street)))


def test_a_contact_of_another_street_is_not_taken_over(
    office: Client, unit: Employer, street: Area, other_street: Area
) -> None:
    far = cards.contact("far", unit, other_street)
    User.objects.filter(pk=far.pk).update(name="远处人")
    answer = office.post(f"{CONTACTS}add/", body(unit, street, username="far", name="远处人"))
    assert "这个登录名已有人使用" in text(answer)
    row = far.contacts.get()
    assert office.get(f"{CONTACTS}{row.pk}/change/").status_code == 404
    for act_ in ("reset", "end"):
        assert office.post(f"/contacts/{row.pk}/{act_}/").status_code == 404


def test_a_password_is_reset(office: Client, unit: Employer, street: Area) -> None:
    holder = cards.contact("lianxiren", unit, street)
    row = holder.contacts.get()
    assert office.get(f"/contacts/{row.pk}/reset/").status_code == 200
    password = first_password(office.post(f"/contacts/{row.pk}/reset/", follow=True))
    assert (logs_in("lianxiren", factories.PASSWORD), logs_in("lianxiren", password)) == (False, True)
    holder.refresh_from_db()
    assert holder.must_change_password


@pytest.mark.parametrize("higher", ["post", "elsewhere", "superuser"])
def test_no_password_is_reset_that_opens_more(
    office: Client, unit: Employer, street: Area, other_street: Area, higher: str
) -> None:
    """Otherwise whoever may reset it takes the rest with it."""
    holder = cards.contact("lianxiren", unit, street)
    row = holder.contacts.get()
    if higher == "post":
        factories.post(holder, PostKind.STREET, other_street)
    elif higher == "elsewhere":
        Contact.objects.create(user=holder, employer=factories.employer("远处公司"), street=other_street)
    else:
        User.objects.filter(pk=holder.pk).update(is_superuser=True)
    assert office.post(f"/contacts/{row.pk}/reset/").status_code == 403
    assert logs_in("lianxiren", factories.PASSWORD)
    other = factories.employer("第二家")
    answer = office.post(f"{CONTACTS}add/", body(other, street, username="lianxiren", name=holder.name))
    assert (answer.status_code, holder.contacts.filter(employer=other).exists()) == (200, False)


def test_a_contact_ends(office: Client, logged_in: Any, unit: Employer, street: Area) -> None:
    holder = cards.contact("lianxiren", unit, street)
    row = holder.contacts.get()
    assert office.get(f"/contacts/{row.pk}/end/").status_code == 200
    office.post(f"/contacts/{row.pk}/end/")
    assert Contact.objects.get().until == timezone.localdate()
    assert logged_in(holder).get("/inbox/").status_code == 403
    assert told(office.post(f"/contacts/{row.pk}/end/", follow=True))[-1] == "这位联系人已经结束了。"


def test_secretaries_do_not_let_units_in(client: Client, unit: Employer, street: Area) -> None:
    row = cards.contact("lianxiren", unit, street).contacts.get()
    for act_ in ("reset", "end"):
        assert client.post(f"/contacts/{row.pk}/{act_}/").status_code == 404
    assert client.post(f"{CONTACTS}add/", body(unit, street)).status_code == 403


# Messages ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def delivery(unit: Employer, street: Area) -> Delivery:
    webhook = Webhook(employer=unit, street=street, url="https://hooks.example/")
    webhook.make_secret()
    webhook.save()
    return Delivery.objects.create(webhook=webhook, cursor="c", status="given_up", attempts=12, outcome="对方回答 500")


def test_what_is_no_address_is_refused_in_plain_words(office: Client, unit: Employer, street: Area) -> None:
    filled = {"employer": unit.pk, "street": street.pk, "is_active": "on"}
    for url in ("hooks", "http://x", "https://"):
        answer = office.post("/admin/feedback/webhook/add/", filled | {"url": url})
        assert "这不是完整的网址" in text(answer)
    assert not Webhook.objects.exists()


def test_a_message_is_sent_again(
    office: Client, delivery: Delivery, street: Area, street_officer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(delivering, "enqueue", lambda job, **_: asked.append(job))
    assert "对方回答 500" in text(office.get(DELIVERIES))
    assert "再发一次" in text(office.get(f"{DELIVERIES}{delivery.pk}/change/"))
    assert office.get(f"/deliveries/{delivery.pk}/send/").status_code == 200
    assert told(office.post(f"/deliveries/{delivery.pk}/send/", follow=True))[0].startswith("正在重发")
    delivery.refresh_from_db()
    assert (delivery.status, asked) == ("waiting", [delivering.send_due])
    entry = AuditEntry.objects.get(model="feedback.Delivery")
    assert (entry.user, entry.area_path, entry.changes) == (
        street_officer,
        street.path,
        {"status": ["given_up", "waiting"]},
    )
    Webhook.objects.update(is_active=False)
    assert "已停用" in told(office.post(f"/deliveries/{delivery.pk}/send/", follow=True))[-1]


def test_messages_of_another_street_are_not_there(
    office: Client, client: Client, delivery: Delivery, other_street: Area
) -> None:
    Webhook.objects.update(street=other_street)
    assert office.get(f"{DELIVERIES}{delivery.pk}/change/").status_code == 404
    assert office.post(f"/deliveries/{delivery.pk}/send/").status_code == 404
    assert office.post(f"/webhooks/{delivery.webhook_id}/secret/").status_code == 404
    assert client.post(f"/deliveries/{delivery.pk}/send/").status_code == 404


# Offers --------------------------------------------------------------------------------------------------------------
def test_offers_are_exported_with_a_reason(
    client: Client, unit: Employer, community: Area, other_community: Area
) -> None:
    cards.offer(unit, community, title="=会议室")
    cards.offer(unit, other_community)
    (row,) = exported(client.post("/admin/feedback/offer/export/", REASON))
    assert row[:6] == ("上海嘉定仪表厂", "场地", "'=会议室", "周末可用，能坐 60 人。", "第一社区", "可用")
    assert AuditEntry.objects.filter(action="export", reason="核对上半年发卡").count() == 1


# After a backup was restored -----------------------------------------------------------------------------------------
def restart(*options: str) -> str:
    out = io.StringIO()
    call_command("restart_feeds", *options, stdout=out)
    return out.getvalue()


def test_a_journal_that_is_not_there_is_told_before_anything_is_done(unit: Employer, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"没有恢复日志 .*none\.log，什么都没有做"):
        restart("--yes", "--journal", str(tmp_path / "none.log"))


def test_feeds_begin_anew_only_when_it_is_meant(rows: dict[str, RecordCard], unit: Employer) -> None:
    before = Feed.objects.get()
    cursor = feed.read(before.counterpart, "").next
    assert restart() == "1 个卡片流要重新开始。恢复过备份才需要这样做，确定的话加 --yes。\n"
    assert feed.read(before.counterpart, cursor).size == 0
    assert "1 个卡片流已重新开始" in restart("--yes")
    assert Feed.objects.get().epoch != before.epoch
    with pytest.raises(feed.CursorReset):
        feed.read(before.counterpart, cursor)
    assert feed.read(before.counterpart, "").size == 1
    assert AuditEntry.objects.filter(model="feedback.Feed", changes={"feeds": 1}).count() == 1
