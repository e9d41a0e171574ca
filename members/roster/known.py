"""The known members of a street with their present homes.

The `*_rows` functions look them up, in a fixed order so that two look-ups can be compared; the classes search in these
rows.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from members.models import Area, Member, Residence
from members.roster.compare import APART, WHOLE_DAY, are_two_people, contradictions, share_birth_date

COLUMNS = (
    "name", "sex", "birth_date", "id_digest", "phone_digest", "affiliation", "standing", "party_since",
    "employer_id", "employer__name", "rank", "skills", "remark",
)  # fmt: skip


Rows = list[tuple[Any, ...]]


@dataclass(slots=True)
class KnownHome:
    pk: int
    path: str
    label: str
    room: str
    joined_on: date | None


@dataclass(slots=True)
class KnownMember:
    """A member as stored in the database now."""

    pk: int
    fields: dict[str, str]
    home: KnownHome | None = None


Doubt = tuple[KnownMember, list[str]]  # a member and the fields that speak against them


@dataclass(slots=True)
class Match:
    """The member that a row means, or those that it may mean, each (by id) with what speaks against it, if anything.

    `is_by_door` says that only name and door led to the member.
    """

    person: KnownMember | None = None
    candidates: dict[int, str] = field(default_factory=dict)
    is_by_door: bool = False


class People:
    """The street's members, found by ID digest, by name and phone, by name and home, by name and day of birth."""

    def __init__(self, people: Rows, homes: Rows):
        home_of = {member_id: KnownHome(*home) for member_id, *home in homes}
        self.all: dict[int, KnownMember] = {}
        self.by_id: dict[str, list[KnownMember]] = defaultdict(list)
        self.by_phone: dict[tuple[str, str], list[KnownMember]] = defaultdict(list)
        self.by_group: dict[tuple[str, str], list[KnownMember]] = defaultdict(list)
        self.by_birth: dict[tuple[str, str], list[KnownMember]] = defaultdict(list)
        self.moved_away: dict[str, list[KnownMember]] = defaultdict(list)
        self.living: dict[str, list[KnownMember]] = defaultdict(list)
        for pk, *values in people:
            self._add(KnownMember(pk, dict(zip(COLUMNS, values, strict=True)), home_of.get(pk)))

    def _add(self, person: KnownMember) -> None:
        fields, name = person.fields, person.fields["name"]
        self.all[person.pk] = person
        if fields["id_digest"]:
            self.by_id[fields["id_digest"]].append(person)
        if fields["phone_digest"]:
            self.by_phone[name, fields["phone_digest"]].append(person)
        if len(fields["birth_date"]) == WHOLE_DAY:
            self.by_birth[name, fields["birth_date"]].append(person)
        if person.home:
            self.by_group[name, person.home.path].append(person)
            self.living[name].append(person)
        else:
            self.moved_away[name].append(person)

    def identify(self, values: dict[str, str], *, group: str, shared_id: bool) -> Match:
        """Return the member that the row means, or the members that it may mean.

        A member is identified by ID number (by number and name where the file gives one number to people of different
        names, `shared_id`), else by name and phone, else by name, group and room; never where sex, birth date or ID
        number contradict. A name alone is never enough.
        """
        by_id = self.by_id.get(values.get("id_digest", ""), [])
        by_both = [person for person in by_id if person.fields["name"] == values["name"]]
        if by_both or (by_id and not shared_id):
            return _by_number(by_both or by_id, values)
        name, room = values["name"], values.get("room", "")
        if name not in self.living and name not in self.moved_away:
            return Match()
        by_phone = _likely(self.by_phone.get((name, values.get("phone_digest", "")), []), values)
        neighbours = _likely(self.by_group.get((name, group), []), values)
        by_door = [(who, why) for who, why in neighbours if room and who.home and who.home.room == room]
        callers, dwellers = ([who for who, why in found if not why] for found in (by_phone, by_door))
        match callers, dwellers:
            case [one], [other] if one is not other:
                pass  # two members of this name: the phone says the one, the door the other
            case [one], _:
                return Match(one)
            case _, [one]:
                return Match(one, is_by_door=True)
        others: list[Doubt] = [(who, []) for who in self._born_alike(values) + self._back_again(values)]
        return Match(candidates=_against([*others, *neighbours, *by_phone]))

    def _born_alike(self, values: dict[str, str]) -> list[KnownMember]:
        same = self.by_birth.get((values["name"], values.get("birth_date", "")), [])
        return [person for person in same if not contradictions(person.fields, values)]

    def _back_again(self, values: dict[str, str]) -> list[KnownMember]:
        """Return the members of this name who moved away, as far as nothing that is known of them speaks against it."""
        gone = self.moved_away.get(values["name"], [])
        return [p for p in gone if not contradictions(p.fields, values) and not _calls_otherwise(p, values)]


def _by_number(found: list[KnownMember], values: dict[str, str]) -> Match:
    against = [(person, contradictions(person.fields, values)) for person in found]
    if len(found) == 1 and not are_two_people(against[0][1]):
        return Match(found[0])
    return Match(candidates=_against(against))


def _likely(found: list[KnownMember], values: dict[str, str]) -> list[Doubt]:
    """Return those of these members whom the row may mean, each with what contradicts."""
    pairs = [(person, contradictions(person.fields, values)) for person in found]
    return [(person, against) for person, against in pairs if not are_two_people(against)]


def _against(found: Iterable[Doubt]) -> dict[int, str]:
    return {person.pk: "、".join(APART[name] for name in against) for person, against in found}


def _calls_otherwise(person: KnownMember, values: dict[str, str]) -> bool:
    """Whether both phones are known and differ, and no day of birth says that it is one person all the same."""
    own, given = person.fields["phone_digest"], values.get("phone_digest", "")
    return bool(own and given and own != given) and not share_birth_date(person.fields, values)


def people_rows(street: Area) -> Rows:
    return list(Member.objects.filter(street=street).order_by("pk").values_list("pk", *COLUMNS))


def home_rows(street: Area) -> Rows:
    rows = Residence.objects.inside(street).filter(until=None).order_by("pk")
    return list(rows.values_list("member_id", "pk", "area__path", "area__label", "room", "joined_on"))
