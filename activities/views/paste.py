"""A pasted list of names: matched and shown first, saved once every doubt is settled."""

from django.contrib import messages
from django.shortcuts import redirect

from activities.forms.activities import PasteForm
from activities.models import Activity, Attendance
from activities.rules import pasted_list
from activities.rules.attendance import Recording, eligible, enrol
from activities.rules.pasted_list import MatchState, PastedLine
from members.models import Area
from members.web.acts import done, writable
from members.web.shell import page

STATES = {
    MatchState.DOUBT: "要您确认的、同名的",
    MatchState.MATCHED: "认出来的",
    MatchState.ABSENT: "不来",
    MatchState.UNKNOWN: "没有找到",
    MatchState.TEXT: "不像姓名的文字",
}
LEAVE = "0"


def paste(request, pk):
    """Match a pasted list to members, settle the doubtful names, record the attendances."""
    activity = writable(request, Activity, pk, "area")
    key = f"pasted-{pk}"  # names pasted with a new activity wait in the session
    pasted = {"names": request.session[key]} if key in request.session else None
    form = PasteForm(request.POST or pasted)
    lines = []
    if form.is_valid() and "again" not in request.POST:
        lines = _matched(request, form, activity)
    if lines and "save" in request.POST and _saved(request, form, activity, lines):
        request.session.pop(key, None)
        return redirect("activities:activity", pk)
    return page(
        request,
        "activities/paste.html",
        title=f"粘贴名单：{activity}",
        activity=activity,
        form=form,
        groups=[(state, label, [line for line in lines if line.state == state]) for state, label in STATES.items()],
        has_lines=bool(lines),
        named=sum(line.state != MatchState.TEXT for line in lines),
        ticked=sum(line.chosen is not None for line in lines),
    )


def _matched(request, form: PasteForm, activity: Activity) -> list[PastedLine]:
    """Read and match the list, with the answers already given on the page; none and a form error where too long."""
    area: Area | None = None if form.cleaned_data["wider"] else activity.area
    came = Attendance.objects.filter(activity=activity).values_list("member_id", flat=True)
    try:
        entries = pasted_list.read_names(form.cleaned_data["names"])
    except pasted_list.TooLong as sentence:
        form.add_error("names", str(sentence))
        return []
    lines = pasted_list.match(entries, eligible(activity, area=area, user=request.user), came=came)
    for line in lines:
        answers = request.POST.getlist(f"who-{line.number}")[-1:]
        line.answer = answers[0] if answers else _usual(line)
    return lines


def _usual(line: PastedLine) -> str:
    """Return the answer until another is given: who was found came, who is said not to come did not."""
    if line.person:
        return line.person.key
    return LEAVE if line.state == MatchState.ABSENT else ""


def _saved(request, form: PasteForm, activity: Activity, lines: list[PastedLine]) -> bool:
    """Record the matched and chosen members; return whether it worked. A form error where a name is in doubt."""
    named = [line for line in lines if line.people]
    if waiting := [line.people[0].name for line in named if line.answer != LEAVE and line.chosen is None]:
        form.add_error(None, f"还没有选“{'”“'.join(waiting[:5])}”是哪一位、来没来。请选一位，或选“不登记”。")
        return False
    chosen = [line.chosen.pk for line in named if line.chosen]
    recordings: list[Recording] = []
    source = Attendance.Source.PASTE
    if not done(form, lambda: recordings.append(enrol(activity, chosen, user=request.user, source=source))):
        return False
    messages.success(request, str(recordings[0]))
    return True
