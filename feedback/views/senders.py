"""What a street or a community says of itself on its cards."""

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
    """The contact line of the user's area, and for a street how long a period is."""
    areas = list(senders_of(request.user))
    if not areas:
        raise PermissionDenied
    area = _chosen(request, areas)
    known = Sender.objects.for_user(request.user).filter(area=area).first() or Sender(area=area)
    form = SenderForm(request.POST if request.method == "POST" else None, instance=known)
    if form.is_valid() and done(form, lambda: _save(form)):
        messages.success(request, "已保存。以后发出的卡用新的联系方式，已发出的不变。")
        return redirect(reverse("feedback:sender", query={"area": area.pk}))
    return page(request, "feedback/sender.html", title="发卡设置", form=form, areas=areas, area=area)


def _chosen(request, areas: list[Area]) -> Area:
    """The area asked for, else the user's own."""
    if "area" not in request.GET:
        return areas[0]
    pk = next(iter(numbers([request.GET["area"]])), None)
    return get_object_or_404(senders_of(request.user), pk=pk)


def _save(form: SenderForm) -> None:
    """Save; of two who begin at once the second mends what the first made."""
    given = form.instance
    Area.objects.select_for_update(no_key=True).get(pk=given.area_id)
    kept = Sender.objects.select_for_update(no_key=True).filter(area=given.area_id).first() or Sender(area=given.area)
    for name in form.fields:
        setattr(kept, name, form.cleaned_data[name])
    kept.save()
