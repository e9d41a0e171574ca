"""Work that goes on in the background, as a page shows it: how far it is, asked for again until it is done."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@dataclass(frozen=True, slots=True)
class Progress:
    """`work` is a row with `is_busy`, `progress` (per cent) and `beat_at`, none before a worker has begun.

    `sentence` says what is being done, `address` gives this part of the page anew, `place` is the way back.
    """

    work: Any
    sentence: str
    address: str
    place: str


def moving_part(request: HttpRequest, progress: Progress) -> HttpResponse:
    """Answer with the moving part of the page; once there is something to see, the page loads itself anew."""
    response = render(request, "progress.html", {"progress": progress})
    if not progress.work.is_busy:
        response["HX-Refresh"] = "true"
    return response
