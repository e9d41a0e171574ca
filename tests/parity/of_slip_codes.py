"""The writes of communities' reporting codes."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from feedback.models import SlipCode, codes
from feedback.rules import slips_coding
from members.models import Area
from tests import slips
from tests.parity.asking import Door, Write
from tests.parity.of_feedback import only

TODAY = timezone.localdate()

WRITES: dict[str, Write] = {
    "a reporting code is made": Write(
        rule=slips_coding.open_code,
        doors=(Door("page slip-codes/", "slip-codes/", only("place", "ends_on"), who="secretary"),),
        good={"place": "{community}", "ends_on": (TODAY + timedelta(days=30)).isoformat()},
        bad=(
            (slips_coding.WRONG_DAY, {"ends_on": "2999-01-01"}),
            (slips_coding.WRONG_DAY, {"ends_on": "2020-01-01"}),
            ("请从名单里选社区", {"place": "{other_community}"}),
        ),
    ),
    "a reporting code is closed": Write(
        rule=SlipCode.close,
        doors=(Door("page slip-codes/<int:pk>/close/", "slip-codes/{code}/close/", only()),),
        good={"code": "{open_code}"},
        bad=((codes.CLOSED, {"code": "{closed_code}"}),),
    ),
}


def rows(request: Any) -> dict[str, Any]:
    """Return by name the ids that the writes refer to: the codes are of another community than the one asked for."""
    community: Area = request.getfixturevalue("community")
    other: Area = request.getfixturevalue("other_group").parent.parent
    closed = slips.code(other)
    closed.close()
    return {
        "community": community.pk,
        "other_community": other.pk,
        "closed_code": closed.pk,
        "open_code": slips.code(other).pk,
    }


WRITE_NOTHING: dict[str, str] = {}
