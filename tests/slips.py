"""Makers of slips; each works as the product does."""

from datetime import date
from typing import Any

from django.utils import timezone

from feedback.models import Slip, SlipCode
from feedback.rules import slips_accepting, slips_coding
from feedback.rules.receiving import By
from feedback.rules.slips_sending import SlipRow, SlipSent, send_slips
from members.models import Area, Employer, User
from tests import factories

Origin, Status = Slip.Origin, Slip.Status
HERE = "上海市嘉定区迎晖苑1号楼302室"  # in the first community, surely
THERE = "仓场公寓2号楼501室"  # in the second one
FAR = "嘉富丽苑9号楼101室"  # in the other street
UNKNOWN = "新华路99弄3号502室"


def row(name: str = "郁建平", **values: Any) -> SlipRow:
    """Return what a slip says; the phone ends in 8765 by default."""
    values = {
        "phone": "19900008765",
        "home": HERE,
        "agreed_how": "paper",
        "agreed_on": date(2026, 11, 2),
        "employer_name": "",
    } | values
    return SlipRow(name=name, **values)


def phone(number: int) -> str:
    return f"1990000{number:04}"


def sent_by_unit(street: Area, *rows: SlipRow, unit: Employer | None = None) -> list[SlipSent]:
    """Send slips of an employer to the street."""
    unit = unit or factories.employer()
    return send_slips(rows or [row()], street=street, origin=Origin.EMPLOYER, employer=unit, by=By())


def from_unit(street: Area, name: str = "郁建平", *, unit: Employer | None = None, **values: Any) -> Slip:
    """Create one slip that an employer sent."""
    (answer,) = sent_by_unit(street, row(name, **values), unit=unit)
    assert answer.slip, answer.errors
    return fresh(answer.slip)


def reported(
    street: Area, name: str = "郁建平", *, code: SlipCode | None = None, origin: str = Origin.MEMBER, **values: Any
) -> Slip:
    """Create one slip that a member sent, or somebody typed from paper."""
    values = {"employer_name": "上海嘉定仪表厂", "agreed_how": "link", "agreed_on": timezone.localdate()} | values
    (answer,) = send_slips([row(name, **values)], street=street, origin=origin, by=By(), code=code)
    assert answer.slip, answer.errors
    return fresh(answer.slip)


def accepted(slip: Slip, by: User, **how: Any) -> Slip:
    return fresh(slips_accepting.accept(slip, by=by, **how))


def code(place: Area, **values: Any) -> SlipCode:
    return slips_coding.open_code(place, **{"ends_on": timezone.localdate()} | values)


def fresh(slip: Slip) -> Slip:
    return Slip.objects.with_facts().get(pk=slip.pk)
