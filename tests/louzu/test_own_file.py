"""A member's own file: all that is held about them, nothing of others, on paper or behind a link, on record."""

import time
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from activities.models import Attendance
from activities.rules import attendance
from feedback.models import RecordCard
from feedback.rules import receiving
from louzu.documents.own_file import own_file_pdf
from louzu.models import OwnFile
from louzu.rules import own_file_handing
from louzu.rules.own_file import content_of
from louzu.views import own_link
from members.ground.atomic import atomic_write
from members.ground.tries import MOST_TRIES
from members.models import Area, AuditEntry, CorrectionRequest, Duty, Household, Member, Pairing, Transfer, User
from members.rules import putting_right, registering
from tests import cards, factories, slips
from tests.week import read

pytestmark = pytest.mark.django_db
Means = OwnFile.Means
OTHERS = ("邬阿婆家", "旁人", "阿婆身体", "401", "jiedao", "shuji1", "外街道的事")


def section(content: dict[str, Any], name: str) -> list[list[str]]:
    return next(each["rows"] for each in content["sections"] if each["name"] == name)


def text_of(content: dict[str, Any]) -> str:
    return orjson.dumps(content).decode()


@pytest.fixture
def person(group: Area) -> Member:
    return cards.in_post("陶某人", group, room="302", skills="书法", remark="楼道召集人", employer_number="A-17")


@pytest.fixture
def lived(
    person: Member, group: Area, community: Area, other_community: Area, street: Area, station: Area,
    secretary: User, street_officer: User,
) -> Member:  # fmt: skip
    """The person with something of each kind, in two communities of the street; and others beside them."""
    door, neighbour = (
        factories.household(group, "302", name="陶老师家"),
        factories.household(group, "401", name="邬阿婆家"),
    )
    pair = factories.pairing(door, neighbour, since=date(2026, 1, 5))
    factories.visit(pair, on=date(2026, 2, 6), note="阿婆身体")
    event = factories.activity(other_community, title="端午包粽子", held_on=date(2026, 3, 7))
    other = factories.person("旁人", group, room="303")
    for one in (person, other):
        Attendance.objects.create(activity=event, member=one, duty=Duty.Kind.HELPER, source="tick")
    struck = factories.activity(group, title="记错的歌会")
    Attendance.objects.create(activity=struck, member=person, source="tick")
    attendance.strike(struck, [person.pk], user=secretary)
    Duty.objects.create(member=person, kind=Duty.Kind.MESSENGER, since=date(2026, 4, 8))
    need = factories.need(group, text="修纱窗", household=neighbour)
    need.claim(members=[person])
    factories.consent(person, by=secretary)
    card = cards.issued(person, sentence="常来值守")
    with atomic_write():
        receiving.receive(card, digest=card.digest)
        receiving.answer(card, text="谢谢社区。", thanks=True, by=receiving.By())
    unit_slip = slips.from_unit(street, "陶某人", unit=person.employer, phone="19900005678")
    slips.accepted(unit_slip, street_officer, member=person)
    putting_right.ask(person, about="person", text="入党时间不对", means="desk", by=secretary)
    registering.revise(person, remark="楼道联络")
    person.reveal_phone()
    return Member.objects.select_related("street", "employer").get(pk=person.pk)


@pytest.fixture
def content(lived: Member, street_officer: User) -> dict[str, Any]:
    return content_of(lived, user=street_officer)


