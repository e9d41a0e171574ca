"""What the load works with: a street, a secretary's token, an employer's key, and cards that wait to be issued."""

from typing import NamedTuple

from feedback.rules import agreeing
from members.ground.access import PostKind
from members.ground.atomic import atomic_write
from members.models import Area, StaffToken, User
from tests import cards, factories

CARDS = 450


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
        waiting = [
            cards.draft(cards.in_post(f"党员{number}", home, at=unit, room=str(100 + number))).pk
            for number in range(CARDS)
        ]
        agreeing.show_all(waiting)
        agreeing.agree_all(waiting, how="paper")
        token = StaffToken.issue(secretary, label="试验")[1]
        key = cards.key(unit, street)[1]
    return Seeds(community, secretary, token, key, waiting)
