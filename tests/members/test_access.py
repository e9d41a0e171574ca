"""Who reaches what: the table of docs/design/privacy.md, post by resource, and each model's `for_user`."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from members.ground import access
from members.ground.access import PostKind, Range, Resource, Right
from members.models import Area, AreaRole, AuditEntry, Duty, Employer, Member, Residence, RosterImport, StaffToken, User
from tests import factories

CAST = ("superuser", "street_officer", "secretary", "liaison", "leader", "instructor", "auditor", "outsider")
DAILY = ("street_officer", "secretary", "liaison", "leader")
NOTHING, COUNT, READ, REVEAL, WRITE = 0, Right.COUNT, Right.READ, Right.REVEAL, Right.WRITE

# resource: who has which right at their own area, and below it; short of writing a secretary may do all at their own
TABLE: dict[Resource, dict[str, tuple[int, int]]] = {
    Resource.AREA: {
        "street_officer": (WRITE, WRITE),
        "secretary": (REVEAL, WRITE),
        "liaison": (READ, READ),
        "leader": (READ, READ),
        "instructor": (READ, READ),
    },
    Resource.MEMBER: {
        "street_officer": (WRITE, WRITE),
        "secretary": (WRITE, WRITE),
        "liaison": (REVEAL, REVEAL),
        "leader": (READ, READ),
        "instructor": (COUNT, COUNT),
    },
    Resource.EMPLOYER: {
        "street_officer": (WRITE, WRITE),
        "secretary": (WRITE, WRITE),
        "liaison": (READ, READ),
        "leader": (READ, READ),
    },
    Resource.HOUSEHOLD: dict.fromkeys(DAILY, (WRITE, WRITE)) | {"instructor": (COUNT, COUNT)},
    Resource.ACTIVITY: dict.fromkeys(DAILY, (WRITE, WRITE)) | {"instructor": (READ, READ)},
    Resource.NEED: dict.fromkeys(DAILY, (WRITE, WRITE)) | {"instructor": (READ, READ)},
    Resource.HONOUR: dict.fromkeys(("street_officer", "secretary"), (WRITE, WRITE))
    | dict.fromkeys(("liaison", "leader", "instructor"), (READ, READ)),
    Resource.CARD: {"street_officer": (WRITE, WRITE), "secretary": (WRITE, WRITE), "instructor": (COUNT, COUNT)},
    Resource.KEY: {"street_officer": (WRITE, WRITE)},
    Resource.ROSTER: {"street_officer": (WRITE, WRITE), "secretary": (WRITE, WRITE)},
    Resource.EXPORT: {"street_officer": (READ, READ), "secretary": (READ, READ)},
    Resource.REPORT: dict.fromkeys(("street_officer", "secretary", "liaison", "leader", "instructor"), (READ, READ)),
    Resource.TARGET: {"street_officer": (WRITE, WRITE), "secretary": (READ, READ), "instructor": (READ, READ)},
    Resource.DISTRICT: {},
    Resource.MONTHLY: dict.fromkeys(("street_officer", "secretary"), (WRITE, WRITE)) | {"instructor": (READ, READ)},
    Resource.POST: {"street_officer": (WRITE, WRITE), "secretary": (REVEAL, WRITE)},
    Resource.AUDIT: {"street_officer": (READ, READ), "auditor": (READ, READ)},
    Resource.STATUS: {"street_officer": (READ, READ)},
    Resource.ERASURE: {"street_officer": (WRITE, WRITE)},
}
POSTS = CAST[1:-1]


@pytest.fixture
def who(request: pytest.FixtureRequest, other_street: Area, other_group: Area, group: Area) -> Callable[[str], User]:
    """Return one of the cast by name, in the whole tree."""
    return request.getfixturevalue


@pytest.fixture
def stranger(other_street: Area) -> Member:
    """A member of the other street."""
    return factories.person("外街道人", Area.objects.inside(other_street).get(level=4))


@pytest.fixture
def everyone(member: Member, other_member: Member, moved_away: Member, stranger: Member) -> None:
    """Members here, beside, gone, and in the other street."""


def right_at(user: User, resource: Resource, path: str) -> int:
    return max((right for right in Right if access.covers(user, resource, path, right)), default=0)


def names(rows: Any, field: str = "name") -> set[str]:
    return set(rows.values_list(field, flat=True))


@pytest.mark.parametrize("resource", Resource)
@pytest.mark.parametrize("name", POSTS)
def test_each_post_opens_what_the_table_says(who: Callable, name: str, resource: Resource) -> None:
    user = who(name)
    (_, path), own = access.posts_of(user)[0], TABLE[resource].get(name, (NOTHING, NOTHING))
    assert (right_at(user, resource, path), right_at(user, resource, path + "0001")) == own


@pytest.mark.parametrize("resource", Resource)
@pytest.mark.parametrize("name", POSTS)
def test_no_post_opens_what_lies_beside_or_above(who: Callable, name: str, resource: Resource) -> None:
    user = who(name)
    path = access.posts_of(user)[0][1]
    beside, above = f"{int(path) + 1:0{len(path)}d}", path[:-4] or "0009"
    expected = READ if (name, resource) == ("auditor", Resource.AUDIT) else NOTHING
    assert right_at(user, resource, beside) == right_at(user, resource, above) == expected


@pytest.mark.parametrize("resource", Resource)
def test_the_superuser_sets_up_everywhere_and_the_outsider_reaches_nothing(
    superuser: User, outsider: User, resource: Resource
) -> None:
    sets_up = resource in (Resource.AREA, Resource.POST, Resource.EMPLOYER)
    for path in ("0001", "0002" * 4):
        assert right_at(superuser, resource, path) == (WRITE if sets_up else NOTHING)
        assert right_at(outsider, resource, path) == NOTHING
    assert access.reach(outsider, resource, Right.COUNT) == []
    assert not access.can(AnonymousUser(), resource, Right.COUNT)


def test_an_empty_scope_selects_nothing(everyone: None) -> None:
    assert Area.objects.exists()
    assert not Area.objects.filter(access.within("path", [])).exists()
    assert Area.objects.exclude(access.within("path", [])).count() == Area.objects.count()


def test_scopes_add_up(group: Area, other_group: Area) -> None:
    ranges = [access.subtree(group.path), access.subtree(other_group.path)]
    assert names(Area.objects.filter(access.within("path", ranges))) == {"1号楼", "2号楼"}


def test_a_subtree_with_and_without_its_root() -> None:
    assert access.subtree("00010009") == Range("00010009", "00010010")
    assert access.subtree("0001", root=False) == Range("00010", "0002")


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("superuser", set()),
        ("street_officer", {"欧阳建国", "单秀英", "曾国强"}),
        ("secretary", {"欧阳建国", "曾国强"}),
        ("other_secretary", {"单秀英"}),
        ("liaison", {"欧阳建国", "曾国强"}),
        ("leader", {"欧阳建国", "曾国强"}),
        ("instructor", set()),
        ("auditor", set()),
        ("outsider", set()),
    ],
)
def test_members_seen(who: Callable, everyone: None, name: str, seen: set[str]) -> None:
    user = who(name)
    assert names(Member.objects.for_user(user)) == seen
    assert names(Residence.objects.for_user(user), "member__name") == seen
    for member in Member.objects.all():
        Duty(member=member, kind=Duty.Kind.HELPER).save()
    assert names(Duty.objects.for_user(user), "member__name") == seen


@pytest.mark.parametrize(
    ("name", "seen"),
    [("street_officer", 3), ("secretary", 2), ("liaison", 0), ("leader", 0), ("instructor", 0), ("auditor", 0)],
)
def test_members_written(who: Callable, everyone: None, name: str, seen: int) -> None:
    assert Member.objects.for_user(who(name), Right.WRITE).count() == seen


def test_instructors_only_count(who: Callable, everyone: None) -> None:
    assert Member.objects.for_user(who("instructor"), Right.COUNT).count() == 2


def test_leaders_see_phones_masked_only(who: Callable, everyone: None) -> None:
    assert Member.objects.for_user(who("leader"), Right.REVEAL).count() == 0
    assert Member.objects.for_user(who("liaison"), Right.REVEAL).count() == 2


def test_who_moved_house_is_seen_where_they_live_now(secretary: User, member: Member, other_group: Area) -> None:
    member.move(to=other_group)
    assert not Member.objects.for_user(secretary).exists()


def test_who_left_is_seen_where_they_lived_last(
    secretary: User, other_secretary: User, member: Member, other_group: Area
) -> None:
    member.move(to=other_group, on=date(2024, 1, 1))
    member.leave(on=date(2025, 1, 1))
    assert list(Member.objects.for_user(other_secretary)) == [member]
    assert not Member.objects.for_user(secretary).exists()


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("superuser", 11),
        ("street_officer", 7),
        ("secretary", 3),
        ("liaison", 2),
        ("leader", 1),
        ("instructor", 3),
        ("auditor", 0),
        ("outsider", 0),
    ],
)
def test_areas_seen(who: Callable, name: str, seen: int) -> None:
    assert Area.objects.for_user(who(name)).count() == seen


def test_areas_written_begin_below_the_secretary(secretary: User, station: Area, group: Area) -> None:
    assert names(Area.objects.for_user(secretary, Right.WRITE)) == {"迎晖苑", "1号楼"}


@pytest.mark.parametrize("name", CAST)
def test_employers_are_found_by_who_sees_members(who: Callable, member: Member, name: str) -> None:
    found = name in ("superuser", "street_officer", "secretary", "liaison", "leader")
    assert Employer.objects.for_user(who(name)).exists() == found


@pytest.mark.parametrize("name", CAST)
def test_rosters_are_the_offices_and_the_secretarys(who: Callable, community: Area, name: str) -> None:
    RosterImport.objects.create(area=community, user=who("secretary"), file_name="a.xlsx")
    seen = RosterImport.objects.for_user(who(name)).exists()
    assert seen == (name in ("street_officer", "secretary"))


def test_what_the_street_brings_in_stays_the_streets(secretary: User, street_officer: User, community: Area) -> None:
    RosterImport.objects.create(area=community, user=street_officer, file_name="a.xlsx")
    assert RosterImport.objects.for_user(street_officer).exists()
    assert not RosterImport.objects.for_user(secretary).exists()


def test_rosters_of_the_other_community_stay_closed(other_secretary: User, community: Area) -> None:
    RosterImport.objects.create(area=community, file_name="a.xlsx")
    assert not RosterImport.objects.for_user(other_secretary).exists()


@pytest.mark.parametrize("name", CAST)
def test_the_trail_is_the_offices_and_the_auditors(who: Callable, member: Member, stranger: Member, name: str) -> None:
    user = who(name)
    seen = names(AuditEntry.objects.for_user(user).filter(model="members.Member"), "row")
    here, elsewhere = str(member.pk), str(stranger.pk)
    assert seen == {
        "auditor": {here, elsewhere}, "street_officer": {here},
    }.get(name, set())  # fmt: skip


@pytest.mark.parametrize("name", CAST)
def test_tokens_are_their_owners_and_the_streets(who: Callable, secretary: User, name: str) -> None:
    user = who(name)
    StaffToken.issue(secretary, label="统计")
    assert StaffToken.objects.for_user(user).exists() == (name in ("street_officer", "secretary"))


def test_posts_seen_and_given(
    street_officer: User, secretary: User, liaison: User, leader: User, auditor: User
) -> None:
    assert names(AreaRole.objects.for_user(street_officer), "kind") == set(PostKind.values) - {"instructor", "district"}
    assert names(AreaRole.objects.for_user(street_officer, Right.WRITE), "kind") == {
        "street", "secretary", "liaison", "leader",
    }  # fmt: skip
    assert names(AreaRole.objects.for_user(secretary), "kind") == {"secretary", "liaison", "leader"}
    assert names(AreaRole.objects.for_user(secretary, Right.WRITE), "kind") == {"liaison", "leader"}
    assert not AreaRole.objects.for_user(liaison).exists()


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("superuser", {"street", "auditor", "district"}),
        ("street_officer", {"street", "secretary", "liaison", "leader", "instructor"}),
        ("secretary", {"liaison", "leader"}),
        ("liaison", set()),
        ("leader", set()),
        ("instructor", set()),
        ("auditor", set()),
        ("outsider", set()),
    ],
)
def test_nobody_gives_more_than_they_have(who: Callable, name: str, kinds: set[str]) -> None:
    assert access.grantable(who(name)) == kinds


def test_an_inactive_user_reaches_nothing(secretary: User, superuser: User, member: Member) -> None:
    for user in (secretary, superuser):
        user.is_active = False
        user.save()
        gone = User.objects.get(pk=user.pk)
        assert not any(access.can(gone, resource, Right.COUNT) for resource in Resource)
        assert not Member.objects.for_user(gone).exists()
        assert access.grantable(gone) == set()
        assert not gone.is_staff


def test_an_inactive_superuser_sees_no_users(superuser: User, secretary: User) -> None:
    superuser.is_active = False
    assert secretary not in User.objects.for_user(superuser)
    assert not User.objects.for_user(superuser, Right.WRITE).exists()


@pytest.mark.parametrize(
    ("since", "until", "open_today"),
    [(-10, None, True), (0, None, True), (-10, 1, True), (-10, 0, False), (1, None, False)],
)
def test_posts_hold_from_their_first_day_to_before_their_last(
    outsider: User, community: Area, member: Member, since: int, until: int | None, open_today: bool
) -> None:
    today = timezone.localdate()
    days = {"since": today + timedelta(since), "until": None if until is None else today + timedelta(until)}
    factories.post(outsider, PostKind.SECRETARY, community, **days)
    assert Member.objects.for_user(outsider).exists() == outsider.is_staff == open_today


def test_posts_are_read_once_for_a_user(secretary: User, django_assert_num_queries: Any) -> None:
    user = User.objects.get(pk=secretary.pk)
    with django_assert_num_queries(1):
        for resource in Resource:
            access.can(user, resource)
