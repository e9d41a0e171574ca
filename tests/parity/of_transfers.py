"""The writes of transfers: a member is sent to another street, and accepted there or not."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils import timezone

from members.models import Transfer
from members.rules import transferring
from tests.parity.asking import Door, Values, Write

TODAY = timezone.localdate().isoformat()
TO_COME = "2999-01-01"
FAR = "far_officer"


def _renamed(values: Values) -> dict[str, Any]:
    """Return the body of the API, which calls the group an area."""
    return {"area" if name == "to" else name: value for name, value in values.items() if name != "transfer"}


WRITES: dict[str, Write] = {
    "a member is sent to another street": Write(
        rule=transferring.send,
        doors=(
            Door("page members/<int:pk>/transfer/", "members/{member}/transfer/"),
            Door("api POST api/v1/transfers", "api/v1/transfers"),
        ),
        good={
            "member": "{member}", "to_street": "{other_street}", "home_text": "嘉富丽苑 9号楼101室", "means": "phone",
            "given_on": TODAY,
        },
        bad=(("日期不能晚于今天", {"given_on": TO_COME}),),
    ),
    "a transfer is withdrawn": Write(
        rule=transferring.withdraw,
        doors=(
            Door("page transfers/<int:pk>/withdraw/", "transfers/{transfer}/withdraw/"),
            Door("api POST api/v1/transfers/<int:pk>/withdraw", "api/v1/transfers/{transfer}/withdraw"),
        ),
        good={"_": "{transfer}"},
    ),
    "a transfer is declined": Write(
        rule=transferring.decline,
        doors=(
            Door("page transfers/<int:pk>/decline/", "transfers/{transfer}/decline/", who=FAR),
            Door("api POST api/v1/transfers/<int:pk>/decline", "api/v1/transfers/{transfer}/decline", who=FAR),
        ),
        good={"sentence": "9号楼没有这个人", "_": "{transfer}"},
    ),
    "a transfer is accepted": Write(
        rule=transferring.accept,
        doors=(
            Door("page transfers/<int:pk>/accept/", "transfers/{transfer}/accept/", who=FAR),
            Door("api POST api/v1/transfers/<int:pk>/accept", "api/v1/transfers/{transfer}/accept", _renamed, who=FAR),
        ),
        good={"to": "{far_group}", "room": "101", "_": "{transfer}"},
        bad=(("一个字丢失了", {"room": "3\ufffd2"}),),
    ),
}  # fmt: skip
WRITE_NOTHING: dict[str, str] = {}


def rows(request: Any) -> dict[str, Any]:
    """Return by name the ids that this test's write refers to."""
    write = WRITES[request.getfixturevalue("write")]
    named = repr([[door.address for door in write.doors], write.good, write.bad])
    got = request.getfixturevalue
    names = dict.fromkeys(re.findall(r"\{(\w+)\}", named))
    return {name: (MADE[name](got) if name in MADE else got(name)).pk for name in names}


MADE: Mapping[str, Callable[[Callable[[str], Any]], Any]] = {
    "transfer": lambda got: (
        Transfer.objects.first()
        or transferring.send(
            got("member"), to_street=got("other_street"), home_text="嘉富丽苑 9号楼101室", means="phone",
            by=got("street_officer"),
        )
    ),
}  # fmt: skip
