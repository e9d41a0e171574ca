"""Comparing a cell with the known value, and showing a change to the clerk."""

from collections.abc import Mapping
from datetime import date

from members.ground.partial_date import agree
from members.ground.sealing import mask_phone
from members.models import Member

MEMBER_FIELDS = (
    "name", "sex", "birth_date", "id_digest", "phone", "affiliation", "standing", "party_since", "rank", "skills",
    "remark",
)  # fmt: skip
PARTIAL_DATES = {"birth_date", "party_since"}
# What tells two people apart, with its word for the screen; only an ID number may overwrite one of WHO.
APART = {"id_digest": "身份证号", "sex": "性别", "birth_date": "出生年月"}
WHO = ("name", "sex", "birth_date")
WHOLE_DAY = 10
LABELS = {
    name: dict(choices.choices)
    for name, choices in {
        "sex": Member.Sex, "affiliation": Member.Affiliation, "standing": Member.Standing, "rank": Member.Rank,
    }.items()
}  # fmt: skip


def same(name: str, old: str, new: str) -> bool:
    """Whether the cell says what is known; a date may say less than is known."""
    if name in PARTIAL_DATES and old:
        return agree(old, new) and len(new) <= len(old)
    return old == new


def contradictions(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the fields among APART that both give and that differ; dates differ as far as both are known."""
    return [name for name in APART if (a := one.get(name)) and (b := other.get(name)) and not fits(name, a, b)]


def are_two_people(against: list[str]) -> bool:
    """Whether these contradictions leave no doubt that two records are of two people."""
    return "id_digest" in against or len(against) > 1


def share_birth_date(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether both were born on the same day, known to the day."""
    day = one.get("birth_date", "")
    return len(day) == WHOLE_DAY and day == other.get("birth_date")


def fits(name: str, one: str, other: str) -> bool:
    """Whether two values of a field may both be right."""
    return agree(one, other) if name in PARTIAL_DATES else one == other


def readable_change(name: str, old: str, new: str) -> list[str]:
    """Return [old, new] as the clerk reads them; a phone and an ID number are masked."""
    if name == "id_digest":
        return ["", "登记（号码不保存）"]
    if name == "phone":
        return ["（原号码）", mask_phone(new)]
    labels = LABELS.get(name, {})
    return [str(labels.get(old, old)), str(labels.get(new, new))]


def joined_alike(given: str, joined_on: date | None) -> bool:
    if given in ("yes", "no"):
        return (given == "yes") == (joined_on is not None)
    return joined_on is not None and given == joined_on.isoformat()