class TestWhatIsInIt:
    def test_something_of_each_kind(self, content: dict[str, Any], lived: Member, group: Area) -> None:
        facts = dict(section(content, "person"))
        assert (facts["姓名"], facts["联系电话"], facts["单位内编号"]) == ("陶某人", "19900005678", "A-17")
        home = section(content, "homes")[0]
        assert (home[0], home[4]) == (f"{group} 302", "陶老师家")
        assert section(content, "duties") == [["信息员", "2026-04-08", ""]]
        came = section(content, "activities")
        assert ["2026-03-07", "端午包粽子", "第二社区", "服务员（勾选）", "已举办"] in came, came
        assert any(row[1] == "记错的歌会" and "已去掉" in row[4] for row in came)
        assert section(content, "needs")[0][0] == "修纱窗"
        assert section(content, "pairings") == [[f"{group}的一户邻居", "2026-01-05", ""]]
        assert section(content, "visits") == [["2026-02-06", "上门"]]
        assert section(content, "corrections")[0][2] == "入党时间不对"
        assert any(row[2] == "查看完整电话" for row in section(content, "looks"))

    def test_consents_with_their_texts(self, content: dict[str, Any]) -> None:
        texts = [row[4] for row in section(content, "consents")]
        assert any("楼道公示牌" in text and "第 1 版" in text for text in texts)
        assert any("记录卡》发给本人所在单位" in text for text in texts)

    def test_cards_and_slips_with_receipts_and_answers(self, content: dict[str, Any]) -> None:
        (card,), (slip,) = section(content, "cards"), section(content, "slips")
        receipt = RecordCard.objects.get().receipts.get()
        for words in ("常来值守", "楼道大扫除", receipt.hash, "谢谢社区。（表示感谢）", "单位签收"):
            assert words in "\n".join(card)
        assert "编码" in slip[-1]
        assert "19900005678" in slip

    def test_what_was_corrected_is_there_as_it_was(self, content: dict[str, Any]) -> None:
        assert ["备注", "楼道召集人", "楼道联络"] in [row[1:] for row in section(content, "changes")]

    def test_a_former_unit_and_home_are_named_and_a_former_phone_is_not(
        self, lived: Member, street_officer: User, group: Area
    ) -> None:
        lived.employer, lived.phone = factories.employer("嘉定自来水厂"), "19900008765"
        lived.save()
        home = lived.home
        assert home
        home.area = factories.building("5号楼", Area.objects.get(name="迎晖苑"))
        home.save()
        changed = [row[1:] for row in section(content_of(lived, user=street_officer), "changes")]
        assert ["单位", "上海嘉定仪表厂", "嘉定自来水厂"] in changed
        assert ["楼组", str(group), str(home.area)] in changed
        assert [row[1] for row in changed if row[0] == "联系电话"] == ["（电话加密，旧的不显示）"]

    def test_who_lives_behind_a_former_door_now_is_not_told(self, lived: Member, street_officer: User) -> None:
        assert "陶老师家" in text_of(content_of(lived, user=street_officer))
        lived.move(to=factories.building("5号楼", Area.objects.get(name="迎晖苑")), room="101")
        Household.objects.filter(name="陶老师家").update(name="李阿姨家")
        told = text_of(content_of(lived, user=street_officer))
        assert [name for name in ("陶老师家", "李阿姨家") if name in told] == []

    def test_nothing_of_others(self, content: dict[str, Any], other_street: Area) -> None:
        told = text_of(content)
        assert [word for word in OTHERS if word in told] == []

    def test_a_refusal_that_another_recorded_stays_with_them(
        self, person: Member, secretary: User, street_officer: User
    ) -> None:
        factories.consent(person, is_agreed=False, by=secretary)
        found = content_of(person, user=street_officer)
        assert section(found, "consents") == []
        assert any("不同意" in line for line in found["left_out"])

    def test_what_is_not_held_is_said(self, content: dict[str, Any]) -> None:
        assert any("身份证号" in line for line in content["not_held"])
        assert any("其他街道" in line for line in content["left_out"])

    def test_a_transfer_of_either_side(self, person: Member, other_street: Area, street_officer: User) -> None:
        Transfer.objects.create(member=person, to_street=other_street, home_text="那边9号", sent_by=street_officer)
        (row,) = section(content_of(person, user=street_officer), "transfers")
        assert row[:3] == ["新成路街道转到菊园新区", "那边9号", "等对方接收"]

    def test_pairings_and_visits_of_their_own_time_alone(
        self, lived: Member, group: Area, street_officer: User
    ) -> None:
        Pairing.objects.update(since=date(2019, 1, 1), until=date(2019, 6, 1))
        found = content_of(lived, user=street_officer)
        assert section(found, "pairings") == []

    def test_it_is_quick_however_much_there_is(
        self, lived: Member, group: Area, street_officer: User, django_assert_num_queries: Any
    ) -> None:
        for number in range(30):
            event = factories.activity(group, title=f"活动{number}")
            Attendance.objects.create(activity=event, member=lived, source="tick")
            lived.reveal_phone()
        begun = time.monotonic()
        with django_assert_num_queries(23):
            found = content_of(lived, user=street_officer)
        assert len(section(found, "activities")) == 32
        assert own_file_pdf(found).startswith(b"%PDF")
        assert time.monotonic() - begun < 2


