"""What the pages of every uploaded workbook have in common: finding it, and doing one step of it."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from members.ground.sealing import KeyLost
from members.ground.states import Conflict
from members.models.uploads import Upload
from members.roster import refusal
from members.roster.stages import NotReady

U = TypeVar("U", bound=Upload)
View = Callable[[HttpRequest, int], HttpResponse]


def of_kept_file(leads_to: str) -> Callable[[View], View]:
    """Make a page of what was kept of a file lead to this list where the key of it was changed meanwhile."""

    def of(view: View) -> View:
        @wraps(view)
        def answer(request: HttpRequest, pk: int) -> HttpResponse:
            try:
                return view(request, pk)
            except KeyLost:
                messages.error(request, refusal.KEY_LOST)
                return redirect(leads_to)

        return answer

    return of


def find_upload(model: type[U], request: HttpRequest, pk: int) -> U:
    """Return the upload, if it is in the user's scope; one whose worker is silent is marked as failed."""
    uploads = model.objects.for_user(request.user)
    uploads.filter(pk=pk).bury_the_silent()
    return get_object_or_404(uploads.select_related("area", "user"), pk=pk)


def do_step(request: HttpRequest, act: Callable[[], object]) -> None:
    """Do one step; a refusal becomes a message."""
    try:
        act()
    except (NotReady, Conflict) as reason:
        messages.error(request, str(reason))
    except IntegrityError:
        messages.error(request, "正好有别人在改这些资料，什么都没有改变。请刷新页面，再试一次。")
