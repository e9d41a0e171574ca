"""Voiding an activity that was recorded by mistake, and what was voided in the last week, to be put back."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET, require_POST

from activities.models import Activity, Attendance
from activities.rules import latest, resting, voiding
from members.ground import access
from members.ground.access import Resource, Right
from members.web.acts import numbers, tried
from members.web.returning import way_back
from members.web.shell import page

LISTED = 200


def void(request, pk):
    """Say what hangs on the activity, and void it once that is confirmed."""
    found = _writable(request, pk)
    if request.method == "POST":
        seen = next(iter(numbers([request.POST.get("seen", "")])), None)
        if tried(request, lambda: voiding.void(found, user=request.user, seen=seen)):
            return redirect("activities:activity", pk)
    if found.is_voided:
        return redirect("activities:activity", pk)
    attendances = Attendance.objects.filter(activity=found)
    hanging = list(resting.hanging(found, attendances, request.user))
    return page(
        request,
        "activities/void.html",
        title=f"作废活动：{found}",
        activity=found,
        came=attendances.count(),
        hanging=hanging,
        is_firm=any(each.is_firm for each in hanging),
        seen=latest.newest(found),
    )


@require_POST
def unvoid(request, pk):
    found = _writable(request, pk)
    if tried(request, lambda: voiding.unvoid(found)):
        messages.success(request, f"“{found}”恢复了，和作废以前一样。")
    return redirect(way_back(request, "activities:activity", pk))


@require_GET
def voided(request):
    """List what was voided in the last week and the user may put back."""
    if not access.can(request.user, Resource.ACTIVITY, Right.WRITE):
        raise PermissionDenied
    rows = Activity.objects.within_reach(request.user, Right.WRITE).voided_lately()
    shown = rows.select_related("area", "voided_by").with_came().order_by("-voided_at")[:LISTED]
    return page(request, "activities/voided.html", title="作废的活动", activities=shown)


def _writable(request, pk: int) -> Activity:
    """Return the activity, voided or not: 404 outside the scope, 403 inside it without the right to write."""
    rows = Activity.objects.select_related("area", "voided_by")
    found = rows.within_reach(request.user, Right.WRITE).filter(pk=pk).first()
    if found is None:
        get_object_or_404(rows.within_reach(request.user), pk=pk)
        raise PermissionDenied
    return found
