"""Messages to employers' systems that there is something to fetch, by Standard Webhooks; the data is in the feed only.

A message is tried until it arrives, for three days. The background worker sends what is due: after the commit that
wrote the feed, and at the time of each retry. Messages that became due while no worker ran go out with the next one.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import uniform

import orjson
from django.db.models import QuerySet
from django.utils import timezone
from django_tasks import task

from feedback.ground import posting
from feedback.models import Delivery, Webhook
from feedback.models.counterparts import Counterpart
from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.states import Conflict
from members.work.jobs import enqueue

AT_ONCE, ABREAST = 40, 8
LEASE = timedelta(minutes=10)  # after so long, another worker may send the message of one that was stopped
GIVEN_UP_AFTER = timedelta(days=3)
PAUSES = [timedelta(seconds=10), *(timedelta(minutes=each) for each in (1, 5, 15, 60, 120, 240, 480))]
LAST_PAUSE, JITTER = timedelta(hours=12), 0.2
GONE = 410
NO_ADDRESS = "没有启用的通知地址，请联系街道登记一个。"
Status = Delivery.Status


@dataclass(frozen=True, slots=True)
class DeliveryOutcome:
    """The result of one try: the answer's status, if there was an answer, and a sentence for the log."""

    status: int | None
    sentence: str

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def announce(cursors: Mapping[Counterpart, str]) -> None:
    """Queue messages to the webhooks of these employers and streets that there is something after these cursors.

    Call it in the transaction that writes the feed. A webhook with a message that was not tried yet needs no other one.
    """
    hooks = Webhook.objects.hearing_of(cursors)
    untried = Delivery.objects.filter(webhook__in=hooks, status=Status.WAITING, attempts=0, is_test=False)
    # Locked, so that they are not sent before this transaction commits.
    waiting = set(untried.select_for_update(of=("self",), no_key=True).values_list("webhook", flat=True))
    new = [Delivery(webhook=hook, cursor=cursors[hook.counterpart]) for hook in hooks if hook.pk not in waiting]
    Delivery.objects.bulk_create(new)
    if new or waiting:  # the task for the waiting messages may have ended with its worker
        enqueue(send_due)


def send_test(hooks: QuerySet[Webhook]) -> int:
    """Send a test message to those of these webhooks that are switched on, and return their number.

    Conflict where there is none. A webhook whose last test was not tried yet gets no other one.
    """
    with atomic_write():
        rows = list(hooks.filter(is_active=True).select_related("street").select_for_update(of=("self",), no_key=True))
        if not rows:
            raise Conflict(NO_ADDRESS)
        untried = Delivery.objects.filter(webhook__in=rows, status=Status.WAITING, attempts=0, is_test=True)
        waiting = set(untried.values_list("webhook", flat=True))
        for hook in rows:
            if hook.pk not in waiting:
                record("change", hook, path=hook.street.path, changes={"test": [None, True]})
        Delivery.objects.bulk_create(Delivery(webhook=hook, is_test=True) for hook in rows if hook.pk not in waiting)
        enqueue(send_due)
    return len(rows)


def send_again(delivery: Delivery) -> None:
    """Send a message once more, whatever its status; Conflict where its webhook is switched off."""
    with atomic_write():
        row = (
            Delivery.objects.select_for_update(of=("self",), no_key=True)
            .select_related("webhook__street")
            .get(pk=delivery.pk)
        )
        if not row.webhook.is_active:
            raise Conflict("这个通知地址已停用，请先启用，再重发。")
        before, row.status, row.next_at, row.delivered_at = row.status, Status.WAITING, timezone.now(), None
        row.save(update_fields=["status", "next_at", "delivered_at"])
        record("change", row, path=row.webhook.street.path, changes={"status": [before, row.status]})
        enqueue(send_due)


@task()
def send_due() -> None:
    """Send what is due, several at once, so that one slow server does not delay the others."""
    while rows := _lease_due():
        with ThreadPoolExecutor(ABREAST) as pool:
            outcomes = list(pool.map(_send, rows))
        with atomic_write():
            for row, outcome in zip(rows, outcomes, strict=True):
                _note(row, outcome)


