"""A member's page: who it is, what is on record, and what the user may do next."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from louzu.rules import looked
from louzu.rules.own_file_handing import may_make
from louzu.rules.person import FactKind, PersonRecord, on_record
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area, CorrectionRequest, Member, Residence
from members.models.areas import SEGMENT
from members.rules import moving, transferring
from members.web.shell import page

COMMUNITY = Area.Level.COMMUNITY * SEGMENT
SHOWN, MOST = 20, 5_000
LOOKS = 5
TIMES_MORE = 5
ADDRESSES = {
    FactKind.ACTIVITY: "activities:activity",
    FactKind.PAIRING: "members:pairing",
    FactKind.VISIT: "activities:pairing_visits",
    FactKind.NEED: "activities:need",
    FactKind.CARD: "feedback:card",
    FactKind.SLIP: "feedback:slip",
}


class PersonAct(NamedTuple):
    """Something that the user may do with the member next."""

    label: str
    address: str


@require_GET
def show(request, pk: int):
    """Show a member: masked, as the user may see them."""
    most = _most(request.GET.get("shown", ""))
    record = on_record(request.user, pk, most=most)
    if record is None:
        return _erased(request, pk)
    member, home, today = record.member, record.home, timezone.localdate()
    may_write = access.covers(request.user, Resource.MEMBER, home.area.path, Right.WRITE)
    return page(
        request,
        "louzu/person.html",
        title=member.name,
        member=member,
        record=record,
        move=None if record.is_leaving else moving.undoable_of(member, by=request.user),
        listed_at=f"{reverse('admin:members_member_changelist')}?{request.GET.get('_changelist_filters', '')}",
        duties=[duty for duty in record.duties if duty.until is None or duty.until > today],
        facts=[(fact, reverse(ADDRESSES[fact.kind], args=[fact.row]) if fact.row else "") for fact in record.facts],
        more=min(most * TIMES_MORE, MOST) if record.has_more and most < MOST else 0,
        transfer=transferring.waiting_of(member) if may_write and record.is_leaving else None,
        may_write=may_write,
        may_reveal=access.covers(request.user, Resource.MEMBER, home.area.path, Right.REVEAL),
        acts=list(_acts(request.user, member, home)),
        **_rights(request.user, record),
    )


def _erased(request, pk: int) -> HttpResponse:
    """Answer 410 for a member who was erased in the user's scope, 404 for any other."""
    rows = Member.with_erased.for_user(request.user).exclude(erased_at=None)
    shell = get_object_or_404(rows, pk=pk)
    return page(request, "louzu/erased.html", title="已删除的党员", status=410, erased_at=shell.erased_at)


def _rights(user: Any, record: PersonRecord) -> dict[str, Any]:
    """Return what the user may see of the member's rights: what they say is wrong, and who looked."""
    member, path = record.member, record.home.area.path
    found: dict[str, Any] = {"may_make_file": may_make(user, member)}
    if access.covers(user, Resource.MEMBER, path, Right.WRITE):
        found["corrections"] = CorrectionRequest.objects.for_user(user).waiting().filter(member=member)
    if access.covers(user, Resource.AUDIT, path):
        found["looks"] = looked.in_words(looked.looks(user, member)[:LOOKS])
    return found


def _most(text: str) -> int:
    """Return how many facts are asked for; SHOWN where the text is no such number."""
    asked = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else SHOWN
    return min(max(asked, SHOWN), MOST)


def _acts(user: Any, member: Member, home: Residence) -> Iterator[PersonAct]:
    """Yield what the user may do, by the rights at the member's home; where nobody lives, no neighbour is paired."""
    area, is_here = home.area, home.until is None

    def may(resource: Resource, right: Right = Right.WRITE) -> bool:
        return access.covers(user, resource, area.path, right)

    if is_here and may(Resource.ACTIVITY):
        yield PersonAct("登记活动", reverse("activities:add", query={"area": area.pk}))
    if is_here and may(Resource.HOUSEHOLD, Right.READ):
        yield PersonAct("结对", reverse("members:building", args=[area.pk]))
    if is_here and may(Resource.HOUSEHOLD):
        yield PersonAct("记走访", reverse("activities:visits", query={"q": member.name}))
    if member.affiliation == Member.Affiliation.IN_POST and may(Resource.CARD):
        yield PersonAct("生成记录卡", reverse("feedback:make", query={"place": area.path[:COMMUNITY]}))
    if is_here:
        yield PersonAct("楼道公示意见", reverse("members:consents", query={"area": area.pk}))
    if may(Resource.MEMBER):
        yield PersonAct("办理迁居", reverse("members:move", args=[member.pk]))
    if is_here and may(Resource.MEMBER):
        yield PersonAct("办理迁出", reverse("members:leave", args=[member.pk]))
    if may(Resource.ERASURE):
        yield PersonAct("删除个人信息", reverse("members:erase", args=[member.pk]))
