"""Who looked at a member's data: what the trail knows of one person, what it only counts, and who may read it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from feedback.feed.pulls import record_pull
from louzu.rules.looked import for_the_member, in_words, lists_around, looks
from louzu.views import own_files
from members.ground.access import PostKind
from members.ground.atomic import atomic_write
from members.ground.audit import acting, record
from members.models import Area, AreaRole, AuditEntry, Member, Residence, User
from tests import cards, factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(group: Area) -> Member:
    return cards.in_post("陶某人", group, room="302")


def revealed(person: Member, by: User) -> None:
    with acting(by):
        person.reveal_phone()


def exported(model: Any, place: Area, by: User) -> None:
    with acting(by), atomic_write():
        record("export", model, path=place.path, changes={"rows": 3}, reason="核对名单")


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_looks_at_the_person_their_card_and_nobody_else_the_latest_first(
    person: Member, member: Member, secretary: User, street_officer: User, street: Area
) -> None:
    revealed(person, secretary)
    revealed(member, secretary)
    card = cards.issued(person)
    key, _ = cards.key(card.employer, street)
    record_pull(key, rows=1, row=card)
    record_pull(key, rows=1)
    found = in_words(looks(street_officer, person))
    assert [(look.who, look.what) for look in found] == [
        ("单位", "单位读取记录卡"),
        (secretary.name, "查看完整电话"),
    ]


def test_whoever_may_not_read_the_trail_is_told_nothing(
    person: Member, secretary: User, street_officer: User, far_officer: User
) -> None:
    revealed(person, secretary)
    assert [looks(user, person).count() for user in (secretary, far_officer, street_officer)] == [0, 0, 1]


def test_the_member_is_told_the_post_that_was_held_then_and_no_name(
    person: Member, secretary: User, street_officer: User
) -> None:
    AreaRole.objects.filter(user=secretary).update(since=timezone.localdate() - timedelta(days=9))
    User.objects.filter(pk=secretary.pk).update(name="严秀兰")
    revealed(person, secretary)
    (look,) = for_the_member(list(looks(street_officer, person)))
    assert look.who == "第一社区 社区书记"
    assert "严秀兰" not in repr(look)


def test_of_several_posts_those_of_that_day_in_that_street_are_told(
    person: Member, group: Area, secretary: User, other_street: Area, street_officer: User
) -> None:
    today = timezone.localdate()
    factories.post(secretary, PostKind.LEADER, group, until=today - timedelta(days=1))
    factories.post(secretary, PostKind.STREET, other_street)
    factories.post(secretary, PostKind.LIAISON, group.parent)
    revealed(person, secretary)
    (look,) = for_the_member(list(looks(street_officer, person)))
    assert set(look.who.split("、")) == {"第一社区 社区书记", f"{group.parent.name} 联络员"}


def test_who_held_no_post_that_is_known_was_logged_in_all_the_same(
    person: Member, secretary: User, street_officer: User
) -> None:
    revealed(person, secretary)
    AreaRole.objects.filter(user=secretary).delete()
    (look,) = for_the_member(list(looks(street_officer, person)))
    assert look.who == "登录过的人，当时的岗位不详"


def test_lists_of_where_they_lived_are_counted_for_a_year(
    person: Member, community: Area, other_community: Area, street: Area, street_officer: User
) -> None:
    for place in (community, street, other_community):
        exported(Member, place, street_officer)
    exported(Area, community, street_officer)  # names nobody
    exported(Residence, community, street_officer)
    AuditEntry.objects.filter(model="members.Residence").update(at=timezone.now() - timedelta(days=400))
    homes = Residence.objects.filter(member=person).select_related("area")
    assert [(each.what, each.times) for each in lists_around(street_officer, homes)] == [("导出党员", 2)]


class TestThePage:
    def test_it_is_paged_and_asks_few_questions(
        self, person: Member, logged_in: Any, street_officer: User, monkeypatch: Any, django_assert_num_queries: Any
    ) -> None:
        monkeypatch.setattr(own_files, "LOOKS", 3)
        for _ in range(7):
            revealed(person, street_officer)
        client, address = logged_in(street_officer), f"/members/{person.pk}/looked/"
        client.get(address)
        with django_assert_num_queries(10):
            page = text(client, address)
        assert page.count("<span>街道党工委：查看完整电话") == 3
        assert "第 1 页，共 3 页" in page
        assert "只是打开页面看的，没有记下来" in page

    def test_the_person_s_page_shows_the_latest_to_the_street(
        self, person: Member, logged_in: Any, street_officer: User, secretary: User
    ) -> None:
        revealed(person, secretary)
        assert f"{secretary.name}：查看完整电话" in text(logged_in(street_officer), f"/members/{person.pk}/")
        assert "谁看过" not in text(logged_in(secretary), f"/members/{person.pk}/")

    def test_nobody_of_another_street(self, person: Member, logged_in: Any, far_officer: User) -> None:
        assert logged_in(far_officer).get(f"/members/{person.pk}/looked/").status_code == 404
