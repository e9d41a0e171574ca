"""The writes of louzu: the monthly report."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from activities.ground.periods import month_before
from louzu.models.monthly import LONGEST_TEXT
from louzu.rules import monthly
from members.models import Area
from tests.parity.asking import Door, Values, Write
from tests.week import LAST_MONTH, handed_up

CODE = f"{LAST_MONTH:%Y-%m}"
AHEAD = f"{timezone.localdate() + timedelta(days=40):%Y-%m}"
CLOSED = f"{month_before(LAST_MONTH):%Y-%m}"
FROZEN = "已经定稿，不能再改"
ROUTE, ONE = "monthly/<int:pk>/<str:month>", "monthly/{area}/{month}"
CALL = "api/v1/monthly-reports"
REPORT: Values = {"area": "{street}", "month": CODE, "report": "{report}"}
OF_CLOSED: Values = {"month": CLOSED, "report": "{closed}"}

WRITES: dict[str, Write] = {
    "a monthly report is made": Write(
        rule=monthly.begin,
        doors=(
            Door("page monthly/<int:pk>/make/", "monthly/{area}/make/"),
            Door(f"api POST {CALL}", CALL),
        ),
        beside=("MonthlyFile",),  # their bytes hold the moment of making
        good={"area": "{community}", "month": CODE},
        bad=(
            ("看不懂这个月份，请写成 2026-10 这样", {"month": "2026-13"}),
            ("还没有到，请选择已经过完的月份", {"month": AHEAD}),
            ("月份太早了，请检查年份", {"month": "1999-12"}),
            (FROZEN, {"area": "{street}", "month": CLOSED}),
        ),
    ),
    "a monthly report's paragraph is written": Write(
        rule=monthly.write_text,
        doors=(
            Door(f"page {ROUTE}/text/", f"{ONE}/text/"),
            Door(f"api POST {CALL}/<int:pk>/text", f"{CALL}/{{report}}/text"),
        ),
        beside=("MonthlyFile",),
        good=REPORT | {"text": "本月的重点是垃圾分类。"},
        bad=(
            (f"情况说明最多 {LONGEST_TEXT} 个字", {"text": "长" * (LONGEST_TEXT + 1)}),
            (FROZEN, OF_CLOSED),
        ),
    ),
    "a monthly report is closed": Write(
        rule=monthly.close,
        doors=(
            Door(f"page {ROUTE}/close/", f"{ONE}/close/"),
            Door(f"api POST {CALL}/<int:pk>/close", f"{CALL}/{{report}}/close"),
        ),
        good=REPORT,
        bad=(("已经定稿了，不用再定一次", OF_CLOSED),),
    ),
}
WRITE_NOTHING: dict[str, str] = {
    "command backup": "It copies the database, and keeps only that it did.",
    "command doctor": "It reads.",
    "command migrate": "It makes the tables, as Django's does, and waits less for each.",
    "command restore": "It fills an empty database with what a backup holds: tests/louzu/test_backups.py.",
}


def rows(request: Any) -> dict[str, Any]:
    """Return by name the ids that this test's write refers to: a report, and a closed one."""
    request.getfixturevalue("member")
    officer, street = request.getfixturevalue("street_officer"), request.getfixturevalue("street")
    closed = handed_up(street, by=officer, month=month_before(LAST_MONTH))
    monthly.close(closed, by=officer)
    community = Area.objects.get(name="第一社区")
    return {
        "street": street.pk, "community": community.pk, "closed": closed.pk,
        "report": handed_up(street, by=officer).pk,
    }  # fmt: skip
