"""What the load works with: a street, a secretary's token, an employer's key, and cards that wait to be issued."""

from typing import NamedTuple

from django.utils import timezone

from activities.models import Attendance
from feedback.ground.periods import CardPeriod
from feedback.models import RecordCard
from feedback.rules import agreeing, making
from members.ground.access import PostKind
from members.ground.atomic import atomic_write
from members.models import Area, Employer, Member, Residence, StaffToken, User
from tests import cards, factories

CARDS = 300


class Seeds(NamedTuple):
    """`cards` are the ids of agreed cards, all of one employer; `token` and `key` are texts."""

    community: Area
    secretary: User
    token: str
    key: str
    cards: list[int]


def sown() -> Seeds:
    """Make all of it in one transaction."""
    with atomic_write():
        street = factories.area("新成路街道", division_code="310114001")
        community = factories.area("第一社区", street)
        home = factories.building("1号楼", factories.area("迎园小区", community))
        unit = factories.employer()
        secretary = factories.official("secretary", PostKind.SECRETARY, community)
        waiting = _agreed(home, community, unit)
        token = StaffToken.issue(secretary, label="试验")[1]
        key = cards.key(unit, street)[1]
    return Seeds(community, secretary, token, key, waiting)


def _agreed(home: Area, community: Area, unit: Employer) -> list[int]:
    """Make members who all came to one activity, and their cards up to their members' word."""
    period = CardPeriod.on(timezone.localdate(), months=6).previous
    street = Area.objects.get(path=home.street_path)
    members = Member.objects.bulk_create(
        Member(street=street, name=f"党员{number}", affiliation="in_post", standing="full", employer=unit)
        for number in range(CARDS)
    )
    Residence.objects.bulk_create(
        Residence(member=member, area=home, room=str(100 + number), since=factories.EARLY)
        for number, member in enumerate(members)
    )
    activity = factories.activity(community, held_on=period.first)
    Attendance.objects.bulk_create(Attendance(activity=activity, member=member, source="tick") for member in members)
    making.make(street, period)
    waiting = list(RecordCard.objects.order_by("pk").values_list("pk", flat=True))
    agreeing.show_all(waiting)
    agreeing.agree_all(waiting, how=RecordCard.How.PAPER)
    return waiting
