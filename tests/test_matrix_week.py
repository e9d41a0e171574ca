"""Who × page × action → status: what a week brings: activities and who came, needs, honours, reports.

The table of docs/design/privacy.md, as in `test_matrix`; which rows are whose says `tests.week`.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from members.models import Area, Member, User
from tests.matrix import FILE, LOGIN, Clients, Table, browsers, reached_from_afar, statuses, strangers, tell_tales
from tests.week import LAST_MONTH, bodies, lived

MONTH = f"{LAST_MONTH:%Y-%m}"

# An instructor reads what happens, and of people numbers alone.
TABLE: Table = {
    "activities": {
        "GET activities/": (403, 200, 200, 200, 200, 200, 403, 403, LOGIN),
        "GET activities/calendar/": (403, 200, 200, 200, 200, 200, 403, 403, LOGIN),
        "GET activities/add/": (403, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "POST activities/add/": (403, 302, 302, 302, 302, 403, 403, 403, LOGIN),
        "GET activities/add/?again={activity}": (403, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "GET activities/add/?again={other_activity}": (403, 200, 404, 404, 404, 403, 403, 403, LOGIN),
        "GET activities/{activity}/": (404, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET activities/{near_activity}/": (404, 200, 200, 200, 404, 200, 404, 404, LOGIN),
        "GET activities/{community_activity}/": (404, 200, 200, 404, 404, 200, 404, 404, LOGIN),
        "GET activities/{other_activity}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{far_activity}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{activity}/edit/": (404, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "GET activities/{near_activity}/edit/": (404, 200, 200, 200, 404, 403, 404, 404, LOGIN),
        "GET activities/{community_activity}/edit/": (404, 200, 200, 404, 404, 403, 404, 404, LOGIN),
        "GET activities/{other_activity}/edit/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{activity}/edit/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/edit/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{planned}/hold/": (404, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "POST activities/{planned}/hold/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{planned}/cancel/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{cancelled}/reopen/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/hold/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{other_activity}/cancel/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{other_activity}/reopen/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/import/": (403, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        # A leader has the building alone to choose, and not its compound.
        "POST activities/import/": (403, 302, 302, 302, 200, 403, 403, 403, LOGIN),
        "GET activities/import/{import}/": (404, 200, 200, 200, 200, 404, 404, 404, LOGIN),
        "GET activities/import/{other_import}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/import/{import}/progress/": (404, 200, 200, 200, 200, 404, 404, 404, LOGIN),
        "GET activities/import/{other_import}/progress/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/import/{import}/columns/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST activities/import/{other_import}/columns/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/import/{import}/columns/again/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST activities/import/{other_import}/columns/again/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/import/{import}/apply/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST activities/import/{other_import}/apply/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/import/{import}/discard/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST activities/import/{other_import}/discard/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/import/{import}/undo/": (404, 200, 200, 200, 200, 404, 404, 404, LOGIN),
        "GET activities/import/{other_import}/undo/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/import/{import}/undo/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST activities/import/{other_import}/undo/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/import/{import}/errors.xlsx": (404, FILE, FILE, FILE, FILE, 404, 404, 404, LOGIN),
        # The secretary who uploaded it may not write there: the file was refused, and is not kept.
        "GET activities/import/{other_import}/errors.xlsx": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/import/template.xlsx": (403, FILE, FILE, FILE, FILE, 403, 403, 403, LOGIN),
    },
    "who came": {
        "GET activities/{activity}/tick/": (404, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "GET activities/{near_activity}/tick/": (404, 200, 200, 200, 404, 403, 404, 404, LOGIN),
        "GET activities/{other_activity}/tick/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{activity}/tick/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{near_activity}/tick/": (404, 302, 302, 302, 404, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/tick/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{activity}/came/": (404, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "POST activities/{activity}/came/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/came/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{activity}/paste/": (404, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "POST activities/{activity}/paste/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/paste/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{signing}/poster/": (404, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "GET activities/{other_activity}/poster/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{planned}/poster/open/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/poster/open/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{signing}/poster/close/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/poster/close/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{signing}/signed/": (404, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "POST activities/{signing}/signed/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "GET activities/{near_activity}/signed/": (404, 200, 200, 200, 404, 403, 404, 404, LOGIN),
        "GET activities/{other_activity}/signed/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{other_activity}/signed/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET s/nothing/": (404, 404, 404, 404, 404, 404, 404, 404, 404),
        "POST s/nothing/": (404, 404, 404, 404, 404, 404, 404, 404, 404),
    },
    "needs": {
        "GET needs/": (403, 200, 200, 200, 200, 200, 403, 403, LOGIN),
        "GET needs/add/": (403, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "POST needs/add/": (403, 302, 302, 302, 302, 403, 403, 403, LOGIN),
        "GET needs/{need}/": (404, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET needs/{near_need}/": (404, 200, 200, 200, 404, 200, 404, 404, LOGIN),
        "GET needs/{community_need}/": (404, 200, 200, 404, 404, 200, 404, 404, LOGIN),
        "GET needs/{other_need}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET needs/{far_need}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST needs/{need}/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{near_need}/": (404, 302, 302, 302, 404, 403, 404, 404, LOGIN),
        "POST needs/{other_need}/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST needs/{far_need}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET needs/{need}/edit/": (404, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "POST needs/{need}/edit/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{other_need}/edit/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST needs/{claimed}/unclaim/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{claimed}/finish/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{claimed}/withdraw/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{done}/resume/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{withdrawn}/resume/": (404, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{other_need}/unclaim/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST needs/{other_need}/finish/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST needs/{other_need}/withdraw/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST needs/{other_need}/resume/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "honours": {
        "GET honours/": (403, 200, 200, 200, 200, 200, 403, 403, LOGIN),
        "GET honours/?area={other_group}": (403, 200, 404, 404, 404, 404, 403, 403, LOGIN),
        "GET honours/add/": (403, 200, 200, 403, 403, 403, 403, 403, LOGIN),
        "POST honours/add/": (403, 302, 302, 403, 403, 403, 403, 403, LOGIN),
        "GET honours/{honour}/": (404, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET honours/{near_honour}/": (404, 200, 200, 200, 404, 200, 404, 404, LOGIN),
        "GET honours/{other_honour}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET honours/{far_honour}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST honours/{honour}/": (404, 302, 302, 403, 403, 403, 404, 404, LOGIN),
        "POST honours/{other_honour}/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST honours/{far_honour}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET honours/2025/booklet.pdf": (403, FILE, FILE, FILE, FILE, FILE, 403, 403, LOGIN),
        "GET honours/2025/booklet.pdf?area={other_group}": (403, FILE, 404, 404, 404, 404, 403, 403, LOGIN),
        "GET honours/1999/booklet.pdf": (403, 302, 302, 302, 302, 302, 403, 403, LOGIN),
        "GET buildings/{group}/plate.pdf": (404, FILE, FILE, FILE, FILE, 404, 404, 404, LOGIN),
        "GET buildings/{near_group}/plate.pdf": (404, FILE, FILE, FILE, 404, 404, 404, 404, LOGIN),
        "GET buildings/{other_group}/plate.pdf": (404, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET compounds/{station}/plates.pdf": (404, FILE, FILE, FILE, 404, 404, 404, 404, LOGIN),
        "GET compounds/{other_station}/plates.pdf": (404, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "reports": {
        "GET rhythm/": (403, 302, 302, 302, 302, 302, 403, 403, LOGIN),
        "GET rhythm/{community}/": (404, 200, 200, 404, 404, 200, 404, 404, LOGIN),
        "GET rhythm/{group}/": (404, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET rhythm/{near_group}/": (404, 200, 200, 200, 404, 200, 404, 404, LOGIN),
        "GET rhythm/{other_group}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET rhythm/{far_group}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET rhythm/{group}/print/": (404, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET rhythm/{other_group}/print/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET rhythm/{group}/rhythm.xlsx": (404, FILE, FILE, FILE, FILE, FILE, 404, 404, LOGIN),
        "GET rhythm/{other_group}/rhythm.xlsx": (404, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET participation/": (403, 302, 302, 302, 302, 302, 403, 403, LOGIN),
        "GET participation/{community}/": (404, 200, 200, 404, 404, 200, 404, 404, LOGIN),
        "GET participation/{group}/": (404, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET participation/{near_group}/": (404, 200, 200, 200, 404, 200, 404, 404, LOGIN),
        "GET participation/{other_group}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET participation/{far_group}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET participation/{group}/print/": (404, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET participation/{other_group}/print/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET participation/{group}/participation.xlsx": (404, FILE, FILE, FILE, FILE, FILE, 404, 404, LOGIN),
        "GET participation/{other_group}/participation.xlsx": (404, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "monthly reports": {
        "GET monthly/": (403, 302, 302, 403, 403, 302, 403, 403, LOGIN),
        "GET monthly/{street}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET monthly/{community}/": (404, 200, 200, 404, 404, 200, 404, 404, LOGIN),
        "GET monthly/{other_community}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET monthly/{far_community}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET monthly/{station}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST monthly/{community}/make/": (404, 302, 302, 404, 404, 403, 404, 404, LOGIN),
        "POST monthly/{other_community}/make/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST monthly/{far_community}/make/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        f"GET monthly/{{community}}/{MONTH}/": (404, 200, 200, 404, 404, 200, 404, 404, LOGIN),
        f"GET monthly/{{other_community}}/{MONTH}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        f"GET monthly/{{far_community}}/{MONTH}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        f"GET monthly/{{community}}/{MONTH}/progress/": (404, 200, 200, 404, 404, 200, 404, 404, LOGIN),
        f"GET monthly/{{other_community}}/{MONTH}/progress/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        f"POST monthly/{{community}}/{MONTH}/text/": (404, 302, 302, 404, 404, 403, 404, 404, LOGIN),
        f"POST monthly/{{other_community}}/{MONTH}/text/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        f"GET monthly/{{community}}/{MONTH}/close/": (404, 200, 200, 404, 404, 403, 404, 404, LOGIN),
        f"POST monthly/{{community}}/{MONTH}/close/": (404, 302, 302, 404, 404, 403, 404, 404, LOGIN),
        f"POST monthly/{{other_community}}/{MONTH}/close/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        f"GET monthly/{{community}}/{MONTH}/report.pdf": (404, FILE, FILE, 404, 404, FILE, 404, 404, LOGIN),
        f"GET monthly/{{community}}/{MONTH}/report.xlsx": (404, FILE, FILE, 404, 404, FILE, 404, 404, LOGIN),
        f"GET monthly/{{community}}/{MONTH}/report.docx": (404, FILE, FILE, 404, 404, FILE, 404, 404, LOGIN),
        f"GET monthly/{{other_community}}/{MONTH}/report.pdf": (404, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "admin of activities": {
        "GET admin/activities/activity/": (403, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/activity/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/activity/{activity}/change/": (403, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/activity/{near_activity}/change/": (403, 200, 200, 200, 404, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/activity/{other_activity}/change/": (403, 200, 404, 404, 404, 404, 403, LOGIN, LOGIN),
        "POST admin/activities/activity/{activity}/change/": (403, 302, 302, 302, 302, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/activity/{other_activity}/change/": (403, 302, 404, 404, 404, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/activity/{activity}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/activity/export/": (403, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/activity/export/#unreasoned": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/attendance/": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/attendance/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/attendance/{attendance}/change/": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/attendance/{near_attendance}/change/": (403, 200, 200, 200, 404, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/attendance/{other_attendance}/change/": (403, 200, 404, 404, 404, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/attendance/{attendance}/change/": (403, 302, 302, 302, 302, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/attendance/{other_attendance}/change/": (
            403,
            302,
            404,
            404,
            404,
            403,
            403,
            LOGIN,
            LOGIN,
        ),
        "POST admin/activities/attendance/{attendance}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/attendance/export/": (403, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/need/": (403, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/need/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/need/{need}/change/": (403, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/need/{near_need}/change/": (403, 200, 200, 200, 404, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/need/{other_need}/change/": (403, 200, 404, 404, 404, 404, 403, LOGIN, LOGIN),
        "POST admin/activities/need/{need}/change/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/need/{need}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/need/export/": (403, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/honour/": (403, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/honour/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/honour/{honour}/change/": (403, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/honour/{near_honour}/change/": (403, 200, 200, 200, 404, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/honour/{other_honour}/change/": (403, 200, 404, 404, 404, 404, 403, LOGIN, LOGIN),
        "POST admin/activities/honour/{honour}/change/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/honour/{honour}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/honour/export/": (403, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
    },
    "autocompletes": {
        "GET {members}household.area": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET {members}pairing.household": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {members}pairing.neighbour": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {members}consent.member": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {members}consent.recorded_by": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET {activities}activity.area": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET {activities}attendance.member": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {activities}attendance.activity": (403, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET {activities}visit.pairing": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {activities}need.area": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET {activities}need.household": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {activities}need.employer": (200, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {activities}honour.area": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET {activities}signin.activity": (403, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
    },
}


@pytest.fixture
def rows(member: Member, other_member: Member, other_street: Area, secretary: User) -> dict[str, int]:
    return lived(member, other_member, by=secretary)


@pytest.fixture
def clients(request: pytest.FixtureRequest, logged_in: Callable[[User], Client]) -> Clients:
    return browsers(request, logged_in)


@pytest.mark.parametrize("section", TABLE)
def test_status(rows: dict[str, int], clients: Clients, section: str) -> None:
    found, written_by = statuses(TABLE[section], rows=rows, clients=clients, bodies=bodies)
    assert found == TABLE[section]
    assert written_by == set()


@pytest.mark.parametrize("section", TABLE)
def test_the_other_street_reaches_nothing_here(request: Any, rows: Any, logged_in: Any, section: str) -> None:
    clients = strangers(request, logged_in)
    assert reached_from_afar(TABLE[section], rows=rows, clients=clients, bodies=bodies) == []


@pytest.mark.parametrize("section", TABLE)
def test_what_is_closed_answers_as_what_does_not_exist(rows: dict[str, int], clients: Clients, section: str) -> None:
    assert tell_tales(TABLE[section], rows=rows, clients=clients) == []
