"""The roster's pages on columns: what they mean, and the way back to that question."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from members.forms.roster_columns import RosterColumnsForm
from members.models import RosterImport, User
from members.roster import job, steps
from members.roster.stored import unseal_heads
from members.views.roster_parts import do_step, found, of_kept_file
from members.web.shell import page
from members.work.jobs import enqueue


def columns_page(request: HttpRequest, upload: RosterImport, form: RosterColumnsForm | None = None) -> HttpResponse:
    """Show every column with some values, what it was taken for, and a select to change that."""
    form = form or RosterColumnsForm(asked=unseal_heads(upload.reading), hidden_sheets=upload.hidden_sheets)
    title = f"这些列是什么：{upload.file_name}"
    return page(request, "members/roster_columns.html", title=title, upload=upload, form=form)


@require_POST
@of_kept_file
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Take what was chosen, and read the file by it."""
    upload = found(request, pk)
    if upload.status != RosterImport.Status.COLUMNS:
        messages.error(request, "这份花名册的列已经认好了。")
        return redirect("members:roster", pk)
    form = RosterColumnsForm(request.POST, asked=unseal_heads(upload.reading))
    if not form.is_valid():
        return columns_page(request, upload, form)
    hidden = form.cleaned_data.get("hidden_sheets", upload.hidden_sheets)
    do_step(
        request,
        lambda: steps.columns_step(
            upload, form.choices(), user=cast(User, request.user), hidden_sheets=hidden, then=_read
        ),
    )
    return redirect("members:roster", pk)


@require_POST
@of_kept_file
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Go back from the preview to the columns."""
    upload = found(request, pk)
    do_step(request, lambda: steps.ask_columns_step(upload, user=cast(User, request.user), then=_read))
    return redirect("members:roster", pk)


def _read(upload: RosterImport) -> None:
    enqueue(job.read_roster_import, upload.pk)
