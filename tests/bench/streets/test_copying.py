"""A copied street is complete, consistent, and separate from its original."""

import json

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activities.models import Attendance
from feedback.feed.body import digest_of
from feedback.models import EmployerKey, FeedEvent, RecordCard
from members.ground.access import PostKind
from members.models import Area, Member, User
from members.rules.coverage import coverage
from members.rules.tree import misfits
from tests import cards, factories, slips
from tests.bench.streets.copying import ADAPTED, Original, copied_models, orphans
from tests.conftest import BACKEND

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="streets are copied by PostgreSQL"),
]


@pytest.fixture
def street(db: None) -> Area:
    """A street without a code of its own, like the demonstration's."""
    return factories.area("新成路街道")


@pytest.fixture
def copied(street: Area, group: Area, member: Member, secretary: User) -> Original:
    """A street with some rows of every kind, and its copy."""
    pair = factories.pairing(factories.household(group, "302"), factories.household(group, "303"))
    factories.visit(pair, on=timezone.localdate())
    activity = factories.activity(group)
    Attendance.objects.create(activity=activity, member=member, source=Attendance.Source.TICK)
    factories.consent(member, by=secretary)
    factories.need(group)
    factories.honour(group)
    cards.issued(cards.in_post("单位人", group))
    cards.key(factories.employer(), street)
    slips.code(Area.objects.get(level=Area.Level.COMMUNITY))
    slips.accepted(slips.from_unit(street), secretary)
    original = Original.found()
    original.copy_to(2, 2)
    return original


def test_what_is_unique_is_adapted() -> None:
    fields = [(model, field) for model in copied_models() for field in model._meta.concrete_fields if field.unique]
    plain = {f"{model.__name__}.{each.name}" for model, each in fields if not (each.primary_key or each.related_model)}
    assert plain == {f"{model.__name__}.{name}" for model, name in ADAPTED if model._meta.get_field(name).unique}


def test_everything_is_there_twice_and_whole(copied: Original) -> None:
    assert not misfits()
    assert not orphans()
    for model in copied_models():
        keys = set(model._base_manager.values_list("pk", flat=True))
        first = {key for key in keys if key < copied.shift}
        assert keys - first == {copied.key_in(2, key) for key in first}, model
    assert {street.path for street in Area.objects.streets()} == {"0001", "0002"}


def test_both_have_the_same_figures(copied: Original) -> None:
    figures = [
        coverage(street, areas=Area.objects.all(), day=timezone.localdate()).figures
        for street in Area.objects.streets()
    ]
    assert figures[0] == figures[1]
    assert figures[1].members == 3
    assert figures[1].paired == 1


def test_a_copied_card_is_what_its_digest_and_its_feed_say(copied: Original) -> None:
    card = RecordCard.objects.get(area__path__startswith="0002", status="issued")
    assert str(card.number).startswith("0002-")
    assert card.digest == digest_of(card.body)
    body = json.loads(card.body)
    assert (body["number"], body["from"]["street"]) == (card.number, "新成路街道2")
    event = FeedEvent.objects.get(card=card)
    told = json.loads(event.told + "null}}")
    assert (told["card"]["number"], told["card"]["digest"]) == (card.number, card.digest)
    assert event.feed.counterpart == card.counterpart
    assert len(set(EmployerKey.objects.values_list("prefix", flat=True))) == 2


def test_a_copied_login_opens_its_own_street(copied: Original, secretary: User, member: Member) -> None:
    client = Client()
    client.force_login(User.objects.get(username=f"{secretary.username}2"), backend=BACKEND)
    page = client.get(reverse("admin:members_member_changelist")).content.decode()
    assert f'href="{reverse("person", args=[copied.key_in(2, member.pk)])}' in page
    assert f'href="{reverse("person", args=[member.pk])}' not in page
    assert User.objects.get(username=f"{secretary.username}2").roles.get().kind == PostKind.SECRETARY
