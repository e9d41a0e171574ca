"""Who comes in by a key, and who does not: every call, whoever calls."""

from datetime import timedelta
from functools import reduce
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from feedback.api.urls import router, urlpatterns
from feedback.feed import delivering
from feedback.models import Delivery, EmployerKey, RecordCard, Scope, Slip
from feedback.rules import receiving, slips_asking, slips_closing
from feedback.rules.receiving import By
from louzu.rules import desk
from members.models import Area, AuditEntry, Member, StaffToken, User
from tests import cards, slips

# The last two: the unit's test key on what is real, and its real key on what is made up.
BY_TEST, ON_TEST = "test key", "own key on a test row"
CALLERS = (
    "own key", "other key", "withdrawn one", "staff session", "staff token", "outsider", "anonymous", BY_TEST, ON_TEST,
)  # fmt: skip
# method, path, body, what the callers get, in their order
ONE_CARD = (200, 404, 410, 403, 403, 403, 401, 404, 404)
ONE_SLIP = (200, 404, 409, 403, 403, 403, 401, 404, 404)
SLIP = {"name": "单建国", "phone": "19900004321", "home": slips.HERE, "agreed_how": "paper", "agreed_on": "2026-11-02"}
TABLE = [
    ("get", "feed", None, (200, 200, 200, 403, 403, 403, 401, 200, 200)),
    ("get", "cards", None, (200, 200, 200, 403, 403, 403, 401, 200, 200)),
    ("get", "cards/{number}", None, ONE_CARD),
    ("post", "cards/{number}/receipt", {"digest": "{digest}"}, ONE_CARD),
    ("post", "cards/{number}/receipt/take-back", {"digest": "{digest}"}, ONE_CARD),
    ("post", "cards/{number}/answer", {"text": "收到"}, (201, *ONE_CARD[1:])),
    ("post", "cards/{number}/return", {"digest": "{digest}", "reason_code": "left_unit"}, ONE_CARD),
    ("get", "offers", None, (200, 200, 200, 403, 403, 403, 401, 200, 200)),
    (
        "post",
        "offers",
        {"area": "{area}", "kind": "talk", "title": "讲座"},
        (201, 201, 201, 403, 403, 403, 401, 422, 422),
    ),
    ("patch", "offers/{offer}", {"title": "礼堂"}, (200, 404, 200, 403, 403, 403, 401, 404, 404)),
    ("get", "slips", None, (200, 200, 200, 403, 403, 403, 401, 200, 200)),
    ("post", "slips", {"slips": [SLIP]}, (200, 200, 200, 403, 403, 403, 401, 200, 200)),
    ("get", "slips/{slip}", None, (200, 404, 200, 403, 403, 403, 401, 404, 404)),
    ("post", "slips/{slip}/answer", {"text": "一号楼"}, ONE_SLIP),
    ("post", "slips/{slip}/withdraw", {}, (200, 404, 200, 403, 403, 403, 401, 404, 404)),
    ("post", "slips/{slip}/end", {"reason_code": "retired"}, ONE_SLIP),
    ("post", "slips/{slip}/ours", {"is_ours": True}, ONE_SLIP),
    ("get", "me", None, (200, 200, 200, 403, 403, 403, 401, 200, 200)),
    ("post", "me/key/rotate", None, (201, 201, 201, 403, 403, 403, 401, 201, 201)),
    ("post", "webhooks/test", None, (202, 409, 202, 403, 403, 403, 401, 409, 202)),
    ("get", "keys", None, (200,) * 9),
    ("get", "nothing", None, (*(404,) * 6, 401, 404, 404)),
]


