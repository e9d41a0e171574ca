"""Telling employers' systems: what goes out, where it may go, how often it is tried, and that no trick leads inside."""

import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from feedback.feed import delivering, feed
from feedback.ground import posting
from feedback.models import Delivery, FeedEvent, Webhook
from feedback.rules import admitting
from feedback.rules.withdrawing import withdraw
from members.ground.sealing import encrypt_text
from members.ground.states import Conflict
from members.models import Area, AuditEntry, Employer, Member
from members.work import jobs
from tests import cards, factories

LOOPBACK = ["127.0.0.0/8"]
Status = Delivery.Status


class Receiver:
    """An employer's server: keeps what it is sent and answers with the statuses it was given, the last one for ever."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses = [204]
        self.headers: dict[str, str] = {}
        self.body, self.pause = b"", 0.0
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks?unit=7"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.calls.append((self.path, dict(self.headers), body))
                time.sleep(receiver.pause)
                self.send_response(receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0])
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(receiver.body)

            def log_message(self, *args: Any) -> None:
                """Nothing."""

        return Handler


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_NETWORKS = LOOPBACK
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[datetime | None]:
    """When the worker was asked to send: None is at once."""
    asked: list[datetime | None] = []
    monkeypatch.setattr(delivering, "enqueue", lambda job, *, after=None: asked.append(after))
    return asked


@pytest.fixture
def unit(db: None) -> Employer:
    return factories.employer()


@pytest.fixture
def webhook(unit: Employer, street: Area, receiver: Receiver, queued: list) -> Webhook:
    return hook(unit, street, receiver.url)


def hook(unit: Employer, street: Area, url: str) -> Webhook:
    made = Webhook(employer=unit, street=street, url=url)
    made.make_secret()
    made.save()
    return made


def tell(webhook: Webhook, cursor: str = "c1") -> Delivery:
    with transaction.atomic():
        delivering.announce({webhook.counterpart: cursor})
    return Delivery.objects.latest("pk")


def send() -> None:
    delivering.send_due.call()


def due_now(delivery: Delivery) -> Delivery:
    Delivery.objects.filter(pk=delivery.pk).update(next_at=timezone.now())
    return Delivery.objects.get(pk=delivery.pk)


# What goes out -------------------------------------------------------------------------------------------------------
def test_a_card_that_is_issued_is_announced(webhook: Webhook, member: Member, queued: list, receiver: Receiver) -> None:
    cards.issued(member, employer=webhook.employer)
    assert (Delivery.objects.count(), queued) == (1, [None])
    send()
    told = json.loads(receiver.calls[0][2])
    assert told["type"] == "feed.advanced"
    assert datetime.fromisoformat(told["timestamp"]).tzinfo is not None
    page = feed.read(webhook.counterpart, told["data"]["cursor"])
    assert [event["type"] for event in json.loads(page.events)] == ["issued"]


def test_a_message_is_signed_as_standard_webhooks_say(webhook: Webhook, receiver: Receiver) -> None:
    tell(webhook)
    send()
    ((path, headers, body),) = receiver.calls
    head = {name.lower(): value for name, value in headers.items()}
    secret = webhook.secret.removeprefix("whsec_")
    signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.{body.decode()}".encode()
    expected = base64.b64encode(hmac.new(base64.b64decode(secret), signed, hashlib.sha256).digest()).decode()
    assert head["webhook-signature"] == f"v1,{expected}"
    assert abs(int(head["webhook-timestamp"]) - time.time()) < 5
    assert (path, head["content-type"]) == ("/hooks?unit=7", "application/json")


def test_both_secrets_sign_for_a_week(webhook: Webhook, receiver: Receiver) -> None:
    before = webhook.secret
    now = admitting.renew_secret(webhook)

    def signed_by() -> list[str]:
        receiver.calls.clear()
        tell(webhook)
        send()
        ((_, headers, body),) = receiver.calls
        head = {name.lower(): value for name, value in headers.items()}
        said = {"identity": head["webhook-id"], "timestamp": int(head["webhook-timestamp"]), "body": body}
        known = {delivering.signature(secret, **said): secret for secret in (before, now)}
        return [known[each] for each in head["webhook-signature"].split()]

    assert signed_by() == [now, before]
    Webhook.objects.update(old_secret_sealed="AAAA")
    assert signed_by() == [now], "a secret that cannot be read any more stops no message"
    Webhook.objects.update(old_secret_sealed=encrypt_text(before), old_secret_until=timezone.now())
    assert signed_by() == [now]


def test_a_test_stands_beside_the_feed(webhook: Webhook, receiver: Receiver, queued: list) -> None:
    assert delivering.send_test(Webhook.objects.all()) == 1
    tell(webhook)
    send()
    assert sorted(json.loads(body)["type"] for _, _, body in receiver.calls) == ["feed.advanced", "test"]
    assert {json.dumps(json.loads(body)["data"]) for _, _, body in receiver.calls} == {"{}", '{"cursor": "c1"}'}
    Webhook.objects.update(is_active=False)
    with pytest.raises(Conflict):
        delivering.send_test(Webhook.objects.all())


def test_the_signature_is_the_one_of_the_standard_s_own_example() -> None:
    """The example of the reference libraries."""
    signed = delivering.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        identity="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_message_tells_nothing_of_anybody(webhook: Webhook, member: Member, receiver: Receiver) -> None:
    card = cards.issued(member, employer=webhook.employer)
    send()
    body = receiver.calls[0][2].decode()
    assert [word for word in (member.name, card.number, card.digest) if word in body] == []


def test_only_the_employer_s_own_addresses_are_told(
    webhook: Webhook, street: Area, receiver: Receiver, member: Member
) -> None:
    hook(factories.employer("别家"), street, receiver.url)
    off = hook(webhook.employer, street, receiver.url)
    Webhook.objects.filter(pk=off.pk).update(is_active=False)
    cards.issued(member, employer=webhook.employer)
    assert [row.webhook_id for row in Delivery.objects.all()] == [webhook.pk]


def test_what_waits_untried_says_it_already(webhook: Webhook, member: Member, receiver: Receiver) -> None:
    card = cards.issued(member, employer=webhook.employer)
    withdraw(card, "mistake")
    assert Delivery.objects.count() == 1
    send()
    after = json.loads(receiver.calls[0][2])["data"]["cursor"]
    types = [event["type"] for event in json.loads(feed.read(webhook.counterpart, after).events)]
    assert types == ["issued", "withdrawn"]


def test_what_waits_since_a_restart_wakes_the_worker(webhook: Webhook, queued: list) -> None:
    """Its task died with the worker: whatever is announced next sees that it goes out."""
    tell(webhook)
    queued.clear()
    tell(webhook, "c2")
    assert (Delivery.objects.count(), queued) == (1, [None])


def test_what_was_tried_does_not_say_what_came_later(webhook: Webhook, receiver: Receiver) -> None:
    receiver.statuses = [500]
    tell(webhook)
    send()
    tell(webhook, "c2")
    assert Delivery.objects.count() == 2


def test_nothing_is_announced_that_was_not_committed(webhook: Webhook, member: Member) -> None:
    card = cards.agreed(member, employer=webhook.employer)
    with transaction.atomic():
        feed.add_events([card])
        transaction.set_rollback(True)
    assert (Delivery.objects.count(), FeedEvent.objects.count()) == (0, 0)


def test_announcing_asks_a_fixed_number_of_queries(
    webhook: Webhook, street: Area, receiver: Receiver, django_assert_num_queries: Any
) -> None:
    others = [factories.employer(f"第{number}厂") for number in range(5)]
    hooks = [webhook, *(hook(other, street, receiver.url) for other in others)]
    with transaction.atomic(), django_assert_num_queries(3):
        delivering.announce({each.counterpart: "c" for each in hooks})
    assert Delivery.objects.count() == 6


# What comes of it ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(webhook: Webhook, receiver: Receiver, status: int, queued: list) -> None:
    receiver.statuses = [status]
    tell(webhook)
    send()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts, delivery.outcome) == (Status.DELIVERED, 1, f"对方回答 {status}")
    assert delivery.delivered_at
    assert queued == [None]


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 429, 500, 503])
def test_anything_else_is_tried_again_later(webhook: Webhook, receiver: Receiver, status: int, queued: list) -> None:
    receiver.statuses, receiver.headers = [status], {"Location": "/elsewhere"}
    tell(webhook)
    send()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == (Status.WAITING, 1)
    assert queued == [None, delivery.next_at]
    assert 7 < (delivery.next_at - timezone.now()).total_seconds() < 13
    assert [path for path, *_ in receiver.calls] == ["/hooks?unit=7"], "no redirect is followed"


def test_a_retry_bears_the_same_id_and_body(webhook: Webhook, receiver: Receiver) -> None:
    receiver.statuses = [500, 204]
    delivery = tell(webhook)
    send()
    send()
    assert len(receiver.calls) == 1, "not before its time"
    due_now(delivery)
    send()
    (_, first, body), (_, second, again) = receiver.calls
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert Delivery.objects.get().status == Status.DELIVERED


def test_pauses_grow_until_three_days_are_over() -> None:
    begun = timezone.now()
    delivery, now, pauses = Delivery(created_at=begun, attempts=1), begun, []
    while moment := delivering.next_try(delivery, now):
        pauses.append((moment - now).total_seconds())
        now, delivery.attempts = moment, delivery.attempts + 1
    assert timedelta(days=2, hours=8) < now - begun < timedelta(days=3)
    assert 10 <= len(pauses) <= 16
    middles = [10, 60, 300, 900, 3600, 7200, 14400, 28800, *[43200] * (len(pauses) - 8)]
    assert all(0.8 * middle <= pause <= 1.2 * middle for pause, middle in zip(pauses, middles, strict=True))


def test_jitter_spreads_the_retries() -> None:
    now = timezone.now()
    moments = {delivering.next_try(Delivery(created_at=now, attempts=3), now) for _ in range(20)}
    assert len(moments) > 10


def test_after_three_days_it_is_given_up(webhook: Webhook, receiver: Receiver, queued: list) -> None:
    receiver.statuses = [500]
    delivery = tell(webhook)
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=3), attempts=12)
    send()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.outcome, queued) == (Status.GIVEN_UP, "对方回答 500", [None])


def test_410_switches_the_address_off(webhook: Webhook, receiver: Receiver, queued: list) -> None:
    receiver.statuses = [410]
    older = tell(webhook)
    Delivery.objects.update(attempts=1, next_at=timezone.now() + timedelta(hours=1))
    tell(webhook, "c2")
    send()
    webhook.refresh_from_db()
    assert not webhook.is_active
    assert set(Delivery.objects.values_list("status", flat=True)) == {Status.GIVEN_UP}
    assert Delivery.objects.get(pk=older.pk).outcome == "对方已不再接收，通知地址已停用"
    assert AuditEntry.objects.filter(model="feedback.Webhook", changes={"is_active": [True, False]}).count() == 1
    tell(webhook, "c3")
    assert (len(receiver.calls), Delivery.objects.count()) == (1, 2)


def test_whoever_was_stopped_while_sending_leaves_it_to_the_next(webhook: Webhook, receiver: Receiver) -> None:
    delivery = tell(webhook)
    assert [row.pk for row in delivering._lease_due()] == [delivery.pk]
    send()
    assert receiver.calls == []
    due_now(delivery)
    send()
    assert Delivery.objects.get().status == Status.DELIVERED


def test_a_message_is_sent_once_more_on_request(webhook: Webhook, receiver: Receiver, queued: list) -> None:
    receiver.statuses = [500, 204]
    delivery = tell(webhook)
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=4))
    send()
    delivery.refresh_from_db()
    assert delivery.status == Status.GIVEN_UP
    delivering.send_again(delivery)
    assert queued == [None, None]
    send()
    assert Delivery.objects.get().status == Status.DELIVERED
    Webhook.objects.update(is_active=False)
    with pytest.raises(Conflict):
        delivering.send_again(delivery)


def test_a_secret_that_cannot_be_read_keeps_no_other_waiting(
    webhook: Webhook, street: Area, receiver: Receiver
) -> None:
    """Sealed under a key that was lost, as after a move to another server."""
    broken = hook(factories.employer("上海嘉定电机厂"), street, receiver.url)
    Webhook.objects.filter(pk=broken.pk).update(secret_sealed="AAAA")
    unsent, sent = tell(broken), tell(webhook)
    send()
    unsent.refresh_from_db()
    sent.refresh_from_db()
    assert (sent.status, unsent.status, len(receiver.calls)) == (Status.DELIVERED, Status.WAITING, 1)
    assert "换签名密钥" in unsent.outcome


def test_many_are_sent_abreast(webhook: Webhook, street: Area, receiver: Receiver) -> None:
    receiver.pause = 0.3
    units = [factories.employer(f"第{number}厂") for number in range(7)]
    hooks = [webhook, *(hook(other, street, receiver.url) for other in units)]
    with transaction.atomic():
        delivering.announce({each.counterpart: "c" for each in hooks})
    begun = time.monotonic()
    send()
    assert time.monotonic() - begun < 1.5
    assert Delivery.objects.filter(status=Status.DELIVERED).count() == 8


# Where it may go -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1", "fc00::1",
        "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:53aa:64c::1",
    ],
)  # fmt: skip
def test_no_address_of_an_inner_network_is_called(settings: Any, address: str) -> None:
    settings.WEBHOOK_NETWORKS = []
    with pytest.raises(posting.Unreachable, match="内部网络"):
        posting.refuse(ip_address(address), is_secret=True)


@pytest.mark.parametrize("address", ["8.8.8.8", "114.114.114.114", "2400:3200::1", "::ffff:8.8.8.8"])
def test_public_addresses_may_be_called(settings: Any, address: str) -> None:
    settings.WEBHOOK_NETWORKS = []
    posting.refuse(ip_address(address), is_secret=True)
    with pytest.raises(posting.Unreachable, match="https"):
        posting.refuse(ip_address(address), is_secret=False)


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3"])
def test_the_networks_of_the_settings_may_be_called(settings: Any, address: str) -> None:
    settings.WEBHOOK_NETWORKS = ["10.1.0.0/16"]
    posting.refuse(ip_address(address), is_secret=False)
    with pytest.raises(posting.Unreachable):
        posting.refuse(ip_address("10.2.0.1"), is_secret=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/", "ftp://hooks.example/", "https://", "https://user:word@hooks.example/",
        "https://127.0.0.1/", "https://[::1]/", "https://hooks.example:99999/", "https://hooks.example:0/", "file:///etc/passwd",
        "https://[::1/", "//hooks.example/",
    ],
)  # fmt: skip
def test_other_addresses_are_refused_when_they_are_typed(settings: Any, unit: Employer, street: Area, url: str) -> None:
    settings.WEBHOOK_NETWORKS = []
    with pytest.raises(ValidationError) as refusal:
        Webhook(employer=unit, street=street, url=url, secret_sealed="x").full_clean()
    assert list(refusal.value.message_dict) == ["url"]


def test_a_good_address_may_be_typed(settings: Any, unit: Employer, street: Area) -> None:
    settings.WEBHOOK_NETWORKS = []
    Webhook(employer=unit, street=street, url="https://hooks.example/a?b=c", secret_sealed="x").full_clean()


def test_a_name_that_leads_inside_is_not_called(
    settings: Any, webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_NETWORKS = []
    port = receiver.server.server_port
    Webhook.objects.update(url=f"https://hooks.example:{port}/")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [found("127.0.0.1", port)])
    tell(webhook)
    send()
    assert (receiver.calls, Delivery.objects.get().outcome) == ([], "地址在内部网络，不能通知")


def test_a_name_is_looked_up_once(webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look-up could answer another address."""
    asked, port = [], receiver.server.server_port

    def look_up(host: str, *_: Any, **__: Any) -> list:
        asked.append(host)
        return [found("127.0.0.1" if len(asked) == 1 else "127.9.9.9", port)]

    Webhook.objects.update(url=f"http://hooks.example:{port}/x")
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    tell(webhook)
    send()
    assert (asked, Delivery.objects.get().status) == (["hooks.example"], Status.DELIVERED)
    assert receiver.calls[0][1]["Host"] == f"hooks.example:{port}"


