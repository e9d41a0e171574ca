"""What employers offer through the staff's API: read, used for a need, marked; nothing outside the scope."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from feedback.models import Offer
from members.models import Area, User
from tests import cards, factories

URL = "/api/v1/employer-offers"


@pytest.fixture
def offer(community: Area) -> Offer:
    return cards.offer(factories.employer(), community)


@pytest.fixture
def client(api: Any, secretary: User) -> APIClient:
    return api(secretary)


def do(client: APIClient, offer: Offer, call: str, body: dict[str, Any] | None = None) -> Any:
    return client.post(f"{URL}/{offer.pk}/{call}", body or {})


def test_an_offer_is_used_for_a_need(client: APIClient, offer: Offer, group: Area) -> None:
    need = factories.need(group)
    used = do(client, offer, "use", {"need": need.pk})
    assert (used.status_code, used.data["needs"]) == (200, [need.pk]), used.data
    need.refresh_from_db()
    assert (need.status, need.employer) == ("claimed", offer.employer)
    assert do(client, offer, "use", {"need": need.pk}).status_code == 409


def test_a_need_elsewhere_is_refused(api: Any, street_officer: User, offer: Offer, other_group: Area) -> None:
    refused = do(api(street_officer), offer, "use", {"need": factories.need(other_group).pk})
    assert (refused.status_code, "不在这项资源" in str(refused.data)) == (400, True)
    assert not offer.needs.exists()


def test_it_is_used_up_and_available_again(client: APIClient, offer: Offer, group: Area) -> None:
    assert do(client, offer, "used-up").data["status"] == "used"
    assert do(client, offer, "use", {"need": factories.need(group).pk}).status_code == 409
    assert do(client, offer, "available").data["status"] == "open"
    assert do(client, offer, "available").status_code == 409


def test_what_is_offered_to_the_street_is_the_street_s_to_close(
    client: APIClient, api: Any, street: Area, street_officer: User
) -> None:
    offer = cards.offer(factories.employer(), street)
    assert [row["id"] for row in client.get(URL).json()["results"]] == [offer.pk]
    assert do(client, offer, "used-up").status_code == 403
    assert do(api(street_officer), offer, "used-up").status_code == 200


def test_scope(api: Any, offer: Offer, other_secretary: User, liaison: User) -> None:
    other = api(other_secretary)
    assert other.get(URL).json()["results"] == []
    assert other.get(f"{URL}/{offer.pk}").status_code == 404
    for call in ("use", "used-up", "available"):
        assert do(other, offer, call).status_code == 404
        assert do(api(liaison), offer, call).status_code == 403
    assert api(liaison).get(URL).status_code == 403


def test_needs_outside_the_scope_are_not_told(client: APIClient, street: Area, other_group: Area) -> None:
    offer = cards.offer(factories.employer(), street)
    offer.needs.add(factories.need(other_group))
    assert client.get(f"{URL}/{offer.pk}").data["needs"] == []


def test_a_list_asks_as_many_queries_for_one_as_for_many(client: APIClient, community: Area) -> None:
    asked = []
    client.get(URL)  # the session notes its first visit
    for _ in range(3):
        cards.offer(factories.employer(), community)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{URL}?status=open&kind=venue")
        asked.append(len(queries))
    assert asked == [asked[0]] * 3
    assert asked[0] <= 8
