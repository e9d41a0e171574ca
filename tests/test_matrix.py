"""Who × page × action → status: the table of design/privacy.md, at the pages and the admin (the API has its own).

Outside the scope is 404, inside it without the right 403; where somebody has no right to a kind of rows at all, the
answer is the same for every number, so either of the two tells nothing.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.utils import timezone

from members.access import Kind
from members.models import Area, AreaRole, AuditEntry, Duty, Employer, Member, Residence, RosterImport, StaffToken, User
from tests import factories
from tests.members.uploads import cells, preview, sheet, write

WHO = ("superuser", "street_officer", "secretary", "liaison", "leader", "instructor", "auditor", "outsider", None)
LOGIN, FILE = "login", "file"
MODELS = (Area, AreaRole, Duty, Employer, Member, Residence, RosterImport, StaffToken, User)
HISTORIES = (Member.history.model, Residence.history.model, Duty.history.model)

# Own rows are 1号楼, who lives there and who works there; "other" ones lie in the other community of the street, "far"
# ones in the other street. A form that finds fault with what was posted is 200, one that saved 302.
CALLS: dict[tuple[str, str], tuple[int | str, ...]] = {
    # pages
    ("GET", ""): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "nothing/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/password_change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/search/?s=欧阳"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    # roster
    ("GET", "roster/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "roster/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "roster/template.xlsx"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "roster/{import}/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "roster/{other_import}/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "roster/{import}/progress/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "roster/{other_import}/progress/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "roster/{import}/choose/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "roster/{other_import}/choose/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "roster/{clean_import}/apply/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "roster/{other_import}/apply/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "roster/{clean_import}/apply/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "roster/{import}/apply-good/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "roster/{other_import}/apply-good/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "roster/{import}/discard/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "roster/{other_import}/discard/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "roster/{done_import}/undo/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "roster/{done_import}/undo/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "roster/{other_import}/undo/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "roster/{other_import}/undo/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "roster/{import}/errors.xlsx"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "roster/{other_import}/errors.xlsx"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    # members
    ("GET", "admin/members/member/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/member/add/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/member/add/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/member/{member}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/member/{other_member}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/member/{far_member}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/member/{member}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/member/{other_member}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/member/{far_member}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/member/{member}/history/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/member/{other_member}/history/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/member/{member}/delete/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/member/{member}/delete/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/member/export/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/member/export/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/member/export/?"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "members/{member}/move/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "members/{other_member}/move/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "members/{member}/move/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "members/{other_member}/move/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "members/{member}/leave/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "members/{other_member}/leave/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "members/{member}/leave/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "members/{far_member}/leave/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "members/{other_member}/leave/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "members/{member}/phone/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "members/{other_member}/phone/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "members/{member}/phone/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "members/{other_member}/phone/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    # employers
    ("GET", "admin/members/employer/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/employer/add/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/employer/add/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/employer/{employer}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/employer/{employer}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/employer/export/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/employer/export/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    # areas
    ("GET", "admin/members/area/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/area/add/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/area/add/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/area/{street}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/area/{community}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/area/{group}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/area/{other_group}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/area/{far_group}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/area/{street}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/area/{community}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/area/{station}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/area/{group}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/area/{other_group}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/area/{group}/delete/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/area/export/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/area/export/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    # users
    ("GET", "admin/members/user/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/user/add/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/user/add/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/user/{liaison}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/user/{secretary}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/user/{officer}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/user/{other_secretary}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/user/{liaison}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/user/{secretary}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/user/{officer}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/user/{other_secretary}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/user/{liaison}/delete/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "users/{liaison}/password/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "users/{liaison}/password/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "users/{secretary}/password/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "users/{officer}/password/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "users/{other_secretary}/password/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "users/{liaison}/unlock/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "users/{liaison}/unlock/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "users/{officer}/unlock/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "users/{other_secretary}/unlock/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    # posts
    ("GET", "admin/members/arearole/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/arearole/add/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/arearole/{post}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/arearole/{other_post}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/arearole/{post}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    # trail
    ("GET", "admin/members/auditentry/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/auditentry/{entry}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/auditentry/{entry}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/auditentry/add/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/auditentry/{entry}/delete/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    # tokens
    ("GET", "admin/members/stafftoken/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/stafftoken/add/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/stafftoken/add/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/members/stafftoken/{token}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "admin/members/stafftoken/{token}/change/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "tokens/{token}/revoke/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("POST", "tokens/{token}/revoke/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    # coverage
    ("GET", "coverage/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "coverage/{community}/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "coverage/{group}/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "coverage/{other_group}/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "coverage/{far_street}/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "coverage/{group}/print/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "coverage/{other_group}/print/"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "coverage/{group}/coverage.xlsx"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "coverage/{other_group}/coverage.xlsx"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    # autocompletes
    ("GET", "admin/autocomplete/?app_label=members&model_name=residence&field_name=area"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/autocomplete/?app_label=members&model_name=member&field_name=employer"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/autocomplete/?app_label=members&model_name=user&field_name=member"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/autocomplete/?app_label=members&model_name=arearole&field_name=user"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/autocomplete/?app_label=members&model_name=auditentry&field_name=user"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
    ("GET", "admin/autocomplete/?app_label=members&model_name=residence&field_name=member"): (0, 0, 0, 0, 0, 0, 0, 0, 0),
}


@pytest.fixture
def rows(
    member: Member,
    other_member: Member,
    other_street: Area,
    secretary: User,
    other_secretary: User,
    street_officer: User,
    liaison: User,
    leader: User,
) -> dict[str, Any]:
    """The numbers that stand in the addresses."""
    named = {area.name: area.pk for area in Area.objects.all()}
    far = factories.person("外街道人", Area.objects.inside(other_street).get(level=Area.Level.BUILDING_GROUP))
    community, other = Area.objects.get(name="第一社区"), Area.objects.get(name="第二社区")
    return {
        "street": named["新成路街道"], "community": named["第一社区"], "station": named["迎晖苑"],
        "group": named["1号楼"], "other_group": named["2号楼"], "other_community": named["第二社区"],
        "far_group": named["9号楼"], "far_street": named["菊园新区"],
        "member": member.pk, "other_member": other_member.pk, "far_member": far.pk,
        "residence": Residence.objects.get(member=member).pk,
        "employer": Employer.objects.get().pk,
        "liaison": liaison.pk, "leader": leader.pk, "secretary": secretary.pk,
        "other_secretary": other_secretary.pk, "officer": street_officer.pk,
        "post": liaison.roles.get().pk, "other_post": other_secretary.roles.get().pk,
        "entry": AuditEntry.objects.filter(model="members.Member", row=str(member.pk)).first().pk,
        "token": StaffToken.issue(liaison, label="联络员的")[0].pk,
        "import": preview(sheet(cells("新人甲"), cells("新人乙", 性别="")), community, secretary).pk,
        "clean_import": preview(sheet(cells("新人丙")), community, secretary).pk,
        "done_import": write(preview(sheet(cells("新人丁")), community, secretary)).pk,
        "other_import": preview(sheet(cells("新人戊", 小区="仓场公寓", 楼组="2号楼")), other, other_secretary).pk,
    }  # fmt: skip


@pytest.fixture
def bodies(rows: dict[str, Any], member: Member, liaison: User) -> dict[str, dict[str, Any]]:
    """What is posted, by the end of the address; a body that saves for whoever may."""
    today = timezone.localdate().isoformat()
    person = {"name": "翟建军", "sex": "male", "affiliation": "local"}
    homes = inline("residences", [{"id": rows["residence"], "member": member.pk, "room": "302", "since": "2020-03-01"}])
    post = liaison.roles.get()
    kept_post = {"id": post.pk, "user": liaison.pk, "kind": post.kind, "area": post.area_id, "since": post.since}
    new_post = {"kind": Kind.LIAISON, "area": rows["station"], "since": today}
    return {
        "roster/": {"area": rows["community"], "file": SimpleUploadedFile("a.csv", sheet(cells("新人己")))},
        "choose/": {"choice-csv!2": "new"},
        "member/add/": person | {"home": rows["group"], "room": "101"},
        "member/change/": person | {"name": "欧阳建军"} | homes | inline("duties", []),
        "move/": {"to": rows["group"], "room": "601", "on": today},
        "leave/": {"on": today},
        "export/": {"format": "0", "reason": "核对三月花名册"},
        "export/?": {"format": "0"},
        "area/add/": {"parent": rows["station"], "name": "8号楼"},
        "area/{group}/change/": {"parent": rows["station"], "name": "改名", "stage": "none"},
        "area/{station}/change/": {"parent": rows["community"], "name": "改名"},
        "area/{community}/change/": {"parent": rows["street"], "name": "改名"},
        "area/{street}/change/": {"name": "改名"},
        "area/{other_group}/change/": {"name": "改名"},
        "employer/add/": {"name": "嘉定区实验小学"},
        "employer/change/": {"name": "嘉定仪表厂"},
        "user/add/": {"name": "新人", "username": "xinren"} | inline("roles", [new_post]),
        "user/change/": {"name": "改名", "username": "gaiming", "is_active": "on"} | inline("roles", [kept_post], 1),
        "stafftoken/add/": {"label": "报表"},
        "stafftoken/change/": {"label": "改名"},
        "arearole/change/": {"kind": Kind.SECRETARY, "area": rows["community"], "since": today},
    }


def inline(prefix: str, forms: list[dict[str, Any]], initial: int | None = None) -> dict[str, Any]:
    """The fields of an inline table; forms that bear an id are rows that exist."""
    existing = sum("id" in form for form in forms) if initial is None else initial
    management = {f"{prefix}-TOTAL_FORMS": len(forms), f"{prefix}-INITIAL_FORMS": existing}
    return management | {f"{prefix}-{i}-{name}": value for i, form in enumerate(forms) for name, value in form.items()}


@pytest.fixture
def clients(request: pytest.FixtureRequest, logged_in: Callable[[User], Client]) -> dict[str | None, Client]:
    return {who: logged_in(request.getfixturevalue(who)) if who else Client() for who in WHO}


@pytest.mark.parametrize(("method", "path"), CALLS, ids=[" ".join(call) for call in CALLS])
def test_status(rows: Any, bodies: Any, clients: Any, method: str, path: str) -> None:
    body = body_of(bodies, path) if method == "POST" else None
    before = written()
    answers, touched = {}, set()
    for who, client in clients.items():
        with transaction.atomic():
            answers[who] = kind(ask(client, f"/{path.format(**rows)}", body))
            if answers[who] not in (302, FILE) and written() != before:
                touched.add(who)
            transaction.set_rollback(True)
    assert answers == dict(zip(WHO, CALLS[method, path], strict=True))
    assert touched == set(), "something was written although it was refused"


def body_of(bodies: dict[str, dict[str, Any]], path: str) -> dict[str, Any]:
    """The body for this address, else the one for its end."""
    plain = "".join(part for part in path.replace("/", " / ").split() if not part.startswith("{")).replace("//", "/")
    return next((body for end, body in bodies.items() if path.endswith(end) or plain.endswith(end)), {})


def ask(client: Client, url: str, body: dict[str, Any] | None) -> Any:
    if body is None:
        return client.get(url)
    for value in body.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)
    return client.post(url, body)


def kind(answer: Any) -> int | str:
    """The status; by name where it leads to the login page or is a file."""
    if answer.headers.get("Location", "").startswith("/admin/login/"):
        return LOGIN
    return FILE if answer.headers.get("Content-Disposition", "").startswith("attachment") else answer.status_code


def written() -> dict[str, list]:
    """All rows but those of the trail that tell of refusals; what logging in and looking leave behind does not count."""
    rows = {m.__name__: list(m._base_manager.order_by("pk").values()) for m in (*MODELS, *HISTORIES)}
    for user in rows["User"]:
        user.pop("last_login")
    rows["AuditEntry"] = list(AuditEntry.objects.exclude(action__in=("refuse", "login", "logout")).values("pk", "hash"))
    return rows
