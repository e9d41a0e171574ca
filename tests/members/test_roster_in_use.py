"""Taking a roster back when what it made is in use by then: that stays and is listed with why, all else goes."""

import html
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from activities.models import Activity, Attendance
from feedback.models import Contact, Offer, Replay, Scope, Webhook
from feedback.models.units import EmployerKey
from members.ground.access import PostKind
from members.ground.atomic import atomic_write
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Employer, Household, Member, Pairing, Residence, RosterImport, User
from members.roster import steps, undo
from members.roster.undo import EDITED, EDITED_CODE, PAIRED, TWIN, Undoing
from members.rules import housing
from tests import cards, factories
from tests.members.uploads import bring_in, cells, sheet
from tests.racing import raced

IN_POST = {"在职/在册": "在职", "工作单位": "上海大众"}
CODE = factories.credit_code("MA1ABCDE1")
GROUP = "第一社区 迎晖苑 77号楼"


@pytest.fixture
def brought(community: Area, group: Area, secretary: User) -> RosterImport:
    """An applied roster of three people, with a new employer and a new group."""
    rows = cells("新人甲", 室号="102", **IN_POST), cells("新人乙", 楼组="77号楼"), cells("新人丙", 楼组="77号楼")
    return bring_in(sheet(*rows), community, secretary, create_groups=True)


@pytest.fixture
def made(brought: RosterImport) -> Area:
    return Area.objects.get(name="77号楼")


@pytest.fixture
def unit(brought: RosterImport) -> Employer:
    return Employer.objects.get(name="上海大众")


def stays(roster_import: RosterImport) -> tuple[dict[str, str], list, list]:
    """Undo; return the members that stay, the groups and the employers, each with why. The page foretold it."""
    foretold = Undoing(roster_import).staying
    steps.undo_step(roster_import)
    roster_import.refresh_from_db()
    assert roster_import.status == RosterImport.Status.UNDONE
    kept = roster_import.counts["staying"]
    assert kept == {"members": {str(pk): why for pk, why in foretold.members.items()}} | {
        "groups": [list(pair) for pair in foretold.groups],
        "employers": [list(pair) for pair in foretold.employers],
    }
    assert roster_import.kept == [int(pk) for pk in kept["members"]]
    names = Member.objects.in_bulk(roster_import.kept)
    members = {names[int(pk)].name: why for pk, why in kept["members"].items()}
    assert sorted(Member.objects.values_list("name", flat=True)) == sorted(members)
    return members, kept["groups"], kept["employers"]


def rename(row: Any) -> None:
    row.name = f"改名的{row.name}"
    row.save()


def doors(place: Area) -> None:
    housing.add_rooms(place, ["201", "202"])


USES_OF_A_GROUP: dict[str, tuple[Callable[[Area], Any], str]] = {
    "doors": (doors, "已有 3 户住户"),
    "activity": (factories.activity, "已有 1 次活动"),
    "need": (factories.need, "已有 1 条群众需求"),
    "honour": (factories.honour, "已有 1 项评优"),
    "post": (lambda place: factories.post(factories.user("zuzhang7"), PostKind.LEADER, place), "已有 1 个岗位"),
    "home": (lambda place: factories.person("别的人", place), "已有 1 处党员住址"),
    "several": (lambda place: (doors(place), factories.activity(place)), "已有 3 户住户、1 次活动"),
    "edited": (lambda place: establish(place), EDITED),
}


def establish(place: Area) -> None:
    place.stage, place.established_on = Area.Stage.ESTABLISHED, timezone.localdate()
    place.save()


@pytest.mark.parametrize("use", USES_OF_A_GROUP)
def test_a_group_in_use_stays_and_the_rest_goes(use: str, brought: RosterImport, made: Area) -> None:
    begin, why = USES_OF_A_GROUP[use]
    begin(made)
    steps.undo_step(brought)
    brought.refresh_from_db()
    assert brought.counts["staying"]["groups"] == [[GROUP, why]]
    assert Area.objects.filter(pk=made.pk).exists()
    assert brought.kept == []
    assert not Member.objects.filter(name__startswith="新人").exists()
    assert not Employer.objects.filter(name="上海大众").exists()


def key(unit: Employer, street: Area) -> None:
    EmployerKey.make(label="系统", employer=unit, street=street, scopes=Scope.values)


def contact(unit: Employer, street: Area) -> None:
    cards.contact("lianxi", unit, street)


def elsewhere(unit: Employer, street: Area) -> None:
    far = factories.building("8号楼", factories.area("远苑", factories.area("远社区", factories.area("别的街道"))))
    factories.person("远方人", far, affiliation="in_post", employer=unit)


