"""Who × page × action → status: households, pairs and their visits, and what members agreed to.

The table of docs/design/privacy.md, as in `test_matrix`; which rows are whose says `tests.week`.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from members.models import Area, Member, User
from tests.matrix import FILE, LOGIN, Clients, Table, browsers, reached_from_afar, statuses, strangers, tell_tales
from tests.week import bodies, lived

TABLE: Table = {
    "households": {
        "GET buildings/": (403, 200, 200, 200, 302, 403, 403, 403, LOGIN),
        "GET buildings/{group}/": (404, 200, 200, 200, 200, 404, 404, 404, LOGIN),
        "GET buildings/{near_group}/": (404, 200, 200, 200, 404, 404, 404, 404, LOGIN),
        "GET buildings/{other_group}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET buildings/{far_group}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST buildings/{group}/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "GET buildings/{group}/doors/": (404, 200, 200, 200, 200, 404, 404, 404, LOGIN),
        "POST buildings/{group}/doors/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST buildings/{near_group}/doors/": (404, 302, 302, 302, 404, 404, 404, 404, LOGIN),
        "POST buildings/{other_group}/doors/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET buildings/{group}/doors/add/": (404, 200, 200, 200, 200, 404, 404, 404, LOGIN),
        "POST buildings/{group}/doors/add/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST buildings/{other_group}/doors/add/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST buildings/{group}/doors/members/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST buildings/{other_group}/doors/members/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET households/{door}/": (404, 200, 200, 200, 200, 404, 404, 404, LOGIN),
        "GET households/{other_door}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST households/{door}/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST households/{near_door}/": (404, 302, 302, 302, 404, 404, 404, 404, LOGIN),
        "POST households/{other_door}/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST households/{far_door}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET households/{free}/remove/": (404, 200, 200, 200, 200, 404, 404, 404, LOGIN),
        "POST households/{free}/remove/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST households/{other_free}/remove/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "pairings": {
        "GET pairings/": (403, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "GET pairings/export/": (403, 200, 200, 403, 403, 403, 403, 403, LOGIN),
        "POST pairings/export/": (403, FILE, FILE, 403, 403, 403, 403, 403, LOGIN),
        "POST pairings/export/#unreasoned": (403, 200, 200, 403, 403, 403, 403, 403, LOGIN),
        "GET pairings/end/?pick={pairing}": (403, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "POST pairings/end/?pick={pairing}": (403, 302, 302, 302, 302, 403, 403, 403, LOGIN),
        "GET pairings/{pairing}/": (404, 200, 200, 200, 200, 404, 404, 404, LOGIN),
        "GET pairings/{near_pairing}/": (404, 200, 200, 200, 404, 404, 404, 404, LOGIN),
        "GET pairings/{other_pairing}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST pairings/{pairing}/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST pairings/{other_pairing}/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST pairings/{far_pairing}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST pairings/{new_pairing}/undo/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST pairings/{other_pairing}/undo/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST pairings/{pairing}/resume/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST pairings/{other_pairing}/resume/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET pairings/propose/{group}/": (404, 200, 200, 200, 200, 404, 404, 404, LOGIN),
        "POST pairings/propose/{group}/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "GET pairings/propose/{station}/": (404, 200, 200, 200, 404, 404, 404, 404, LOGIN),
        "GET pairings/propose/{other_group}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST pairings/propose/{other_group}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "visits": {
        "GET visits/": (403, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "POST visits/": (403, 302, 302, 302, 302, 403, 403, 403, LOGIN),
        "GET visits/overdue/": (403, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "POST visits/overdue/": (403, 302, 302, 302, 302, 403, 403, 403, LOGIN),
        "GET visits/pairings/{pairing}/": (404, 200, 200, 200, 200, 404, 404, 404, LOGIN),
        "GET visits/pairings/{near_pairing}/": (404, 200, 200, 200, 404, 404, 404, 404, LOGIN),
        "GET visits/pairings/{other_pairing}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST visits/pairings/{pairing}/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST visits/pairings/{other_pairing}/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET visits/{visit}/": (404, 200, 200, 200, 200, 404, 404, 404, LOGIN),
        "GET visits/{other_visit}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST visits/{visit}/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST visits/{near_visit}/": (404, 302, 302, 302, 404, 404, 404, 404, LOGIN),
        "POST visits/{other_visit}/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST visits/{far_visit}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST visits/{visit}/undo/": (404, 302, 302, 302, 302, 404, 404, 404, LOGIN),
        "POST visits/{other_visit}/undo/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "transfers": {
        "GET transfers/": (403, 200, 200, 403, 403, 403, 403, 403, LOGIN),
        "GET members/{near_member}/transfer/": (404, 200, 200, 403, 404, 404, 404, 404, LOGIN),
        "GET members/{other_member}/transfer/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST members/{newcomer}/transfer/": (404, 302, 302, 403, 403, 404, 404, 404, LOGIN),
        "POST members/{other_member}/transfer/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET transfers/{far_transfer}/accept/": (404, 403, 403, 404, 404, 404, 404, 404, LOGIN),
        "POST transfers/{far_transfer}/accept/": (404, 403, 403, 404, 404, 404, 404, 404, LOGIN),
        "GET transfers/{far_transfer}/decline/": (404, 403, 403, 404, 404, 404, 404, 404, LOGIN),
        "POST transfers/{far_transfer}/decline/": (404, 403, 403, 404, 404, 404, 404, 404, LOGIN),
        "POST transfers/{far_transfer}/withdraw/": (404, 302, 302, 404, 404, 404, 404, 404, LOGIN),
        "GET admin/members/transfer/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/transfer/{far_transfer}/change/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
    },
    "corrections": {
        "GET corrections/": (403, 200, 200, 403, 403, 403, 403, 403, LOGIN),
        "GET members/{member}/corrections/add/": (404, 200, 200, 403, 403, 404, 404, 404, LOGIN),
        "GET members/{other_member}/corrections/add/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST members/{member}/corrections/add/": (404, 302, 302, 403, 403, 404, 404, 404, LOGIN),
        "POST members/{other_member}/corrections/add/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET corrections/{correction}/": (404, 200, 200, 404, 404, 404, 404, 404, LOGIN),
        "GET corrections/{other_correction}/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET corrections/{far_correction}/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST corrections/{correction}/put-right/": (404, 302, 302, 404, 404, 404, 404, 404, LOGIN),
        "POST corrections/{other_correction}/put-right/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST corrections/{far_correction}/put-right/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST corrections/{correction}/keep/": (404, 302, 302, 404, 404, 404, 404, 404, LOGIN),
        "POST corrections/{correction}/keep/#unreasoned": (404, 200, 200, 404, 404, 404, 404, 404, LOGIN),
        "POST corrections/{other_correction}/keep/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST corrections/{far_correction}/keep/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET admin/members/correctionrequest/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/correctionrequest/{correction}/change/": (403, 200, 200, 403, 403, 403, 403, LOGIN, LOGIN),
    },
    "consents": {
        "GET consents/": (403, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "GET consents/?area={group}": (403, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "GET consents/?area={near_group}": (403, 200, 200, 200, 404, 403, 403, 403, LOGIN),
        "GET consents/?area={other_group}": (403, 200, 404, 404, 404, 403, 403, 403, LOGIN),
        "GET consents/?area={community}": (403, 200, 200, 404, 404, 403, 403, 403, LOGIN),
        "POST consents/?area={group}": (403, 302, 302, 403, 403, 403, 403, 403, LOGIN),
        "POST consents/?area={other_group}": (403, 200, 404, 404, 404, 403, 403, 403, LOGIN),
        "GET consents/{group}/sheet/": (403, 200, 200, 200, 200, 403, 403, 403, LOGIN),
        "GET consents/{other_group}/sheet/": (403, 200, 404, 404, 404, 403, 403, 403, LOGIN),
        "GET consents/{consent}/withdraw/": (404, 200, 200, 403, 403, 404, 404, 404, LOGIN),
        "GET consents/{other_consent}/withdraw/": (404, 200, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST consents/{consent}/withdraw/": (404, 302, 302, 403, 403, 404, 404, 404, LOGIN),
        "POST consents/{other_consent}/withdraw/": (404, 302, 404, 404, 404, 404, 404, 404, LOGIN),
        "GET consents/{refusal}/withdraw/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
        "POST consents/{refusal}/withdraw/": (404, 404, 404, 404, 404, 404, 404, 404, LOGIN),
    },
    "admin of households": {
        "GET admin/members/household/": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/members/household/add/": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "POST admin/members/household/add/": (403, 302, 302, 302, 302, 403, 403, LOGIN, LOGIN),
        "GET admin/members/household/{door}/change/": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/members/household/{near_door}/change/": (403, 200, 200, 200, 404, 403, 403, LOGIN, LOGIN),
        "GET admin/members/household/{other_door}/change/": (403, 200, 404, 404, 404, 403, 403, LOGIN, LOGIN),
        "POST admin/members/household/{door}/change/": (403, 302, 302, 302, 302, 403, 403, LOGIN, LOGIN),
        "POST admin/members/household/{other_door}/change/": (403, 302, 404, 404, 404, 403, 403, LOGIN, LOGIN),
        "GET admin/members/household/{door}/history/": (404, 200, 200, 200, 200, 404, 404, LOGIN, LOGIN),
        "GET admin/members/household/{other_door}/history/": (404, 200, 404, 404, 404, 404, 404, LOGIN, LOGIN),
        "POST admin/members/household/{door}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/household/export/": (403, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/pairing/": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/members/pairing/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/pairing/{pairing}/change/": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/members/pairing/{near_pairing}/change/": (403, 200, 200, 200, 404, 403, 403, LOGIN, LOGIN),
        "GET admin/members/pairing/{other_pairing}/change/": (403, 200, 404, 404, 404, 403, 403, LOGIN, LOGIN),
        "POST admin/members/pairing/{pairing}/change/": (403, 302, 302, 302, 302, 403, 403, LOGIN, LOGIN),
        "POST admin/members/pairing/{other_pairing}/change/": (403, 302, 404, 404, 404, 403, 403, LOGIN, LOGIN),
        "GET admin/members/pairing/{pairing}/history/": (404, 200, 200, 200, 200, 404, 404, LOGIN, LOGIN),
        "GET admin/members/pairing/{other_pairing}/history/": (404, 200, 404, 404, 404, 404, 404, LOGIN, LOGIN),
        "POST admin/members/pairing/{pairing}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/pairing/export/": (403, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/consent/": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/members/consent/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/consent/{consent}/change/": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/members/consent/{near_consent}/change/": (403, 200, 200, 200, 404, 403, 403, LOGIN, LOGIN),
        "GET admin/members/consent/{other_consent}/change/": (403, 200, 404, 404, 404, 403, 403, LOGIN, LOGIN),
        "POST admin/members/consent/{consent}/change/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/members/consent/{consent}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/members/consent/{refusal}/change/": (403, 404, 200, 404, 404, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/visit/": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/visit/add/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/visit/{visit}/change/": (403, 200, 200, 200, 200, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/visit/{near_visit}/change/": (403, 200, 200, 200, 404, 403, 403, LOGIN, LOGIN),
        "GET admin/activities/visit/{other_visit}/change/": (403, 200, 404, 404, 404, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/visit/{visit}/change/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/visit/{visit}/delete/": (403, 403, 403, 403, 403, 403, 403, LOGIN, LOGIN),
        "POST admin/activities/visit/export/": (403, FILE, FILE, 403, 403, 403, 403, LOGIN, LOGIN),
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
