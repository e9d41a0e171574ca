"""The trail's chains: one a street, each tampering told, with heads written down outside, and old chains bound anew."""

import hashlib
import io
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import orjson
import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F

from members.ground import audit
from members.ground.access import PostKind
from members.ground.atomic import atomic_write
from members.models import Area, AuditEntry, Member, User
from members.models.audit import AuditHead
from tests import factories
from tests.racing import raced

migration = import_module("members.migrations.0008_entries_bound_by_street")
Tamper = Callable[[str], None]


def entries(chain: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(chain=chain).order_by("number"))


def touch(area: Area, value: int = 0) -> None:
    audit.record("change", area, changes={"residents": [value, value + 1]})


def verify(*arguments: str) -> str:
    out = io.StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def heads(*arguments: str) -> str:
    out = io.StringIO()
    call_command("audit_heads", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def busy(street: Area, other_street: Area, street_officer: User, far_officer: User) -> str:
    """Both streets have a dozen entries and more; return the chain of the first."""
    for area in (street, other_street):
        for number in range(12):
            with audit.acting(street_officer):
                touch(area, number)
    return street.path


@pytest.fixture
def written(busy: str, tmp_path: Path) -> Path:
    file = tmp_path / "heads.txt"
    file.write_text(heads(), encoding="utf-8")
    return file


# Twelve ways to tamper with a chain, all by somebody who has the database but not the key.


def rechained(rows: list[AuditEntry], key: str = "a guess") -> None:
    """Number and bind the rows anew, from the start, as somebody without the key would."""
    AuditEntry.objects.filter(pk__in=[row.pk for row in rows]).update(number=F("number") + 1_000_000)
    last = ""
    for number, row in enumerate(rows, start=1):
        row.number, row.previous = number, last
        row.hash = last = audit.chain_hash(last, row.bound_values(), key)
        row.save()
    AuditHead.objects.filter(chain=rows[0].chain).update(number=len(rows), hash=last)


def set_back(chain: str) -> None:
    last = entries(chain)[-1]
    AuditHead.objects.filter(chain=chain).update(number=last.number, hash=last.hash)


def edit_value(chain: str) -> None:
    AuditEntry.objects.filter(pk=entries(chain)[6].pk).update(changes={"residents": [1, 2]})


def edit_who(chain: str) -> None:
    AuditEntry.objects.filter(pk=entries(chain)[6].pk).update(user=factories.user("shei"))


def edit_when(chain: str) -> None:
    AuditEntry.objects.filter(pk=entries(chain)[6].pk).update(at=F("at") + timedelta(hours=1))


def delete_middle(chain: str) -> None:
    gone = entries(chain)[6]
    gone.delete()
    AuditEntry.objects.filter(chain=chain, number__gt=gone.number).update(number=F("number") + 1_000)
    AuditEntry.objects.filter(chain=chain, number__gt=gone.number).update(number=F("number") - 1_001)


def delete_tail(chain: str) -> None:
    AuditEntry.objects.filter(pk__in=[row.pk for row in entries(chain)[-3:]]).delete()


def delete_all(chain: str) -> None:
    AuditEntry.objects.filter(chain=chain).delete()


def insert(chain: str) -> None:
    rows = entries(chain)
    made = rows[5].again()
    made.number = 2_000_000
    made.save()
    rechained([*rows[:6], made, *rows[6:]])


def swap(chain: str) -> None:
    one, other = entries(chain)[5:7]
    AuditEntry.objects.filter(pk=one.pk).update(number=3_000_000)
    AuditEntry.objects.filter(pk=other.pk).update(number=one.number)
    AuditEntry.objects.filter(pk=one.pk).update(number=other.number)


def delete_tail_and_set_the_head_back(chain: str) -> None:
    delete_tail(chain)
    set_back(chain)


def edit_and_rechain(chain: str) -> None:
    edit_value(chain)
    rechained(entries(chain))


def delete_all_with_the_head(chain: str) -> None:
    delete_all(chain)
    AuditHead.objects.filter(chain=chain).delete()


def delete_all_but_ten_with_the_head(chain: str) -> None:
    AuditEntry.objects.filter(chain=chain, number__gt=10).delete()
    set_back(chain)


ALONE = [edit_value, edit_who, edit_when, delete_middle, delete_tail, delete_all, insert, swap, edit_and_rechain]
BY_HEADS = [delete_tail_and_set_the_head_back, delete_all_with_the_head, delete_all_but_ten_with_the_head]


@pytest.mark.parametrize("tamper", [*ALONE, *BY_HEADS], ids=lambda tamper: tamper.__name__)
def test_each_tampering_is_told(busy: str, written: Path, tamper: Tamper) -> None:
    assert "没有改动" in verify("--heads", str(written))
    tamper(busy)
    with pytest.raises(CommandError, match="新成路街道") as told:
        verify("--heads", str(written))
    assert "菊园新区" not in str(told.value)


@pytest.mark.parametrize("tamper", ALONE, ids=lambda tamper: tamper.__name__)
def test_most_are_told_without_the_heads_too(busy: str, tamper: Tamper) -> None:
    tamper(busy)
    with pytest.raises(CommandError, match="新成路街道"):
        verify()


def test_the_last_ten_alone_are_told(busy: str, written: Path) -> None:
    """The newest entries kept, numbered from one: the head outside says that there were more."""
    rows = entries(busy)
    AuditEntry.objects.filter(pk__in=[row.pk for row in rows[:-10]]).delete()
    rechained(rows[-10:])
    with pytest.raises(CommandError, match="新成路街道"):
        verify("--heads", str(written))


def test_a_chain_written_anew_with_the_key_is_told_by_its_head(busy: str, written: Path, settings) -> None:
    edit_value(busy)
    rechained(entries(busy), settings.LOUZU_AUDIT_KEY)
    assert "没有改动" in verify()
    with pytest.raises(CommandError, match=r"新成路街道：第 .*与链尾不同"):
        verify("--heads", str(written))


def move_the_chain(row: AuditEntry, to: str) -> None:
    AuditEntry.objects.filter(pk=row.pk).update(chain=to, number=entries(to)[-1].number + 1)


def move_the_area(row: AuditEntry, to: str) -> None:
    AuditEntry.objects.filter(pk=row.pk).update(area_path=to)


def move_as_it_would_stand_there(row: AuditEntry, to: str) -> None:
    last = entries(to)[-1]
    row.chain, row.area_path, row.number, row.previous = to, to, last.number + 1, last.hash
    row.hash = audit.chain_hash(last.hash, row.bound_values(), "a guess")
    row.save()
    set_back(to)


@pytest.mark.parametrize("move", [move_the_chain, move_the_area, move_as_it_would_stand_there])
def test_an_entry_put_into_another_streets_chain_is_told(busy: str, other_street: Area, move: Callable) -> None:
    move(entries(busy)[-1], other_street.path)
    set_back(busy)
    with pytest.raises(CommandError, match="对不上"):
        verify()


def test_a_made_up_chain_is_told(busy: str) -> None:
    made = entries(busy)[0].again()
    made.chain = made.area_path = "9999"
    made.save()
    with pytest.raises(CommandError, match="9999：第 1 条"):
        verify()


def test_a_head_put_elsewhere_is_told(busy: str) -> None:
    AuditHead.objects.filter(chain=busy).update(number=3)
    with pytest.raises(CommandError, match="新成路街道：第 3 条"):
        verify()
    AuditHead.objects.filter(chain=busy).delete()
    with pytest.raises(CommandError, match="链尾被改动过"):
        verify()


# The heads outside


def test_newer_entries_follow_the_heads_written_down(busy: str, street: Area, written: Path) -> None:
    touch(street)
    assert "没有改动" in verify("--heads", str(written))


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_heads_are_read_back_as_they_were_printed(busy: str, tmp_path: Path, form: list[str]) -> None:
    file = tmp_path / "heads"
    file.write_text("\ufeff" + heads(*form), encoding="utf-8")
    assert "没有改动" in verify("--heads", str(file))
    delete_all_with_the_head(busy)
    with pytest.raises(CommandError, match="新成路街道：只到第 0 条"):
        verify("--heads", str(file))


def test_a_chain_without_entries_has_no_head_to_write_down(busy: str, tmp_path: Path) -> None:
    with atomic_write():
        AuditEntry.objects.lock_heads("0777")
    file = tmp_path / "heads"
    file.write_text(heads(), encoding="utf-8")
    assert "0777" not in heads()
    assert "没有改动" in verify("--heads", str(file))


def test_heads_say_which_chain_by_name(busy: str) -> None:
    rows = {row["name"]: row for row in json.loads(heads("--json"))}
    assert rows.keys() == {"全平台", "新成路街道", "菊园新区"}
    assert (rows["新成路街道"]["chain"], rows["新成路街道"]["number"]) == (busy, len(entries(busy)))


@pytest.mark.parametrize("text", ["这不是链尾", "0001 12", '[{"chain": "0001"}]', "[1]", "[", "0001 x " + "a" * 64])
def test_a_file_of_something_else_is_refused(db: None, tmp_path: Path, text: str) -> None:
    file = tmp_path / "heads"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match="不是 audit_heads 列出的链尾"):
        verify("--heads", str(file))
    with pytest.raises(CommandError, match="读不到文件"):
        verify("--heads", str(tmp_path / "none"))


