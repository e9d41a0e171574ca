"""The codes by which members report: a community's poster, and the link that an employer hands out."""

import secrets
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.utils import timezone

from feedback.models import SlipCode
from members.ground.atomic import atomic_write
from members.models import Area, Employer
from members.rules import employing

LONGEST = timedelta(days=366)
WRONG_DAY = "最后一天请选今天起一年以内的日子。"
NO_PLACE = "请选一个在用的社区；单位发的链接用街道。"


def open_code(place: Area, *, ends_on: date, employer: Employer | None = None) -> SlipCode:
    """Return the open code of this place, a new one where there is none; its last day is set.

    ValidationError for a day that is past or over a year away, or a place of another level.
    """
    today = timezone.localdate()
    if not today <= ends_on <= today + LONGEST:
        raise ValidationError({"ends_on": WRONG_DAY})
    with atomic_write():
        _lock(place, Area.Level.STREET if employer else Area.Level.COMMUNITY)
        employer = employing.standing(employer)
        rows = SlipCode.objects.select_for_update(of=("self",), no_key=True)
        code = rows.filter(place=place, employer=employer, closed_at=None).first()
        if code and not code.is_open:
            code.close()
            code = None
        code = code or SlipCode(place=place, employer=employer, secret_code=secrets.token_urlsafe(16))
        code.ends_on = ends_on
        code.save()
    return code


def code_of(text: str) -> SlipCode | None:
    """Return the code with this secret text, open or not, with its place and employer; None where there is none."""
    return SlipCode.objects.select_related("place", "employer").filter(secret_code=text).first()


def _lock(place: Area, level: int) -> None:
    """Lock the place: of two first calls at once the second finds the code of the first."""
    rows = Area.objects.current().filter(pk=place.pk, level=level)
    if not rows.select_for_update(no_key=True).exists():
        raise ValidationError({"place": NO_PLACE})
