"""Who × page × action → status: what a week brings: activities and who came, needs, honours, reports.

The table of design/privacy.md, as in `test_matrix`; which rows are whose says `tests.week`.
"""

from collections.abc import Callable

import pytest
from django.test import Client

from members.models import Area, Member, User
from tests.matrix import FILE, LOGIN, Clients, Table, browsers, statuses, tell_tales
from tests.week import bodies, lived

# An instructor reads what happens, and of people numbers alone.
TABLE: Table = {
    "activities": {
        "GET activities/": (200, 200, 200, 200, 200, 200, 403, 403, LOGIN),
        "GET activities/calendar/": (200, 200, 200, 200, 200, 200, 403, 403, LOGIN),
        "GET activities/add/": (200, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "POST activities/add/": (302, 302, 302, 302, 302, 403, 403, 403, LOGIN),
        "GET activities/add/?again={activity}": (200, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "GET activities/add/?again={other_activity}": (200, 200, 404, 404, 404, 403, 403, 403, LOGIN),
        "GET activities/{activity}/": (200, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET activities/{near_activity}/": (200, 200, 200, 200, 404, 200, 404, 404, LOGIN),
        "GET activities/{community_activity}/": (200, 200, 200, 404, 404, 200, 404, 404, LOGIN),
        "GET activities/{other_activity}/": (200, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{far_activity}/": (200, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{activity}/edit/": (200, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "GET activities/{near_activity}/edit/": (200, 200, 200, 200, 404, 403, 404, 404, LOGIN),
        "GET activities/{community_activity}/edit/": (200, 200, 200, 404, 404, 403, 404, 404, LOGIN),
        "GET activities/{other_activity}/edit/": (200, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{activity}/edit/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/edit/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{planned}/hold/": (200, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "POST activities/{planned}/hold/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{planned}/cancel/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{cancelled}/reopen/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/hold/": (200, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{other_activity}/cancel/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{other_activity}/reopen/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/import/": (200, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "POST activities/import/": (302, 302, 302, 302, 302, 403, 403, 403, LOGIN),
        "GET activities/import/preview/": (302, 302, 302, 302, 302, 403, 403, 403, LOGIN),
        "GET activities/import/template.xlsx": (FILE, FILE, FILE, FILE, FILE, 403, 403, 403, LOGIN),
    },
    "who came": {
        "GET activities/{activity}/tick/": (200, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "GET activities/{near_activity}/tick/": (200, 200, 200, 200, 404, 403, 404, 404, LOGIN),
        "GET activities/{other_activity}/tick/": (200, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{activity}/tick/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{near_activity}/tick/": (302, 302, 302, 302, 404, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/tick/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{activity}/came/": (200, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "POST activities/{activity}/came/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/came/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{activity}/paste/": (200, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "POST activities/{activity}/paste/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/paste/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{signing}/poster/": (200, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "GET activities/{other_activity}/poster/": (200, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{planned}/poster/open/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/poster/open/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{signing}/poster/close/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST activities/{other_activity}/poster/close/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET activities/{signing}/signed/": (200, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "POST activities/{signing}/signed/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "GET activities/{near_activity}/signed/": (200, 200, 200, 200, 404, 403, 404, 404, LOGIN),
        "GET activities/{other_activity}/signed/": (200, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST activities/{other_activity}/signed/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET s/nothing/": (404, 404, 404, 404, 404, 404, 404, 404, 404),
        "POST s/nothing/": (404, 404, 404, 404, 404, 404, 404, 404, 404),
    },
    "needs": {
        "GET needs/": (200, 200, 200, 200, 200, 200, 403, 403, LOGIN),
        "GET needs/add/": (200, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "POST needs/add/": (302, 302, 302, 302, 302, 403, 403, 403, LOGIN),
        "GET needs/{need}/": (200, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET needs/{near_need}/": (200, 200, 200, 200, 404, 200, 404, 404, LOGIN),
        "GET needs/{community_need}/": (200, 200, 200, 404, 404, 200, 404, 404, LOGIN),
        "GET needs/{other_need}/": (200, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET needs/{far_need}/": (200, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST needs/{need}/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{near_need}/": (302, 302, 302, 302, 404, 403, 404, 404, LOGIN),
        "POST needs/{other_need}/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST needs/{far_need}/": (302, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET needs/{need}/edit/": (200, 200, 200, 200, 200, 403, 404, 404, LOGIN),
        "POST needs/{need}/edit/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{other_need}/edit/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST needs/{claimed}/unclaim/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{claimed}/finish/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{claimed}/withdraw/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{done}/resume/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{withdrawn}/resume/": (302, 302, 302, 302, 302, 403, 404, 404, LOGIN),
        "POST needs/{other_need}/unclaim/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST needs/{other_need}/finish/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST needs/{other_need}/withdraw/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST needs/{other_need}/resume/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "honours": {
        "GET honours/": (200, 200, 200, 200, 200, 200, 403, 403, LOGIN),
        "GET honours/?area={other_group}": (200, 200, 404, 404, 404, 404, 403, 403, LOGIN),
        "GET honours/add/": (200, 200, 200, 403, 403, 403, 403, 403, LOGIN),
        "POST honours/add/": (302, 302, 302, 403, 403, 403, 403, 403, LOGIN),
        "GET honours/{honour}/": (200, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET honours/{near_honour}/": (200, 200, 200, 200, 404, 200, 404, 404, LOGIN),
        "GET honours/{other_honour}/": (200, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET honours/{far_honour}/": (200, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST honours/{honour}/": (302, 302, 302, 403, 403, 403, 404, 404, LOGIN),
        "POST honours/{other_honour}/": (302, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST honours/{far_honour}/": (302, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET honours/2025/booklet.pdf": (FILE, FILE, FILE, FILE, FILE, FILE, 403, 403, LOGIN),
        "GET honours/2025/booklet.pdf?area={other_group}": (FILE, FILE, 404, 404, 404, 404, 403, 403, LOGIN),
        "GET honours/1999/booklet.pdf": (302, 302, 302, 302, 302, 302, 403, 403, LOGIN),
        "GET buildings/{group}/plate.pdf": (FILE, FILE, FILE, FILE, FILE, 404, 404, 404, LOGIN),
        "GET buildings/{near_group}/plate.pdf": (FILE, FILE, FILE, FILE, 404, 404, 404, 404, LOGIN),
        "GET buildings/{other_group}/plate.pdf": (FILE, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET compounds/{station}/plates.pdf": (FILE, FILE, FILE, FILE, 404, 404, 404, 404, LOGIN),
        "GET compounds/{other_station}/plates.pdf": (FILE, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "reports": {
        "GET rhythm/": (302, 302, 302, 302, 302, 302, 403, 403, LOGIN),
        "GET rhythm/{community}/": (200, 200, 200, 404, 404, 200, 404, 404, LOGIN),
        "GET rhythm/{group}/": (200, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET rhythm/{near_group}/": (200, 200, 200, 200, 404, 200, 404, 404, LOGIN),
        "GET rhythm/{other_group}/": (200, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET rhythm/{far_group}/": (200, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET rhythm/{group}/print/": (200, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET rhythm/{other_group}/print/": (200, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET rhythm/{group}/rhythm.xlsx": (FILE, FILE, FILE, FILE, FILE, FILE, 404, 404, LOGIN),
        "GET rhythm/{other_group}/rhythm.xlsx": (FILE, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET participation/": (302, 302, 302, 302, 302, 302, 403, 403, LOGIN),
        "GET participation/{community}/": (200, 200, 200, 404, 404, 200, 404, 404, LOGIN),
        "GET participation/{group}/": (200, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET participation/{near_group}/": (200, 200, 200, 200, 404, 200, 404, 404, LOGIN),
        "GET participation/{other_group}/": (200, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET participation/{far_group}/": (200, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET participation/{group}/print/": (200, 200, 200, 200, 200, 200, 404, 404, LOGIN),
        "GET participation/{other_group}/print/": (200, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET participation/{group}/participation.xlsx": (FILE, FILE, FILE, FILE, FILE, FILE, 404, 404, LOGIN),
        "GET participation/{other_group}/participation.xlsx": (FILE, FILE, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "admin of activities": {
        "GET admin/activities/activity/": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/activity/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/activity/{activity}/change/": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/activity/{near_activity}/change/": (200, 200, 200, 200, 404, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/activity/{other_activity}/change/": (200, 200, 404, 404, 404, 404, 403, LOGIN, LOGIN),
        "POST admin/activities/activity/{activity}/change/": (302, 302, 302, 302, 302, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/activity/{other_activity}/change/": (302, 302, 404, 404, 404, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/activity/{activity}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/activity/export/": (FILE, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/activity/export/#unreasoned": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/attendance/": (200, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/attendance/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/attendance/{attendance}/change/": (200, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/attendance/{near_attendance}/change/": (200, 200, 200, 200, 404, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/attendance/{other_attendance}/change/": (200, 200, 404, 404, 404, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/attendance/{attendance}/change/": (302, 302, 302, 302, 302, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/attendance/{other_attendance}/change/": (
            302,
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
        "POST admin/activities/attendance/export/": (FILE, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/need/": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/need/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/need/{need}/change/": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/need/{near_need}/change/": (200, 200, 200, 200, 404, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/need/{other_need}/change/": (200, 200, 404, 404, 404, 404, 403, LOGIN, LOGIN),
        "POST admin/activities/need/{need}/change/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/need/{need}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/need/export/": (FILE, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/honour/": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/honour/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/honour/{honour}/change/": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/honour/{near_honour}/change/": (200, 200, 200, 200, 404, 200, 403, LOGIN, LOGIN),
        "GET admin/activities/honour/{other_honour}/change/": (200, 200, 404, 404, 404, 404, 403, LOGIN, LOGIN),
        "POST admin/activities/honour/{honour}/change/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/honour/{honour}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/honour/export/": (FILE, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
    },
    "autocompletes": {
        "GET {members}household.area": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET {members}pairing.household": (200, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {members}pairing.neighbour": (200, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {members}consent.member": (200, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {members}consent.recorded_by": (200, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET {activities}activity.area": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET {activities}attendance.member": (200, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {activities}attendance.activity": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET {activities}visit.pairing": (200, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {activities}need.area": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET {activities}need.household": (200, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {activities}need.employer": (200, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET {activities}honour.area": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
        "GET {activities}signin.activity": (200, 200, 200, 200, 200, 200, 403, LOGIN, LOGIN),
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
def test_what_is_closed_answers_as_what_does_not_exist(rows: dict[str, int], clients: Clients, section: str) -> None:
    assert tell_tales(TABLE[section], rows=rows, clients=clients) == []
