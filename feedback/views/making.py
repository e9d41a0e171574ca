"""Making the cards of an area and period."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse

from feedback.forms.cards import MakeForm, senders_of
from feedback.rules.making import make as make_cards
from members.web.shell import page


def make(request):
    """Choose an area and period, and make drafts from the records; repeating it refreshes the drafts."""
    if not senders_of(request.user).exists():
        raise PermissionDenied
    form = MakeForm(request.POST or None, user=request.user, initial=_initial(request))
    if form.is_valid():
        area, period = form.cleaned_data["area"], form.chosen
        made = make_cards(area, period)
        if made.new or made.refreshed or made.same:
            messages.success(request, f"{area}，{period.label}：{made}")
        else:
            sentence = f"{area}，{period.label}：没有在职党员参加活动的记录，没有卡可以生成。请先登记活动和参加的人。"
            messages.warning(request, sentence)
        return redirect(reverse("feedback:board", query={"period": period.code, "place": area.path, "show": "draft"}))
    return page(request, "feedback/make.html", title="生成记录卡", form=form)


def _initial(request) -> dict:
    """Return the period and area of the list from which the user came."""
    values = {"period": request.GET.get("period", "")}
    area = senders_of(request.user).filter(path=request.GET.get("place", "")).first()
    return {name: value for name, value in (*values.items(), ("area", area)) if value}
