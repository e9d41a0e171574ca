"""The work list: what it shows to whom, what comes next, and what is done to many cards at once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.ground.periods import CardPeriod
from feedback.models import Feed, IssueRun, RecordCard, Sender
from feedback.rules import agreeing, issuing, receiving
from feedback.rules.receiving import By
from feedback.views import board, listed
from members.models import Area, AuditEntry, Consent, User
from tests import cards
from tests.matrix import LOGIN, Table, browsers, kind

Status = RecordCard.Status
NOW = CardPeriod.on(timezone.localdate(), months=6)
ENDED = NOW.previous
TODAY = timezone.localdate().isoformat()


@pytest.fixture
def client(logged_in, secretary: User) -> Client:
    return logged_in(secretary)


@pytest.fixture
def drafts(group: Area) -> list[RecordCard]:
    """Three drafts of the period that has ended."""
    names = ("安一明", "白二明", "曹三明")
    return [cards.draft(cards.in_post(name, group, room=name[1]), period=ENDED) for name in names]


def shown_on(answer: Any) -> list[str]:
    """The members on the list, in its order."""
    return re.findall(r'<th><a href="/cards/\d+/">(\w+)</a>', answer.content.decode())


def text(answer: Any) -> str:
    return answer.content.decode()


def picked(*rows: RecordCard, show: str = "draft", **more: Any) -> dict[str, Any]:
    return {"period": ENDED.code, "show": show, "card": [row.pk for row in rows]} | more


def states(*rows: RecordCard) -> list[str]:
    known = dict(RecordCard.objects.values_list("pk", "status"))
    return [known[row.pk] for row in rows]


TABLE: Table = {
    "lists": {
        "GET cards/": (403, 200, 200, 403, 403, 403, 403, 403, LOGIN),
        "GET cards/make/": (403, 200, 200, 403, 403, 403, 403, 403, LOGIN),
        "GET cards/settings/": (403, 200, 200, 403, 403, 403, 403, 403, LOGIN),
        "GET cards/sheets/": (403, 302, 302, 403, 403, 403, 403, 403, LOGIN),
        "GET cards/cards.pdf": (403, 302, 302, 403, 403, 403, 403, 403, LOGIN),
        "POST cards/show/": (403, 302, 302, 403, 403, 403, 403, 403, LOGIN),
        "POST cards/agree/": (403, 302, 302, 403, 403, 403, 403, 403, LOGIN),
        "POST cards/correct/": (403, 302, 302, 403, 403, 403, 403, 403, LOGIN),
        "POST cards/issue/": (403, 302, 302, 403, 403, 403, 403, 403, LOGIN),
    }
}


@pytest.mark.parametrize("call", TABLE["lists"])
def test_street_and_secretaries_work_here_and_nobody_else(request, logged_in, street, drafts, call: str) -> None:
    method, _, address = call.partition(" ")
    found = tuple(
        kind(getattr(client, method.lower())(f"/{address}")) for client in browsers(request, logged_in).values()
    )
    assert found == TABLE["lists"][call]


class TestWhatIsShown:
    def test_the_last_period_is_shown_if_it_has_cards(self, client, drafts) -> None:
        answer = client.get("/cards/")
        assert shown_on(answer) == ["安一明", "白二明", "曹三明"]
        assert "有 3 张草稿" in text(answer)

    def test_else_the_present_one(self, client, group) -> None:
        cards.draft(cards.in_post("戴四明", group), period=NOW)
        assert shown_on(client.get("/cards/")) == ["戴四明"]

    def test_the_street_says_how_long_a_period_is(self, client, street, group) -> None:
        Sender.objects.create(area=street, months=1)
        month = CardPeriod.on(timezone.localdate(), months=1)
        cards.draft(cards.in_post("戴四明", group), period=month.previous)
        answer = client.get("/cards/")
        assert shown_on(answer) == ["戴四明"]
        assert f'value="{month.previous.code}" selected' in text(answer)

    def test_where_nothing_is_the_way_leads_to_making(self, client) -> None:
        answer = text(client.get("/cards/"))
        assert "还没有记录卡" in answer
        assert "/cards/make/" in answer

    def test_another_community_s_cards_are_not_there(self, client, drafts, other_group) -> None:
        cards.draft(cards.in_post("邻社区人", other_group), period=ENDED)
        assert "邻社区人" not in text(client.get(f"/cards/?period={ENDED.code}"))

    def test_a_street_narrows_to_a_community(self, logged_in, street_officer, drafts, other_group, community) -> None:
        cards.draft(cards.in_post("邻社区人", other_group), period=ENDED)
        browser = logged_in(street_officer)
        assert len(shown_on(browser.get("/cards/"))) == 4
        assert "邻社区人" not in shown_on(browser.get(f"/cards/?place={community.path}"))

    @pytest.mark.parametrize(
        ("words", "found"), [("白二", ["白二明"]), ("bai", ["白二明"]), ("bem", ["白二明"]), ("仪表", 3), ("没有的", 0)]
    )
    def test_it_finds_by_name_pinyin_initials_and_employer(self, client, drafts, words, found) -> None:
        names = shown_on(client.get("/cards/", {"q": words}))
        assert names == found if isinstance(found, list) else len(names) == found

    def test_tabs_count_each_state(self, client, drafts) -> None:
        agreeing.show_all([drafts[0].pk])
        answer = re.sub(r"<[^>]+>", "", text(client.get("/cards/")))
        assert "草稿 2" in answer
        assert "待本人确认 1" in answer

    def test_an_objection_comes_first(self, client, drafts) -> None:
        agreeing.show_all([drafts[0].pk])
        agreeing.object_to(cards.fresh(drafts[0]), reason="我没有参加扫除")
        answer = client.get("/cards/")
        assert shown_on(answer) == ["安一明"]
        assert "我没有参加扫除" in text(answer)
        assert "有 1 张本人有异议" in text(answer)

    def test_on_a_tab_it_is_said_what_to_do_there(self, client, drafts) -> None:
        agreeing.show_all([drafts[0].pk])
        answer = text(client.get("/cards/?show=shown"))
        assert "有 1 张等本人确认：点“扫码请本人确认”" in answer
        assert "去办" not in answer
        answer = text(client.get("/cards/?show=issued"))
        assert "有 2 张草稿" in answer
        assert "show=draft" in answer.split("去办")[0].rsplit("<a", 1)[1]

    def test_drafts_of_a_period_that_goes_on_are_not_in_a_hurry(self, client, drafts, group) -> None:
        assert "还没有结束" not in text(client.get("/cards/", {"period": ENDED.code}))
        cards.draft(cards.in_post("丁五明", group), period=NOW)
        assert board.TOO_EARLY in text(client.get("/cards/", {"period": NOW.code}))

    def test_the_newest_answer_is_read_in_the_list(self, client, group) -> None:
        card = cards.issued(cards.in_post("戴四明", group), period=ENDED)
        with transaction.atomic():
            receiving.receive(card, digest=card.digest)
            receiving.answer(card, text="收到，谢谢。", thanks=False, by=By())
            receiving.answer(card, text="支部会上读了。", thanks=True, by=By())
        answer = text(client.get("/cards/?show=answered"))
        assert "支部会上读了。" in answer
        assert "收到，谢谢。" not in answer

    def test_a_return_tells_its_reason_until_a_new_card_is_made(self, client, group) -> None:
        card = cards.issued(cards.in_post("戴四明", group), period=ENDED)
        card.advance(Status.RETURNED, returned_at=timezone.now(), return_code="left_unit", return_text="已调走")
        assert "已离开本单位：已调走" in text(client.get("/cards/?show=returned"))
        cards.draft(card.member, period=ENDED)
        answer = text(client.get("/cards/?show=returned"))
        assert "已重新生成" in answer
        assert "已调走" not in answer

    def test_a_link_that_opens_nothing_is_told(self, client, drafts, settings) -> None:
        agreeing.show_all([drafts[0].pk])
        assert "链接" not in text(client.get("/cards/?show=shown")).split("<tbody>")[1].split("</tbody>")[0]
        RecordCard.objects.update(wrong_tries=agreeing.MOST_TRIES)
        assert "链接试错太多次，已锁住" in text(client.get("/cards/?show=shown"))
        RecordCard.objects.update(wrong_tries=0)
        settings.CARD_LINK_DAYS = 0
        assert "链接已过期" in text(client.get("/cards/?show=shown"))

    def test_a_long_list_has_pages_and_asks_as_little(
        self, client, drafts, group, django_assert_max_num_queries
    ) -> None:
        with CaptureQueriesContext(connection) as few:
            client.get("/cards/")
        for number in range(60):
            cards.draft(cards.in_post(f"安{number:02}号", group, room=str(number)), period=ENDED)
        with CaptureQueriesContext(connection) as many:
            answer = client.get("/cards/")
        assert len(shown_on(answer)) == board.PER_PAGE
        assert len(shown_on(client.get("/cards/?p=2"))) == 13
        assert len(many) == len(few) <= 12

    @pytest.mark.parametrize("junk", ["9" * 25, "２０２６H1", "'\"><%😀", "2026H9", "-1"])
    def test_junk_in_the_address_is_as_nothing(self, client, drafts, junk: str) -> None:
        for name in ("period", "place", "show", "p"):
            assert client.get("/cards/", {name: junk}).status_code == 200
        assert client.get("/cards/", {"q": junk}).status_code == 200

    def test_a_nul_is_refused(self, client, drafts) -> None:
        assert client.get("/cards/?q=%00").status_code == 400
        assert client.post("/cards/show/", {"all": "1", "show": "draft", "q": "a\0"}).status_code == 302


class TestBulk:
    def test_drafts_are_shown_and_each_that_is_not_is_told(self, client, drafts, group) -> None:
        empty = cards.draft(cards.in_post("戴空白", group, room="9"), period=ENDED, lines=[])
        agreeing.show_all([drafts[2].pk])
        answer = client.post("/cards/show/", picked(*drafts, empty), follow=True)
        assert states(*drafts, empty) == ["shown", "shown", "shown", "draft"]
        for sentence in ("已请本人确认 2 张。", "1 张没有动：还是空白的", "1 张没有动：现在是“待本人确认”"):
            assert sentence in text(answer)

    def test_all_of_the_list_means_all_pages_of_it(self, client, drafts, group) -> None:
        for number in range(60):
            cards.draft(cards.in_post(f"丁{number:02}号", group, room=str(number)), period=ENDED)
        before = cards.draft(cards.in_post("前半年", group, room="99"), period=ENDED.previous)
        client.post("/cards/show/", {"period": ENDED.code, "show": "draft", "q": "丁", "all": "1"})
        assert RecordCard.objects.filter(status=Status.SHOWN).count() == 60
        assert states(*drafts, before) == ["draft"] * 4

    def test_signatures_are_recorded_with_their_day_and_who_did(self, client, secretary, drafts) -> None:
        agreeing.show_all([row.pk for row in drafts[:2]])
        day = timezone.localdate() - timedelta(days=1)
        answer = client.post("/cards/agree/", picked(*drafts, show="shown", given_on=day.isoformat()), follow=True)
        assert states(*drafts) == ["agreed", "agreed", "draft"]
        assert "已登记书面同意 2 张。1 张没有动：现在是“草稿”，不能再做这一步。" in text(answer)
        consent = Consent.objects.filter(member=drafts[0].member).get()
        assert (consent.given_on, consent.recorded_by, consent.means) == (day, secretary, "paper")
        assert cards.fresh(drafts[0]).agreed_by == secretary

    @pytest.mark.parametrize("day", ["", "明天", "2999-01-01", "1900-01-01", "9" * 25, "a\0b"])
    def test_a_wrong_day_records_nothing(self, client, drafts, day: str) -> None:
        agreeing.show_all([row.pk for row in drafts])
        answer = client.post("/cards/agree/", picked(*drafts, show="shown", given_on=day), follow=True)
        assert states(*drafts) == ["shown"] * 3
        assert "没有登记。" in text(answer)

    def test_back_to_drafts(self, client, drafts) -> None:
        agreeing.show_all([drafts[0].pk])
        token = agreeing.link_token(cards.fresh(drafts[0]))
        client.post("/cards/correct/", picked(*drafts, show="shown"))
        assert states(*drafts) == ["draft"] * 3
        assert agreeing.card_behind(token) is None
        entry = AuditEntry.objects.filter(action="change", model="feedback.RecordCard").latest("pk")
        assert entry.changes == {"status": ["shown", "draft"], "cards": [drafts[0].pk]}

    def test_agreed_ones_are_issued_with_a_page_that_tells(self, client, secretary, drafts) -> None:
        agreeing.show_all([row.pk for row in drafts])
        agreeing.agree_all([row.pk for row in drafts[:2]], how="paper", by=secretary)
        asked = text(client.post("/cards/issue/", picked(*drafts, show="agreed")))
        assert "将发给 <b>1</b> 家单位 <b>2</b> 张" in asked
        assert states(*drafts) == ["agreed", "agreed", "shown"]
        answer = client.post("/cards/issue/", picked(*drafts, show="agreed", count=2), follow=True)
        assert states(*drafts) == ["issued", "issued", "shown"]
        assert "已发出 <b>2</b> 张" in text(answer)
        assert IssueRun.objects.get().cards == [drafts[0].pk, drafts[1].pk]

    def test_who_presses_twice_issues_once(self, client, secretary, drafts, monkeypatch) -> None:
        monkeypatch.setattr(issuing, "enqueue", lambda *args: None)  # nobody works the queue yet
        agreeing.show_all([row.pk for row in drafts])
        agreeing.agree_all([row.pk for row in drafts], how="paper", by=secretary)
        first = client.post("/cards/issue/", picked(*drafts, show="agreed", count=3))
        second = client.post("/cards/issue/", picked(*drafts, show="agreed", count=3))
        assert first["Location"] == second["Location"]
        assert "正在发出" in text(client.get(first["Location"]))
        assert "看进度" in text(client.get("/cards/"))
        assert IssueRun.objects.count() == 1

    def test_a_worker_that_was_killed_is_told(self, client, secretary, community, drafts) -> None:
        run = IssueRun.objects.create(area=community, user=secretary, cards=[drafts[0].pk])
        assert "hx-get" in text(client.get(f"/cards/runs/{run.pk}/progress/"))
        IssueRun.objects.update(beat_at=timezone.now() - timedelta(minutes=5))
        answer = client.get(f"/cards/runs/{run.pk}/progress/")
        assert answer["HX-Refresh"] == "true"
        assert "处理中断了" in text(client.get(f"/cards/runs/{run.pk}/"))

    @pytest.mark.parametrize("action", ["show", "agree", "correct", "issue"])
    def test_nothing_chosen_changes_nothing(self, client, drafts, action: str) -> None:
        answer = client.post(f"/cards/{action}/", {"period": ENDED.code, "show": "draft"}, follow=True)
        assert "请先在名单里勾选" in text(answer)
        assert states(*drafts) == ["draft"] * 3

    @pytest.mark.parametrize("junk", ["9" * 25, "１", "-1", "a\0b", ""])
    def test_junk_chosen_is_nothing_chosen(self, client, drafts, junk: str) -> None:
        body = {"period": ENDED.code, "show": "draft", "card": junk, "given_on": TODAY}
        for action in ("show", "agree", "correct", "issue", "sheets", "cards.pdf"):
            address = f"/cards/{action}" + ("" if "." in action else "/")
            assert client.post(address, body).status_code == 302
        assert states(*drafts) == ["draft"] * 3

    def test_cards_elsewhere_stay_as_they_are(self, client, other_group) -> None:
        theirs = cards.draft(cards.in_post("邻社区人", other_group), period=ENDED)
        for action, show in (("show", "draft"), ("agree", "shown"), ("correct", "shown"), ("issue", "agreed")):
            client.post(f"/cards/{action}/", picked(theirs, show=show, given_on=TODAY))
            client.post(f"/cards/{action}/", {"all": "1", "period": ENDED.code, "show": show, "given_on": TODAY})
        assert states(theirs) == ["draft"]


class TestLandingPage:
    def test_objections_and_returns_wait_there(self, client, drafts) -> None:
        agreeing.show_all([drafts[0].pk])
        agreeing.object_to(cards.fresh(drafts[0]), reason="我没有参加扫除")
        answer = text(client.get("/"))
        assert "安一明" in answer
        assert "本人有异议" in answer
        agreeing.correct(cards.fresh(drafts[0]))
        assert "本人的意见还没有办好" in text(client.get("/"))
        assert "我没有参加扫除" in text(client.get("/cards/?show=draft"))

    def test_a_return_waits_until_a_new_card_is_made(self, client, secretary, group) -> None:
        card = cards.issued(cards.in_post("戴四明", group), period=ENDED)
        card.advance(Status.RETURNED, returned_at=timezone.now(), return_code="left_unit")
        assert "单位退回了" in text(client.get("/"))
        assert [each.address for each in listed.unsettled(secretary)] == [f"/cards/{card.pk}/"]
        cards.draft(card.member, period=ENDED)
        assert not listed.unsettled(secretary)

    def test_many_are_told_by_how_many_they_are(self, client, group, django_assert_max_num_queries, secretary) -> None:
        for number in range(listed.FEW):
            agreeing.object_to(
                cards.shown(cards.in_post(f"安{number}号", group, room=str(number)), period=ENDED), reason="我没去"
            )
        assert "安0号" in text(client.get("/"))
        agreeing.object_to(cards.shown(cards.in_post("安末号", group), period=ENDED.previous), reason="我没去")
        with django_assert_max_num_queries(4):
            told = listed.unsettled(secretary)
        assert [each.sentence for each in told] == [
            f"{ENDED.label}的记录卡：有 {listed.FEW} 张本人有异议。",
            f"{ENDED.previous.label}的记录卡：有 1 张本人有异议。",
        ]
        assert "安0号" not in text(client.get("/"))
        assert len(shown_on(client.get(told[0].address))) == listed.FEW
        assert shown_on(client.get(told[1].address)) == ["安末号"]

    def test_others_are_not_told(self, logged_in, liaison, drafts) -> None:
        agreeing.show_all([drafts[0].pk])
        agreeing.object_to(cards.fresh(drafts[0]), reason="我没有参加扫除")
        answer = text(logged_in(liaison).get("/"))
        assert "本人有异议" not in answer
        assert "/cards/" not in answer


def test_the_list_says_whether_the_unit_has_looked(client: Any, group: Any) -> None:
    card = cards.issued(cards.in_post("安一明", group))
    address = f"/cards/?period={card.period.code}&show=issued"
    assert "单位还没来取" in client.get(address).content.decode()
    Feed.objects.update(fetched_at=timezone.now())
    assert "单位取过，还没签收" in client.get(address).content.decode()
