"""What a member says is wrong: written down, shown to who can put it right, settled once, forgotten after a time."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from louzu.rules import desk
from members.ground.states import Conflict
from members.models import Area, AuditEntry, CorrectionRequest, Member, User
from members.models.corrections import KEPT
from members.rules import putting_right
from members.rules.putting_right import MOST_OPEN, ask, keep, put_right

pytestmark = pytest.mark.django_db
Status = CorrectionRequest.Status


def said(member: Member, text: str = "住在303室", **how: Any) -> CorrectionRequest:
    return ask(member, **{"about": "home", "text": text, "means": "desk", **how})


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


class TestTheRule:
    def test_it_is_written_down_and_on_record_without_its_words(self, member: Member, secretary: User) -> None:
        found = said(member, " 住在303室 ", by=secretary)
        entry = AuditEntry.objects.filter(model="members.CorrectionRequest").get()
        assert (found.text, found.status, found.made_by) == ("住在303室", Status.OPEN, secretary)
        assert (entry.action, entry.area_path) == ("create", member.audit_path())
        assert "303" not in str(entry.changes)

    def test_the_same_words_wait_once(self, member: Member) -> None:
        assert said(member) == said(member)
        assert said(member) != said(member, "电话也不对")

    def test_settled_they_may_be_said_again(self, member: Member, secretary: User) -> None:
        first = said(member)
        put_right(first, by=secretary)
        assert said(member) != first

    def test_only_so_many_wait(self, member: Member) -> None:
        for number in range(MOST_OPEN):
            said(member, f"第{number}条")
        with pytest.raises(ValidationError, match="等办好几条"):
            said(member, "再一条")

    @pytest.mark.parametrize("text", ["", "  ", "长" * 501])
    def test_it_says_something_and_not_too_much(self, member: Member, text: str) -> None:
        with pytest.raises(ValidationError):
            said(member, text)

    def test_it_is_put_right_once(self, member: Member, secretary: User) -> None:
        found = said(member)
        put_right(found, reply="改好了", by=secretary)
        found.refresh_from_db()
        assert (found.status, found.reply, found.settled_by) == (Status.RIGHTED, "改好了", secretary)
        for again in (put_right, keep):
            with pytest.raises(Conflict):
                again(CorrectionRequest.objects.get(), reply="x", by=secretary)

    def test_what_is_kept_says_why(self, member: Member, secretary: User) -> None:
        found = said(member)
        with pytest.raises(ValidationError, match="请写明原因"):
            keep(found, reply=" ", by=secretary)
        keep(found, reply="和房产证一致", by=secretary)
        assert CorrectionRequest.objects.get().status == Status.KEPT

    def test_its_words_go_after_a_time_and_how_it_ended_stays(self, member: Member, secretary: User) -> None:
        waits, ended = said(member), said(member, "电话不对")
        keep(ended, reply="核对过", by=secretary)
        CorrectionRequest.objects.filter(pk=ended.pk).update(settled_at=timezone.now() - KEPT - timedelta(minutes=1))
        assert CorrectionRequest.objects.all().empty_expired() == 1
        ended.refresh_from_db()
        waits.refresh_from_db()
        assert (ended.text, ended.reply, ended.status, waits.text) == ("", "", Status.KEPT, "住在303室")
        assert CorrectionRequest.objects.all().empty_expired() == 0

    def test_it_goes_with_the_member(self, member: Member) -> None:
        said(member)
        member.correction_requests.get().delete()
        assert AuditEntry.objects.filter(model="members.CorrectionRequest", action="delete").exists()


class TestThePages:
    def test_from_the_desk_to_its_end(self, member: Member, logged_in: Any, secretary: User) -> None:
        client = logged_in(secretary)
        body = {"about": "home", "text": "住在303室", "means": "paper"}
        page = client.post(f"/members/{member.pk}/corrections/add/", body, follow=True).content.decode()
        found = CorrectionRequest.objects.get()
        assert "已记下" in page
        assert f'href="/corrections/{found.pk}/"' in page
        assert "党员说不对、要求更正的：1 条" in text(client, "/")
        assert "住在303室" in text(client, "/corrections/")
        refused = client.post(f"/corrections/{found.pk}/keep/", {"reply": ""}).content.decode()
        assert putting_right.NO_REASON in refused
        client.post(f"/corrections/{found.pk}/put-right/", {"reply": "改好了"})
        assert "党员说不对" not in text(client, "/")
        assert "已改好" in text(client, "/corrections/")
        late = client.post(f"/corrections/{found.pk}/keep/", {"reply": "晚了"}).content.decode()
        assert "不能再做这一步" in late

    def test_on_the_phone_is_for_the_member_alone(self, member: Member, logged_in: Any, secretary: User) -> None:
        body = {"about": "home", "text": "住在303室", "means": "link"}
        logged_in(secretary).post(f"/members/{member.pk}/corrections/add/", body)
        assert not CorrectionRequest.objects.exists()

    def test_the_list_asks_few_questions(
        self, member: Member, logged_in: Any, secretary: User, django_assert_num_queries: Any
    ) -> None:
        for number in range(5):
            said(member, f"第{number}条")
        put_right(said(member, "第4条"), by=secretary)
        client = logged_in(secretary)
        client.get("/corrections/")
        with django_assert_num_queries(6):
            page = text(client, "/corrections/")
        assert "等着办的　4 条" in page

    def test_nobody_else_sees_it(
        self, member: Member, logged_in: Any, liaison: User, other_secretary: User, far_secretary: User
    ) -> None:
        found = said(member)
        for user in (liaison, other_secretary, far_secretary):
            assert logged_in(user).get(f"/corrections/{found.pk}/").status_code == 404
        for user in (other_secretary, far_secretary):
            assert "303" not in text(logged_in(user), "/corrections/")
        assert "303" not in text(logged_in(liaison), f"/members/{member.pk}/")


def test_the_desk_counts_them_by_where_they_live(
    member: Member, moved_away: Member, group: Area, secretary: User, far_secretary: User
) -> None:
    said(member)
    said(moved_away)
    assert desk.corrections(secretary) == {group.path: 2}
    assert desk.corrections(far_secretary) == {}


class TestTheCalls:
    def test_list_by_status(self, member: Member, api: Any, secretary: User) -> None:
        put_right(said(member), by=secretary)
        said(member, "电话不对")
        client = api(secretary)
        rows = client.get("/api/v1/correction-requests?status=open").data["results"]
        assert [(row["text"], row["name"]) for row in rows] == [("电话不对", member.name)]
        assert AuditEntry.objects.filter(action="export", model="members.CorrectionRequest").exists()

    def test_settled_twice_is_a_conflict(self, member: Member, api: Any, secretary: User) -> None:
        address = f"/api/v1/correction-requests/{said(member).pk}"
        client = api(secretary)
        assert client.post(f"{address}/keep", {"reply": "核对过"}, "json").data["status"] == "kept"
        assert client.post(f"{address}/put-right", {}, "json").status_code == 409

    def test_the_phone_is_no_means_of_a_program(self, member: Member, api: Any, secretary: User) -> None:
        body = {"member": member.pk, "about": "home", "text": "x", "means": "link"}
        answer = api(secretary).post("/api/v1/correction-requests", body, "json")
        assert (answer.status_code, list(answer.data["errors"])) == (400, ["means"])
