"""Several logins from one table, and the slips to hand over."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.db.models import Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from members.forms.logins import LoginsForm
from members.ground import openings
from members.ground.export import workbook
from members.ground.first_password import first_password
from members.models import AreaRole, User
from members.roster import logins
from members.roster.logins import PlannedLogin
from members.rules.appointing import NewLogin, add_logins, require_giver
from members.web import handover
from members.web.acts import done
from members.web.files import download
from members.web.shell import page

EXAMPLES = [("王敏", "社区书记", "第一社区", ""), ("赵芳", "楼组长", "第一社区 迎晖苑 1号楼", "zhaofang")]


@dataclass(frozen=True, slots=True)
class HandoverSlip:
    """A user's slip: the first password, and what the login opens, in words."""

    user: User
    password: str
    opened: list[str]

    @property
    def posts(self) -> list[str]:
        return [str(role) for role in self.user.roles.all()]

    @property
    def opens(self) -> str:
        return "、".join([*self.posts, *self.opened])

    @property
    def shows_digits(self) -> bool:
        return any(role.kind in settings.SECOND_FACTOR for role in self.user.roles.all())


def table(request):
    """Take a table, and say of each row what it would add; nothing is written."""
    require_giver(request.user)
    form = LoginsForm(request.POST, request.FILES) if request.method == "POST" else LoginsForm()
    planned = logins.plan(form.rows, by=request.user) if form.is_bound and form.is_valid() else []
    return _checked(request, form, planned)


@require_POST
def create(request):
    """Add the users of a table that was checked, and lead to their slips."""
    require_giver(request.user)
    form = LoginsForm(request.POST)
    planned = logins.plan(form.rows, by=request.user) if form.is_valid() else []
    new = _new(planned)
    if any(one.problem for one in planned) or not new:
        return _checked(request, form, planned)
    wanted = [NewLogin(one.name, one.username, first_password(), one.kind, one.area) for one in new]
    added: list[User] = []
    if not done(form, lambda: added.extend(add_logins(wanted, by=request.user))):
        return _checked(request, form, planned)
    handover.keep(request, {user.pk: each.made.text for user, each in zip(added, wanted, strict=True)})
    messages.success(request, f"开通了 {len(added)} 位。")
    return redirect("members:handover")


@require_GET
def template(request):
    """Download an empty table with two examples."""
    require_giver(request.user)
    headings = [names[0] for names in logins.HEADINGS.values()]
    rows = [(name, kind, place, username) for name, kind, place, username in EXAMPLES]
    return download(workbook("开通登录", headings, rows, formats={}), "开通登录模板.xlsx")


@require_GET
def slips(request):
    """Show the first passwords that wait to be handed over, a slip each, once."""
    require_giver(request.user)
    passwords, back = handover.taken(request)
    opened = openings.words_of(request.user, list(passwords))
    posts = AreaRole.objects.for_user(request.user).lasting().select_related("area")
    known = User.objects.for_user(request.user).filter(pk__in=passwords).order_by().values("pk")
    users = User.objects.filter(Q(pk__in=known) | Q(pk__in=opened))
    found = users.prefetch_related(Prefetch("roles", queryset=posts)).order_by("name", "pk")
    context = {
        "title": "交接单",
        "slips": [HandoverSlip(user, passwords[user.pk], opened.get(user.pk, [])) for user in found],
        "back": back,
        "address": request.build_absolute_uri("/"),
    }
    return render(request, "members/handover.html", context)


def _checked(request: HttpRequest, form: LoginsForm, planned: Sequence[PlannedLogin]) -> HttpResponse:
    problems = sum(bool(one.problem) for one in planned)
    return page(
        request,
        "members/logins.html",
        title="从表格开通登录",
        form=form,
        planned=planned,
        problems=problems,
        new=0 if problems else len(_new(planned)),
        most=logins.MOST,
    )


def _new(planned: Sequence[PlannedLogin]) -> list[PlannedLogin]:
    return [one for one in planned if not one.problem and not one.known]
