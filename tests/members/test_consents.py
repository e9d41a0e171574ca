"""What members agreed to: recorded as they said it, taken back at once, and a refusal is nobody else's business."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.ground.audit import MASK, acting
from members.models import Area, AuditEntry, Consent, Member, User
from tests import factories

pytestmark = pytest.mark.django_db
PAGE = "/consents/"


@pytest.fixture
def neighbour(group: Area) -> Member:
    """A second member in the member's building."""
    return factories.person("柏秀兰", group, room="1101", sex="female")


def page_of(area: Area) -> str:
    return f"{PAGE}?area={area.pk}"


def said(*answers: tuple[Member, str], **fields: Any) -> dict[str, Any]:
    """What is posted when these members said yes or no."""
    common = {"means": "spoken", "given_on": timezone.localdate().isoformat()}
    return common | {f"answer-{member.pk}": answer for member, answer in answers} | fields


def text(answer: Any) -> str:
    return answer.content.decode()


class TestRecording:
    def test_each_member_says_for_themselves(self, logged_in, secretary, group, member, neighbour) -> None:
        answer = logged_in(secretary).post(page_of(group), said((member, "yes"), (neighbour, "no")))
        assert answer.status_code == 302
        assert answer.url == page_of(group)
        rows = Consent.objects.order_by("pk").values_list("member", "is_agreed", "means", "recorded_by", "version")
        assert set(rows) == {
            (member.pk, True, "spoken", secretary.pk, "1"),
            (neighbour.pk, False, "spoken", secretary.pk, "1"),
        }
        assert "楼道公示牌" in Consent.objects.first().notice

    def test_nothing_is_chosen_beforehand(self, logged_in, secretary, group, member) -> None:
        shown = text(logged_in(secretary).get(page_of(group)))
        assert f'name="answer-{member.pk}"' in shown
        assert " checked" not in shown

    def test_whom_nobody_asked_stays_unasked(self, logged_in, secretary, group, member, neighbour) -> None:
        logged_in(secretary).post(page_of(group), said((member, "yes")))
        assert list(Consent.objects.values_list("member", flat=True)) == [member.pk]

    def test_the_notice_is_there_to_be_read_out(self, logged_in, secretary, group, member) -> None:
        shown = text(logged_in(secretary).get(page_of(group)))
        assert "同意在所住楼组的楼道公示牌上亮出本人姓名" in shown
        assert "告知内容第 1 版" in shown

    def test_sent_twice_it_is_recorded_once(self, logged_in, secretary, group, member, neighbour) -> None:
        browser = logged_in(secretary)
        for _ in range(2):
            browser.post(page_of(group), said((neighbour, "no")))
            browser.post(page_of(group), said((member, "yes")))
        assert Consent.objects.count() == 2

    def test_a_change_of_mind_is_a_new_row(self, logged_in, secretary, group, member) -> None:
        browser = logged_in(secretary)
        browser.post(page_of(group), said((member, "no")))
        browser.post(page_of(group), said((member, "yes")))
        assert list(Consent.objects.order_by("pk").values_list("is_agreed", flat=True)) == [False, True]

    def test_who_agreed_is_not_asked_again(self, logged_in, secretary, group, member) -> None:
        factories.consent(member, by=secretary)
        answer = logged_in(secretary).post(page_of(group), said((member, "no")))
        assert "名单刚才有变化" in text(answer)
        assert Consent.objects.get().is_in_force

    def test_a_list_takes_the_same_queries_however_long(self, logged_in, secretary, group, member) -> None:
        browser = logged_in(secretary)
        browser.get(page_of(group))
        counts = []
        for more in (1, 12):
            for number in range(more):
                known = factories.person(f"党员{number}甲", group, room=f"{number + 1}01")
                factories.consent(known, by=secretary)
            with CaptureQueriesContext(
                connection,
            ) as asked:
                browser.get(page_of(group))
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 9

    def test_many_answers_take_the_same_queries(self, logged_in, secretary, group) -> None:
        people = [factories.person(f"党员{number}甲", group, room=f"{number + 1}01") for number in range(9)]
        browser = logged_in(secretary)
        browser.get(page_of(group))
        counts = []
        for some in (people[:1], people[1:]):
            with CaptureQueriesContext(connection) as asked:
                assert browser.post(page_of(group), said(*((person, "yes") for person in some))).status_code == 302
            counts.append(len(asked))
        assert counts[0] == counts[1]
        assert Consent.objects.count() == 9


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"given_on": "1902-01-01"}, "日期太早了，请检查年份"),
        ({"given_on": "2150-01-01"}, "日期不能晚于今天"),
        ({"given_on": "昨天"}, "请输入有效的日期"),
        ({"given_on": ""}, "请填写哪一天征求的"),
        ({"means": ""}, "请选择怎么征求的"),
        ({"means": "dream"}, "请选择有效的选项"),
        ({"means": "a\0b"}, "请选择有效的选项"),
        ({"answer-99999999999999999999": "yes"}, "名单刚才有变化"),
        ({"answer-x": "yes"}, "名单刚才有变化"),
    ],
)
def test_what_cannot_be_read_is_answered(logged_in, secretary, group, member, fields, sentence) -> None:
    answer = logged_in(secretary).post(page_of(group), said((member, "yes"), **fields))
    assert answer.status_code == 200
    assert sentence in text(answer)
    assert not Consent.objects.exists()


