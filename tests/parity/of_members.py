"""The writes of members: areas, people and homes, households and pairs, consents, users, rosters."""

from typing import Any

from django.utils import timezone

from members.models import Member
from tests.parity.asking import Door, Write

TODAY = timezone.localdate().isoformat()

WRITES: dict[str, Write] = {
    "a member moves house": Write(
        rule=Member.move,
        doors=(
            Door("page members/<int:pk>/move/", "members/{member}/move/"),
            Door("api POST api/v1/members/<int:pk>/move", "api/v1/members/{member}/move"),
        ),
        good={"to": "{other_group}", "room": "1203", "on": TODAY},
        bad=(("日期不能晚于今天", {"on": "2999-01-01"}),),
    ),
}

# Doors that take a form and write nothing of the product's, and why.
WRITE_NOTHING: dict[str, str] = {}


def rows(request: Any) -> dict[str, Any]:
    """The rows that values and addresses name."""
    named = ("member", "other_member", "group", "other_group", "street", "community")
    return {name: request.getfixturevalue(name).pk for name in named}
