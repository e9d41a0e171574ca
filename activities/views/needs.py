"""The board of needs, and the form of a need."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Prefetch, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from activities.forms.needs import NeedForm
from activities.models import Need
from activities.models.needs import NeedQuerySet
from activities.rules import needing
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area, Household, Member, User
from members.web.acts import done, writable
from members.web.places import places
from members.web.shell import page

Status = Need.Status
COLUMN = 40
RECENT = timedelta(days=30)
MOST_SKILLS = 100
LONGEST_WORDS = 60
SEPARATORS = re.compile(r"[、，,;；/\s]+")


@dataclass(slots=True)
class NeedCard:
    """A need with what the user may know of it: who claimed it, and the room number (empty where unknown)."""

    need: Need
    claimed_by: str
    room: str
    is_writable: bool

    @property
    def age(self) -> str:
        """How long it has been open, or how long it took."""
        days = self.need.days_open
        if self.need.status == Status.WITHDRAWN:
            return "已撤回"
        if self.need.status == Status.DONE:
            return f"用了 {days} 天" if days else "当天办结"
        return f"已提出 {days} 天" if days else "今天提出"


@dataclass(slots=True)
class Column:
    """A column of the board: the needs of one status, COLUMN at most, and the count of all of them."""

    status: str
    title: str
    cards: list[NeedCard]
    count: int

    @property
    def more(self) -> int:
        return self.count - len(self.cards)


def needs(request: HttpRequest) -> HttpResponse:
    """Show the board: open and claimed needs, and those done or withdrawn in the last 30 days."""
    if not access.can(cast(User, request.user), Resource.NEED):
        raise PermissionDenied
    where, rows = places(request, Resource.NEED), readable(request.user)
    skills = Need.objects.for_user(request.user).skills()
    words, skill = _words(request), next((each for each in skills if each == request.GET.get("skill")), "")
    rows = rows.inside(where.chosen) if where.chosen else rows
    rows = rows.filter(skill=skill) if skill else rows
    columns = _columns(request.user, rows.called(words))
    chosen = request.GET.get("show", "")
    return page(
        request,
        "activities/needs.html",
        title="群众需求",
        columns=columns[:3],
        withdrawn=columns[3],
        places=where,
        skills=skills,
        skill=skill,
        words=words,
        as_filtered=_as_filtered(place=where.chosen.path if where.chosen else "", skill=skill, q=words),
        may_export=access.can(cast(User, request.user), Resource.EXPORT),
        chosen=chosen if chosen in (Status.CLAIMED, Status.DONE) else Status.OPEN,
        may_add=access.can(cast(User, request.user), Resource.NEED, Right.WRITE),
        days=RECENT.days,
    )


def _words(request: HttpRequest) -> str:
    """Return the words to search for; what is longer than the box takes is cut."""
    return " ".join(request.GET.get("q", "").split())[:LONGEST_WORDS]


def _as_filtered(**chosen: str) -> str:
    """Return the query string of the admin's list, which has the export."""
    return urlencode({name: value for name, value in chosen.items() if value})


def add(request: HttpRequest) -> HttpResponse:
    """Record a need; the next page suggests members to ask."""
    areas = Area.objects.for_user(request.user, Right.WRITE, resource=Resource.NEED).current()
    if not areas.exists():
        raise PermissionDenied
    area = areas.filter(path=request.GET.get("place", "")).first()
    form = NeedForm(request.POST or None, user=request.user, initial={"area": area})
    if form.is_valid() and done(form, lambda: _add(form)):
        messages.success(request, "已登记。接下来找人认领。" if form.is_new else "这条需求刚才已经登记过了。")
        return redirect("activities:need", form.saved.pk)
    skills = _skills(request.user)
    return page(request, "activities/need_form.html", title="登记群众需求", form=form, skills=skills)


def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct a need that is not over."""
    need = writable(request, Need, pk, "area", "household__area")
    form = NeedForm(request.POST or None, instance=need, user=request.user)
    if form.is_valid() and done(form, lambda: needing.mend(need, **form.changes)):
        messages.success(request, "已改好。")
        return redirect("activities:need", pk)
    skills = _skills(request.user)
    return page(request, "activities/need_form.html", title="修改群众需求", form=form, skills=skills, pk=pk)


def readable(user: Any) -> NeedQuerySet:
    """Return the needs of the user's scope, oldest first, annotated with the number of `claimants`."""
    rows = Need.objects.for_user(user).select_related("area", "employer")
    # Django drops the model's ordering where rows are grouped for the count.
    return rows.annotate(claimants=Count("members")).order_by("opened_on", "pk")


def cards(user: Any, needs: Sequence[Need]) -> list[NeedCard]:
    """Return cards with the names and rooms that the user may read, in three queries."""
    members, households = Member.objects.for_user(user).order_by("pinyin", "pk"), Household.objects.for_user(user)
    prefetch_related_objects(
        needs,
        Prefetch("members", members, to_attr="known_members"),
        Prefetch("household", households, to_attr="known_household"),
    )
    mine = Need.objects.for_user(user, Right.WRITE).filter(pk__in=[need.pk for need in needs])
    writable_pks, knows_employers = set(mine.values_list("pk", flat=True)), access.can(user, Resource.MEMBER)
    return [
        NeedCard(
            need,
            claimed_by=_claimed_by(need, knows_employers),
            room=getattr(need.known_household, "room", ""),
            is_writable=need.pk in writable_pks,
        )
        for need in cast(Any, needs)
    ]


def _claimed_by(need: Any, knows_employers: bool) -> str:
    parts = [member.name for member in need.known_members]
    if unknown := need.claimants - len(parts):
        parts.append(f"{'另 ' if parts else ''}{unknown} 名党员")
    if need.employer:
        parts.append(need.employer.name if knows_employers else "1 家单位")
    return "、".join(parts)


def _columns(user: Any, rows: QuerySet) -> list[Column]:
    """Return the columns of the board: open and claimed needs oldest first, ended ones latest first."""
    since = timezone.now() - RECENT
    parts = {
        Status.OPEN: rows.filter(status=Status.OPEN),
        Status.CLAIMED: rows.filter(status=Status.CLAIMED),
        Status.DONE: rows.filter(status=Status.DONE, done_at__gte=since).order_by("-done_at", "-pk"),
        Status.WITHDRAWN: rows.filter(status=Status.WITHDRAWN, withdrawn_at__gte=since).order_by(
            "-withdrawn_at", "-pk"
        ),
    }
    listed = {status: list(part[:COLUMN]) for status, part in parts.items()}
    counts = {status: len(part) if len(part) < COLUMN else parts[status].count() for status, part in listed.items()}
    all_cards = iter(cards(user, [need for part in listed.values() for need in part]))
    return [
        Column(status, status.label, list(islice(all_cards, len(part))), counts[status])
        for status, part in listed.items()
    ]


def _add(form: NeedForm) -> None:
    form.saved, form.is_new = needing.write_down(**form.values)


def _skills(user: Any) -> list[str]:
    """Return the skills of members in the user's scope, as suggestions while typing."""
    texts = Member.objects.for_user(user).exclude(skills="").order_by().values_list("skills", flat=True).distinct()
    return sorted({word for text in texts for word in SEPARATORS.split(text) if word})[:MOST_SKILLS]
