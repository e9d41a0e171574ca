"""The page of a need: claiming it, and its further transitions."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import messages
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from activities.forms.needs import PK, ClaimForm
from activities.models import Need
from activities.models.needs import EMPTIED
from activities.rules import needing
from activities.rules.needing import MOST_CLAIMANTS, residents
from activities.views.needs import cards, readable
from members.models import User
from members.rules.finding import named
from members.web.acts import done, tried, writable
from members.web.returning import way_back
from members.web.shell import page

MOST_LISTED = 12
NEAR = {4: "同楼组", 3: "同小区", 2: "同社区", 1: "本街道"}
TRANSITIONS: dict[str, tuple[Callable[[Need], None], str]] = {
    "unclaim": (Need.unclaim, "已取消认领，回到“待认领”。"),
    "finish": (Need.finish, "已办结。"),
    "withdraw": (Need.withdraw, "已撤回。撤错了，点“恢复”。"),
    "resume": (Need.resume, "已恢复。"),
}


@dataclass(slots=True)
class Candidate:
    """A member who could claim the need, and how near they live."""

    member: Any
    nearness: str
    is_ticked: bool


def need(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a need with the members to ask and the next steps; claim it."""
    form = ClaimForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST" and _claimed(request, form, pk):
        messages.success(request, "已登记认领。办好以后点“已办结”。")
        return redirect("activities:need", pk)
    row = get_object_or_404(readable(request.user), pk=pk)
    (card,) = cards(request.user, [row])
    is_claimable = card.is_writable and row.status == Need.Status.OPEN
    context = {"card": card, "need": row, "form": form, "is_emptied": row.text == EMPTIED}
    context |= _candidates(request, row) if is_claimable else {}
    return page(request, "activities/need.html", title="群众需求", is_claimable=is_claimable, **context)


@require_POST
def transition(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Make one of the transitions that need no input."""
    row = writable(request, Need, pk, "area")
    act, sentence = TRANSITIONS[name]
    if tried(request, lambda: act(row)):
        messages.success(request, sentence)
    return redirect(way_back(request, "activities:need", pk))


def _claimed(request: HttpRequest, form: ClaimForm, pk: int) -> bool:
    row, user = writable(request, Need, pk, "area"), cast(User, request.user)
    return form.is_valid() and done(form, lambda: needing.claim(row, user=user, **form.cleaned_data))


def _candidates(request: HttpRequest, row: Need) -> dict[str, Any]:
    """Return the page's candidates: members with the skill, nearest first, and members found by name or ticked."""
    words = request.GET.get("q", "").strip()[:30]
    ticked = {int(pk) for pk in (request.POST or request.GET).getlist("members")[:MOST_CLAIMANTS] if PK.match(pk)}
    nearest = list(row.suggestions(residents(request.user), timezone.localdate())[: MOST_LISTED + 1])
    suggested = nearest[:MOST_LISTED]
    above = {member.pk for member in suggested}
    found = _searched(request.user, words, ticked - above)
    return {
        "suggested": _as_candidates(row, suggested, ticked),
        "are_more": len(nearest) > MOST_LISTED,
        "found": _as_candidates(row, [member for member in found if member.pk not in above], ticked),
        "above": [member.name for member in found if member.pk in above],
        "is_unknown": words and not any(member.is_named for member in found),
        "words": words,
    }


def _searched(user: Any, words: str, ticked: set[int]) -> list[Any]:
    """Return the members of this name and the ticked ones, so that searching keeps every tick."""
    people = residents(user).annotate(is_named=ExpressionWrapper(named(words), BooleanField()))
    return list(people.filter(named(words) | Q(pk__in=ticked)).order_by("pinyin", "pk")[: MOST_LISTED + MOST_CLAIMANTS])


def _as_candidates(row: Need, members: Iterable[Any], ticked: set[int]) -> list[Candidate]:
    return [Candidate(member, _nearness(row, member.home_path), member.pk in ticked) for member in members]


def _nearness(row: Need, path: str) -> str:
    """Return the label of the smallest area that contains both the home and the need's area."""
    shared = (level for level in NEAR if row.area.level >= level and path.startswith(row.area.path[: 4 * level]))
    return NEAR.get(next(shared, 0), "")