@pytest.fixture
def callers(system: APIClient, other_system: APIClient, api: Any, street_officer: User, outsider: User) -> Any:
    _, text = StaffToken.issue(street_officer, label="报表程序")
    token = APIClient(headers={"Authorization": f"Bearer {text}"})
    own = (system, other_system, system, api(street_officer), token, api(outsider), APIClient())
    return dict(zip(CALLERS, own, strict=False))


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(("method", "path", "body", "statuses"), TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE])
def test_who_may_call_what(
    callers: Any, card: RecordCard, withdrawn: RecordCard, community: Area, secretary: User, request: Any,
    caller: str, method: str, path: str, body: dict | None, statuses: tuple[int, ...],
) -> None:  # fmt: skip
    if caller == BY_TEST:
        callers[BY_TEST] = request.getfixturevalue("trying")
    if caller == ON_TEST:
        callers[ON_TEST], card, community = callers["own key"], *made_up(request.getfixturevalue("tried")[0])
    offer = cards.offer(card.employer, community)
    cards.webhook(card.employer, request.getfixturevalue("street"))
    if path.endswith("answer"):
        card.advance("received", received_at=timezone.now())
    if path.endswith("take-back"):
        receiving.receive(card, digest=card.digest)
    about = withdrawn if caller == "withdrawn one" else card
    known = {"number": about.number, "digest": about.digest, "area": community.pk, "offer": offer.pk}
    if "{slip}" in path:
        is_withdrawn = caller == "withdrawn one"
        slip = made_up_slip(card) if caller == ON_TEST else slip_for(path, card, secretary, is_withdrawn=is_withdrawn)
        known["slip"] = slip.number
    said = {name: value.format(**known) if isinstance(value, str) else value for name, value in (body or {}).items()}
    path = f"/api/v1/{path.format(**known)}"
    headers = {"Idempotency-Key": "once"}
    answer = getattr(callers[caller], method)(path, said if body else None, headers=headers)
    assert answer.status_code == statuses[CALLERS.index(caller)], answer.content.decode()
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"
        told = answer.content.decode()
        assert not [word for word in ("欧阳建国", "测试党员", card.digest, "楼道大扫除") if word in told]
    if answer.status_code == 403:
        assert answer.data["type"] == "/problems/forbidden"


def slip_for(path: str, card: RecordCard, by: User, *, is_withdrawn: bool) -> Slip:
    """Return a slip that the card's employer knows of, in the state that the call is for; or withdrawn."""
    street, unit = card.street, card.employer
    if path.endswith("ours"):
        slip = slips.reported(street, "单本人", employer_name=unit.name, tells_employer=True)
    else:
        slip = slips.from_unit(street, "单报到", unit=unit, phone=slips.phone(1))
    if is_withdrawn:
        slips_closing.withdraw(slip, withdrawer="sender", by=By())
    elif path.endswith("answer"):
        slips_asking.ask(slip, code="home", by=by)
    elif path.endswith("end"):
        slips.accepted(slip, by)
    return slip


def made_up(key: EmployerKey) -> tuple[RecordCard, Area]:
    """Return a card that waits for its receipt in the practice street, and its community."""
    card = RecordCard.objects.filter(street=key.practice, status="issued").select_related("area", "employer")[0]
    return card, card.area


def made_up_slip(card: RecordCard) -> Slip:
    return Slip.objects.get(street=card.street, employer=card.employer)


def test_the_table_has_every_call() -> None:
    converted = (("{number}", "<number:number>"), ("{slip}", "<slip:number>"), ("{offer}", "<int:pk>"))
    known = {reduce(lambda text, pair: text.replace(*pair), converted, path) for _, path, _, _ in TABLE}
    of_the_office = {"card-report/<int:pk>", "slip-report/<int:pk>"}  # it knows no keys
    ours = {str(each.pattern) for each in urlpatterns if each not in router.urls} - of_the_office
    assert ours
    assert ours <= known


STEPS = {
    Scope.ANSWER: [f"cards/{{number}}/{step}" for step in ("receipt", "receipt/take-back", "answer", "return")],
    Scope.SLIPS_WRITE: [f"slips/{{slip}}/{step}" for step in ("answer", "withdraw", "end", "ours")],
}
SCOPED = [(method, path) for method, path, _, _ in TABLE if path not in ("me", "me/key/rotate", "keys", "nothing")]


@pytest.mark.parametrize(
    ("scope", "calls"),
    [
        (Scope.READ, {"get feed", "get cards", "get cards/{number}", "post webhooks/test"}),
        (Scope.ANSWER, {f"post {path}" for path in STEPS[Scope.ANSWER]}),
        (Scope.OFFER, {"get offers", "post offers", "patch offers/{offer}"}),
        (Scope.SLIPS_READ, {"get slips", "get slips/{slip}"}),
        (Scope.SLIPS_WRITE, {"post slips", *(f"post {path}" for path in STEPS[Scope.SLIPS_WRITE])}),
    ],
)
def test_each_scope_opens_its_calls_and_no_other(
    card: RecordCard, street: Area, with_key: Any, scope: Scope, calls: set[str]
) -> None:
    system = with_key(cards.key(card.employer, street, scope)[1])
    known, opened = {"number": card.number, "slip": "310114001B-2026-00001KX", "offer": 1}, set()
    for method, path in SCOPED:
        answer = getattr(system, method)(f"/api/v1/{path.format(**known)}", {})
        if answer.status_code != 403:
            opened.add(f"{method} {path}")
        else:
            assert answer.data["type"] == "/problems/scope-missing"
            assert answer.data["scope"] in Scope.values
    assert opened == calls
    assert system.get("/api/v1/me").json()["scopes"] == [scope]
    refusals = AuditEntry.objects.filter(action="refuse")
    assert len(refusals) == len(SCOPED) - len(calls)
    assert {(entry.user, entry.area_path, entry.reason[:4]) for entry in refusals} == {(None, street.path, "密钥 l")}


