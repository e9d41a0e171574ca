"""The card settings of a street or community."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from feedback.forms.cards import SenderForm, senders_of
from feedback.models import Sender
from members.models import Area
from members.web.acts import done, numbers
from members.web.shell import page


def sender(request):
    """Edit the contact line of an area, and for a street the length of periods."""
    areas = list(senders_of(request.user))
    if not areas:
        raise PermissionDenied
    area = _chosen(request, areas)
    known = Sender.objects.for_user(request.user).filter(area=area).first() or Sender(area=area)
    form = SenderForm(request.POST if request.method == "POST" else None, instance=known)
    if form.is_valid() and done(form, lambda: Sender.objects.keep(area, **form.cleaned_data)):
        messages.success(request, "已保存。以后发出的卡用新的联系方式，已发出的不变。")
        return redirect(reverse("feedback:sender", query={"area": area.pk}))
    return page(request, "feedback/sender.html", title="发卡设置", form=form, areas=areas, area=area)


def _chosen(request, areas: list[Area]) -> Area:
    """Return the area that the address names, else the user's first; 404 for one outside their scope."""
    if "area" not in request.GET:
        return areas[0]
    pk = next(iter(numbers([request.GET["area"]])), None)
    return get_object_or_404(senders_of(request.user), pk=pk)