# The key


def test_entries_of_an_old_key_fit_while_it_is_named(busy: str, street: Area, settings) -> None:
    settings.LOUZU_AUDIT_KEYS_OLD, settings.LOUZU_AUDIT_KEY = [settings.LOUZU_AUDIT_KEY], "ab" * 32
    touch(street)
    assert "没有改动" in verify()
    settings.LOUZU_AUDIT_KEYS_OLD = []
    with pytest.raises(CommandError, match="新成路街道：第 1 条"):
        verify()


# Chains apart


def test_entries_are_numbered_by_street(busy: str, other_street: Area) -> None:
    for chain in ("", busy, other_street.path):
        rows = entries(chain)
        assert [row.number for row in rows] == list(range(1, len(rows) + 1))
        assert {row.area_path[:4] for row in rows} == {chain}


def test_one_transaction_writes_to_several_chains(busy: str, street: Area, other_street: Area) -> None:
    with atomic_write():
        for area in (other_street, street, other_street):
            touch(area)
    last = list(AuditEntry.objects.order_by("-pk")[:3])
    assert [row.chain for row in reversed(last)] == [other_street.path, street.path, other_street.path]
    assert "没有改动" in verify()


def test_a_writer_reads_the_chain_some_at_a_time(busy: str, monkeypatch, django_assert_num_queries) -> None:
    monkeypatch.setattr("members.models.audit.BATCH", 10)
    count = len(entries(busy))
    batches = -(-count // 10)
    with django_assert_num_queries(batches + 2):
        assert len(list(AuditEntry.objects.in_chain(busy))) == count


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite lets one writer in at a time")
@pytest.mark.django_db(transaction=True)
def test_streets_do_not_queue_behind_each_other() -> None:
    """The other street's writer ends while this one's holds its chain; a second one of this street waits."""
    here, there = factories.area("新成路街道"), factories.area("菊园新区", division_code="310114002")
    held, done = threading.Event(), threading.Event()
    order: list[str] = []

    def hold() -> None:
        with transaction.atomic():
            audit.record("export", here)
            held.set()
            assert done.wait(20)
            order.append("here")

    def pass_by() -> None:
        assert held.wait(20)
        with atomic_write():
            audit.record("export", there)
        order.append("there")
        done.set()

    def follow() -> None:
        assert held.wait(20)
        with atomic_write():
            audit.record("export", here)
        order.append("here too")

    assert raced(hold, pass_by, follow) == [None, None, None]
    assert order == ["there", "here", "here too"]
    assert "没有改动" in verify()


@pytest.mark.django_db(transaction=True)
def test_writers_of_two_streets_never_wait_for_each_other() -> None:
    """Entries of several streets come in any order; the chains are locked in one, from the very first entry on."""
    areas = [factories.area(f"街道{number}", division_code=f"3101140{number:02}") for number in range(1, 5)]
    AuditEntry.objects.all().delete()
    AuditHead.objects.all().delete()

    def write(order: list[Area]) -> Callable[[], None]:
        def act() -> None:
            for _ in range(8):
                with atomic_write():
                    for area in order:
                        audit.record("export", area)

        return act

    assert raced(*(write(order) for order in (areas, areas[::-1], areas[2:] + areas[:2], areas[:1]))) == [None] * 4
    assert AuditEntry.objects.count() == 8 * 13
    assert "没有改动" in verify()


# Whose users


def places(**filters) -> list[str]:
    return list(AuditEntry.objects.filter(**filters).order_by("pk").values_list("area_path", flat=True))


def test_a_users_entries_are_their_streets(secretary: User, community: Area) -> None:
    secretary.roles.update(until="2024-01-01")
    secretary.name = "前书记"
    secretary.save()
    assert places(model="members.User")[-1] == community.path


def test_a_user_made_with_a_post_is_the_streets_from_the_first(street: Area) -> None:
    with atomic_write():
        factories.official("xinren", PostKind.STREET, street)
    assert places(model="members.User") == [street.path]


def test_a_user_of_two_streets_is_in_both_trails(secretary: User, community: Area, far_community: Area) -> None:
    factories.post(secretary, PostKind.INSTRUCTOR, far_community)
    secretary.set_password("another-long-secret")
    secretary.save()
    assert places(changes__has_key="password")[-2:] == [community.path, far_community.path]
    assert "没有改动" in verify()


def test_a_post_that_leaves_a_street_is_told_there_too(leader: User, group: Area, far_group: Area) -> None:
    role = leader.roles.get()
    role.area = far_group
    role.save()
    assert places(model="members.AreaRole", action="change") == [far_group.path, group.path]


def test_the_street_sees_its_own_users_only(street_officer: User, far_officer: User, outsider: User) -> None:
    for user in (street_officer, far_officer, outsider):
        user.set_password("another-long-secret")
        user.save()
    seen = AuditEntry.objects.for_user(street_officer).filter(changes__has_key="password", action="change")
    assert [entry.row for entry in seen] == [str(street_officer.pk)]


# The chain of 0.3.0


class Editor:
    connection = connection


def as_in_0_3_0() -> str:
    """Bind all entries by the old rule in one chain and return its head."""
    AuditHead.objects.all().delete()
    last = ""
    for entry in AuditEntry.objects.order_by("pk"):
        values = {name: value for name, value in entry.bound_values().items() if name not in ("chain", "number")}
        packed = orjson.dumps(values, option=orjson.OPT_SORT_KEYS, default=str)
        hashed = hashlib.sha256(last.encode() + packed).hexdigest()
        number = 1_000_000 + entry.pk
        AuditEntry.objects.filter(pk=entry.pk).update(chain="", number=number, previous=last, hash=hashed)
        last = hashed
    AuditHead.objects.create(chain="", hash=last)
    return last


@pytest.fixture
def rebind() -> Callable[[], dict]:
    """Bind 0.3.0's chain by street and return what the trail then says of it."""

    def run() -> dict:
        migration.bind_by_street(apps, Editor)
        return AuditEntry.objects.get(action="rebind").changes

    return run


def test_the_old_chain_is_bound_by_street(busy: str, rebind: Callable, monkeypatch) -> None:
    monkeypatch.setattr(migration, "BATCH", 7)
    before = list(AuditEntry.objects.order_by("pk").values_list("pk", "changes"))
    head = as_in_0_3_0()
    told = rebind()
    assert told == {"entries": len(before), "first_broken": None, "tail_is_whole": True, "old_head": head}
    assert list(AuditEntry.objects.exclude(action="rebind").order_by("pk").values_list("pk", "changes")) == before
    assert f"{len(before) + 1} 条操作记录" in verify()
    assert len(entries(busy)) > 12


def test_a_broken_old_chain_is_told_where(busy: str, rebind: Callable) -> None:
    as_in_0_3_0()
    wrong = entries("")[8]
    AuditEntry.objects.filter(pk=wrong.pk).update(reason="改过")
    AuditEntry.objects.order_by("pk").last().delete()
    told = rebind()
    assert (told["first_broken"], told["tail_is_whole"]) == (wrong.pk, False)
    assert "没有改动" in verify()


def test_an_empty_old_chain_leaves_nothing(db: None, rebind: Callable) -> None:
    AuditHead.objects.create(chain="")
    with pytest.raises(AuditEntry.DoesNotExist):
        rebind()
    assert not AuditHead.objects.exists()


def test_a_members_entries_stay_in_their_street(member: Member, far_member: Member, street: Area) -> None:
    for row in (member, far_member):
        row.skills = "书法"
        row.save()
    assert {path[:4] for path in places(model="members.Member", row=str(member.pk))} == {street.path}
    assert {path[:4] for path in places(model="members.Member", row=str(far_member.pk))} == {far_member.street.path}