USES_OF_AN_EMPLOYER: dict[str, tuple[Callable[[Employer, Area], Any], str]] = {
    "key": (key, "已有 1 把密钥"),
    "contact": (contact, "已有 1 位联系人"),
    "webhook": (
        lambda unit, street: Webhook.objects.create(employer=unit, street=street, url="https://example.com/"),
        "已有 1 个通知地址",
    ),
    "offer": (lambda unit, street: cards.offer(unit, street), "已有 1 项单位资源"),
    "replay": (
        lambda unit, street: Replay.objects.create(employer=unit, street=street, key="a", request="b"),
        "已有 1 次接口提交",
    ),
    "member": (
        lambda unit, street: factories.person(
            "同事", Area.objects.get(name="1号楼"), affiliation="in_post", employer=unit
        ),
        "已有 1 名党员",
    ),
    "other street": (elsewhere, "别的街道也在用"),
    "both": (lambda unit, street: (key(unit, street), elsewhere(unit, street)), "已有 1 把密钥，别的街道也在用"),
    "edited": (lambda unit, street: rename(unit), EDITED),
}


@pytest.mark.parametrize("use", USES_OF_AN_EMPLOYER)
def test_an_employer_in_use_stays_and_the_rest_goes(
    use: str, brought: RosterImport, unit: Employer, street: Area
) -> None:
    begin, why = USES_OF_AN_EMPLOYER[use]
    begin(unit, street)
    counts = [model.objects.count() for model in (EmployerKey, Contact, Webhook, Offer, Replay)]
    steps.undo_step(brought)
    brought.refresh_from_db()
    unit.refresh_from_db()
    assert brought.counts["staying"]["employers"] == [[unit.name, why]]
    assert [model.objects.count() for model in (EmployerKey, Contact, Webhook, Offer, Replay)] == counts
    assert not Member.objects.filter(name__startswith="新人").exists()
    assert not Area.objects.filter(name="77号楼").exists()


def came(member: Member) -> None:
    home = member.home
    assert home
    event = factories.activity(home.area)
    Attendance.objects.create(activity=event, member=member, source="tick")


def claimed(member: Member) -> None:
    home = member.home
    assert home
    factories.need(home.area).claim(members=[member])


def paired(member: Member) -> None:
    home = member.home
    assert home
    Pairing.objects.begin(
        household=factories.household(home.area, home.room), neighbour=factories.household(home.area, "909")
    )


USES_OF_A_MEMBER: dict[str, tuple[Callable[[Member], Any], str]] = {
    "attendance": (came, "已有 1 次参加活动"),
    "card": (cards.draft, "已有 1 张记录卡"),
    "consent": (factories.consent, "已有 1 次本人答复"),
    "need": (claimed, "已有 1 条认领的群众需求"),
    "pairing": (paired, PAIRED),
    "edited": (lambda member: setattr(member, "skills", "水电") or member.save(), EDITED),
}


@pytest.mark.parametrize("use", USES_OF_A_MEMBER)
def test_a_member_in_use_stays_with_home_and_employer(use: str, brought: RosterImport, unit: Employer) -> None:
    member = Member.objects.get(name="新人甲")
    begin, why = USES_OF_A_MEMBER[use]
    begin(member)
    members, groups, employers = stays(brought)
    assert members == {"新人甲": why}
    assert groups == []
    assert employers[0][0] == unit.name
    assert "1 名党员" in employers[0][1]
    assert Residence.objects.get().member == member


def test_whoever_stays_keeps_their_new_group(brought: RosterImport, made: Area) -> None:
    came(Member.objects.get(name="新人乙"))
    members, groups, _ = stays(brought)
    assert list(members) == ["新人乙"]
    assert groups == [[GROUP, "已有 1 处党员住址、1 次活动"]]


def test_a_pairing_of_before_is_nobodys_reason(community: Area, group: Area, secretary: User) -> None:
    factories.person("老住户", group, room="102")
    factories.pairing(factories.household(group, "102"), factories.household(group, "909"))
    later = bring_in(sheet(cells("新人甲", 室号="102")), community, secretary)
    steps.undo_step(later)
    assert (later.kept, Member.objects.get().name) == ([], "老住户")


def test_a_code_that_was_edited_since_is_listed(community: Area, group: Area, secretary: User) -> None:
    unit = factories.employer("上海大众")
    done = bring_in(sheet(cells("新人甲", **IN_POST, 统一社会信用代码=CODE)), community, secretary)
    unit.refresh_from_db()
    unit.credit_code = factories.credit_code("MA1ABCDE2")
    unit.save()
    assert stays(done)[2] == [["上海大众", EDITED_CODE]]