def message_id(delivery: Delivery) -> str:
    """Return the id of a message, the same for every try, so that the receiver knows one that came twice."""
    return f"msg_{delivery.pk}_{int(delivery.created_at.timestamp())}"


def signature(secret: str, *, identity: str, timestamp: int, body: bytes) -> str:
    """Return the signature of Standard Webhooks: HMAC-SHA256 over id, timestamp and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{identity}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def next_try(delivery: Delivery, now: datetime) -> datetime | None:
    """Return when a failed message is tried again, later each time; None once three days are over."""
    pause = PAUSES[delivery.attempts - 1] if delivery.attempts <= len(PAUSES) else LAST_PAUSE
    moment = now + pause * uniform(1 - JITTER, 1 + JITTER)
    return moment if moment < delivery.created_at + GIVEN_UP_AFTER else None


def _lease_due() -> list[Delivery]:
    """Lease the messages that are due: no other worker sends them, and `announce` from now on writes new ones."""
    with atomic_write():
        now = timezone.now()
        due = Delivery.objects.due(now).filter(webhook__is_active=True).order_by("next_at", "pk")
        rows = list(due.select_for_update(of=("self",), no_key=True).select_related("webhook__street")[:AT_ONCE])
        for row in rows:
            row.attempts, row.next_at = row.attempts + 1, now + LEASE
        Delivery.objects.bulk_update(rows, ["attempts", "next_at"])
    return rows


def _send(delivery: Delivery) -> DeliveryOutcome:
    """Send one message. It runs in a thread of its own and must not use the database."""
    message = {
        "type": "test" if delivery.is_test else "feed.advanced",
        "timestamp": delivery.created_at.astimezone(UTC),
        "data": {} if delivery.is_test else {"cursor": delivery.cursor},
    }
    body = orjson.dumps(message)
    try:
        secrets = delivery.webhook.secrets()
    except ValueError:  # encrypted with a key that this installation does not have any more
        return DeliveryOutcome(None, "签名密钥读不出来，请换签名密钥，再告诉单位")
    try:
        status = posting.post(delivery.webhook.url, body, _headers(delivery, secrets, body))
    except posting.Unreachable as reason:
        return DeliveryOutcome(None, str(reason)[:200])
    return DeliveryOutcome(status, f"对方回答 {status}")


def _headers(delivery: Delivery, secrets: list[str], body: bytes) -> dict[str, str]:
    now, identity = int(timezone.now().timestamp()), message_id(delivery)
    return {
        "Content-Type": "application/json",
        "User-Agent": "Louzu",
        "webhook-id": identity,
        "webhook-timestamp": str(now),
        "webhook-signature": " ".join(
            signature(secret, identity=identity, timestamp=now, body=body) for secret in secrets
        ),
    }


def _note(delivery: Delivery, outcome: DeliveryOutcome) -> None:
    """Store the result of a try, within the caller's transaction."""
    delivery.outcome, now = outcome.sentence, timezone.now()
    retry = None if outcome.is_delivered else next_try(delivery, now)
    if outcome.is_delivered:
        delivery.status, delivery.delivered_at = Status.DELIVERED, now
    elif outcome.status == GONE:
        _switch_off(delivery.webhook)
        delivery.status = Status.GIVEN_UP
    elif retry is None:
        delivery.status = Status.GIVEN_UP
    else:
        delivery.next_at = retry
        enqueue(send_due, after=retry)
    delivery.save(update_fields=["status", "next_at", "delivered_at", "outcome"])


def _switch_off(webhook: Webhook) -> None:
    """Switch the webhook off: its receiver wants no more, until an administrator switches it on again."""
    for hook in (
        Webhook.objects.select_for_update(of=("self",), no_key=True)
        .select_related("street")
        .filter(pk=webhook.pk, is_active=True)
    ):
        hook.is_active = False
        hook.save(update_fields=["is_active"])
    waiting = Delivery.objects.filter(webhook=webhook, status=Status.WAITING)
    waiting.update(status=Status.GIVEN_UP, outcome="对方已不再接收，通知地址已停用")
