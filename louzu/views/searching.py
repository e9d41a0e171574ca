"""The page that searches, and what the box opened by Ctrl+K shows of it."""

from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from louzu.rules.searching import LONGEST, FoundGroup, FoundKind, FoundRow, search
from members.ground import access
from members.ground.access import Resource
from members.models import Area
from members.web.shell import page

HEADINGS = {
    FoundKind.PEOPLE: ("党员", "person", "admin:members_member_changelist"),
    FoundKind.PLACES: ("地方", "location_on", "admin:members_area_changelist"),
    FoundKind.ACTIVITIES: ("活动", "event_available", "admin:activities_activity_changelist"),
    FoundKind.EMPLOYERS: ("单位", "corporate_fare", "admin:members_employer_changelist"),
    FoundKind.USERS: ("用户", "badge", "admin:members_user_changelist"),
    FoundKind.PAGES: ("页面", "menu", ""),
}
ADDRESSES = {
    FoundKind.PEOPLE: "person",
    FoundKind.ACTIVITIES: "activities:activity",
    FoundKind.EMPLOYERS: "admin:members_employer_change",
    FoundKind.USERS: "admin:members_user_change",
}


class ShownRow(NamedTuple):
    title: str
    note: str
    address: str


class ShownGroup(NamedTuple):
    """A kind's rows with their addresses; `all_at` is the list with the same search, "" where no more are found."""

    heading: str
    icon: str
    rows: list[ShownRow]
    all_at: str


@require_GET
def show(request):
    """Show what was found, by kind; with scripts or without."""
    return page(request, "louzu/search.html", title="查找", **_found(request, request.GET.get("q", "")))


@require_GET
def palette(request):
    """Answer the box opened by Ctrl+K, in place of the theme's own view, which keeps names in the cache."""
    return render(request, "louzu/search_palette.html", _found(request, request.GET.get("s", "")))


def _found(request, words: str) -> dict:
    try:
        groups = search(request.user, words)
    except ValidationError as refusal:
        return {"words": words[:LONGEST], "problem": refusal.messages[0], "longest": LONGEST}
    shown = [_shown(request.user, group, words) for group in groups]
    return {"words": words, "groups": shown, "longest": LONGEST}


def _shown(user, group: FoundGroup, words: str) -> ShownGroup:
    heading, icon, listed = HEADINGS[group.kind]
    rows = [ShownRow(row.title, row.note, row.address or _address(user, group.kind, row)) for row in group.rows]
    all_at = reverse(listed, query={"q": words}) if group.has_more and listed else ""
    return ShownGroup(heading, icon, rows, all_at)


def _address(user, kind: FoundKind, row: FoundRow) -> str:
    if kind != FoundKind.PLACES:
        return reverse(ADDRESSES[kind], args=[row.id])
    if row.level == Area.Level.BUILDING_GROUP and access.can(user, Resource.HOUSEHOLD):
        return reverse("members:building", args=[row.id])
    return reverse("coverage" if access.can(user, Resource.REPORT) else "admin:members_area_change", args=[row.id])
