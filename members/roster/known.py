"""The known members of a street with their present homes, and the known employers that a file names.

The `*_rows` functions look them up, in a fixed order so that two look-ups can be compared; the classes search in these
rows.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from members.ground.history import batches
from members.models import Area, Employer, EmployerName, Member, Residence
from members.rules import employing

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

    def contradicts(self, id_digest: str) -> bool:
        """Whether both ID numbers are known and differ: then it is somebody else."""
        own = self.fields["id_digest"]
        return bool(own and id_digest and own != id_digest)


class People:
    """The street's members, found by ID digest, by name and phone, by name and building."""

    def __init__(self, people: Rows, homes: Rows):
        home_of = {member_id: KnownHome(*home) for member_id, *home in homes}
        self.all: dict[int, KnownMember] = {}
        self.by_id: dict[str, list[KnownMember]] = defaultdict(list)
        self.by_phone: dict[tuple[str, str], list[KnownMember]] = defaultdict(list)
        self.by_group: dict[tuple[str, str], list[KnownMember]] = defaultdict(list)
        for pk, *values in people:
            self._add(KnownMember(pk, dict(zip(COLUMNS, values, strict=True)), home_of.get(pk)))

    def _add(self, person: KnownMember) -> None:
        fields = person.fields
        self.all[person.pk] = person
        if fields["id_digest"]:
            self.by_id[fields["id_digest"]].append(person)
        if fields["phone_digest"]:
            self.by_phone[fields["name"], fields["phone_digest"]].append(person)
        if person.home:
            self.by_group[fields["name"], person.home.path].append(person)

    def identify(
        self, values: dict[str, str], *, group: str, shared_id: bool
    ) -> tuple[KnownMember | None, list[KnownMember]]:
        """Return (the member that the row means, or None; the members that it may mean).

        A member is identified by ID number (by number and name where the file gives one number to people of different
        names, `shared_id`), else by name and phone, else by name, group and room. A name alone is never enough.
        """
        id_digest, name, room = values.get("id_digest", ""), values["name"], values.get("room", "")
        by_id = self.by_id.get(id_digest, [])
        by_both = [person for person in by_id if person.fields["name"] == name]
        if by_both or (by_id and not shared_id):
            return _certain(by_both or by_id)
        by_phone = self.by_phone.get((name, values.get("phone_digest", "")), [])
        neighbours = self.by_group.get((name, group), [])
        by_room = [person for person in neighbours if room and person.home and person.home.room == room]
        for candidates in (by_phone, by_room):
            free = [person for person in candidates if not person.contradicts(id_digest)]
            if len(free) == 1:
                return free[0], []
        doubtful = {person.pk: person for person in neighbours if not person.contradicts(id_digest)}
        return None, list((doubtful | {person.pk: person for person in by_phone}).values())


def _certain(found: list[KnownMember]) -> tuple[KnownMember | None, list[KnownMember]]:
    return (found[0], []) if len(found) == 1 else (None, found)


class Employers:
    """The employers a file names: known ones by credit code or name, new ones listed."""

    def __init__(self, named: set[tuple[str, str]], known: Rows, aliases: Rows, shared: set[int]):
        self.by_code: dict[str, int | str] = {}
        self.by_name: dict[str, set[int | str]] = defaultdict(set)
        self.uncoded: dict[str, int] = {}
        self.new: dict[str, dict[str, str]] = {}
        for pk, name, code in known:
            self._add(pk, name, code or "")
        for name, pk, code in aliases:
            self._add_alias(name, pk, code or "")
        self.shared = shared
        for name, code in sorted(named, key=lambda pair: not pair[1]):
            self._resolve(name, code)

    def _add(self, ref: int | str, name: str, code: str) -> None:
        self.by_name[name].add(ref)
        if code:
            self.by_code[code] = ref
        elif isinstance(ref, int):
            self.uncoded[name] = ref

    def _add_alias(self, name: str, pk: int, code: str) -> None:
        """Let the street's own name for an employer go before the same name of another one in the register."""
        self.by_name[name] = set()
        self.uncoded.pop(name, None)
        self._add(pk, name, code)

    def _resolve(self, name: str, code: str) -> None:
        if code in self.by_code or (not code and self.by_name.get(name)):
            return
        if self.uncoded.get(name, None) not in (
            None,
            *self.by_code.values(),
        ):  # known without a code: the file adds it
            self.by_code[code] = self.uncoded[name]
            return
        ref = f"+{code or name}"
        self.new[ref] = {"name": name, "credit_code": code}
        self._add(ref, name, code)

    def find(self, name: str, code: str) -> int | str | None:
        """Return the employer's key, or the mark of a new one; None where the name alone fits several."""
        if code:
            return self.by_code[code]
        refs = self.by_name[name]
        return next(iter(refs)) if len(refs) == 1 else None

    def codes_to_add(self) -> dict[int, str]:
        """Return by id the credit codes that the file adds to employers without one that no other street uses."""
        known_only = set(self.uncoded.values()) - self.shared
        return {ref: code for code, ref in self.by_code.items() if isinstance(ref, int) and ref in known_only}

    def notes(self) -> list[str]:
        """Return a sentence on each employer whose code is not added, because other streets use it as well."""
        brought = {ref for ref in self.by_code.values() if ref in self.shared}
        names = sorted(name for name, ref in self.uncoded.items() if ref in brought)
        return [f"“{name}”别的街道也在用，表里的信用代码不会写进登记；要补填，请联系系统管理员。" for name in names]


def people_rows(street: Area) -> Rows:
    return list(Member.objects.filter(street=street).order_by("pk").values_list("pk", *COLUMNS))


def home_rows(street: Area) -> Rows:
    rows = Residence.objects.inside(street).filter(until=None).order_by("pk")
    return list(rows.values_list("member_id", "pk", "area__path", "area__label", "room", "joined_on"))


def employer_rows(named: set[tuple[str, str]]) -> Rows:
    """Look up the known employers that have one of these names or credit codes."""
    names, codes = {name for name, _ in named}, {code for _, code in named if code}
    return [*_employers("name", names), *_employers("credit_code", codes)]


def alias_rows(named: set[tuple[str, str]], street: Area) -> Rows:
    """Look up which of these names are the street's own for an employer, as (name, employer, credit code)."""
    rows = EmployerName.objects.filter(street=street).order_by("pk")
    columns = ("name", "employer", "employer__credit_code")
    some = (rows.filter(name__in=batch) for batch in batches(sorted({name for name, _ in named})))
    return [row for part in some for row in part.values_list(*columns)]


def shared_of(employers: Rows, aliases: Rows, street: Area) -> set[int]:
    """Return the ids of those employers without a credit code that other streets use as well."""
    uncoded = {pk for pk, _, code in employers if not code} | {pk for _, pk, code in aliases if not code}
    return employing.used_outside(uncoded, street)


def _employers(column: str, values: set[str]) -> Iterator[tuple[Any, ...]]:
    for batch in batches(sorted(values)):
        some = Employer.objects.filter(**{f"{column}__in": batch}).order_by("pk")
        yield from some.values_list("pk", "name", "credit_code")
