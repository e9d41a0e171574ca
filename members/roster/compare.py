"""Comparing a cell with the known value, and showing a change to the clerk."""

from datetime import date

from members.ground.partial_date import agree
from members.ground.sealing import mask_phone
from members.models import Member

MEMBER_FIELDS = (
    "name", "sex", "birth_date", "id_digest", "phone", "affiliation", "standing", "party_since", "rank", "skills",
    "remark",
)  # fmt: skip
PARTIAL_DATES = {"birth_date", "party_since"}
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
