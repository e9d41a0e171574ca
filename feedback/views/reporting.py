"""The page behind a community's poster, or an employer's link, by which members report themselves."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.shortcuts import render

from feedback.forms.reporting import ReportForm
from feedback.models import Slip, SlipCode
from feedback.rules.asking import asker_of
from feedback.rules.receiving import By
from feedback.rules.slips_coding import code_of
from feedback.rules.slips_sending import send_slips
from members.models import Area
from members.models.consents import NOTICES
from members.web.visitors import ByAddress

BUSY = "现在报到的人太多，没有收到您填的。请过一会儿再试，或直接联系社区。"


class Reporting(ByAddress):
    """The limit by address: high enough for a hall behind one address, low enough for a list that stays usable."""

    what, rate = "report", "60/hour"


class ReportingTo(ByAddress):
    """The limit by place, from whatever addresses: more than a community hears in its busiest hour."""

    rate = "300/hour"

    def get_cache_key(self, request, view):
        return f"report-to-{view.place_id}"

    @classmethod
    def admits(cls, request, code: SlipCode) -> bool:
        """Count a report to the place of this code; return whether it is allowed."""
        return cls().allow_request(request, code)


@login_not_required
def report(request, code: str) -> HttpResponse:
    """Take a member's report; the answer is the same whatever was typed, and tells nothing of who is registered."""
    found = code_of(code)
    if found is None or not found.is_open:
        return render(request, "feedback/report_closed.html", status=404)
    form = ReportForm(request.POST if request.method == "POST" else None, employer=found.employer)
    problem = ""
    if form.is_valid():
        if not (Reporting.lets(request) and ReportingTo.admits(request, found)):
            problem = BUSY
        elif _is_sent(found, form):
            return _page(request, found, "feedback/reported.html")
    return _page(request, found, "feedback/report.html", form=form, problem=problem)


def _is_sent(code: SlipCode, form: ReportForm) -> bool:
    """Send the slip; return False, with the rule's sentences on the form, where something cannot be read."""
    street = Area.objects.get(path=code.place.street_path)
    [sent] = send_slips([form.row], street=street, origin=Slip.Origin.MEMBER, by=By(), code=code)
    form.refuse(sent.errors)
    return sent.slip is not None


def _page(request, code: SlipCode, template: str, *, problem: str = "", **context) -> HttpResponse:
    context |= {
        "code": code, "asker": asker_of(code.place), "problem": problem,
        "notice": NOTICES["receive"][1], "notice_to_tell": NOTICES["tell_employer"][1],
    }  # fmt: skip
    return render(request, template, context, status=429 if problem else 200)