def test_of_several_addresses_one_that_may_be_called_is(
    webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = receiver.server.server_port
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [found("10.0.0.1", port), found("127.0.0.1", port)])
    assert posting.post(f"http://hooks.example:{port}/", b"{}", {}) == 204


def found(address: str, port: int) -> tuple:
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))


# Servers that misbehave ----------------------------------------------------------------------------------------------
def test_a_slow_server_is_not_waited_for(webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "TIMEOUT", 0.2)
    receiver.pause = 2
    tell(webhook)
    send()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.outcome) == (Status.WAITING, "对方太慢，没有等到回答")


@pytest.mark.parametrize("trickle", [b"H", b"X-Pad: y\r\n"])
def test_a_server_that_sends_a_byte_now_and_then_is_cut_off(
    settings: Any, monkeypatch: pytest.MonkeyPatch, trickle: bytes
) -> None:
    settings.WEBHOOK_NETWORKS = LOOPBACK
    monkeypatch.setattr(posting, "DEADLINE", 0.6)
    begun = time.monotonic()
    with serving(_trickling(trickle)) as port, pytest.raises(posting.Unreachable, match="太慢"):
        posting.post(f"http://127.0.0.1:{port}/", b"{}", {})
    assert time.monotonic() - begun < 3


def test_a_shake_of_hands_that_never_ends_is_cut_off(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBHOOK_NETWORKS = LOOPBACK
    monkeypatch.setattr(posting, "DEADLINE", 0.5)
    begun = time.monotonic()
    with serving(lambda line: time.sleep(2)) as port, pytest.raises(posting.Unreachable, match="太慢"):
        posting.post(f"https://127.0.0.1:{port}/", b"{}", {})
    assert time.monotonic() - begun < 1.5


def test_of_a_long_answer_a_kilobyte_is_read(receiver: Receiver) -> None:
    receiver.body, receiver.statuses = b"x" * 30_000_000, [200]
    begun = time.monotonic()
    assert posting.post(receiver.url, b"{}", {}) == 200
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("answer", [b"", b"not http at all\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_an_answer_that_is_none_is_a_failure(settings: Any, answer: bytes) -> None:
    settings.WEBHOOK_NETWORKS = LOOPBACK
    with serving(lambda line: line.sendall(answer)) as port, pytest.raises(posting.Unreachable, match="不完整"):
        posting.post(f"http://127.0.0.1:{port}/", b"{}", {})


def test_nobody_there_is_a_failure(settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = LOOPBACK
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(posting.Unreachable, match="连接不上"):
            posting.post(f"http://127.0.0.1:{closed.getsockname()[1]}/", b"{}", {})


class serving:
    """A server of raw bytes: what it does with each connection is said."""

    def __init__(self, act: Callable[[socket.socket], object]) -> None:
        self.act, self.listener = act, socket.create_server(("127.0.0.1", 0))

    def __enter__(self) -> int:
        threading.Thread(target=self._serve, daemon=True).start()
        return self.listener.getsockname()[1]

    def __exit__(self, *_: object) -> None:
        self.listener.close()

    def _serve(self) -> None:
        line, _ = self.listener.accept()
        with line:
            line.recv(65536)
            self.act(line)


def _trickling(trickle: bytes) -> Callable[[socket.socket], None]:
    def act(line: socket.socket) -> None:
        try:
            line.sendall(b"HTTP/1.1 200 OK\r\n")
            for _ in range(60):
                line.sendall(trickle)
                time.sleep(0.05)
        except OSError:
            return

    return act


# TLS -----------------------------------------------------------------------------------------------------------------
@pytest.fixture
def certificate(tmp_path: Path) -> Callable[[str], Path]:
    """Make a certificate that vouches for itself and a name; the file holds its key as well."""

    def made(name: str) -> Path:
        key, subject = (
            ec.generate_private_key(ec.SECP256R1()),
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        )
        day = timedelta(days=1)
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - day)
            .not_valid_after(datetime.now(UTC) + day)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = built.public_bytes(serialization.Encoding.PEM)
        file = tmp_path / f"{name}.pem"
        plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(pem + key.private_bytes(serialization.Encoding.PEM, *plain))
        return file

    return made


@pytest.mark.parametrize(
    ("named", "is_trusted", "goes"),
    [("hooks.example", True, True), ("hooks.example", False, False), ("other.example", True, False)],
)
def test_tls_is_verified_for_the_host_s_name(
    receiver: Receiver, certificate: Any, monkeypatch: pytest.MonkeyPatch, named: str, is_trusted: bool, goes: bool
) -> None:
    file, port = certificate(named), receiver.server.server_port
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    receiver.server.handle_error = lambda *_: None  # type: ignore[method-assign]
    monkeypatch.setenv("SSL_CERT_FILE", str(file if is_trusted else certificate("nobody.example")))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [found("127.0.0.1", port)])
    url = f"https://hooks.example:{port}/tls"
    if goes:
        assert posting.post(url, b"{}", {}) == 204
        assert [path for path, *_ in receiver.calls] == ["/tls"]
    else:
        with pytest.raises(posting.Unreachable, match="证书不可信"):
            posting.post(url, b"{}", {})
        assert receiver.calls == []


# The worker that sends -----------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_retry_wakes_the_worker_at_its_time(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    alarms: list[float] = []

    class Alarm:
        def __init__(self, seconds: float, act: Callable) -> None:
            alarms.append(seconds)

        def start(self) -> None:
            """Nothing rings in a test."""

        cancel = start

    monkeypatch.setattr(jobs, "threading", SimpleNamespace(Timer=Alarm))
    jobs._set_alarm()
    assert alarms == [], "nothing is to run later"
    now = timezone.now()
    for minutes in (5, 2, 9, -1):
        jobs.enqueue(delivering.send_due, after=now + timedelta(minutes=minutes))
    jobs.enqueue(delivering.send_due)
    ready = DBTaskResult.objects.ready()
    assert ready.count() == 2, "what is due already and what is to run at once"
    jobs._set_alarm()
    assert 115 < alarms[0] <= 120
    jobs._alarms.clear()
