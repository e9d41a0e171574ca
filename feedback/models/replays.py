"""The first answers to calls that must not be done twice."""

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
    """A status, a body, and whether they were given before."""

    status: int
    body: bytes
    is_replayed: bool = False


class KeyReused(Exception):
    """The key came with another request."""


def is_key(text: str) -> bool:
    return KEY.fullmatch(text) is not None


class ReplayQuerySet(GivenQuerySet):
    def once(self, act: Callable[[], Reply], *, counterpart: Counterpart, key: str, request: str) -> Reply:
        """Do it and keep the reply, or give the reply that is kept; `request` is the digest of what is asked.

        The caller opens the transaction: what fails takes its key with it. Of two at once, the second waits for the
        first.
        """
        employer, street = counterpart
        new: Any = Replay(employer_id=employer, street_id=street, key=key, request=request)
        self.bulk_create([new], ignore_conflicts=True)
        kept: Any = self.select_for_update(no_key=True).get(employer=employer, street=street, key=key)
        is_over = kept.created_at < timezone.now() - KEPT
        if kept.status and not is_over:
            if kept.request != request:
                raise KeyReused
            return Reply(kept.status, bytes(kept.answer), is_replayed=True)
        reply = act()
        kept.request, kept.status, kept.answer = request, reply.status, reply.body
        kept.created_at = timezone.now()
        kept.save()
        return reply


class Replay(models.Model):
    """The answer to a call that bore an Idempotency-Key: the same call again gets it again, byte for byte."""

    employer = models.ForeignKey(Employer, on_delete=models.CASCADE, verbose_name="单位", related_name="+")
    street = models.ForeignKey(
        Area,
        on_delete=models.PROTECT,  # the street whose key it came by
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