@pytest.mark.parametrize("answer", ["", "maybe", "是" * 5000, "\0"])
def test_what_is_no_answer_records_nothing(logged_in, secretary, group, member, answer) -> None:
    assert logged_in(secretary).post(page_of(group), said((member, answer))).status_code == 200
    assert not Consent.objects.exists()


def test_somebody_else_s_member_is_refused(logged_in, secretary, group, member, other_member) -> None:
    answer = logged_in(secretary).post(page_of(group), said((member, "yes"), (other_member, "yes")))
    assert "名单刚才有变化" in text(answer)
    assert not Consent.objects.exists()


class TestPlaces:
    def test_the_way_down_from_the_street(self, logged_in, street_officer, member, other_member) -> None:
        factories.consent(member, by=street_officer)
        browser = logged_in(street_officer)
        shown = text(browser.get(PAGE))
        assert "第一社区" in shown
        assert "第二社区" in shown
        community = Area.objects.get(name="第一社区")
        assert "迎晖苑" in text(browser.get(page_of(community)))
        places = browser.get(page_of(community)).context["places"]
        assert [(place.area.name, place.living, place.agreed) for place in places] == [("迎晖苑", 1, 1)]

    def test_whose_own_area_is_a_building_stands_in_it(self, logged_in, leader, group, member) -> None:
        assert logged_in(leader).get(PAGE).context["area"] == group

    def test_of_several_posts_all_are_offered(self, logged_in, secretary, other_community, member) -> None:
        factories.post(secretary, "secretary", other_community)
        shown = logged_in(secretary).get(PAGE)
        assert [place.area.name for place in shown.context["places"]] == ["第一社区", "第二社区"]

    def test_the_superuser_sees_none_of_it(self, logged_in, superuser, member) -> None:
        assert logged_in(superuser).get(PAGE).status_code == 403

    def test_queries_do_not_grow_with_the_places(self, logged_in, secretary, community, member) -> None:
        browser = logged_in(secretary)
        browser.get(page_of(community))
        counts = []
        for more in (1, 9):
            for number in range(more):
                compound = factories.area(f"小区{more}{number}", community)
                factories.person("翟建军", factories.building("1号楼", compound), room="101")
            with CaptureQueriesContext(connection) as asked:
                browser.get(page_of(community))
            counts.append(len(asked))
        assert counts[0] == counts[1] <= 8

    @pytest.mark.parametrize("asked", ["", "x", "0", "-1", "1.5", "99999999999999999999", "１", "%00"])
    def test_what_is_no_area_is_not_found(self, logged_in, secretary, group, member, asked) -> None:
        assert logged_in(secretary).get(f"{PAGE}?area={asked}").status_code in (400, 404)


