"""What views that write share: the row or a refusal, and one way to do a thing."""

from collections.abc import Callable
from typing import TypeVar

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from members.access import Right
from members.atomic import atomic_write
from members.models.moves import Conflict

M = TypeVar("M", bound=models.Model)


def writable(request: HttpRequest, model: type[M], pk: int) -> M:
    """Return the row: 404 outside the scope, 403 inside it without the right to write."""
    row = get_object_or_404(model._default_manager.for_user(request.user), pk=pk)  # type: ignore[attr-defined]
    if not model._default_manager.for_user(request.user, Right.WRITE).filter(pk=pk).exists():  # type: ignore[attr-defined]
        raise PermissionDenied
    return row


def done(form: forms.BaseForm, act: Callable[[], object]) -> bool:
    """Do it in one transaction; what a rule forbids becomes the form's error."""
    try:
        with atomic_write():
            act()
    except ValidationError as error:
        form.add_error(None, error)
    except Conflict as reason:
        form.add_error(None, str(reason))
    else:
        return True
    return False


def tried(request: HttpRequest, act: Callable[[], object]) -> bool:
    """Do it in one transaction; what stands against it becomes a message."""
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
