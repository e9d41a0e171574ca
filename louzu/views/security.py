"""Whom to tell of a weakness of this installation (RFC 9116)."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

VALID_FOR = timedelta(days=180)  # the standard asks for less than a year


@login_not_required
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Name the contacts of `LOUZU_SECURITY_CONTACT`, to anybody; not found where there are none."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    ends = (timezone.now() + VALID_FOR).replace(microsecond=0)
    lines = [f"Contact: {contact}" for contact in settings.SECURITY_CONTACT]
    lines += [f"Expires: {ends.isoformat()}", "Preferred-Languages: zh, en"]
    lines.append(f"Canonical: {request.build_absolute_uri()}")
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")
