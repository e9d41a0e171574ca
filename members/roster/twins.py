"""Rows of one file that may name one person: surely by ID number, by name and phone, by name and day of birth.

A shared door is no proof: father and son, or neighbours in a shared flat, may bear one name.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from members.roster.compare import APART, WHOLE_DAY, are_two_people, contradictions, share_birth_date
from members.roster.places import RosterGroup
from members.roster.reading import RosterEntry

WORDS = {"id": "身份证号", "phone": "电话", "birth": "出生年月", "door": "住址"}
COLUMNS = {"id": "id_number", "phone": "phone", "birth": "birth_date", "door": "name"}
COMPARED = 8  # earlier rows of one key that a row is compared with: nobody needs the ninth
Key = tuple[str, ...]


@dataclass(slots=True)
class Twin:
    """An earlier row of the same name: `way` is what both share, `against` what differs, `is_sure` if they are one."""

    first: RosterEntry
    way: str
    against: list[str] = field(default_factory=list)
    is_sure: bool = False

    def sentence(self, here: RosterEntry) -> str:
        where = whereabouts(self.first, here)
        if self.is_sure and self.way == "id":
            return f"与{where}是同一个人，请删去其中一行"
        if self.is_sure:
            return f"与{where}姓名、{WORDS[self.way]}相同，是同一个人，请只留一行；确是两个人的，请填上各自的身份证号"
        but = f"，但{'、'.join(APART[name] for name in self.against)}不同" if self.against else ""
        return f"与{where}姓名、{WORDS[self.way]}相同{but}"


class Twins:
    """Remembers the rows of a file, and finds for each the earlier row that may name the same person."""

    def __init__(self) -> None:
        self._seen: dict[Key, list[RosterEntry]] = defaultdict(list)
        self._doubled: set[Key] = set()

    def find(self, entry: RosterEntry, place: RosterGroup | None) -> Twin | None:
        """Return a row that is surely of the same person, else one that may be; None where there is neither."""
        found = [
            twin for key in _keys(entry, place) for first in self._add(key, entry) if (twin := _twin(key, first, entry))
        ]
        self._doubled.update(_door(entry, place) for twin in found if twin.way == "door" and place)
        return next((twin for twin in found if twin.is_sure), found[0] if found else None)

    def share_a_door(self, entry: RosterEntry, place: RosterGroup) -> bool:
        """Whether two rows that may be of different people have this name and door."""
        return _door(entry, place) in self._doubled

    def _add(self, key: Key, entry: RosterEntry) -> list[RosterEntry]:
        earlier = self._seen[key][:COMPARED]
        self._seen[key].append(entry)
        return earlier


def whereabouts(first: RosterEntry, here: RosterEntry) -> str:
    return f"第 {first.row} 行" if first.sheet == here.sheet else f"工作表“{first.sheet}”第 {first.row} 行"


def _keys(entry: RosterEntry, place: RosterGroup | None) -> list[Key]:
    """Return what a row may share with another one of its name."""
    values = entry.values
    name, birth_date = values.get("name", ""), values.get("birth_date", "")
    given = {
        "id": values.get("id_digest"),
        "phone": values.get("phone"),
        "birth": len(birth_date) == WHOLE_DAY and birth_date,
    }
    keys: list[Key] = [(way, name, text) for way, text in given.items() if name and text]
    return [*keys, _door(entry, place)] if name and place else keys


def _door(entry: RosterEntry, place: RosterGroup) -> Key:
    return ("door", entry.values.get("name", ""), place.path, entry.values.get("room", ""))


def _twin(key: Key, first: RosterEntry, entry: RosterEntry) -> Twin | None:
    """Compare two rows of one key: surely one person, perhaps one, or two (None).

    Of two who were born on one day, only phone or door say that they are one: those are keys of their own.
    """
    way, one, other = key[0], first.values, entry.values
    if way == "id":
        return Twin(first, way, is_sure=True)
    against = contradictions(one, other)
    if are_two_people(against):
        return None
    if way == "door" and ("birth_date" in against or not (other.get("room") or _may_share_a_phone(one, other))):
        return None
    is_sure = not against and (way == "phone" or (way == "door" and share_birth_date(one, other)))
    return Twin(first, way, against, is_sure=is_sure)


def _may_share_a_phone(one: dict[str, str], other: dict[str, str]) -> bool:
    return "phone" not in one or "phone" not in other or one["phone"] == other["phone"]
