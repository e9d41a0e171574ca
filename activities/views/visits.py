"""Visits of pairings from a phone: one button per kind of contact records a visit of today."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from activities.forms.visits import SIDES, TapForm, VisitForm
from activities.models import Visit
from activities.models.visits import LONG_AGO, REVERSIBLE, unvisited
from activities.rules import visiting
from members.ground import access
from members.ground.access import Resource
from members.ground.rooms import fold_room
from members.models import Pairing, Residence, User
from members.models.households import PairingQuerySet
from members.rules.finding import named
from members.web.acts import done, tried, writable
from members.web.places import places
from members.web.returning import way_back
from members.web.shell import page

PAGE = 30
FEW = 8
MOST_WORDS = 5
BY_ROOM = ("household__area__path", "household__unit", "household__floor", "household__number", "pk")


@dataclass(slots=True)
class PairingCard:
    """A pairing as a card: the members of its household, the last visit, and today's visits by kind."""

    pairing: Pairing
    people: list[str]
    last: date | None
    today: dict[str, Visit]

    @property
    def buttons(self) -> list[tuple[str, str, Visit | None]]:
        """Each kind of contact with its label and today's visit of that kind, if there is one."""
        return [(value, label, self.today.get(value)) for value, label in Visit.Kind.choices]

    @property
    def ago(self) -> str:
        if self.last is None:
            return "还没有走访过"
        days = (timezone.localdate() - self.last).days
        return f"上次走访 {days} 天前" if days > 0 else "今天走访过"


def visits(request: HttpRequest) -> HttpResponse:
    """Show the current pairings of the user's scope by room; a tap records a visit of today."""
    return _cards_page(request, _pairings(request), "activities/visits.html", title="记走访")


def overdue(request: HttpRequest) -> HttpResponse:
    """Show the pairings without a visit for 90 days; a tap records a visit of today."""
    late = _pairings(request).filter(unvisited(timezone.localdate()))
    return _cards_page(request, late, "activities/unvisited.html", title=f"{LONG_AGO.days} 天没有走访的结对")


