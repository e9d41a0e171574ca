"""The manual in the portal: its chapters, those that are searched for, the same on paper."""

from urllib.parse import quote

from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from feedback.models.units import employers_of
from louzu.documents.manual import FOR_UNITS, Chapter, chapters, found
from louzu.documents.pages import chapter_of
from members.web.shell import page

LONGEST = 60
TOO_LONG = f"要找的内容太长了，请只写几个字（最多 {LONGEST} 个）。"
TITLES = {"manual": "使用手册", "interface": "单位接口指南"}
ADDRESSES = {"manual": "help", "interface": "help_interface"}


@require_GET
def show(request, book):
    """Show a book, or what is found in it; `page`, the name of a page, leads to the chapter about that page."""
    if "page" in request.GET:
        chapter = chapter_of(request.GET["page"])
        return redirect(f"{reverse(ADDRESSES[book])}#{quote(chapter)}")
    words = request.GET.get("q", "").strip()
    problem = TOO_LONG if len(words) > LONGEST else ""
    known = _open_to(request.user, book)
    shown = found(known, words) if words and not problem else known
    context = {"book": book, "chapters": shown, "words": words[:LONGEST], "longest": LONGEST, "problem": problem}
    return page(request, "louzu/manual.html", title=TITLES[book], address=ADDRESSES[book], **context)


@require_GET
def printed(request, book):
    """Show the whole book without a menu."""
    context = {"title": TITLES[book], "address": ADDRESSES[book], "chapters": _open_to(request.user, book)}
    return render(request, "louzu/manual_print.html", context)


def _open_to(user, book: str) -> list[Chapter]:
    """Return the book's chapters; an employer's contact has those of the manual that are about their pages."""
    if book != "manual" or user.is_staff or not employers_of(user).exists():
        return chapters(book)
    return [chapter for chapter in chapters(book) if chapter.name in FOR_UNITS]
