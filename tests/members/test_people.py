"""Members: their homes over time, what the database holds them to, what is kept of their numbers."""

import json
import re
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.ground.pinyin import spell
from members.ground.sealing import decrypt_text, digest, encrypt_text, mask_phone
from members.ground.states import Conflict
from members.models import Area, Employer, Member, Residence, User
from tests import factories

ID_NUMBER = factories.id_number("19780512", 431)


def homes(member: Member) -> list[tuple[str, str, str]]:
    rows = member.residences.order_by("since", "pk").values_list("area__name", "since", "until")
    return [(name, str(since), str(until or "")) for name, since, until in rows]


def test_moving_house_ends_one_home_and_begins_another(member: Member, other_group: Area) -> None:
    member.move(to=other_group, room="602", on=date(2025, 5, 1))
    assert homes(member) == [("1号楼", "2020-03-01", "2025-05-01"), ("2号楼", "2025-05-01", "")]
    assert str(member.home) == "第二社区 仓场公寓 2号楼 602"


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite locks no rows")
@pytest.mark.parametrize("door", ["page", "API"])
def test_moving_house_locks_the_group_before_the_member(
    member: Member, other_group: Area, street_officer: User, client: Client, door: str
) -> None:
    """As an undo of the roster that made the group does: they wait for one another in one direction."""
    client.force_login(street_officer)
    with CaptureQueriesContext(connection) as asked:
        if door == "page":
            url, values = reverse("members:move", args=[member.pk]), {"to": other_group.pk, "on": "2026-01-01"}
            assert client.post(url, values).status_code == 302
        else:
            values = json.dumps({"area": other_group.pk})
            url = f"/api/v1/members/{member.pk}/move"
            assert client.post(url, values, content_type="application/json").status_code == 200
    locks = [
        re.findall('FROM "(members_area|members_member)"', each["sql"]) for each in asked if "FOR NO KEY" in each["sql"]
    ]
    assert [tables[0] for tables in locks if tables][:2] == ["members_area", "members_member"]


def test_leaving_and_coming_back_keep_the_history(member: Member, group: Area) -> None:
    member.leave(on=date(2024, 1, 1))
    assert not Member.objects.living_in(group, date(2024, 1, 1)).exists()
    member.move(to=group, on=date(2025, 1, 1))
    assert homes(member) == [("1号楼", "2020-03-01", "2024-01-01"), ("1号楼", "2025-01-01", "")]
    assert list(Member.objects.living_in(group, date(2023, 12, 31))) == [member]
    assert Residence.history.filter(member_id=member.pk).count() == 3


def test_the_same_move_twice_is_one(member: Member, other_group: Area) -> None:
    asked = {"to": other_group, "room": "1203", "on": date(2025, 1, 1)}
    first = member.move(**asked)
    assert member.move(**asked | {"room": "１２０３室"}) == first
    assert homes(member) == [("1号楼", "2020-03-01", "2025-01-01"), ("2号楼", "2025-01-01", "")]


def test_who_has_left_does_not_leave_again(member: Member) -> None:
    member.leave(on=date(2025, 1, 1))
    with pytest.raises(Conflict, match="不用办理迁出"):
        member.leave(on=date(2025, 1, 1))
    assert homes(member) == [("1号楼", "2020-03-01", "2025-01-01")]


def test_one_leaves_no_earlier_than_one_came(member: Member) -> None:
    with pytest.raises(ValidationError, match="迁出日期不能早于入住日期"):
        member.leave(on=date(2019, 1, 1))


def test_a_failed_move_leaves_the_home(member: Member, station: Area) -> None:
    with pytest.raises(ValidationError, match="请选择楼组"):
        member.move(to=station)
    assert homes(member) == [("1号楼", "2020-03-01", "")]


def test_database_lets_nobody_live_twice(member: Member, other_group: Area) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Residence.objects.bulk_create([Residence(member=member, area=other_group)])


def test_database_refuses_a_home_that_ends_before_it_begins(member: Member) -> None:
    with pytest.raises(IntegrityError, match="residence_ends_after_begin"), transaction.atomic():
        member.residences.update(until=date(2019, 1, 1))


def test_database_wants_an_employer_of_the_in_post(member: Member) -> None:
    with pytest.raises(IntegrityError, match="member_in_post_has_employer"), transaction.atomic():
        Member.objects.filter(pk=member.pk).update(employer=None)


def test_a_form_says_it_in_chinese(member: Member) -> None:
    member.employer = None
    with pytest.raises(ValidationError, match="在职党员要填写单位"):
        member.full_clean()


