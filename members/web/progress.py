"""Background work as a page shows it: how far it is, polled until it is done."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@dataclass(frozen=True, slots=True)
class Progress:
    """`work` is a row with `is_busy`, `progress` (per cent) and `beat_at` (None until a worker has begun).

    `sentence` says what is being done; `address` is the URL of the moving part, `place` that of the page to go back to.
    """

    work: Any
    sentence: str
    address: str
    place: str


def moving_part(request: HttpRequest, progress: Progress) -> HttpResponse:
    """Answer with the moving part of the page; once the work is done, the page reloads itself."""
    response = render(request, "progress.html", {"progress": progress})
    if not progress.work.is_busy:
        response["HX-Refresh"] = "true"
    return response
