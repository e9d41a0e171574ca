"""The audit trail: who did what to which row, when, from where, each entry bound to the one before by a keyed hash.

Each street has a chain of its own, and the installation has one: a street answers for its own data, and its writers do
not queue behind another street's.

The acting user, address and request id belong to the request, not to each call: a middleware (or `acting`, in commands
and jobs) sets them once, so that every save of an `Audited` model finds them, whoever calls it.
"""

import hmac
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Self

import orjson
from axes.signals import user_locked_out
from django.apps import apps
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import models
from django.utils import timezone

from members.ground.atomic import atomic_write, keep_for_the_end
from members.ground.login_names import user_named


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Who acts, from where and why."""

    user: Any = None
    address: str | None = None
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    reason: str = ""


_now: ContextVar[Circumstances | None] = ContextVar("circumstances", default=None)

# Fields whose values never reach the trail; that they changed does.
PROTECTED = {
    "password", "phone_sealed", "phone_digest", "id_digest", "digest", "content", "reading", "plan", "text", "note",
    "sign_in_code", "is_agreed", "lines", "left_out", "sentence", "body", "objection", "return_text", "secret_sealed",
    "old_secret_sealed", "secret_code", "home_text", "wishes", "asked_text", "reply", "declined_text", "ended_text",
}  # fmt: skip
MASK = "＊＊＊"


@contextmanager
def acting(user: Any = None, *, address: str | None = None, request_id: str = "", reason: str = "") -> Iterator[None]:
    """Record the writes within the block as this user's."""
    token = _now.set(Circumstances(user, address, request_id or uuid.uuid4().hex, reason))
    try:
        yield
    finally:
        _now.reset(token)


def circumstances() -> Circumstances:
    return _now.get() or Circumstances()


def actor() -> Any:
    """Return the acting user, None for the system itself or a visitor."""
    user = circumstances().user
    return user if user is not None and user.is_authenticated else None


class Audited(models.Model):
    """A model whose every save and delete leaves an entry in the same transaction.

    `from_db` keeps the loaded values, so that the entry can say what was there before.
    """

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        before = {} if self._state.adding else getattr(self, "_loaded", {})
        action = "create" if self._state.adding else "change"
        with atomic_write():
            super().save(*args, **kwargs)
            after = self._values(kwargs.get("update_fields"))
            if changes := differences(before, after):
                record(action, self, changes=changes)
        self._loaded = before | after

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row; rows deleted with it leave entries too, which a cascade of the database would not."""
        with atomic_write():
            for model, name in _following[type(self)]:
                for row in model._default_manager.filter(**{name: self}):
                    row.delete()
            record("delete", self)
            return super().delete(*args, **kwargs)

    def refresh_from_db(self, using: Any = None, fields: Any = None, from_queryset: Any = None) -> None:
        super().refresh_from_db(using, fields, from_queryset)
        self._loaded = getattr(self, "_loaded", {}) | self._values(fields)

    @classmethod
    def from_db(cls, db: Any, field_names: Any, values: Any, **fetching: Any) -> Self:
        row = super().from_db(db, field_names, values, **fetching)
        row._loaded = dict(zip(field_names, values, strict=False))
        return row

    def _values(self, names: Any = None) -> dict[str, Any]:
        deferred = self.get_deferred_fields()
        taken = [f.attname for f in self._meta.concrete_fields if names is None or {f.name, f.attname} & set(names)]
        return {name: getattr(self, name) for name in taken if name not in deferred}

    def audit_path(self) -> str:
        """Return the path of the row's area; it decides who may read the entry."""
        area = getattr(self, "area", None)
        return getattr(self, "path", "") or (area.path if area else "")

    def audit_paths(self) -> Iterable[str]:
        """Return the paths to write entries for: one in each street that the row concerns."""
        return [self.audit_path()]


_following: dict[type[models.Model], list[tuple[type[models.Model], str]]] = defaultdict(list)


