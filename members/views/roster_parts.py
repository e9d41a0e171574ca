"""What the roster's pages have in common: finding the import, and doing one step of it."""

from collections.abc import Callable

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from members.ground.states import Conflict
from members.models import RosterImport
from members.roster import steps


def found(request: HttpRequest, pk: int) -> RosterImport:
    """Return the import, if it is in the user's scope; one whose worker is silent is marked as failed."""
    imports = RosterImport.objects.for_user(request.user)
    imports.filter(pk=pk).bury_the_silent()
    return get_object_or_404(imports.select_related("area", "user"), pk=pk)


def do_step(request: HttpRequest, act: Callable[[], object]) -> None:
    """Do one step; a refusal becomes a message."""
    try:
        act()
    except (steps.NotReady, Conflict) as reason:
        messages.error(request, str(reason))
    except IntegrityError:
        messages.error(request, "正好有别人在改这些资料，什么都没有改变。请刷新页面，再试一次。")