class TestScope:
    @pytest.mark.parametrize(
        ("who", "own", "other"),
        [
            ("superuser", 403, 403), ("street_officer", 200, 200), ("secretary", 200, 404), ("liaison", 200, 404),
            ("leader", 200, 404), ("instructor", 403, 403), ("auditor", 403, 403), ("outsider", 403, 403),
        ],
    )  # fmt: skip
    def test_reading(self, request, logged_in, group, other_group, member, other_member, who, own, other) -> None:
        browser = logged_in(request.getfixturevalue(who))
        assert browser.get(page_of(group)).status_code == own
        assert browser.get(page_of(other_group)).status_code == other
        assert browser.get(f"/consents/{group.pk}/sheet/").status_code == own
        assert browser.get(f"/consents/{other_group.pk}/sheet/").status_code == other

    @pytest.mark.parametrize(
        ("who", "status"),
        [
            ("superuser", 403), ("street_officer", 302), ("secretary", 302), ("other_secretary", 404),
            ("liaison", 403), ("leader", 403), ("instructor", 403), ("auditor", 403), ("outsider", 403),
        ],
    )  # fmt: skip
    def test_recording(self, request, logged_in, group, member, who, status) -> None:
        browser = logged_in(request.getfixturevalue(who))
        assert browser.post(page_of(group), said((member, "yes"))).status_code == status
        assert Consent.objects.exists() == (status == 302)

    @pytest.mark.parametrize(
        ("who", "status"),
        [
            ("superuser", 404), ("street_officer", 302), ("secretary", 302), ("other_secretary", 404),
            ("liaison", 403), ("leader", 403), ("instructor", 404), ("auditor", 404), ("outsider", 404),
        ],
    )  # fmt: skip
    def test_withdrawing(self, request, logged_in, member, who, status) -> None:
        consent = factories.consent(member)
        browser = logged_in(request.getfixturevalue(who))
        address = reverse("members:consent_withdraw", args=[consent.pk])
        assert browser.get(address).status_code == (200 if status == 302 else status)
        assert browser.post(address).status_code == status
        consent.refresh_from_db()
        assert consent.is_in_force == (status != 302)

    def test_whoever_only_reads_has_no_form(self, logged_in, leader, group, member) -> None:
        shown = text(logged_in(leader).get(page_of(group)))
        assert "欧阳建国" in shown
        assert "answer-" not in shown


class TestWithdrawing:
    def test_it_works_at_once_and_once(self, logged_in, secretary, group, member) -> None:
        consent = factories.consent(member, by=secretary)
        browser, address = logged_in(secretary), reverse("members:consent_withdraw", args=[consent.pk])
        assert "确定撤回欧阳建国的同意吗" in text(browser.get(address))
        assert browser.post(address).url == page_of(group)
        withdrawn_at = Consent.objects.get().withdrawn_at
        browser.post(address)
        assert Consent.objects.get().withdrawn_at == withdrawn_at
        assert '<span class="lz-badge">已撤回</span>' in text(browser.get(page_of(group)))

    def test_afterwards_they_can_agree_again(self, logged_in, secretary, group, member) -> None:
        factories.consent(member, by=secretary).withdraw()
        logged_in(secretary).post(page_of(group), said((member, "yes")))
        assert Consent.objects.in_force("stairwell").count() == 1

    def test_a_refusal_is_nothing_to_withdraw(self, logged_in, secretary, member) -> None:
        refusal = factories.consent(member, is_agreed=False, by=secretary)
        assert logged_in(secretary).post(f"/consents/{refusal.pk}/withdraw/").status_code == 404


class TestRefusals:
    """Seen by nobody but whoever recorded it."""

    WATCHERS = ("superuser", "street_officer", "other_secretary", "liaison", "leader", "instructor", "auditor")

    @pytest.fixture
    def refusal(self, logged_in, secretary, group, member) -> Consent:
        logged_in(secretary).post(page_of(group), said((member, "no")))
        return Consent.objects.get()

    def test_whoever_recorded_it_sees_it(self, logged_in, secretary, group, refusal) -> None:
        shown = text(logged_in(secretary).get(page_of(group)))
        assert '<span class="lz-badge">不同意</span>' in shown
        assert "只有您看得到" in shown

    @pytest.mark.parametrize("who", WATCHERS)
    def test_to_others_the_member_was_never_asked(self, request, logged_in, group, refusal, who) -> None:
        browser = logged_in(request.getfixturevalue(who))
        after = self.all_that_is_shown(browser, group, refusal)
        Consent.objects.all().delete()
        assert self.all_that_is_shown(browser, group, refusal) == after

    def all_that_is_shown(self, browser, group: Area, refusal: Consent) -> list[tuple[int, str]]:
        member = refusal.member_id
        addresses = [
            page_of(group), f"/consents/{group.pk}/sheet/", f"/consents/{refusal.pk}/withdraw/",
            "/admin/members/consent/", f"/admin/members/consent/{refusal.pk}/change/",
            f"/admin/members/member/{member}/change/", f"/admin/members/member/{member}/history/",
            f"/api/v1/members/{member}", "/api/v1/consents", f"/api/v1/consents/{refusal.pk}",
            "/admin/members/consent/?q=欧阳",
        ]  # fmt: skip
        return [shown(browser.get(address, headers={"X-Request-ID": "the-same"})) for address in addresses]

    def test_the_trail_tells_neither_whose_nor_which(self, secretary, member, group, refusal) -> None:
        with acting(secretary):
            factories.consent(member, is_agreed=False)
        entries = AuditEntry.objects.filter(model="members.Consent")
        assert entries.count() == 2
        for entry in entries:
            assert "member_id" not in entry.changes
            assert entry.changes.get("is_agreed", [None, MASK])[1] == MASK
            assert entry.area_path == group.street_path

    def test_what_was_said_leaves_the_same_entry(self, logged_in, secretary, group, member, neighbour) -> None:
        """Otherwise, in a small building, whoever reads the trail could tell who refused."""
        third = factories.person("褚小满", group)
        browser = logged_in(secretary)
        browser.post(page_of(group), said((member, "yes"), (neighbour, "no")))
        browser.post(page_of(group), said((third, "no")))
        both, one = AuditEntry.objects.filter(model="members.Consent").order_by("pk")
        for entry in (both, one):
            assert (entry.user, entry.action, entry.row, entry.changes) == (secretary, "create", "", {})
            assert entry.area_path == group.street_path

    def test_it_cannot_stand_beside_an_agreement(self, secretary, member) -> None:
        factories.consent(member, by=secretary)
        with pytest.raises(ValidationError, match="请撤回原来的同意"):
            factories.consent(member, is_agreed=False, by=secretary)

    def test_somebody_else_can_record_that_they_agree_now(self, logged_in, street_officer, group, refusal) -> None:
        logged_in(street_officer).post(page_of(group), said((refusal.member, "yes")))
        assert Consent.objects.in_force("stairwell").get().recorded_by == street_officer