class TestOnPaper:
    def test_the_pdf_says_what_the_json_says(self, lived: Member, logged_in: Any, street_officer: User) -> None:
        client, address = logged_in(street_officer), f"/members/{lived.pk}/own-file/"
        asked = {"means": "in_person", "reason": "本人来要"}
        data, paper = client.post(f"{address}?as=json", asked), client.post(address, asked)
        found = orjson.loads(data.content)
        told = "".join(read(paper).split())
        for row in [row for each in found["sections"] for row in each["rows"]]:
            assert all("".join(cell.split()) in told for cell in row if len(cell) < 30), row
        assert (paper["Content-Type"], data["Content-Type"]) == ("application/pdf", "application/json")
        assert "本人资料" in paper["Content-Disposition"] or "%E6%9C%AC" in paper["Content-Disposition"]

    def test_it_is_on_record_and_not_kept(self, lived: Member, logged_in: Any, street_officer: User) -> None:
        answer = logged_in(street_officer).post(
            f"/members/{lived.pk}/own-file/", {"means": "in_person", "reason": "本人来要"}
        )
        file, entry = OwnFile.objects.get(), AuditEntry.objects.filter(action="export").latest("pk")
        assert answer.content.startswith(b"%PDF")
        assert (file.content, file.made_by, file.reason) == (None, street_officer, "本人来要")
        assert (entry.model, entry.row, entry.reason) == ("members.Member", str(lived.pk), "本人来要")
        assert entry.changes == {"report": "本人资料", "handed": "当面交给本人"}

    def test_without_its_entry_there_is_no_file(
        self, lived: Member, logged_in: Any, street_officer: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: Any, **__: Any) -> None:
            raise RuntimeError("no trail")

        monkeypatch.setattr(own_file_handing, "record", broken)
        with pytest.raises(RuntimeError, match="no trail"):
            logged_in(street_officer).post(
                f"/members/{lived.pk}/own-file/", {"means": "in_person", "reason": "本人来要"}
            )
        assert not OwnFile.objects.exists()

    def test_a_community_makes_none(self, lived: Member, secretary: User) -> None:
        with pytest.raises(PermissionDenied):
            own_file_handing.make(lived, means=Means.IN_PERSON, reason="本人来要", by=secretary)

    def test_nor_does_another_street(self, lived: Member, logged_in: Any, far_officer: User, api: Any) -> None:
        assert logged_in(far_officer).get(f"/members/{lived.pk}/own-file/").status_code == 404
        body = {"member": lived.pk, "means": "in_person", "reason": "x"}
        assert api(far_officer).post("/api/v1/own-files", body, "json").status_code == 400


