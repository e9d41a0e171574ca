"""What rows are called where only their ids are known, and how a write is taken back."""

from django.apps import apps

from members.ground import row_names
from members.ground.audit import Audited
from members.ground.row_names import named
from members.models import Area, Member, User
from tests.week import lived

OURS = ("members", "activities", "feedback", "louzu")


def test_every_kind_of_audited_row_has_a_name() -> None:
    audited = {model for model in apps.get_models() if issubclass(model, Audited) and model._meta.app_label in OURS}
    unnamed = {model.__name__ for model in audited - row_names._registered.keys()}
    assert unnamed == {"Answer", "Receipt"}  # written by units, named by their cards


def test_all_names_are_read_at_once(
    member: Member, other_member: Member, far_member: Member, secretary: User, street_officer: User,
    django_assert_num_queries,
) -> None:  # fmt: skip
    lived(member, other_member, by=secretary)
    rows = {model: set(model.objects.values_list("pk", flat=True)) for model in row_names._registered}
    named({Area: {1}}, street_officer)  # reads the posts
    with django_assert_num_queries(1):
        found = named(rows, street_officer)
    assert found[Member, str(member.pk)].text == "欧阳建国"
    texts = {name.text for name in found.values()}
    assert {"第一社区 迎晖苑 1号楼", "欧阳建国 第一社区 迎晖苑 1号楼 302"} <= texts
    assert all(text.strip() for text in texts)


def test_people_are_named_to_those_who_may_see_them(
    member: Member, far_member: Member, secretary: User, other_secretary: User, auditor: User, group: Area
) -> None:
    rows = {Member: {member.pk, far_member.pk}, Area: {group.pk}}
    assert {name.text for name in named(rows, secretary).values()} == {group.label, "欧阳建国"}
    assert named(rows, other_secretary) == {}
    assert [name.text for name in named(rows, auditor).values()] == [group.label]
