"""One card's page: who opens it, what is written on it, and each next step with what stands against it."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from feedback.models import RecordCard
from feedback.rules import agreeing, receiving
from feedback.rules.receiving import By
from members.models import Area, Member, User
from tests import cards, factories
from tests.matrix import LOGIN, browsers, kind

Status = RecordCard.Status
TODAY = timezone.localdate().isoformat()
TWO = [cards.LINE, cards.LINE | {"key": "v2", "kind": "visit", "title": "走访结对家庭（上门）", "day": "2026-04-02"}]


@pytest.fixture
def client(logged_in, secretary: User) -> Client:
    return logged_in(secretary)


@pytest.fixture
def resident(group: Area) -> Member:
    return cards.in_post("安一明", group)


@pytest.fixture
def draft(resident: Member) -> RecordCard:
    return cards.draft(resident, lines=TWO)


def text(answer: Any) -> str:
    return answer.content.decode()


def status(card: RecordCard) -> str:
    return RecordCard.objects.get(pk=card.pk).status


def post(client: Client, card: RecordCard, step: str = "", **body: Any) -> str:
    return text(client.post(f"/cards/{card.pk}/{step}{'/' if step else ''}", body, follow=True))


def answered(card: RecordCard, *texts: str) -> None:
    """The employer acknowledges the card and answers, again for each text."""
    with transaction.atomic():
        receiving.receive(card, digest=card.digest)
        for said in texts:
            receiving.answer(card, text=said, thanks=True, by=By())


def given_back(card: RecordCard, code: str = "left_unit") -> None:
    with transaction.atomic():
        receiving.give_back(card, digest=card.digest, code=code, text="去年调走了")


STEPS = ("", "show/", "agree/", "correct/", "issue/", "withdraw/", "drop/", "remake/", "print/")


@pytest.mark.parametrize("step", STEPS)
def test_a_card_opens_to_its_street_and_secretary(request, logged_in, draft, step: str) -> None:
    method = "get" if step in ("", "withdraw/", "drop/", "print/") else "post"
    found = tuple(
        kind(getattr(client, method)(f"/cards/{draft.pk}/{step}")) for client in browsers(request, logged_in).values()
    )
    superuser, *office, liaison = found[:4]
    assert {status in (200, 302) for status in office} == {True}
    assert (superuser, liaison, *found[4:]) == (404, 404, 404, 404, 404, 404, LOGIN)


def test_another_community_s_secretary_does_not_learn_of_it(logged_in, other_secretary, draft) -> None:
    browser = logged_in(other_secretary)
    for step in STEPS:
        for method in (browser.get, browser.post):
            assert method(f"/cards/{draft.pk}/{step}").status_code in (404, 405)
    assert browser.post(f"/cards/{draft.pk}/", {"sentence": "外来的话"}).status_code == 404
    assert status(draft) == Status.DRAFT


def test_it_tells_who_where_and_what(client, draft, django_assert_max_num_queries) -> None:
    with django_assert_max_num_queries(10):
        answer = text(client.get(f"/cards/{draft.pk}/"))
    for word in ("安一明", "上海嘉定仪表厂", "2026年上半年", "楼道大扫除", "走访结对家庭", "生成草稿"):
        assert word in answer


class TestWriting:
    def test_a_word_is_added_and_a_line_left_out(self, client, draft) -> None:
        answer = post(client, draft, sentence=" 常来值守 ", line=["x1", "v2"], keep=["v2"])
        draft.refresh_from_db()
        assert (draft.sentence, draft.left_out) == ("常来值守", ["x1"])
        assert "已保存。" in answer

    def test_a_line_that_came_since_is_not_left_out(self, client, draft) -> None:
        draft.lines = [*TWO, cards.LINE | {"key": "a9"}]
        draft.save()
        post(client, draft, sentence="", line=["x1", "v2"], keep=["x1"])
        assert RecordCard.objects.get().left_out == ["v2"]

    def test_what_was_left_out_stays_so_unless_shown(self, client, draft) -> None:
        draft.write(sentence="", left_out=["x1"])
        post(client, draft, sentence="", line=["v2"], keep=["v2"])
        assert RecordCard.objects.get().left_out == ["x1"]

    @pytest.mark.parametrize("sentence", ["长" * 201, "a\0b"])
    def test_what_cannot_be_written_is_said(self, client, draft, sentence: str) -> None:
        for step in ("", "show"):
            assert "lz-problem" in post(client, draft, step, sentence=sentence, line=["x1"], keep=["x1"])
        draft.refresh_from_db()
        assert (draft.sentence, draft.left_out, draft.status) == ("", [], Status.DRAFT)

    def test_only_drafts_are_written(self, client, draft) -> None:
        agreeing.show_all([draft.pk])
        assert "不能再做这一步" in post(client, draft, sentence="晚了的话", line=["x1"], keep=[])
        assert RecordCard.objects.get().sentence == ""

    def test_the_next_draft_comes_in_the_list_s_order(self, client, group, draft) -> None:
        later = cards.draft(cards.in_post("白二明", group, room="2"))
        answer = client.post(f"/cards/{draft.pk}/", {"sentence": "好", "next": "1"})
        assert answer["Location"] == f"/cards/{later.pk}/"
        answer = client.post(f"/cards/{later.pk}/", {"sentence": "好", "next": "1"})
        assert answer["Location"].startswith("/cards/?period=2026H1")


class TestSteps:
    def test_shown_it_has_a_link_a_code_and_a_day(self, client, draft) -> None:
        answer = post(client, draft, "show", sentence="常来值守", line=["x1", "v2"], keep=["x1"])
        shown = cards.fresh(draft)
        assert (shown.status, shown.sentence, shown.left_out) == ("shown", "常来值守", ["v2"])
        assert f"http://testserver/c/{agreeing.link_token(shown)}/" in answer
        assert "data:image/svg+xml" in answer
        assert "前有效" in answer

    def test_a_blank_card_is_not_shown(self, client, draft) -> None:
        answer = post(client, draft, "show", sentence="", line=["x1", "v2"])
        assert "还是空白的" in answer
        assert (status(draft), RecordCard.objects.get().left_out) == ("draft", [])

    def test_without_a_phone_paper_is_the_way(self, client, group) -> None:
        card = cards.shown(cards.in_post("无话人", group, phone=""))
        answer = text(client.get(f"/cards/{card.pk}/"))
        assert "没有登记电话，链接打不开" in answer
        assert "data-copied" not in answer

    def test_a_locked_link_is_told(self, client, resident) -> None:
        card = cards.shown(resident)
        RecordCard.objects.update(wrong_tries=agreeing.MOST_TRIES)
        assert "链接已经锁住" in text(client.get(f"/cards/{card.pk}/"))

    def test_a_link_that_is_over_is_told(self, client, resident, settings) -> None:
        card = cards.shown(resident)
        settings.CARD_LINK_DAYS = 0
        assert "链接已经过期" in text(client.get(f"/cards/{card.pk}/"))

    def test_a_signature_then_the_employer(self, client, secretary, resident) -> None:
        card = cards.shown(resident)
        assert "已登记书面同意" in post(client, card, "agree", given_on=TODAY)
        assert cards.fresh(card).agreed_by == secretary
        answer = post(client, card, "issue")
        number = cards.fresh(card).number
        assert f"已发给上海嘉定仪表厂，卡号 {number}" in answer
        assert "等单位签收" in answer

    @pytest.mark.parametrize("day", ["", "2999-01-01", "9" * 25, "a\0b"])
    def test_a_wrong_day_is_said(self, client, resident, day: str) -> None:
        card = cards.shown(resident)
        assert "没有登记。" in post(client, card, "agree", given_on=day)
        assert status(card) == Status.SHOWN

    def test_an_objection_is_read_corrected_and_shown_again(self, client, resident) -> None:
        card = cards.shown(resident)
        agreeing.object_to(card, reason="扫除我没去")
        assert "本人的意见：扫除我没去" in text(client.get(f"/cards/{card.pk}/"))
        assert "本人的意见：扫除我没去" in post(client, card, "correct")
        assert status(card) == Status.DRAFT
        assert "本人的意见：扫除我没去" in text(client.get(f"/cards/{card.pk}/"))
        RecordCard.objects.update(sentence="值守两次")
        post(client, card, "show", sentence="值守两次", line=["x1"])
        assert (cards.fresh(card).kept_lines, cards.fresh(card).said) == ([], "")

    def test_an_objection_leads_to_the_attendance(self, client, resident, group, other_group) -> None:
        came, far = factories.activity(group), factories.activity(other_group)
        here, there = (event.attendances.create(member=resident, source="tick").pk for event in (came, far))
        lines = [cards.LINE | {"key": f"a{here}"}, cards.LINE | {"key": f"a{there}"}, TWO[1]]
        card = cards.shown(resident, lines=lines)
        assert "去改这次活动的登记" not in text(client.get(f"/cards/{card.pk}/"))
        agreeing.object_to(card, reason="扫除我没去")
        for _ in (Status.OBJECTED, Status.DRAFT):
            page = text(client.get(f"/cards/{card.pk}/"))
            assert (page.count("去改这次活动的登记"), f'href="/activities/{came.pk}/came/"' in page) == (1, True)
            agreeing.correct_all([card.pk], only_from=agreeing.CORRECTABLE)

    def test_whoever_refused_is_not_asked_what_is_wrong(self, client, resident) -> None:
        card = cards.shown(resident)
        agreeing.refuse(card)
        assert "本人不同意，就不发" in text(client.get(f"/cards/{card.pk}/"))

    def test_without_an_objection_none_is_told(self, client, resident) -> None:
        assert "本人的意见" not in post(client, cards.shown(resident), "correct")

    def test_dropping_asks_once(self, client, draft) -> None:
        assert "单位不会收到任何内容" in text(client.get(f"/cards/{draft.pk}/drop/"))
        assert status(draft) == Status.DRAFT
        post(client, draft, "drop")
        gone = cards.fresh(draft)
        assert (gone.status, gone.withdrawal, gone.number) == ("withdrawn", "dropped", None)

    def test_what_left_meanwhile_is_not_dropped(self, client, resident) -> None:
        card = cards.issued(resident)
        assert "请用“撤回”" in post(client, card, "drop")
        assert status(card) == Status.ISSUED

    def test_withdrawing_asks_once_and_says_what_happens_there(self, client, resident) -> None:
        card = cards.issued(resident)
        asked = text(client.get(f"/cards/{card.pk}/withdraw/"))
        assert "内容同时清空" in asked
        assert "还没有签收" in asked
        assert status(card) == Status.ISSUED
        assert "请选一个原因" in post(client, card, "withdraw", reason="whim")
        post(client, card, "withdraw", reason="mistake")
        gone = cards.fresh(card)
        assert (gone.status, gone.withdrawal, gone.body) == ("withdrawn", "mistake", "")

    def test_a_consent_taken_back_in_person_withdraws_all_that_rests_on_it(self, client, resident) -> None:
        card, later = cards.issued(resident), cards.issued(resident, period=cards.PERIOD.next)
        post(client, card, "withdraw", reason="consent")
        assert [cards.fresh(each).withdrawal for each in (card, later)] == ["consent", "consent"]

    @pytest.mark.parametrize(
        ("step", "state", "sentence"),
        [
            ("issue", "shown", "现在是“待本人确认”，本人同意以后才能发出"),
            ("agree", "draft", "现在是“草稿”，不能再做这一步"),
            ("correct", "draft", "现在是“草稿”，不能再做这一步"),
            ("remake", "issued", "现在是“已发出”，退回或撤回以后才能重新生成"),
        ],
    )
    def test_a_step_too_early_says_where_the_card_is(self, client, resident, step, state, sentence) -> None:
        card = getattr(cards, state)(resident)
        assert sentence in post(client, card, step, given_on=TODAY)
        assert status(card) == state
        assert RecordCard.objects.count() == 1

    def test_of_two_who_issue_one_is_told(self, client, resident) -> None:
        card = cards.agreed(resident)
        post(client, card, "issue")
        assert "本人同意以后才能发出" in post(client, card, "issue")
        assert RecordCard.objects.get().number[-7:-2] == "00001"


class TestWhatCameBack:
    def test_the_answer_is_shown_with_its_versions(self, client, resident) -> None:
        card = cards.issued(resident)
        answered(card, "收到，谢谢。", "收到，谢谢，已在支部会上读过。")
        answer = text(client.get(f"/cards/{card.pk}/"))
        assert answer.index("已在支部会上读过") < answer.index("原来写的：收到，谢谢。")
        assert "第 1 次修改后" in answer
        assert "表示感谢" in answer
        assert "单位签收" in answer

    def test_a_return_leads_to_a_new_card_in_its_place(self, client, resident) -> None:
        card = cards.issued(resident)
        given_back(card)
        answer = text(client.get(f"/cards/{card.pk}/"))
        assert "已离开本单位。去年调走了" in answer
        post(client, card, "remake")
        fresh = RecordCard.objects.get(supersedes=card)
        assert fresh.status == Status.DRAFT
        assert f"/cards/{fresh.pk}/" in text(client.get(f"/cards/{card.pk}/"))
        assert "重新生成一张" not in text(client.get(f"/cards/{card.pk}/"))
        post(client, card, "remake")
        assert RecordCard.objects.count() == 2

    def test_a_new_employer_gets_the_new_card(self, client, resident) -> None:
        card = cards.issued(resident)
        given_back(card)
        Member.objects.update(employer=factories.employer("嘉定区图书馆"))
        post(client, card, "remake")
        assert RecordCard.objects.latest("pk").employer.name == "嘉定区图书馆"

    def test_without_an_employer_there_is_no_new_card(self, client, resident) -> None:
        card = cards.issued(resident)
        given_back(card)
        Member.objects.update(employer=None, affiliation="local")
        answer = post(client, card, "remake")
        assert "没有登记单位" in answer
        assert RecordCard.objects.count() == 1

    def test_nothing_of_it_is_asked_row_by_row(self, client, resident, group) -> None:
        one, many = cards.issued(resident), cards.issued(cards.in_post("白二明", group, room="2"))
        answered(one, "收到")
        answered(many, *(f"收到 {number}" for number in range(8)))
        counts = []
        client.get("/")
        for card in (one, many):
            with CaptureQueriesContext(connection) as asked:
                client.get(f"/cards/{card.pk}/")
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 10
