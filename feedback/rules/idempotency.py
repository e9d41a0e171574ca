"""Calls that must not be done twice: the same Idempotency-Key gets the first answer again, byte for byte."""

import re
from collections.abc import Callable
from typing import NamedTuple

from django.utils import timezone

from feedback.models import Replay
from feedback.models.counterparts import Counterpart
from feedback.models.replays import KEPT

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


def once(act: Callable[[], Reply], *, counterpart: Counterpart, key: str, request: str) -> Reply:
    """Do it and keep the reply, or give the reply that is kept; `request` is the digest of what is asked.

    The caller opens the transaction: what fails takes its key with it. Of two at once, the second waits for the first.
    """
    employer, street = counterpart
    new = Replay(employer_id=employer, street_id=street, key=key, request=request)
    Replay.objects.bulk_create([new], ignore_conflicts=True)
    kept = Replay.objects.select_for_update(no_key=True).get(employer=employer, street=street, key=key)
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