def goes_with(target: type[models.Model], model: type[models.Model], field: str) -> None:
    """Say that rows of the model are deleted with the row of the target that they point at by this field."""
    if (model, field) not in _following[target]:
        _following[target].append((model, field))


def is_going_with(target: type[models.Model], model: type[models.Model], field: str) -> bool:
    return (model, field) in _following[target]


def differences(before: dict, after: dict) -> dict[str, list]:
    """Return {field: [old, new]} of what differs, protected values masked."""
    return {
        name: [_recorded(name, before.get(name)), _recorded(name, value)]
        for name, value in after.items()
        if value != before.get(name) and name != "last_login"
    }


def record(
    action: str,
    row: Any = None,
    *,
    changes: dict | None = None,
    path: str | Iterable[str] | None = None,
    reason: str = "",
    by: Any = None,
) -> None:
    """Add an entry to the trail within the caller's transaction: one in each street that it concerns.

    `row` is a model instance, or a model class for a list of its rows. `path` is the area's where the row has none, or
    one path in each street. `by` is the acting user where `acting` does not know them yet, as at a login.
    """
    entries = apps.get_model("members.AuditEntry")
    now = circumstances()
    values = {
        "at": timezone.now(),
        "user": by or actor(),
        "action": action,
        "model": row._meta.label if row is not None else "",
        "row": str(getattr(row, "pk", "") or "") if isinstance(row, models.Model) else "",
        "changes": changes or {},
        "address": plain_address(now.address),
        "request_id": now.request_id,
        "reason": reason or now.reason,
    }
    for place in [path] if isinstance(path, str) else path or _paths_of(row):
        entry = entries(**values, area_path=place)
        entry.concerns = row
        if not keep_for_the_end(entry):
            entries.objects.extend([entry])


def chain_hash(previous: str, values: dict, key: str) -> str:
    """Return the hash that binds an entry's values to the hash before it, under a key that is in no database."""
    packed = orjson.dumps(values, option=orjson.OPT_SORT_KEYS, default=str)
    return hmac.digest(key.encode(), previous.encode() + packed, "sha256").hex()


def fits(previous: str, values: dict, found: str) -> bool:
    """Whether this is the hash of the values, under the key of today or one used before."""
    keys = (settings.LOUZU_AUDIT_KEY, *settings.LOUZU_AUDIT_KEYS_OLD)
    return any(hmac.compare_digest(chain_hash(previous, values, key).encode(), found.encode()) for key in keys)


def listen_to_logins() -> None:
    """Record logins, failures and lock-outs; Django and axes report them by signals only."""
    user_logged_in.connect(_logged("login"), weak=False, dispatch_uid="audit.login")
    user_logged_out.connect(_logged("logout"), weak=False, dispatch_uid="audit.logout")
    user_login_failed.connect(_refused("login_failed"), weak=False, dispatch_uid="audit.login_failed")
    user_locked_out.connect(_refused("locked_out"), weak=False, dispatch_uid="audit.locked_out")


def _logged(action: str) -> Callable[..., None]:
    def receive(sender: Any, request: Any, user: Any, **_: Any) -> None:
        if user is not None:
            with atomic_write():
                record(action, user, by=user)

    return receive


def _refused(action: str) -> Callable[..., None]:
    def receive(sender: Any, credentials: Any = None, username: Any = None, **_: Any) -> None:
        name = str(username or (credentials or {}).get("username") or "")
        user = user_named(name)
        with atomic_write():
            record(action, user, changes={"username": name if user else MASK})

    return receive


def plain_address(address: str | None) -> str | None:
    """Return an address in the one form that both databases give back; None for text that is no address."""
    try:
        plain = ip_address(address or "")
    except ValueError:
        return None
    return str(getattr(plain, "ipv4_mapped", None) or plain)


def _paths_of(row: Any) -> Iterable[str]:
    return row.audit_paths() if isinstance(row, Audited) and row.pk else [""]


def _recorded(name: str, value: Any) -> Any:
    if name in PROTECTED and value not in (None, ""):
        return MASK
    return value if value is None or isinstance(value, bool | int | str) else str(value)
