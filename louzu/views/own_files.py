"""The street office makes a member's own file, and sees who looked at the member's data."""

from typing import Any, cast

import segno
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_GET

from louzu.documents.own_file import file_name, own_file_pdf
from louzu.forms.own_files import OwnFileForm
from louzu.models import OwnFile
from louzu.rules import looked
from louzu.rules.own_file_handing import NOT_YOURS, link_token, make, may_make
from members.ground import access
from members.ground.access import Resource
from members.ground.states import Conflict
from members.ground.tries import MOST_TRIES
from members.models import Member, Residence, User
from members.web.acts import add_errors
from members.web.files import as_json, download
from members.web.shell import page

PDF = "application/pdf"
SHOWN, LOOKS = 20, 50


def own_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the file: hand it over now, or show the link to be sent; list those made before."""
    member = get_object_or_404(Member.objects.for_user(request.user).select_related("street", "employer"), pk=pk)
    if not may_make(request.user, member):
        raise PermissionDenied(NOT_YOURS)
    form = OwnFileForm(request.POST or None)
    if form.is_valid() and (answer := _made(request, form, member)):
        return answer
    files = list(OwnFile.objects.for_user(request.user).filter(member=member).select_related("made_by")[:SHOWN])
    return page(
        request, "louzu/own_file.html", title=f"给本人看：{member}", member=member, form=form, files=files,
        link=next((_link(request, file) for file in files if file.is_open), None),
    )  # fmt: skip


def _made(request: HttpRequest, form: OwnFileForm, member: Member) -> HttpResponse | None:
    """Make the file and answer with it, or with the page that shows its link; None where the rule refuses."""
    try:
        file, content = make(member, by=request.user, **form.cleaned_data)
    except ValidationError as error:
        add_errors(form, error)
        return None
    except Conflict as reason:
        form.add_error(None, str(reason))
        return None
    if file.means == OwnFile.Means.LINK:
        messages.success(request, "链接做好了，请发给本人。以前发的链接都打不开了。")
        return redirect("own_file", member.pk)
    return sent(content, "json" if request.GET.get("as") == "json" else "pdf")


def sent(content: dict[str, Any], kind: str) -> HttpResponse:
    """Answer with the file to be saved, as PDF or JSON."""
    if kind == "json":
        return download(as_json(content), file_name(content, kind), content_type="application/json")
    return download(own_file_pdf(content), file_name(content, kind), content_type=PDF)


def _link(request: HttpRequest, file: OwnFile) -> dict[str, Any]:
    url = request.build_absolute_uri(reverse("own_link", args=[link_token(file)]))
    code = segno.make(url, error="m").svg_data_uri(scale=5, border=2)
    return {"url": url, "code": code, "until": file.ends_at, "is_locked": file.wrong_tries >= MOST_TRIES}


@require_GET
def who_looked(request: HttpRequest, pk: int) -> HttpResponse:
    """List who revealed, exported or fetched the member's data, the latest first."""
    member = get_object_or_404(Member.objects.for_user(request.user).select_related("street"), pk=pk)
    if not access.covers(cast(User, request.user), Resource.AUDIT, member.street.path):
        raise PermissionDenied
    shown = Paginator(looked.looks(request.user, member), LOOKS).get_page(request.GET.get("p"))
    homes = Residence.objects.for_user(request.user).filter(member=member).select_related("area")
    return page(
        request, "louzu/who_looked.html", title=f"谁看过：{member}", member=member, shown=shown,
        looks=looked.in_words(shown), lists=looked.lists_around(request.user, homes), limits=looked.LIMITS,
    )  # fmt: skip
