"""The doors of probes: live, ready, version, metrics; who may read what of them, and that they need nothing else."""

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from louzu.rules import health, setup_faults
from louzu.views import health as doors
from members.models import Member, User, WorkerBeat

STRANGER = {"REMOTE_ADDR": "203.0.113.9"}
PROBES = ("/health/live", "/health/ready", "/version", "/metrics")


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("connection to server at 10.9.8.7 failed")

    monkeypatch.setattr(connection, "cursor", refuse)


def metrics(client: Client | None = None) -> dict[str, Any]:
    """Return {name and labels: value} of all samples."""
    text = (client or Client()).get("/metrics").content.decode()
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_process_that_lives_says_so_without_a_database() -> None:
    """Without its mark, a test that asks the database fails."""
    answer = Client().get("/health/live")
    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (200, b"ok\n", "no-store")


@pytest.mark.django_db
def test_what_is_ready(member: Member, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(8):
        assert Client().get("/health/ready").json() == {"status": "ok", "reasons": []}
    assert Client(**STRANGER).get("/health/ready").content == b"ok\n"


@pytest.mark.django_db
def test_what_is_not_ready_says_why_to_those_who_watch(member: Member, settings: Any, monkeypatch: Any) -> None:
    settings.LOUZU_PHONE_KEY = "77" * 32
    monkeypatch.setattr(health, "known_migrations", lambda: frozenset({("members", "9999_later")}))
    monkeypatch.setattr(setup_faults.shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    answer = Client().get("/health/ready")
    assert answer.status_code == 503
    assert [each["check"] for each in answer.json()["reasons"]] == ["migrations", "keys_fit", "disk"]
    bare = Client(**STRANGER).get("/health/ready")
    assert (bare.status_code, bare.content) == (503, b"unavailable\n")


@pytest.mark.django_db
def test_they_answer_while_the_database_is_away(away: None) -> None:
    assert Client().get("/health/live").status_code == 200
    answer = Client().get("/health/ready")
    assert (answer.status_code, [each["check"] for each in answer.json()["reasons"]]) == (503, ["database"])
    assert Client(**STRANGER).get("/health/ready").content == b"unavailable\n"
    found = metrics()
    assert (found["louzu_database_up"], found["louzu_health_state database"]) == (0, 2)
    assert "louzu_queue_tasks" not in found
    assert Client().get("/version").status_code == 200


@pytest.mark.django_db
def test_they_need_no_login_no_host_and_no_https(settings: Any, member: Member) -> None:
    settings.SECURE_SSL_REDIRECT = True
    for probe in PROBES:
        answer = Client(headers={"Host": "10.0.0.7:8000"}).get(probe)
        assert (answer.status_code, dict(answer.cookies)) == (200, {}), probe
        assert Client().post(probe).status_code == 405
    assert Client().get("/version").json() == {"version": settings.VERSION}
    assert re.fullmatch(r"\d+\.\d+\.\d+\w*", settings.VERSION)


WHO: dict[str, tuple[str, dict[str, str], list[str], list[str], bool]] = {
    # peer, headers, LOUZU_PROXIES, LOUZU_WATCHERS, whether it may watch
    "this machine": ("127.0.0.1", {}, [], [], True),
    "this machine by IPv6": ("::1", {}, [], [], True),
    "a stranger": ("203.0.113.9", {}, [], [], False),
    "the monitor": ("10.0.0.5", {}, [], ["10.0.0.0/8"], True),
    "a neighbour of the monitor": ("10.0.1.5", {}, [], ["10.0.0.0/24"], False),
    "a stranger through the proxy": ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, ["127.0.0.1"], [], False),
    "the monitor through the proxy": ("127.0.0.1", {"X-Forwarded-For": "10.0.0.5"}, ["127.0.0.1"], ["10.0.0.5"], True),
    "anybody through a proxy that is not named": (
        "127.0.0.1",
        {"X-Forwarded-For": "10.0.0.5"},
        [],
        ["10.0.0.5"],
        False,
    ),
    "a forger": ("203.0.113.9", {"X-Forwarded-For": "127.0.0.1"}, ["127.0.0.1"], [], False),
    "a forger behind the proxy": ("127.0.0.1", {"X-Forwarded-For": "::1, 203.0.113.9"}, ["127.0.0.1"], [], False),
    "a socket without an address": ("", {}, [], [], False),
}


@pytest.mark.django_db
@pytest.mark.parametrize("who", WHO)
def test_who_watches(settings: Any, who: str) -> None:
    peer, headers, settings.PROXIES, settings.WATCHERS, may = WHO[who]
    client = Client(REMOTE_ADDR=peer, headers=headers)
    assert [client.get(probe).status_code for probe in ("/metrics", "/version")] == [200 if may else 404] * 2
    assert (client.get("/health/ready")["Content-Type"] == "application/json") is may
    assert client.get("/health/live").status_code == 200


def test_a_network_that_cannot_be_read_stops_the_start(settings: Any) -> None:
    settings.WATCHERS = ["10.0.0.0/8", "monitor"]
    with pytest.raises(doors.ImproperlyConfigured, match="LOUZU_WATCHERS 写得不对"):
        doors.probes_first(lambda _: None)


@pytest.mark.django_db
def test_requests_are_counted_without_their_addresses(
    member: Member, street_officer: User, logged_in: Any, settings: Any
) -> None:
    client, before = logged_in(street_officer), metrics()
    client.get(f"/members/{member.pk}/?q=欧阳")
    client.get("/nothing/")
    client.generic("PURGE", "/")
    after, text = metrics(), Client().get("/metrics").content.decode()
    grown = {name: after[name] - before.get(name, 0) for name in after if name.startswith("louzu_requests_total")}
    assert {name: count for name, count in grown.items() if count} == {
        "louzu_requests_total GET 2xx": 2, "louzu_requests_total GET 4xx": 1, "louzu_requests_total OTHER 4xx": 1,
    }  # fmt: skip
    assert after["louzu_request_seconds_count GET"] - before.get("louzu_request_seconds_count GET", 0) == 3
    assert not re.search(rf"欧阳|{member.pk}/|members|jiedao|{re.escape(str(settings.VAR))}", text)


@pytest.mark.django_db
def test_the_figures_of_the_moment(member: Member, django_assert_max_num_queries: Any) -> None:
    WorkerBeat.objects.create(name="w")
    with django_assert_max_num_queries(55):
        found = metrics()
    assert found["louzu_database_up"] == 1
    assert (found["louzu_queue_tasks"], found["louzu_deliveries_lost"]) == (0, 0)
    assert 0 <= found["louzu_worker_beat_age_seconds"] < 60
    assert found["louzu_health_state worker"] == 0
    assert "louzu_backup_age_seconds" not in found, "there is none"
    assert found["louzu_disk_free_bytes"] > 0
