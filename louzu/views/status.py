"""The page on how the installation is: what is to be done, in words, and what is well."""

from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from louzu.rules import health
from members.ground import access
from members.ground.access import Resource
from members.models import User
from members.web.shell import page


def show(request: HttpRequest) -> HttpResponse:
    """Show the findings, the worst first. An office reads words; what names hosts and paths is for the superuser."""
    user = cast(User, request.user)
    if not access.can(user, Resource.STATUS):
        raise PermissionDenied
    rows = sorted(health.found(viewer=user), key=lambda each: -each.finding.state)
    return page(request, "louzu/status.html", title="系统状态", rows=rows, shows_details=access.sets_up(user))
