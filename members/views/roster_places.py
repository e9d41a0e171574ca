"""The page "which compound is this?": the names in a roster's addresses that nobody knows yet."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect

from members.ground.access import Resource, Right
from members.ground.states import Conflict
from members.models import Area, RosterImport
from members.roster.address_search import group_at
from members.roster.compounds import settle_compounds, unknown_compounds
from members.roster.stored import unseal_plan
from members.web.shell import page
from members.web.uploads import find_upload, of_kept_file

SHOWN = 20
OUTSIDE = "outside"


@of_kept_file("members:roster_index")
def places(request, pk):
    """Ask once for each unknown name, the most frequent first; an answer is kept for the lists to come."""
    upload = find_upload(RosterImport, request, pk)
    if upload.status != RosterImport.Status.REVIEW:
        return redirect("members:roster", pk)
    plan = unseal_plan(upload.plan)
    compounds = _compounds(request, upload)
    if request.method == "POST":
        return _answer(request, upload, plan, compounds)
    unknown = unknown_compounds(plan)
    shown = Paginator(unknown, SHOWN).get_page(request.GET.get("p"))
    title = "这些地址是哪个小区"
    still_open = sum(each.rows for each in unknown if not each.is_outside)
    return page(
        request, "members/roster_places.html", title=title, upload=upload, shown=shown, compounds=compounds,
        still_open=still_open,
    )  # fmt: skip


def _compounds(request, upload: RosterImport):
    """Return the compounds that the importer may write to, inside the area of the upload."""
    mine = Area.objects.for_user(request.user, Right.WRITE, resource=Resource.ROSTER).current()
    return (mine & Area.objects.inside(upload.area)).filter(level=Area.Level.STATION)


def _answer(request, upload, plan, compounds):
    """Settle the answered names; the rest stays for later."""
    by_pk = {str(area.pk): area for area in compounds}
    named, outside = {}, []
    for key, answer in request.POST.items():
        number = key.removeprefix("compound-")
        name = request.POST.get(f"name-{number}", "")
        if not key.startswith("compound-") or not name:
            continue
        if answer == OUTSIDE:
            outside.append(name)
        elif answer in by_pk:
            named[name] = by_pk[answer]
        elif building := request.POST.get(f"building-{number}", "").strip():
            named[name] = building
    try:
        named = {name: _building(request, upload, area) for name, area in named.items()}
        upload.user = request.user
        count = settle_compounds(upload, named=named, outside=outside, plan=plan)
        if count:
            messages.success(request, f"已按选择处理 {count:,} 个地址，选了小区的以后会自动认出。")
        if count and not _is_open(request, upload.pk):
            return redirect("members:roster", upload.pk)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    except Conflict as reason:
        messages.error(request, str(reason))
    return redirect("members:roster_places", upload.pk)


def _is_open(request, pk: int) -> bool:
    """Whether a name is still to be answered, now that the roster was planned again."""
    upload = find_upload(RosterImport, request, pk)
    return upload.plan is not None and any(not each.is_outside for each in unknown_compounds(unseal_plan(upload.plan)))


def _building(request, upload, area):
    """Return the area; where it was typed, the building group that the text means."""
    if isinstance(area, Area):
        return area
    group, _ = group_at(area, request.user, resource=Resource.ROSTER)
    if not group.path.startswith(upload.area.path):
        raise ValidationError(f"“{group}”不在上传时选的“{upload.area.name}”里，请另选。")
    return group