def test_database_knows_a_person_once(member: Member, other_group: Area) -> None:
    factories.person("某人", other_group, id_number=ID_NUMBER)
    with pytest.raises(IntegrityError), transaction.atomic():
        Member.objects.filter(name="某人").update(name=member.name)


def test_two_names_may_share_an_id_number(member: Member, other_group: Area) -> None:
    assert factories.person("王同号", other_group, id_number=ID_NUMBER).id_digest == member.id_digest


def test_the_phone_is_encrypted_at_rest(member: Member) -> None:
    kept = Member.objects.filter(pk=member.pk).values().get()
    assert not [column for column, value in kept.items() if "19900005678" in str(value)]
    assert Member.objects.get(pk=member.pk).phone == "19900005678"
    assert Member.history.filter(id=member.pk, phone_sealed__contains="5678").count() == 0


def test_the_phone_is_found_by_its_digest(member: Member, other_member: Member) -> None:
    assert list(Member.objects.with_phone("19900005678")) == [member]


def test_one_number_is_encrypted_differently_each_time() -> None:
    first, second = encrypt_text("19900005678"), encrypt_text("19900005678")
    assert first != second
    assert decrypt_text(first) == decrypt_text(second) == "19900005678"


def test_changed_bytes_are_noticed() -> None:
    sealed = encrypt_text("19900005678")
    broken = sealed[:-4] + ("AAAA" if sealed[-4:] != "AAAA" else "BBBB")
    with pytest.raises(ValueError, match="changed"):
        decrypt_text(broken)


def test_old_keys_and_sm4_still_open(settings) -> None:
    old = encrypt_text("02159530001")
    settings.LOUZU_PHONE_KEYS_OLD = [settings.LOUZU_PHONE_KEY]
    settings.LOUZU_PHONE_KEY, settings.LOUZU_PHONE_CIPHER = "ab" * 32, "sm4"
    assert decrypt_text(old) == "02159530001"
    assert decrypt_text(encrypt_text("02159530001")) == "02159530001"
    settings.LOUZU_PHONE_KEYS_OLD = []
    with pytest.raises(ValueError, match="does not have"):
        decrypt_text(old)


@pytest.mark.parametrize(
    ("phone", "shown"),
    [("19900005678", "199****5678"), ("02159530001", "021****0001"), ("59530001", "****0001"), ("", "")],
)
def test_phones_are_masked(phone: str, shown: str) -> None:
    assert mask_phone(phone) == shown


def test_the_id_number_leaves_a_keyed_digest_only(member: Member, settings) -> None:
    kept = Member.objects.filter(pk=member.pk).values().get()
    assert not [column for column, value in kept.items() if ID_NUMBER in str(value)]
    assert member.id_digest == digest(ID_NUMBER, purpose="id") != digest(ID_NUMBER, purpose="phone")
    settings.LOUZU_ID_KEY = "other"
    assert member.id_digest != digest(ID_NUMBER, purpose="id")


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("邓强福", "dengqiangfu", "dqf"),
        ("仇伟", "qiuwei", "qw"),
        ("单秀英", "shanxiuying", "sxy"),
        ("曾国强", "zengguoqiang", "zgq"),
        ("欧阳建国", "ouyangjianguo", "oyjg"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("买买提·吐尔逊", "maimaitituerxun", "mmttex"),
        ("查理Li", "zhalili", "zlli"),
    ],
)
def test_names_are_spelled(name: str, full: str, initials: str) -> None:
    assert spell(name) == (full, initials)


def test_a_new_name_is_spelled_anew(member: Member) -> None:
    member.name = "单雄信"
    member.save()
    assert (member.pinyin, member.initials) == ("shanxiongxin", "sxx")


def test_employers_of_one_name_need_a_code(db: None) -> None:
    factories.employer("上海嘉定仪表厂")
    with pytest.raises(IntegrityError), transaction.atomic():
        Employer(name="上海嘉定仪表厂").save()


def test_an_employer_with_members_stays(member: Member) -> None:
    assert member.employer
    with pytest.raises(IntegrityError, match="protected"):
        member.employer.delete()


def test_partial_dates_say_no_more_than_is_known(member: Member) -> None:
    for text in ("1998", "1998-07", "1998-07-01"):
        member.party_since = text
        member.full_clean()
    tomorrow = timezone.localdate().replace(year=timezone.localdate().year + 1)
    for text in ("98", "1998-13", "1998/07", "1899", tomorrow.isoformat()):
        member.party_since = text
        with pytest.raises(ValidationError):
            member.full_clean()