def pairing(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the visits of a pairing; record one of any day, with a note."""
    pair = _pairing(request, pk)
    form = VisitForm(request.POST or None, instance=Visit(pairing=pair))
    if form.is_valid() and done(form, lambda: _record(form, pair)):
        messages.success(request, _sentence(form))
        return redirect("activities:pairing_visits", pk)
    history = Paginator(pair.visits.all(), PAGE).get_page(request.GET.get("p"))
    people = _people(request.user, [pair]).get((pair.household.area_id, pair.household.room), [])
    context: dict[str, Any] = {"pairing": pair, "people": people, "form": form, "history": history}
    return page(request, "activities/pairing_visits.html", title="走访记录", **context)


def visit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct the day, kind or note of a visit."""
    contact = writable(request, Visit, pk, *(f"pairing__{side}" for side in SIDES))
    is_reversible = contact.is_reversible
    form = VisitForm(request.POST or None, instance=contact)
    if form.is_valid() and done(form, lambda: visiting.mend(contact, **form.cleaned_data)):
        messages.success(request, f"已改好：{contact.visited_on} {contact.get_kind_display()}。")
        return redirect("activities:pairing_visits", contact.pairing_id)
    context: dict[str, Any] = {"visit": contact, "form": form, "is_reversible": is_reversible, "days": REVERSIBLE.days}
    return page(request, "activities/visit.html", title="修改走访", **context)


@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a visit recorded by mistake; one older than 7 days can only be corrected."""
    contact = writable(request, Visit, pk, "pairing")
    if tried(request, lambda: visiting.take_back(contact)):
        messages.success(request, f"已撤销 {contact.visited_on} 的走访（{contact.get_kind_display()}）。")
    return redirect(way_back(request, "activities:pairing_visits", contact.pairing_id))


def _pairings(request: HttpRequest) -> PairingQuerySet:
    if not access.can(cast(User, request.user), Resource.HOUSEHOLD):
        raise PermissionDenied
    return Pairing.objects.for_user(request.user).current()


def _pairing(request: HttpRequest, pk: int) -> Pairing:
    if request.method == "POST":
        return writable(request, Pairing, pk, *SIDES)
    return get_object_or_404(Pairing.objects.for_user(request.user).select_related(*SIDES), pk=pk)


def _cards_page(request: HttpRequest, pairings: Any, template: str, *, title: str) -> HttpResponse:
    """Show a page of pairings as cards; record the visit tapped on one of them."""
    form = TapForm(request.POST or None, user=request.user)
    if form.is_valid() and done(form, lambda: _record(form, form.cleaned_data["pairing"])):
        return redirect(_url_after_tap(request, form))
    where, words = places(request, Resource.HOUSEHOLD), request.GET.get("q", "").strip()[:60]
    late: Any = _pairings(request).filter(unvisited(timezone.localdate()))
    if where.chosen:
        pairings, late = pairings.inside(where.chosen), late.inside(where.chosen)
    found = _found(request.user, pairings, words).select_related(*SIDES).order_by(*BY_ROOM)
    pairs = Paginator(found, PAGE).get_page(request.GET.get("p"))
    context: dict[str, Any] = {"places": where, "words": words, "late": late.count(), "days": LONG_AGO.days}
    context |= {"form": form, "shown": pairs, "cards": _cards(request.user, pairs), "tapped": _tapped(request)}
    context |= {"today": timezone.localdate(), "is_long": bool(words) or pairs.paginator.count > FEW}
    return page(request, template, title=title, **context)


def _found(user: Any, pairings: QuerySet, words: str) -> QuerySet:
    """Filter the pairings to those where each word is part of a room, a name or an area's label."""
    residents = Residence.objects.for_user(user).current()
    residents = residents.filter(area=OuterRef("household__area"), room=OuterRef("household__room"))
    for word in words.split()[:MOST_WORDS]:
        text = fold_room(word)
        matches = Q(Exists(residents.filter(named(word, "member__"))))
        for side in ("household", "neighbour"):
            matches |= Q(**{f"{side}__room__contains": text}) | Q(**{f"{side}__name__contains": word})
            matches |= Q(**{f"{side}__area__label__contains": word})
        pairings = pairings.filter(matches)
    return pairings


def next_cards(user: Any, count: int) -> list[PairingCard]:
    """Return as cards the pairings of the user's scope that have waited longest for a visit."""
    last = Visit.objects.filter(pairing=OuterRef("pk")).order_by("-visited_on").values("visited_on")[:1]
    waiting = Pairing.objects.for_user(user).current().annotate(last=Subquery(last))
    return _cards(user, waiting.select_related(*SIDES).order_by(F("last").asc(nulls_first=True), *BY_ROOM)[:count])


def _cards(user: Any, pairings: Iterable[Pairing]) -> list[PairingCard]:
    """Return the pairings as cards, in three queries however many there are."""
    pairs = list(pairings)
    people, latest = _people(user, pairs), Visit.objects.filter(pairing__in=pairs).values("pairing")
    last = dict(latest.annotate(last=Max("visited_on")).values_list("pairing", "last"))
    today: dict[int, dict[str, Visit]] = defaultdict(dict)
    for contact in Visit.objects.filter(pairing__in=pairs, visited_on=timezone.localdate()):
        today[contact.pairing_id][contact.kind] = contact
    homes = [(pair.household.area_id, pair.household.room) for pair in pairs]
    return [
        PairingCard(pair, people.get(home, []), last.get(pair.pk), today.get(pair.pk, {}))
        for pair, home in zip(pairs, homes, strict=True)
    ]


def _people(user: Any, pairings: Sequence[Pairing]) -> dict[tuple[int, str], list[str]]:
    """Return the names of members in the pairings' own households, by building group (id) and room."""
    homes = Residence.objects.for_user(user).current().order_by("member__pinyin")
    homes = homes.filter(area__in={pair.household.area_id for pair in pairings})
    homes = homes.filter(room__in={pair.household.room for pair in pairings})
    people: dict[tuple[int, str], list[str]] = defaultdict(list)
    for area, room, name in homes.values_list("area", "room", "member__name"):
        people[area, room].append(name)
    return people


def _record(form: TapForm | VisitForm, pair: Pairing) -> None:
    fields = {name: value for name, value in form.cleaned_data.items() if name != "pairing"}
    form.visit, form.is_new = visiting.record(pair, **fields)


def _sentence(form: VisitForm) -> str:
    """Return the message after recording a visit of any day."""
    if not form.is_new:
        return "这次走访刚才已经登记过，没有重复登记。"
    return f"已记录：{form.visit.visited_on} {form.visit.get_kind_display()}。"


def _url_after_tap(request: HttpRequest, form: TapForm) -> str:
    """Return the URL of the same list, with the visit's id as `recorded`, or as `known` where it existed before."""
    query = request.GET.copy()
    for name in ("recorded", "known"):
        query.pop(name, None)
    query["recorded" if form.is_new else "known"] = form.visit.pk
    return f"{request.path}?{query.urlencode()}#pairing-{form.visit.pairing_id}"


def _tapped(request: HttpRequest) -> dict[str, Any] | None:
    """Return the visit of the last tap and whether it is new; None where it was deleted or is not the user's."""
    pk = request.GET.get("recorded") or request.GET.get("known") or ""
    if not (pk.isdecimal() and len(pk) < 19):
        return None
    mine = Visit.objects.for_user(request.user).select_related(*(f"pairing__{side}" for side in SIDES))
    contact = mine.filter(pk=pk).first()
    return {"visit": contact, "is_new": "recorded" in request.GET} if contact else None
