"""The pages of who came: tick list, pasted list, duties, poster and phone, and who signed in unknown."""

import statistics
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from activities.models import Activity, Attendance, SignIn
from activities.rules.sign_in import settle_sign_ins
from activities.views.sign_in import SigningIn
from members.models import Area
from tests import factories

CHAIN = "#接龙\n1. 欧阳建国 302\n2. 张三\n3. 没有人"


@pytest.fixture
def activity(station) -> Activity:
    return factories.activity(station)


@pytest.fixture
def poster(station, db) -> Activity:
    """An activity of today with its poster up."""
    event = factories.activity(station, is_held=False)
    event.open_signing_in()
    return event


def pages(activity: Activity) -> list[str]:
    return [f"/activities/{activity.pk}/{name}/" for name in ("tick", "came", "paste", "poster", "signed")]


def test_each_page_is_for_those_who_may_write(
    activity, secretary, street_officer, liaison, leader, instructor, auditor, outsider, other_secretary, logged_in
) -> None:
    expected = {secretary: 200, street_officer: 200, liaison: 200, leader: 404, instructor: 403}
    expected |= {auditor: 404, outsider: 404, other_secretary: 404}
    for user, status in expected.items():
        browser = logged_in(user)
        assert [browser.get(url).status_code for url in pages(activity)] == [status] * 5, user
        assert [browser.post(url, {"was": ""}).status_code for url in pages(activity)[:1]] == [
            302 if status == 200 else status
        ]


# The tick list


def test_a_tick_list_shows_members_by_building(activity, member, other_member, secretary, logged_in) -> None:
    html = logged_in(secretary).get(f"/activities/{activity.pk}/tick/").content.decode()
    assert "欧阳建国" in html
    assert "ouyangjianguo oyjg" in html
    assert "单秀英" not in html


def test_ticking_records(activity, member, secretary, logged_in) -> None:
    browser = logged_in(secretary)
    answer = browser.post(f"/activities/{activity.pk}/tick/", {"member": member.pk, "was": ""}, follow=True)
    assert "新登记 1 人，共登记 1 人。" in answer.content.decode()
    assert Attendance.objects.get().member == member
    answer = browser.post(f"/activities/{activity.pk}/tick/", {"was": f"{member.pk},"}, follow=True)
    assert "去掉 1 人" in answer.content.decode()
    assert not Attendance.objects.exists()


@pytest.mark.parametrize("junk", ["", "x", "-1", "9" * 30, "１", "\0", "1e3"])
def test_junk_in_a_tick_list_records_nobody(activity, secretary, logged_in, junk) -> None:
    answer = logged_in(secretary).post(f"/activities/{activity.pk}/tick/", {"member": [junk], "was": junk})
    assert answer.status_code == 302
    assert not Attendance.objects.exists()


def test_a_foreign_member_is_refused_and_the_ticks_stay(activity, member, other_member, secretary, logged_in) -> None:
    data = {"member": [member.pk, other_member.pk], "was": ""}
    html = logged_in(secretary).post(f"/activities/{activity.pk}/tick/", data).content.decode()
    assert "没有登记任何人" in html
    assert f'value="{member.pk}" checked' in html
    assert not Attendance.objects.exists()


def test_a_tick_list_takes_six_queries(activity, group, secretary, logged_in, django_assert_num_queries) -> None:
    for number in range(30):
        factories.person(f"党员{chr(0x4E00 + number)}", group, room=str(101 + number))
    browser = logged_in(secretary)
    browser.get("/")
    with django_assert_num_queries(6):
        browser.get(f"/activities/{activity.pk}/tick/")


def test_a_street_is_ticked_by_community(street, community, other_member, member, street_officer, logged_in) -> None:
    activity = factories.activity(street)
    browser = logged_in(street_officer)
    first = browser.get(f"/activities/{activity.pk}/tick/").content.decode()
    assert "第一社区" in first
    assert "欧阳建国" in first
    assert "单秀英" not in first
    part = Area.objects.get(path=other_member.home.area.path[:8])
    assert "单秀英" in browser.get(f"/activities/{activity.pk}/tick/?part={part.pk}").content.decode()
    assert browser.get(f"/activities/{activity.pk}/tick/?part=x").status_code == 200


# The pasted list


def test_a_pasted_list_is_shown_before_anything_is_saved(activity, member, group, secretary, logged_in) -> None:
    factories.person("张三", group, room="101")
    twin = factories.person("张三", group, room="102")
    url = f"/activities/{activity.pk}/paste/"
    browser = logged_in(secretary)
    html = browser.post(url, {"names": CHAIN}).content.decode()
    assert not Attendance.objects.exists()
    for words in ("认出来的", "同名的", "有 2 位，是哪一位", "没有找到"):
        assert words in html
    html = browser.post(url, {"names": CHAIN, "save": "yes", "who-1": str(member.pk)}).content.decode()
    assert "还没有选“张三”是哪一位" in html
    assert not Attendance.objects.exists()
    answers = {"who-1": ["0", str(member.pk)], "who-2": str(twin.pk)}
    answer = browser.post(url, {"names": CHAIN, "save": "yes", **answers}, follow=True)
    assert "新登记 2 人，共登记 2 人。" in answer.content.decode()
    again = browser.post(url, {"names": CHAIN, "save": "yes", **answers}, follow=True)
    assert "没有新增，共登记 2 人。" in again.content.decode()