def refused(client: APIClient) -> bool:
    answer = client.get("/api/v1/me")
    if answer.status_code == 401:
        assert answer.data["type"] == "/problems/token-refused"
        assert answer.data["detail"] == "密钥不对、已到期或已停用。"
        assert answer["WWW-Authenticate"].startswith("Bearer")
    return answer.status_code == 401


def test_a_key_that_is_wrong_expired_or_revoked(key: tuple[EmployerKey, str], with_key: Any) -> None:
    made, text = key
    changed = text[:-1] + ("a" if text[-1] != "a" else "b")
    assert not refused(with_key(text))
    assert refused(with_key(changed))
    EmployerKey.objects.update(expires_at=timezone.now())
    assert refused(with_key(text))
    EmployerKey.objects.update(expires_at=timezone.now() + timedelta(days=1))
    assert not refused(with_key(text))
    made.refresh_from_db()
    made.revoke()
    assert refused(with_key(text))


def test_two_keys_live_while_one_is_rotated(key: tuple[EmployerKey, str], with_key: Any) -> None:
    _, successor = key[0].rotate()
    assert not refused(with_key(key[1]))
    assert not refused(with_key(successor))


@pytest.mark.parametrize(
    ("addresses", "caller", "is_refused"),
    [
        ("", "203.0.113.9", False),
        ("203.0.113.9", "203.0.113.9", False),
        ("203.0.113.0/24 2001:db8::/32", "203.0.113.77", False),
        ("203.0.113.0/24 2001:db8::/32", "2001:db8::7", False),
        ("203.0.113.0/24", "::ffff:203.0.113.8", False),
        ("203.0.113.0/24", "198.51.100.7", True),
        ("203.0.113.0/24", "unknown", True),
        ("203.0.113.0/24", "203.0.113.7:51234", True),
        ("", "unknown", False),
    ],
)
def test_a_key_may_be_bound_to_addresses(
    key: tuple[EmployerKey, str], with_key: Any, addresses: str, caller: str, is_refused: bool
) -> None:
    EmployerKey.objects.update(addresses=addresses)
    client = with_key(key[1])
    client.defaults["REMOTE_ADDR"] = caller
    answer = client.get("/api/v1/me")
    assert answer.status_code == (403 if is_refused else 200)
    if is_refused:
        assert (answer.data["type"], answer.data["address"]) == ("/problems/address-refused", caller)
        assert caller in answer.data["detail"]
        assert AuditEntry.objects.get(action="refuse").area_path == key[0].street.path


@pytest.mark.parametrize(
    "spoil", ["", "x", "lz_", "lz_0123456789_" + "a" * 43, "lz_字_" + "a" * 43, "lz_1\0" + "a" * 30]
)
def test_another_text_is_refused(spoil: str, db: None, with_key: Any) -> None:
    answer = with_key(spoil.encode().decode("latin-1")).get("/api/v1/me")
    assert (answer.status_code, answer.data["type"]) in {
        (401, "/problems/token-refused"),
        (401, "/problems/not-authenticated"),
    }


def test_a_key_opens_nothing_of_the_staff(system: APIClient, member: Member) -> None:
    for path in ("members", f"members/{member.pk}", "areas", "employers", "record-cards"):
        assert system.get(f"/api/v1/{path}").status_code in (401, 404), path
    assert system.get("/").status_code == 302


def test_the_schema_opens_to_a_key(system: APIClient, key: Any) -> None:
    told = system.get("/api/v1/employer/schema").json()
    assert (told["openapi"], told["servers"][0]["url"]) == ("3.1.0", "http://testserver/api/v1")
    assert "/feed" in told["paths"]
    assert system.get("/api/v1/schema").json() == told


def test_use_is_noted_to_the_minute(system: APIClient, key: tuple[EmployerKey, str]) -> None:
    system.get("/api/v1/me")
    key[0].refresh_from_db()
    first = key[0].last_used_at
    assert first
    system.get("/api/v1/me")
    key[0].refresh_from_db()
    assert key[0].last_used_at == first


def test_me(system: APIClient, key: tuple[EmployerKey, str], community: Area, other_community: Area) -> None:
    other_community.close(on=timezone.localdate())
    told = system.get("/api/v1/me").json()
    assert told["employer"] == {"name": "上海嘉定仪表厂", "credit_code": None}
    assert (told["label"], told["scopes"]) == ("单位系统", list(Scope.values))
    areas = [(area["name"], area["level"]) for area in told["areas"]]
    assert areas == [
        ("新成路街道", "street"),
        ("第一社区", "community"),
    ]


