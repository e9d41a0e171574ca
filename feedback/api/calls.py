"""The base of every call by an employer's system: order of checks, transaction, audit entries, JSON."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from typing import Any, cast

import orjson
from django.core.exceptions import ValidationError as DjangoValidationError
from django.http import Http404, HttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from feedback.api.keys import HoldsKey, KeyAuthentication
from feedback.api.problems import (
    AddressRefused,
    KeyMissing,
    KeyReusedProblem,
    ScopeMissing,
    UnknownParameter,
    as_problems,
)
from feedback.api.throttling import AddressThrottle, RateLimited
from feedback.models import EmployerKey, RecordCard, Replay, Scope
from feedback.models.counterparts import Counterpart
from feedback.models.replays import KeyReused, Reply, is_key
from feedback.rules import receiving
from members.api.viewsets import OnRecord
from members.ground import audit
from members.ground.atomic import atomic_write
from members.web.problems import TooLarge, refused

LARGEST = 64 * 1024
JSON = "application/json"


class EmployerCall(RateLimited, OnRecord):
    """A call by a key. It checks size, key, throttle and scope, then the input, and then opens the transaction.

    `parameters` is the serializer of what may stand in its address.
    """

    authentication_classes = [KeyAuthentication]
    permission_classes = [HoldsKey]
    scope: Scope | None = None
    parameters: type[Serializer] | None = None
    largest = LARGEST

    @property
    def key(self) -> EmployerKey:
        return cast(EmployerKey, self.request.auth)

    @property
    def counterpart(self) -> Counterpart:
        """The employer and street of the key; the call reaches nothing else."""
        return self.key.counterpart

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if _length(request) > self.largest:
            self.count(AddressThrottle())
            raise TooLarge
        super().initial(request, *args, **kwargs)
        if self.scope and self.scope not in self.key.scopes:
            raise ScopeMissing(self.scope)
        self._check_parameters(request)

    def _check_parameters(self, request: Request) -> None:
        if not hasattr(self, str(request.method).lower()):
            return  # the method is not allowed, whatever the address says
        is_read = request.method in SAFE_METHODS
        known = sorted(self.parameters().fields) if self.parameters and is_read else []
        for name in request.query_params:
            if name not in known:
                raise UnknownParameter(name, known)

    def perform_authentication(self, request: Request) -> None:
        """Name the key in the audit entries of this call, as there is no user."""
        super().perform_authentication(request)
        if isinstance(request.auth, EmployerKey):
            now, reason = audit.circumstances(), f"密钥 {request.auth.shown}"
            self.while_called.enter_context(
                audit.acting(None, address=now.address, request_id=now.request_id, reason=reason)
            )

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, DjangoValidationError):
            exc = ValidationError(refused(exc))
        if isinstance(exc, ValidationError):
            exc.status_code = 422
        response = super().handle_exception(exc)
        if response.status_code == 403:  # before that, a call that is too large asks for no key
            key = exc.key if isinstance(exc, AddressRefused) else self.request.auth
            if isinstance(key, EmployerKey):
                with atomic_write():
                    audit.record("refuse", changes={"call": self._call()}, path=key.street.path)
        return response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        final = super().finalize_response(request, response, *args, **kwargs)
        key = getattr(request, "auth", None) if self.allowance and self.allowance.policy == "key" else None
        if isinstance(key, EmployerKey) and key.ends_soon():
            final["Louzu-Key-Expires"] = key.expires_at.astimezone(UTC).isoformat(timespec="seconds")
        return final

    def body(self, serializer: type[Serializer]) -> dict[str, Any]:
        """Return the validated body; ValidationError (422)."""
        return self._valid(serializer(data=self.request.data, context={"request": self.request}))

    def query(self) -> dict[str, Any]:
        """Return the validated parameters of a call that has some; ValidationError (422)."""
        assert self.parameters
        return self._valid(self.parameters(data=self.request.query_params.dict(), context={"request": self.request}))

    def _valid(self, serializer: Serializer) -> dict[str, Any]:
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def card(self, number: str) -> RecordCard:
        """Return the card with this number, withdrawn or not; 404 where it was not issued to the key's counterpart."""
        cards = receiving.issued_to(self.counterpart).filter(number=number)
        card = cards.only("status", "number", "employer", "street").first()
        if card is None:
            raise Http404
        return card

    @contextmanager
    def on_card(self, number: str) -> Iterator[RecordCard]:
        """Open a transaction on the card with this number; rule errors become problem responses."""
        with atomic_write():
            card = self.card(number)
            with as_problems(card):
                yield card

    def once(self, act: Callable[[], Reply]) -> HttpResponse:
        """Run `act` once for each Idempotency-Key, and repeat its reply; KeyMissing or KeyReusedProblem."""
        key, http = self.request.headers.get("Idempotency-Key", ""), self.request._request
        if not is_key(key):
            raise KeyMissing
        whole = f"{http.method} {http.path}\n".encode() + http.body
        digest = hashlib.sha256(whole).hexdigest()
        try:
            with atomic_write():
                reply = Replay.objects.once(act, counterpart=self.counterpart, key=key, request=digest)
        except KeyReused as error:
            raise KeyReusedProblem from error
        more = {"Idempotent-Replayed": "true"} if reply.is_replayed else {}
        return HttpResponse(reply.body, status=reply.status, content_type=JSON, headers=more)


def json_response(value: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(json_bytes(value), status=status, content_type=JSON)


def json_bytes(value: Any) -> bytes:
    return orjson.dumps(value)


def _length(request: Request) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text[:20]) if text.isdecimal() else 0