def test_who_is_unticked_is_left_out(activity, member, secretary, logged_in) -> None:
    logged_in(secretary).post(
        f"/activities/{activity.pk}/paste/", {"names": "欧阳建国", "save": "yes", "who-0": "0"}, follow=True
    )
    assert not Attendance.objects.exists()


def test_one_may_look_wider(activity, community, secretary, logged_in) -> None:
    guest = factories.person("单远志", factories.building("7号楼", factories.area("塔城新村", community)))
    url = f"/activities/{activity.pk}/paste/"
    browser = logged_in(secretary)
    assert "到更大范围查找" in browser.post(url, {"names": "单远志"}).content.decode()
    data = {"names": "单远志", "wider": "on"}
    assert "塔城新村 7号楼" in browser.post(url, data).content.decode()
    browser.post(url, data | {"save": "yes", "who-0": str(guest.pk)})
    assert Attendance.objects.get().member == guest


def test_what_was_pasted_elsewhere_is_waiting(activity, member, secretary, logged_in) -> None:
    browser = logged_in(secretary)
    session = browser.session
    session[f"pasted-{activity.pk}"] = "欧阳建国"
    session.save()
    assert "认出来的" in browser.get(f"/activities/{activity.pk}/paste/").content.decode()
    browser.post(f"/activities/{activity.pk}/paste/", {"names": "欧阳建国", "save": "yes", "who-0": str(member.pk)})
    assert "认出来的" not in browser.get(f"/activities/{activity.pk}/paste/").content.decode()


@pytest.mark.parametrize(
    ("text", "sentence"), [("好" * 20_001, "内容太长"), ("张三 " * 2_001, "人太多"), ("", "请先把名单")]
)
def test_a_list_that_is_none_is_refused_with_a_sentence(activity, secretary, logged_in, text, sentence) -> None:
    answer = logged_in(secretary).post(f"/activities/{activity.pk}/paste/", {"names": text})
    assert answer.status_code == 200
    assert sentence in answer.content.decode()


def test_a_pasted_list_takes_few_queries(activity, group, secretary, logged_in, django_assert_max_num_queries) -> None:
    people = [factories.person(f"党员{chr(0x4E00 + number)}", group) for number in range(30)]
    browser = logged_in(secretary)
    browser.get("/")
    with django_assert_max_num_queries(8):
        browser.post(f"/activities/{activity.pk}/paste/", {"names": "\n".join(one.name for one in people)})


# Duties


def test_duties_are_noted_and_mistakes_taken_back(activity, member, group, secretary, logged_in) -> None:
    other = factories.person("张三", group)
    browser = logged_in(secretary)
    browser.post(f"/activities/{activity.pk}/tick/", {"member": [member.pk, other.pk], "was": ""})
    browser.post(f"/activities/{activity.pk}/came/", {f"duty-{member.pk}": "helper", "duty-x": "", "gone": other.pk})
    assert Attendance.objects.get().get_duty_display() == "服务员"
    html = browser.post(f"/activities/{activity.pk}/came/", {f"duty-{member.pk}": "boss"}).content.decode()
    assert "请从六员中选择" in html


# The poster and the phone


def test_a_phone_signs_in(poster, member, db) -> None:
    url = f"/s/{poster.sign_in_code}/"
    assert "楼道大扫除" in Client().get(url).content.decode()
    answer = Client().post(url, {"name": "欧阳 建国", "phone_end": "5678"})
    assert "已收到，如有疑问请联系书记" in answer.content.decode()
    came = Attendance.objects.get()
    assert (came.member, came.source) == (member, Attendance.Source.CODE)
    assert not SignIn.objects.exists()


def test_the_answer_gives_nothing_away(poster, member) -> None:
    answers = [
        Client().post(f"/s/{poster.sign_in_code}/", typed).content
        for typed in (
            {"name": "欧阳建国", "phone_end": "5678"},
            {"name": "欧阳建国", "phone_end": "0000"},
            {"name": "没有这人", "phone_end": "5678"},
            {"name": "欧阳建国", "phone_end": "5678"},
        )
    ]
    assert len(set(answers)) == 1
    assert Attendance.objects.count() == 1
    assert sorted(SignIn.objects.values_list("name", "is_seen")) == [("欧阳建国", True), ("没有这人", True)]