def test_the_public_keys_are_open(client: Any) -> None:
    keys = client.get("/api/v1/keys").json()["keys"]
    assert [(key["algorithm"], len(key["id"])) for key in keys] == [("Ed25519", 16)]


def test_no_cookie_is_set(system: APIClient) -> None:
    assert not system.get("/api/v1/me").cookies


def test_a_session_needs_no_more_than_a_key(system: APIClient, card: RecordCard, outsider: User) -> None:
    """The key decides, whoever is logged in beside it; and a key's call needs no CSRF token."""
    strict = APIClient(enforce_csrf_checks=True, headers={"Authorization": system.defaults["HTTP_AUTHORIZATION"]})
    strict.force_login(outsider, backend="django.contrib.auth.backends.ModelBackend")
    answer = strict.post(f"/api/v1/cards/{card.number}/receipt", {"digest": card.digest})
    assert answer.status_code == 200
    assert set(AuditEntry.objects.filter(model="feedback.Receipt").values_list("user", "reason")) == {
        (None, f"密钥 lz_{EmployerKey.objects.get().prefix}…")
    }


# Exchanged by the system, and warned of ------------------------------------------------------------------------------
def rotate(client: APIClient) -> Any:
    return client.post("/api/v1/me/key/rotate")


def test_a_system_exchanges_its_key(key: tuple[EmployerKey, str], system: APIClient, with_key: Any) -> None:
    answer = rotate(system)
    assert answer.status_code == 201
    told = answer.json()
    fresh = with_key(told["key"])
    kept = ("employer_id", "street_id", "scopes", "addresses", "label")
    old, made = EmployerKey.objects.order_by("pk")
    assert [getattr(made, name) for name in kept] == [getattr(old, name) for name in kept]
    assert timedelta(days=6) < old.expires_at - timezone.now() <= timedelta(days=7)
    assert not refused(fresh)
    assert not refused(system)
    assert (again := rotate(system)).status_code == 409
    assert again.data["type"] == "/problems/key-replaced"
    assert EmployerKey.objects.count() == 2
    assert told["key"].split("_", 2)[2] not in str(list(AuditEntry.objects.values_list("changes", flat=True)))


def test_a_system_that_lost_the_answer_asks_again(system: APIClient, with_key: Any) -> None:
    lost, got = rotate(system).json(), rotate(system).json()
    assert lost["key"] != got["key"]
    assert lost["old_key_until"] >= got["old_key_until"]
    assert refused(with_key(lost["key"]))
    assert not refused(with_key(got["key"]))
    assert EmployerKey.objects.live().count() == 2


def test_a_key_warns_of_its_end(system: APIClient, key: tuple[EmployerKey, str], card: RecordCard) -> None:
    for days, warns in ((31, False), (29, True)):
        EmployerKey.objects.update(expires_at=timezone.now() + timedelta(days=days))
        for path in ("me", "feed", "cards/x", f"cards/{card.number}"):
            assert ("Louzu-Key-Expires" in system.get(f"/api/v1/{path}")) is (warns and path != "cards/x"), path
        assert system.get("/api/v1/me").json()["expires_soon"] is warns


def test_keys_that_end_soon_are_on_the_street_s_desk(
    key: tuple[EmployerKey, str], card: RecordCard, other_street: Area, street_officer: User, secretary: User
) -> None:
    far = cards.key(card.employer, other_street)[0]
    assert desk.ending_keys(street_officer) == {}
    EmployerKey.objects.update(expires_at=timezone.now() + timedelta(days=20))
    assert desk.ending_keys(street_officer) == {key[0].street.path: 1}
    assert desk.ending_keys(secretary) == {}
    far.rotate()
    key[0].rotate()
    assert desk.ending_keys(street_officer) == {}


# Test notices --------------------------------------------------------------------------------------------------------
def test_a_test_notice_goes_to_ones_own_webhooks(
    system: APIClient, card: RecordCard, other_street: Area, other_employer: Any, street: Area, monkeypatch: Any
) -> None:
    monkeypatch.setattr(delivering, "enqueue", lambda job, **_: None)
    own = cards.webhook(card.employer, street)
    cards.webhook(card.employer, street, url="https://hooks.example/off", is_active=False)
    cards.webhook(card.employer, other_street)
    cards.webhook(other_employer, street)
    for _ in range(2):
        answer = system.post("/api/v1/webhooks/test")
        assert (answer.status_code, answer.json()) == (202, {"notices": 1})
    sent = Delivery.objects.filter(is_test=True)
    assert [(each.webhook, each.cursor) for each in sent] == [(own, "")]
