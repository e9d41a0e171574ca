"""Members' consent to show their names in the stairwell: the lists, the answers, the slips, the withdrawal."""

from collections import Counter
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from members.forms.consents import NOTICE, VERSION, AnswersForm, AskedResident
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.rooms import read_door
from members.models import Area, Consent, Residence
from members.models.areas import AreaQuerySet
from members.rules.consenting import latest_answers, record_answers
from members.web.acts import done, numbers, tried, writable
from members.web.shell import page

MEANING = {
    Consent.Purpose.STAIRWELL: "以后打印的楼道公示牌不再有这个姓名。",
    Consent.Purpose.CARDS: "已经发给这个单位的记录卡全部作废。",
    Consent.Purpose.TRANSFER: "还没有被接收的转接也一起撤回；已经接收的不变。",
    Consent.Purpose.RECEIVE: "本人报到的单子随之撤回。",
    Consent.Purpose.TELL_EMPLOYER: "以后不再把报到告诉这个单位。",
    Consent.Purpose.PASSED_ON: "这个单位发来的报到单随之撤回。",
}
AFTERWARDS = {
    Consent.Purpose.STAIRWELL: "请重新打印公示牌，把楼道里原来的换下来。",
    Consent.Purpose.CARDS: "发出的记录卡已作废，单位会得到通知。",
    Consent.Purpose.TRANSFER: "还没有被接收的转接已经撤回。",
    Consent.Purpose.RECEIVE: "报到单已撤回；党员的登记还在，要不要去掉请您定。",
    Consent.Purpose.TELL_EMPLOYER: "单位会得到通知，以后不再告诉。",
    Consent.Purpose.PASSED_ON: "报到单已撤回，单位会得到通知；党员的登记还在，要不要去掉请您定。",
}


@dataclass(slots=True)
class ConsentPlace:
    """An area one level down, with how many members live there and how many of them agreed."""

    area: Area
    living: int
    agreed: int


def consents(request):
    """Show the answers of a building's members and record new ones; of a wider area, list the areas below."""
    areas = _areas(request)
    area = _chosen(request, areas)
    if area is None or area.level < Area.Level.BUILDING_GROUP:
        return _places(request, areas, area)
    residents = _residents(request.user, area)
    may_write = access.covers(request.user, Resource.MEMBER, area.path, Right.WRITE)
    if request.method == "POST" and not may_write:
        raise PermissionDenied
    form = AnswersForm(request.POST if request.method == "POST" else None, residents=residents)
    if form.is_bound and form.is_valid() and done(form, lambda: _record(form, by=request.user)):
        messages.success(request, _message(form.answers))
        return redirect(_address(area))
    return page(
        request, "members/consents.html", title=f"楼道公示：{area}", area=area, above=areas.above(area), form=form,
        may_write=may_write, notice=NOTICE, version=VERSION, residents=residents,
        agreed=[row for row in residents if row.is_agreed], others=[row for row in residents if not row.is_agreed],
        unasked=sum(row.answer is None for row in residents),
    )  # fmt: skip


def _record(form: AnswersForm, *, by) -> None:
    how = {name: form.cleaned_data[name] for name in ("means", "given_on")}
    record_answers(form.answers, by=by, **how)


@require_GET
def sheet(request, pk):
    """Print slips to sign, one for each member without an answer; cut apart, none shows another's answer."""
    area = get_object_or_404(_areas(request).filter(level=Area.Level.BUILDING_GROUP), pk=pk)
    residents = [row for row in _residents(request.user, area) if row.answer is None]
    context = {
        "title": f"征求意见单：{area}",
        "area": area,
        "residents": residents,
        "notice": NOTICE,
        "version": VERSION,
    }
    return render(request, "members/consent_sheet.html", context)


def withdraw(request, pk):
    """Ask once, then withdraw an agreement."""
    consent = writable(request, Consent, pk, "member")
    if not consent.is_agreed:
        raise Http404
    home = consent.member.home
    if request.method == "POST":
        if tried(request, consent.withdraw):
            messages.success(request, f"已撤回{consent.member}的同意。{AFTERWARDS[consent.purpose]}")
        return redirect(_address(home.area))
    question = f"确定撤回{consent.member}的同意吗？马上生效，{MEANING[consent.purpose]}"
    return page(request, "members/confirm.html", title="撤回同意", question=question, danger=True)


def _areas(request) -> AreaQuerySet:
    if not access.can(request.user, Resource.MEMBER):
        raise PermissionDenied
    return Area.objects.for_user(request.user, resource=Resource.MEMBER).current()


def _chosen(request, areas: AreaQuerySet) -> Area | None:
    """Return the area in the query, else the user's own; None where they have several."""
    if "area" in request.GET:
        return get_object_or_404(areas, pk=next(iter(numbers([request.GET["area"]])), None))
    own = list(_own(request, areas)[:2])
    return own[0] if len(own) == 1 else None


def _own(request, areas: AreaQuerySet) -> AreaQuerySet:
    return areas.filter(path__in=[low for low, _ in access.reach(request.user, Resource.MEMBER)])


def _places(request, areas: AreaQuerySet, area: Area | None):
    rows = areas.children_of(area) if area else _own(request, areas)
    living, agreed = _counts(request.user, area)
    places = [ConsentPlace(row, _below(row, living), _below(row, agreed)) for row in rows]
    return page(
        request,
        "members/consents_places.html",
        title=f"楼道公示：{area}" if area else "楼道公示",
        area=area,
        above=areas.above(area) if area else [],
        places=places,
        agreed=sum(place.agreed for place in places),
        is_compound=area is not None and area.level == Area.Level.STATION,
    )


def _counts(user, area: Area | None) -> tuple[Counter, Counter]:
    """Return how many members live in each building, and how many of them agreed, by path."""
    homes = Residence.objects.for_user(user).current()
    if area:
        homes = homes.inside(area)
    # The stairwell's names no employer; said here, PostgreSQL reads the index of `consent_one_in_force`, not the table.
    agreed = Consent.objects.in_force(Consent.Purpose.STAIRWELL).filter(member=OuterRef("member"), employer=None)
    rows = (
        homes.order_by()
        .values("area__path")
        .annotate(living=Count("pk"), agreed=Count("pk", filter=Exists(agreed)))
        .values_list("area__path", "living", "agreed")
    )
    return Counter({path: count for path, count, _ in rows}), Counter({path: count for path, _, count in rows})


def _below(area: Area, counts: Counter) -> int:
    return sum(count for path, count in counts.items() if path.startswith(area.path))


def _residents(user, area: Area) -> list[AskedResident]:
    """Return the members who live in the building today, door after door."""
    homes = Residence.objects.for_user(user).current().filter(area=area).select_related("member")
    answers = latest_answers(user, [home.member_id for home in homes])
    return [AskedResident(home, answers.get(home.member_id)) for home in sorted(homes, key=_door)]


def _door(home: Residence) -> tuple:
    unit, floor, number = read_door(home.room)
    return unit, floor or 0, number, home.member.pinyin


def _message(answers: dict[int, bool]) -> str:
    agreed = sum(answers.values())
    return f"已登记：同意 {agreed} 人，不同意 {len(answers) - agreed} 人。"


def _address(area: Area) -> str:
    return f"{reverse('members:consents')}?area={area.pk}"