def test_the_answer_takes_the_same_time(poster, member, settings, monkeypatch) -> None:
    """What could tell, the matching, is not done while the phone waits."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    monkeypatch.setattr(SigningIn, "rate", "100000/min")
    browser = Client()
    took: dict[str, list[float]] = {"欧阳建国": [], "没有这人": []}
    for number in range(40):
        for name, times in took.items():
            began = time.perf_counter()
            browser.post(f"/s/{poster.sign_in_code}/", {"name": name, "phone_end": f"{number:04}"})
            times.append(time.perf_counter() - began)
    known, made_up = (statistics.median(times) for times in took.values())
    spread = statistics.pstdev(took["欧阳建国"] + took["没有这人"])
    assert abs(known - made_up) < max(spread, 0.25 * made_up)
    assert not Attendance.objects.exists()


def test_the_same_queries_are_asked_whatever_was_typed(poster, member, settings, django_assert_num_queries) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    for typed in (("欧阳建国", "5678"), ("欧阳建国", "5678"), ("没有这人", "5678"), ("没有这人", "5678")):
        with django_assert_num_queries(6):
            Client().post(f"/s/{poster.sign_in_code}/", dict(zip(("name", "phone_end"), typed, strict=True)))


def test_signing_in_twice_is_once(poster, member) -> None:
    for _ in range(2):
        Client().post(f"/s/{poster.sign_in_code}/", {"name": "欧阳建国", "phone_end": "5678"})
        Client().post(f"/s/{poster.sign_in_code}/", {"name": "没有这人", "phone_end": "5678"})
    assert (Attendance.objects.count(), SignIn.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    "typed", [{}, {"name": "欧"}, {"name": "欧阳建国", "phone_end": "56X8"}, {"name": "\0\0\0", "phone_end": "1"}]
)
def test_what_cannot_be_is_asked_for_again(poster, typed) -> None:
    answer = Client().post(f"/s/{poster.sign_in_code}/", typed)
    assert answer.status_code == 200
    assert "lz-problem" in answer.content.decode()
    assert not SignIn.objects.exists()


def test_a_code_closes_with_its_activity(poster, db) -> None:
    url = f"/s/{poster.sign_in_code}/"
    poster.hold()
    assert Client().get(url).status_code == 404
    assert Client().get("/s/nothing/").status_code == 404


def test_a_code_is_for_its_day(station, secretary) -> None:
    tomorrow = factories.activity(station, is_held=False, held_on=timezone.localdate() + timedelta(days=1))
    tomorrow.open_signing_in()
    answer = Client().get(f"/s/{tomorrow.sign_in_code}/")
    assert answer.status_code == 404
    assert "签到只在活动当天开放" in answer.content.decode()


def test_guessing_is_slowed_down(poster, monkeypatch) -> None:
    monkeypatch.setattr(SigningIn, "rate", "3/min")
    answers = [
        Client().post(f"/s/{poster.sign_in_code}/", {"name": "没有这人", "phone_end": f"{number:04}"})
        for number in range(5)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert "请过一分钟再试" in answers[-1].content.decode()


def test_no_name_is_on_the_phone(poster, member) -> None:
    assert "欧阳" not in Client().get(f"/s/{poster.sign_in_code}/").content.decode()


def test_a_poster_is_opened_and_closed(station, secretary, logged_in) -> None:
    planned = factories.activity(station, is_held=False)
    browser = logged_in(secretary)
    browser.post(f"/activities/{planned.pk}/poster/open/")
    assert "data:image/svg" in browser.get(f"/activities/{planned.pk}/poster/").content.decode()
    browser.post(f"/activities/{planned.pk}/poster/close/")
    planned.refresh_from_db()
    assert planned.sign_in_code == ""
    held = factories.activity(station)
    answer = browser.post(f"/activities/{held.pk}/poster/open/", follow=True)
    assert "只有还没办的活动可以扫码签到" in answer.content.decode()


def test_who_was_not_matched_is_settled_by_the_secretary(poster, member, secretary, logged_in) -> None:
    SignIn.objects.create(activity=poster, name="欧阳建国", phone_end="0000")
    SignIn.objects.create(activity=poster, name="没有这人", phone_end="0000")
    settle_sign_ins.call(poster.pk)
    assert not Attendance.objects.exists()
    url = f"/activities/{poster.pk}/signed/"
    browser = logged_in(secretary)
    html = browser.get(url).content.decode()
    assert "199****5678" in html
    one, two = SignIn.objects.all()
    browser.post(url, {f"who-{one.pk}": str(member.pk)})
    assert Attendance.objects.get().member == member
    assert list(SignIn.objects.all()) == [two]
    browser.post(url, {f"who-{two.pk}": "0"})
    assert not SignIn.objects.exists()


def test_settling_takes_a_constant_number_of_queries(poster, group, django_assert_max_num_queries) -> None:
    for number in range(20):
        factories.person(f"党员{chr(0x4E00 + number)}", group, phone=f"1990000{number:04}")
        SignIn.objects.create(activity=poster, name=f"党员{chr(0x4E00 + number)}", phone_end=f"{number:04}")
    with django_assert_max_num_queries(16):
        settle_sign_ins.call(poster.pk)
    assert Attendance.objects.count() == 20
