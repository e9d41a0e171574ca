"""What the pages of every uploaded workbook have in common: finding it, a step of it, the file with its errors."""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import TypeVar

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db import IntegrityError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from members.ground.atomic import atomic_write
from members.ground.audit import record
from members.ground.sealing import KeyLost
from members.ground.states import Conflict
from members.models.uploads import Upload
from members.roster import refusal
from members.roster.errorbook import Marked, mark
from members.roster.refusal import UnreadableFile
from members.roster.stages import NotReady
from members.web.files import download
from members.web.shell import page

U = TypeVar("U", bound=Upload)
RECENT = 20
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


def recent(model: type[U], request: HttpRequest) -> Page[U]:
    """Return a page of the user's uploads, the newest first; those whose time is over are emptied."""
    uploads = model.objects.for_user(request.user)
    uploads.bury_the_silent()
    uploads.forget_expired()
    return Paginator(uploads.select_related("area", "user").light(), RECENT).get_page(request.GET.get("p"))


def columns_page(request: HttpRequest, upload: Upload, form: Form, *, step: str) -> HttpResponse:
    """Show every column with some values, what it was taken for, and a select to change that.

    `step` is what the names of the upload's pages begin with.
    """
    addresses = {name: reverse(f"{step}_{name}", args=[upload.pk]) for name in ("columns", "discard")}
    title = f"这些列是什么：{upload.file_name}"
    return page(request, "members/roster_columns.html", title=title, upload=upload, form=form, addresses=addresses)


def marked_book(
    request: HttpRequest, upload: Upload, problems: Iterable[Marked], heading_rows: Mapping[str, int], *, rows: int
) -> HttpResponse | None:
    """Answer with the user's own file, its errors marked; None, with a message, where it cannot be. `rows` is for the
    trail."""
    try:
        content = mark(upload.file, problems, heading_rows)
    except UnreadableFile as refused:
        messages.error(request, refused.sentence)
        return None
    with atomic_write():
        record("export", upload, path=upload.area.path, changes={"rows": rows}, reason="下载错误表")
    return download(content, f"错误说明-{upload.pk}.xlsx")


def do_step(request: HttpRequest, act: Callable[[], object]) -> None:
    """Do one step; a refusal becomes a message."""
    try:
        act()
    except (NotReady, Conflict) as reason:
        messages.error(request, str(reason))
    except IntegrityError:
        messages.error(request, "正好有别人在改这些资料，什么都没有改变。请刷新页面，再试一次。")
