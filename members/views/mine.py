"""The page of a user's own writes of the last 24 hours."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from members.models import User
from members.rules import own_writes
from members.web.acts import numbers
from members.web.shell import page


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """Show what the user wrote, newest first, each with its way back or why there is none."""
    before = next(iter(numbers([request.GET.get("before", "")])), None)
    acts, older = own_writes.acts_of(cast(User, request.user), before=before)
    return page(request, "members/mine.html", title="我今天做的", acts=acts, older=older, is_later=before is not None)
