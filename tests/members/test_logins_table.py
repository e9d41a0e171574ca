"""Several logins from one table: pasted or uploaded, checked, added at once, handed over on slips that come once."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.test import Client, RequestFactory

from feedback.models import Contact
from members.ground.access import PostKind
from members.ground.export import workbook
from members.ground.first_password import CLEAR
from members.models import Area, AreaRole, AuditEntry, User
from members.roster import logins
from members.rules import appointing
from members.web import handover
from tests import factories

URL = "/users/table/"
SLIPS = "/users/slips/"
HEAD = "姓名\t岗位\t地方\t登录名\n"
GOOD = HEAD + "王敏\t书记\t第一社区\t\n 赵 芳 \t楼组长\t迎晖苑1号楼\tZhaoFang\n王敏\t联络员\t迎晖苑\t\n孙强\t街道\t\t\n"


@pytest.fixture
def officer(logged_in: Callable[[User], Client], street_officer: User, group: Area, other_group: Area) -> Client:
    return logged_in(street_officer)


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_table_becomes_users_with_posts_and_slips(officer: Client, street_officer: User, settings: Any) -> None:
    settings.SECOND_FACTOR = ["auditor"]
    checked = text(officer.post(URL, {"text": GOOD}))
    assert ("开通 4 位" in checked, User.objects.filter(name="王敏").exists()) == (True, False)
    page = text(officer.post(f"{URL}create/", {"text": GOOD}, follow=True))
    found = {(role.user.username, str(role)) for role in AreaRole.objects.exclude(user=street_officer)}
    assert found == {
        ("wangmin", "第一社区 社区书记"), ("ZhaoFang", "第一社区 迎晖苑 1号楼 楼组党小组长"),
        ("wangmin2", "第一社区 迎晖苑 联络员"), ("sunqiang", "新成路街道 街道党工委"),
    }  # fmt: skip
    assert page.count("登录交接单") == 4
    password = re.search(rf"ZhaoFang.*?lz-key\">([{CLEAR}]{{12}})<", page, re.DOTALL)[1]  # type: ignore[index]
    user = authenticate(RequestFactory().post("/"), username="ZhaoFang", password=password)
    assert user.must_change_password  # type: ignore[union-attr]
    assert AuditEntry.objects.filter(user=street_officer, model="members.User", action="create").count() == 4
    assert password not in str(list(AuditEntry.objects.values_list("changes", flat=True)))
    assert "现在没有要打印的交接单" in text(officer.get(SLIPS))
    again = text(officer.post(f"{URL}create/", {"text": GOOD}))
    assert ("没有要开通的" in again, User.objects.filter(name="王敏").count()) == (True, 2)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("\t书记\t第一社区\t", "请填姓名"), ("王敏\t\t第一社区\t", "请填岗位"),
        ("王敏\t总管\t第一社区\t", "岗位“总管”认不出来"), ("王敏\t审计\t\t", "审计不归您安排"),
        ("王敏\t书记\t\t", "请写上社区的名称"), ("王敏\t书记\t迎晖苑\t", "没有找到“迎晖苑”"),
        ("王敏\t书记\t平城社区\t", "没有找到“平城社区”"), ("王敏\t楼组长\t2号楼\t", "有 2 处叫“2号楼”"),
        ("王敏\t书记\t第一社区\tjiedao", "已有人使用"), ("王敏\t书记\t第一社区\ta b", "有 1 行要改"),
        ("王" * 31 + "\t书记\t第一社区\t", "30"), ("王敏\t书记\t第一社区\t" + "a" * 151, "150"),
        ("王敏\t书记\t第一社区\tx\n李慧\t书记\t第二社区\tx", "写了 2 次"),
        ("王敏\t书记\t第一社区\t\n王敏\t社区书记\t第一社区\t", "和第 2 行重复"),
        ("王敏\t书记\t第一社区\t\n" * 101, "一次最多开通 100 位"), ("王" * 20_001, "20000"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_added_says_what_to_do(
    officer: Client, station: Area, other_street: Area, row: str, sentence: str
) -> None:
    factories.building("2号楼", station)
    before = User.objects.count()
    for url in (URL, f"{URL}create/"):
        assert sentence in text(officer.post(url, {"text": HEAD + row})), url
    assert User.objects.count() == before


@pytest.mark.parametrize("typed", ["", " \n", "王敏 书记 第一社区", "\0", "姓名,岗位,地方\n"])
def test_what_is_no_table_is_told_so(officer: Client, typed: str) -> None:
    assert "lz-problem" in text(officer.post(URL, {"text": typed}))


def test_a_workbook_comes_onto_the_page_to_be_mended(officer: Client) -> None:
    file = io.BytesIO(
        workbook("名单", ["登录名", "姓名", "职务", "区域"], [("", "王敏", "书记", "第九社区")], formats={})
    )
    file.name = "名单.xlsx"
    page = text(officer.post(URL, {"file": file}))
    assert "王敏\t书记\t第九社区" in page
    assert "没有找到“第九社区”" in page
    assert officer.get(f"{URL}template.xlsx").status_code == 200


def test_a_secretary_gives_what_a_secretary_may(
    logged_in: Any, secretary: User, group: Area, other_group: Area
) -> None:
    browser = logged_in(secretary)
    for row in ("王敏\t书记\t第一社区\t", "王敏\t楼组长\t2号楼\t", "王敏\t联络员\t仓场公寓\t"):
        assert "lz-problem" in text(browser.post(f"{URL}create/", {"text": HEAD + row}))
    assert browser.post(f"{URL}create/", {"text": HEAD + "王敏\t楼组长\t1号楼\t"}).status_code == 302
    assert User.objects.get(name="王敏").roles.get().kind == PostKind.LEADER


def test_a_namesake_is_pointed_out(officer: Client, leader: User) -> None:
    page = text(officer.post(URL, {"text": HEAD + f"{leader.name}\t联络员\t迎晖苑\t"}))
    assert "已有同名用户：第一社区 迎晖苑 1号楼" in page


def test_a_place_that_closes_in_between_takes_all_back(officer: Client, monkeypatch: Any, station: Area) -> None:
    def closed(wanted: Any, *, by: User) -> Any:
        Area.objects.filter(pk=station.pk).update(until="2020-01-01")
        return real(wanted, by=by)

    real = appointing.add_logins
    monkeypatch.setattr("members.views.logins.add_logins", closed)
    assert "刚刚停用了" in text(officer.post(f"{URL}create/", {"text": GOOD}))
    assert not User.objects.filter(name="王敏").exists()


def test_checking_asks_as_often_for_many_rows(
    street_officer: User, group: Area, django_assert_num_queries: Any
) -> None:
    for many in (1, 60):
        rows = logins.read_table((HEAD + "".join(f"王敏{n}\t书记\t第一社区\t\n" for n in range(many))).encode())
        user = User.objects.get(pk=street_officer.pk)
        with django_assert_num_queries(4):
            planned = logins.plan(rows, by=user)
        assert [one.problem for one in planned] == [""] * many


def test_one_user_and_a_new_password_get_a_slip_too(officer: Client, secretary: User, far_officer: User) -> None:
    page = text(officer.post(f"/users/{secretary.pk}/password/", follow=True))
    assert f'<a href="{SLIPS}">打印交接单（1 张）</a>' in page
    user = {"name": "李慧", "username": "李慧", "roles-TOTAL_FORMS": 1, "roles-INITIAL_FORMS": 0}
    post = {"roles-0-kind": "secretary", "roles-0-area": secretary.roles.get().area_id, "roles-0-since": "2026-01-01"}
    assert "打印交接单（2 张）" in text(officer.post("/admin/members/user/add/", user | post, follow=True))
    slips = text(officer.get(SLIPS))
    assert (slips.count("登录交接单"), "shuji1" in slips, "http://testserver/" in slips) == (2, True, True)


def test_a_unit_s_contact_gets_a_slip_too(
    officer: Client, street: Area, other_street: Area, far_officer: User, logged_in: Callable[[User], Client]
) -> None:
    unit = factories.employer()
    values = {"name": "周敏", "username": "zhoumin", "employer": unit.pk, "street": street.pk}
    page = text(officer.post("/admin/feedback/contact/add/", values, follow=True))
    assert f'<a href="{SLIPS}">打印交接单（1 张）</a>' in page
    contact = Contact.objects.get()
    page = text(officer.post(f"/contacts/{contact.pk}/reset/", follow=True))
    password = re.search(rf"新密码是 ([{CLEAR}]{{12}})（", page)[1]  # type: ignore[index]
    slips = text(officer.get(SLIPS))
    assert (slips.count("登录交接单"), slips.count(password)) == (1, 1)
    assert f"{unit.name} 联系人" in slips
    assert ("打开的就是收件箱" in slips, "首页上面的按钮" in slips, "/admin/feedback/contact/" in slips) == (
        True,
        False,
        True,
    )
    assert password not in text(officer.get(SLIPS))
    contact.end()
    kept(officer, {contact.user_id: "geheim"})
    assert "geheim" not in text(officer.get(SLIPS))
    kept(client := logged_in(far_officer), {contact.user_id: "geheim"})
    Contact.objects.update(until=None)
    assert "geheim" not in text(client.get(SLIPS))


def kept(client: Client, passwords: dict[int, str]) -> None:
    request = RequestFactory().get("/")
    request.session = client.session
    handover.keep(request, passwords)
    request.session.save()


def test_slips_end_with_the_hour_and_the_right(officer: Client, secretary: User, far_officer: User) -> None:
    kept(officer, {far_officer.pk: "geheim"})
    assert "geheim" not in text(officer.get(SLIPS))


def test_what_is_never_printed_is_gone_after_the_hour(officer: Client, secretary: User, leader: User) -> None:
    """Whatever page is opened then; each password has an hour of its own."""
    kept(officer, {secretary.pk: "geheim"})
    session = officer.session
    session[handover.KEPT][0]["at"] -= handover.KEPT_FOR - 60
    session.save()
    kept(officer, {leader.pk: "neu"})
    officer.get("/mine/")
    assert len(officer.session[handover.KEPT]) == 2
    session = officer.session
    session[handover.KEPT][0]["at"] -= 61
    session.save()
    officer.get("/mine/")
    assert len(officer.session[handover.KEPT]) == 1
    slips = text(officer.get(SLIPS))
    assert ("geheim" in slips, "neu" in slips, handover.KEPT in officer.session) == (False, True, False)
