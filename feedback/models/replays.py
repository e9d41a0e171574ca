"""Stored replies to calls that must run only once."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import models
from django.utils import timezone

from feedback.models.counterparts import Counterpart, GivenQuerySet
from members.models import Area, Employer

KEPT = timedelta(days=30)
KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Reply(NamedTuple):
    """An HTTP status, a body, and whether they repeat a stored reply."""

    status: int
    body: bytes
    is_replayed: bool = False


class KeyReused(Exception):
    """The Idempotency-Key was used for another request."""


def is_key(text: str) -> bool:
    return KEY.fullmatch(text) is not None


class ReplayQuerySet(GivenQuerySet):
    def once(self, act: Callable[[], Reply], *, counterpart: Counterpart, key: str, request: str) -> Reply:
        """Run `act` and store its reply, or return the stored one; `request` is the digest of the request.

        KeyReused where the key belongs to another request. The caller opens the transaction: a failed call rolls its
        key back. Of two calls at once, the second waits for the first.
        """
        employer, street = counterpart
        new: Any = Replay(employer_id=employer, street_id=street, key=key, request=request)
        self.bulk_create([new], ignore_conflicts=True)
        row: Any = self.select_for_update(no_key=True).get(employer=employer, street=street, key=key)
        is_over = row.created_at < timezone.now() - KEPT
        if row.status and not is_over:
            if row.request != request:
                raise KeyReused
            return Reply(row.status, bytes(row.answer), is_replayed=True)
        reply = act()
        row.request, row.status, row.answer = request, reply.status, reply.body
        row.created_at = timezone.now()
        row.save()
        return reply


class Replay(models.Model):
    """The reply to a call with an Idempotency-Key; the same call gets it again, byte for byte."""

    employer = models.ForeignKey(Employer, on_delete=models.CASCADE, verbose_name="单位", related_name="+")
    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # the street that gave the calling key
        verbose_name="街道",
        related_name="+",
        limit_choices_to={"level": Area.Level.STREET},
    )
    key = models.CharField("幂等键", max_length=255)
    request = models.CharField("请求摘要", max_length=64)  # SHA-256 of method, path and body
    status = models.PositiveSmallIntegerField("状态码", default=0)
    answer = models.BinaryField(default=b"")
    created_at = models.DateTimeField("时间", default=timezone.now, db_index=True)

    objects = ReplayQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "幂等记录"
        constraints = [models.UniqueConstraint(fields=["employer", "street", "key"], name="replay_once_a_street")]

    def __str__(self) -> str:
        return self.key