def shown(answer: Any) -> tuple[int, str]:
    """What a page shows, but for what is new in every answer."""
    lines = text(answer).splitlines()
    return answer.status_code, "\n".join(line for line in lines if "csrf" not in line and "nonce" not in line)


class TestSheet:
    def test_a_slip_for_each_who_was_not_asked(self, logged_in, secretary, group, member, neighbour) -> None:
        factories.consent(member, by=secretary)
        shown = text(logged_in(secretary).get(f"/consents/{group.pk}/sheet/"))
        assert shown.count('class="lz-slip"') == 1
        assert "柏秀兰" in shown
        assert "欧阳建国" not in shown

    def test_whoever_moved_away_has_none(self, logged_in, secretary, group, member, moved_away) -> None:
        assert "曾国强" not in text(logged_in(secretary).get(f"/consents/{group.pk}/sheet/"))

    def test_only_of_a_building(self, logged_in, secretary, station, member) -> None:
        assert logged_in(secretary).get(f"/consents/{station.pk}/sheet/").status_code == 404


class TestAdmin:
    def test_the_list_shows_agreements_of_the_scope(
        self, logged_in, secretary, other_secretary, member, other_member
    ) -> None:
        factories.consent(member, by=secretary)
        factories.consent(other_member, by=other_secretary)
        shown = text(logged_in(secretary).get("/admin/members/consent/"))
        assert "欧阳建国" in shown
        assert "单秀英" not in shown

    def test_nothing_is_written_there(self, logged_in, street_officer, member) -> None:
        consent = factories.consent(member)
        browser = logged_in(street_officer)
        assert browser.get("/admin/members/consent/add/").status_code == 403
        assert browser.post(f"/admin/members/consent/{consent.pk}/change/", {"is_agreed": "False"}).status_code == 403
        assert browser.get(f"/admin/members/consent/{consent.pk}/change/").status_code == 200

    def test_it_narrows_by_place(self, logged_in, street_officer, group, member, other_member) -> None:
        for each in (member, other_member):
            factories.consent(each)
        shown = text(logged_in(street_officer).get(f"/admin/members/consent/?place={group.path}"))
        assert "欧阳建国" in shown
        assert "单秀英" not in shown

    def test_the_list_takes_few_queries(self, logged_in, secretary, group, member) -> None:
        browser = logged_in(secretary)
        browser.get("/admin/members/consent/")
        counts = []
        for more in (1, 8):
            for number in range(more):
                factories.consent(factories.person(f"党员{more}{number}", group, room="101"), by=secretary)
            with CaptureQueriesContext(connection) as asked:
                browser.get("/admin/members/consent/")
            counts.append(len(asked))
        assert counts[0] == counts[1]

    def test_a_member_leads_to_their_building(self, logged_in, leader, group, member) -> None:
        answer = logged_in(leader).get(reverse("admin:members_member_consents", args=[member.pk]))
        assert answer.url == page_of(group)


def test_a_day_to_come_is_refused(member: Member, secretary: User) -> None:
    with pytest.raises(ValidationError, match="不能晚于今天"):
        factories.consent(member, given_on=timezone.localdate() + timedelta(days=1))
