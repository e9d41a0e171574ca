"""What the roster's pages have in common: finding the import, and doing one step of it."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from members.ground.sealing import KeyLost
from members.ground.states import Conflict
from members.models import RosterImport
from members.roster import refusal, steps

View = Callable[[HttpRequest, int], HttpResponse]


def of_kept_file(view: View) -> View:
    """Make a page of what was kept of a file lead back to the list where the key of it was changed meanwhile."""

    @wraps(view)
    def answer(request: HttpRequest, pk: int) -> HttpResponse:
        try:
            return view(request, pk)
        except KeyLost:
            messages.error(request, refusal.KEY_LOST)
            return redirect("members:roster_index")

    return answer


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
