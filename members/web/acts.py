"""What views that write share: finding the row, and running a rule in a transaction."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from members.ground.access import Right
from members.ground.atomic import atomic_write
from members.ground.states import Conflict

M = TypeVar("M", bound=models.Model)


def writable(request: HttpRequest, model: type[M], pk: int, *related: str) -> M:
    """Return the row with what it is `related` to: 404 outside the scope, 403 inside it without the right to write."""
    rows: Any = model._default_manager
    row = rows.for_user(request.user, Right.WRITE).select_related(*related).filter(pk=pk).first()
    if row is None:
        get_object_or_404(rows.for_user(request.user), pk=pk)
        raise PermissionDenied
    return row


def done(form: forms.BaseForm, act: Callable[[], object]) -> bool:
    """Run `act` in one transaction and return whether it worked; a rule's error becomes the form's."""
    try:
        with atomic_write():
            act()
    except ValidationError as error:
        add_errors(form, error)
    except Conflict as reason:
        form.add_error(None, str(reason))
    else:
        return True
    return False


def add_errors(form: forms.BaseForm, error: ValidationError) -> None:
    """Put what a rule refuses beside the fields it names; what the form does not ask for stands above it."""
    by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    for name, sentences in by_field.items():
        form.add_error(name if name in form.fields else None, sentences)


def tried(request: HttpRequest, act: Callable[[], object]) -> bool:
    """Run `act` in one transaction and return whether it worked; a rule's error becomes a message."""
    try:
        with atomic_write():
            act()
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    except Conflict as reason:
        messages.error(request, str(reason))
    else:
        return True
    return False


def numbers(texts: Iterable[str]) -> set[int]:
    """Return the ids among posted texts; anything else is left out."""
    return {int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19}