def test_a_code_stays_where_a_namesake_took_its_place(community: Area, group: Area, secretary: User) -> None:
    factories.employer("上海大众")
    done = bring_in(sheet(cells("新人甲", **IN_POST, 统一社会信用代码=CODE)), community, secretary)
    Employer.objects.create(name="上海大众")
    assert stays(done)[2] == [["上海大众", TWIN]]


def test_the_trail_tells_of_each_group_and_employer_that_went(
    brought: RosterImport, made: Area, unit: Employer
) -> None:
    steps.undo_step(brought)
    entries = AuditEntry.objects.filter(action="delete").order_by("model")
    assert [(entry.model, entry.row, entry.area_path, entry.changes) for entry in entries] == [
        ("members.Area", str(made.pk), brought.area.path, {"name": [GROUP, None]}),
        ("members.Employer", str(unit.pk), brought.area.path, {"name": ["上海大众", None]}),
    ]


def test_the_pages_list_what_stays_and_why(
    brought: RosterImport, made: Area, unit: Employer, street: Area, secretary: User, logged_in: Callable[..., Client]
) -> None:
    doors(made)
    key(unit, street)
    came(Member.objects.get(name="新人甲"))
    client = logged_in(secretary)
    told = [
        f"{GROUP}：已有 3 户住户",
        "上海大众：已有 1 名党员、1 把密钥",
        "新人甲</a>：已有 1 次参加活动",
    ]
    before = html.unescape(client.get(f"/roster/{brought.pk}/undo/").content.decode())
    after = html.unescape(client.post(f"/roster/{brought.pk}/undo/", follow=True).content.decode())
    for page in (before, after):
        assert all(line in page for line in told), page
        assert "再试" not in page
    assert "已撤销" in after


def test_what_nobody_foresaw_is_no_reason_to_try_again(
    brought: RosterImport, made: Area, secretary: User, logged_in: Callable[..., Client], monkeypatch: Any
) -> None:
    """As long as the registers are whole this cannot be; a database that refuses all the same is not asked twice."""
    doors(made)
    monkeypatch.setattr(undo, "uses_of", lambda *args, **kwargs: {})
    with pytest.raises(Conflict, match="请把这份花名册的文件名告诉管理员"):
        _committed(lambda: steps.undo_step(brought))


def _committed(act: Callable[[], None]) -> None:
    """What a commit would say of the foreign keys, said at once."""
    checked = steps.take_back

    def with_checks(roster_import: RosterImport) -> Any:
        found = checked(roster_import)
        connection.check_constraints()
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(steps, "take_back", with_checks)
        act()


@pytest.fixture
def far_and_wide(transactional_db: None) -> RosterImport:
    """An applied roster that several connections see."""
    street = factories.area("新成路街道")
    community = factories.area("第一社区", street)
    factories.building("1号楼", factories.area("迎晖苑", community))
    return bring_in(sheet(cells("新人乙", 楼组="77号楼")), community, create_groups=True)


def test_of_two_who_undo_at_once_one_wins(far_and_wide: RosterImport) -> None:
    twins = [RosterImport.objects.get(pk=far_and_wide.pk) for _ in range(2)]
    ends = raced(*(lambda twin=twin: steps.undo_step(twin) for twin in twins))
    (lost,) = [end for end in ends if end is not None]
    assert isinstance(lost, Conflict)
    assert "已撤销" in str(lost)
    assert not Member.objects.exists()
    assert AuditEntry.objects.filter(action="undo").count() == 1


def held_at(place: Area) -> None:
    with atomic_write():
        factories.activity(place, is_held=False)


@pytest.mark.parametrize("_", range(4))
@pytest.mark.parametrize("use", [held_at, doors], ids=["activity", "doors"])
def test_what_begins_at_the_same_moment_is_kept_or_refused(far_and_wide: RosterImport, use: Any, _: int) -> None:
    made = Area.objects.get(name="77号楼")
    undone, used = raced(lambda: steps.undo_step(far_and_wide), lambda: use(made))
    assert undone is None
    assert not Member.objects.exists()
    there = Area.objects.filter(pk=made.pk).exists()
    assert there == (not isinstance(used, Exception))
    assert there == bool(Activity.objects.count() + Household.objects.count())


def test_undoing_asks_the_same_for_many(community: Area, group: Area, secretary: User) -> None:
    counts = []
    for size in (2, 12):
        rows = [cells(f"新人{'甲乙丙丁戊己庚辛壬癸子丑'[n]}", 楼组=f"{90 + n}号楼", **IN_POST) for n in range(size)]
        done = bring_in(sheet(*rows), community, secretary, create_groups=True)
        with CaptureQueriesContext(connection) as counted:
            steps.undo_step(done)
        counts.append(len(counted))
    assert counts[0] == counts[1]
