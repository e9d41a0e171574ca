"""The roster's pages on columns: what they mean, and the way back to that question."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from members.forms.roster_columns import RosterColumnsForm
from members.models import RosterImport, User
from members.roster import job, stages
from members.roster.stored import unseal_heads
from members.web.uploads import columns_page, do_step, find_upload, of_kept_file
from members.work.jobs import enqueue


def show_columns(request: HttpRequest, upload: RosterImport, form: RosterColumnsForm | None = None) -> HttpResponse:
    """Show the columns page of a roster, at first or with what was wrong."""
    form = form or RosterColumnsForm(asked=unseal_heads(upload.reading), hidden_sheets=upload.hidden_sheets)
    return columns_page(request, upload, form, step="members:roster")


@require_POST
@of_kept_file("members:roster_index")
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Take what was chosen, and read the file by it."""
    upload = find_upload(RosterImport, request, pk)
    if upload.status != RosterImport.Status.COLUMNS:
        messages.error(request, "这份花名册的列已经认好了。")
        return redirect("members:roster", pk)
    form = RosterColumnsForm(request.POST, asked=unseal_heads(upload.reading))
    if not form.is_valid():
        return show_columns(request, upload, form)
    hidden = form.cleaned_data.get("hidden_sheets", upload.hidden_sheets)
    do_step(
        request,
        lambda: stages.columns_step(
            upload, form.choices(), user=cast(User, request.user), hidden_sheets=hidden, then=_read
        ),
    )
    return redirect("members:roster", pk)


@require_POST
@of_kept_file("members:roster_index")
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Go back from the preview to the columns."""
    upload = find_upload(RosterImport, request, pk)
    do_step(request, lambda: stages.ask_columns_step(upload, user=cast(User, request.user), then=_read))
    return redirect("members:roster", pk)


def _read(upload: RosterImport) -> None:
    enqueue(job.read_roster_import, upload.pk)