class TestTheLink:
    @pytest.fixture
    def file(self, lived: Member, street_officer: User) -> OwnFile:
        return own_file_handing.make(lived, means=Means.LINK, reason="本人来电", by=street_officer)[0]

    @staticmethod
    def address(file: OwnFile) -> str:
        return f"/o/{own_file_handing.link_token(file)}/"

    @staticmethod
    def text(answer: Any) -> str:
        return answer.content.decode()

    def opened(self, file: OwnFile, digits: str = "5678") -> Client:
        phone = Client()
        phone.post(self.address(file), {"digits": digits})
        return phone

    def test_nothing_is_told_before_the_digits(self, file: OwnFile) -> None:
        for end in ("", "own-file.pdf", "own-file.json"):
            answer = Client().get(f"{self.address(file)}{end}", follow=True)
            assert "手机号的最后四位" in self.text(answer)
            assert [word for word in ("陶某人", "5678", "302") if word in self.text(answer).split("csrf")[0]] == []
        assert answer["Cache-Control"] == "no-store, private"

    def test_it_gives_the_file_as_it_was_made(self, file: OwnFile, lived: Member) -> None:
        lived.skills = "后来改的"
        lived.save()
        phone = self.opened(file)
        data = orjson.loads(phone.get(f"{self.address(file)}own-file.json").content)
        assert dict(section(data, "person"))["特长"] == "书法"
        assert "书法" in read(phone.get(f"{self.address(file)}own-file.pdf"))
        assert OwnFile.objects.get().opened_at
        assert "19900005678" not in self.text(phone.get(self.address(file)))

    def test_it_is_sealed_at_rest(self, file: OwnFile) -> None:
        kept = bytes(OwnFile.objects.get().content)
        assert "陶某人".encode() not in kept
        assert "陶某人" not in str(AuditEntry.objects.filter(model="louzu.OwnFile").values_list("changes", flat=True))

    def test_wrong_digits_lock_it_and_are_on_record(self, file: OwnFile) -> None:
        for _ in range(MOST_TRIES):
            self.opened(file, "0000")
        assert own_link.WRONG in self.text(Client().post(self.address(file), {"digits": "5678"}))
        assert AuditEntry.objects.filter(action="refuse", model="louzu.OwnFile").count() == MOST_TRIES + 1

    def test_the_next_file_ends_it(self, file: OwnFile, lived: Member, street_officer: User) -> None:
        phone = self.opened(file)
        newer, _ = own_file_handing.make(lived, means=Means.IN_PERSON, reason="又来要", by=street_officer)
        assert phone.get(self.address(file)).status_code == 404
        assert OwnFile.objects.get(pk=file.pk).content is None
        assert newer.content is None

    def test_it_ends_with_its_time(self, file: OwnFile, settings: Any) -> None:
        phone = self.opened(file)
        settings.CARD_LINK_DAYS = 0
        for end in ("", "own-file.pdf"):
            assert phone.get(f"{self.address(file)}{end}").status_code == 404
        assert phone.post(f"{self.address(file)}correct/").status_code == 404

    @pytest.mark.parametrize("token", ["x", "WzEsMV0:abc", "9" * 300])
    def test_a_forged_one_opens_nothing(self, file: OwnFile, token: str) -> None:
        assert Client().get(f"/o/{token}/").status_code == 404

    def test_it_is_bound_to_the_moment_of_making(self, file: OwnFile) -> None:
        OwnFile.objects.update(made_at=timezone.now())
        assert Client().get(self.address(file)).status_code == 404

    def test_another_s_file_stays_closed(self, file: OwnFile, group: Area, street_officer: User) -> None:
        other = cards.in_post("白二明", group, room="2")
        theirs, _ = own_file_handing.make(other, means=Means.LINK, reason="本人来电", by=street_officer)
        phone = self.opened(file)
        assert "手机号的最后四位" in self.text(phone.get(f"{self.address(theirs)}own-file.pdf", follow=True))

    def test_without_a_phone_there_is_no_link(self, group: Area, street_officer: User) -> None:
        silent = factories.person("无话人", group)
        with pytest.raises(ValidationError, match="没有登记电话"):
            own_file_handing.make(silent, means=Means.LINK, reason="本人来要", by=street_officer)
        assert not OwnFile.objects.exists()

    def test_guessing_is_slow_whatever_the_links(self, file: OwnFile, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(own_link.OpeningOwnFile, "rate", "1/min")
        self.opened(file, "0000")
        assert Client().post(self.address(file), {"digits": "5678"}).status_code == 429
        assert OwnFile.objects.get().wrong_tries == 1

    def test_the_member_says_what_is_wrong(self, file: OwnFile, lived: Member) -> None:
        phone = self.opened(file)
        body = {"about": "home", "text": "住在303室"}
        answer = phone.post(f"{self.address(file)}correct/", body, follow=True)
        assert "已经告诉社区书记" in self.text(answer)
        said = CorrectionRequest.objects.latest("pk")
        assert (said.member, said.text, said.means, said.made_by) == (lived, "住在303室", "link", None)

    def test_only_who_knows_the_digits_does(self, file: OwnFile) -> None:
        before = CorrectionRequest.objects.count()
        Client().post(f"{self.address(file)}correct/", {"about": "home", "text": "我乱写"})
        assert CorrectionRequest.objects.count() == before

    def test_and_not_without_end(self, file: OwnFile, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(own_link.WritingOfOwnFile, "rate", "1/hour")
        phone = self.opened(file)
        for number in range(2):
            answer = phone.post(f"{self.address(file)}correct/", {"about": "home", "text": f"第{number}条"})
        assert own_link.OFTEN in self.text(answer)
        assert CorrectionRequest.objects.filter(means="link").count() == 1


class TestTheCall:
    def test_it_gives_the_content_or_the_link(self, lived: Member, api: Any, street_officer: User) -> None:
        client, body = api(street_officer), {"member": lived.pk, "reason": "本人来要"}
        paper = client.post("/api/v1/own-files", body | {"means": "in_person"}, "json")
        link = client.post("/api/v1/own-files", body | {"means": "link"}, "json")
        assert (paper.status_code, link.status_code) == (201, 201)
        assert dict(section(paper.data["content"], "person"))["姓名"] == "陶某人"
        assert paper.data["link"] is None
        assert link.data["content"] is None
        assert Client().get(link.data["link"]).status_code == 200
        listed = client.get("/api/v1/own-files").data["results"]
        assert [row["means"] for row in listed] == ["in_person", "link"]
        assert "content" not in listed[0]

    def test_a_secretary_is_refused(self, lived: Member, api: Any, secretary: User) -> None:
        body = {"member": lived.pk, "means": "in_person", "reason": "本人来要"}
        answer = api(secretary).post("/api/v1/own-files", body, "json")
        assert (answer.status_code, OwnFile.objects.count()) == (403, 0)


def test_expired_files_are_those_whose_link_has_ended(lived: Member, street_officer: User, settings: Any) -> None:
    file, _ = own_file_handing.make(lived, means=Means.LINK, reason="x", by=street_officer)
    ends = timezone.now() + timedelta(days=settings.CARD_LINK_DAYS)
    assert not OwnFile.objects.expired(ends - timedelta(minutes=1)).exists()
    assert OwnFile.objects.expired(ends + timedelta(minutes=1)).get() == file
