"""Names from a pasted list: a chat group's 接龙, a sign-in sheet, a line of names.

`read_names` splits the text, `match` finds the members. Nothing is dropped in silence: words that are no name are
returned too. Who is said not to come is told apart, and is never taken for one who came.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from activities.rules.door_parts import may_live_at
from activities.rules.pasted_entry import PastedEntry
from activities.rules.pasted_marks import NO_MARK, MarkKind, PastedMark, joined, within
from activities.rules.pasted_rows import read_lines
from activities.rules.pasted_text import is_readable, plain
from members.models.people import MemberQuerySet

LONGEST = 20_000
MOST_NAMES = 2_000
PARTS = 100_000  # added to the number of a word for each further person in it


class MatchState(StrEnum):
    MATCHED = "matched"
    DOUBT = "doubt"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class PossibleMember:
    """A member that a name may mean, and where they live."""

    pk: int
    name: str
    label: str
    room: str
    came: bool = False

    @property
    def key(self) -> str:
        return str(self.pk)

    @property
    def home(self) -> str:
        return f"{self.label} {self.room}".strip()

    def lives_at(self, entry: PastedEntry) -> bool:
        """Whether the building and room beside the name fit."""
        return may_live_at(self.label.rpartition(" ")[2], self.room, entry.building, entry.room)


@dataclass(slots=True)
class PastedLine:
    """An entry and the members it may mean: one, several of the name, or nobody; `mark` is what is said of them."""

    number: int
    entry: PastedEntry
    state: MatchState
    people: list[PossibleMember] = field(default_factory=list)
    mark: PastedMark = NO_MARK
    answer: str = ""  # as chosen on the page: a member's id, "0" for nobody

    @property
    def chosen(self) -> PossibleMember | None:
        return next((person for person in self.people if person.key == self.answer), None)

    @property
    def person(self) -> PossibleMember | None:
        return self.people[0] if self.state == MatchState.MATCHED else None

    @property
    def is_readable(self) -> bool:
        return is_readable(self.entry.text)

    def say(self, mark: PastedMark, note: str = "") -> None:
        """Add what a later line says of the same person."""
        self.entry.add_note(note)
        self.mark = joined(self.mark, mark)
        self.settle()

    def settle(self) -> None:
        """Set the state by the people and the mark."""
        if self.mark.kind == MarkKind.ABSENT and self.state != MatchState.TEXT:
            self.state = MatchState.ABSENT
        elif self.people:
            is_sure = len(self.people) == 1 and not self.mark.is_asked
            self.state = MatchState.MATCHED if is_sure else MatchState.DOUBT


class TooLong(Exception):
    """The list is longer than any real list of those who came."""


def read_names(text: str) -> list[PastedEntry]:
    """Return the entries of a pasted list, in its order; TooLong, with a sentence, for too long a text."""
    if len(text) > LONGEST:
        raise TooLong(f"内容太长（{len(text):,} 字）。请只粘贴名单，最多 {LONGEST:,} 字；人多可以分几次。")
    entries = list(read_lines(plain(text)))
    if sum(bool(entry.name) for entry in entries) > MOST_NAMES:
        raise TooLong(f"名单里的人太多，一次最多 {MOST_NAMES:,} 人，请分几次粘贴。")
    return entries


def match(entries: Iterable[PastedEntry], members: MemberQuerySet, *, came: Iterable[int] = ()) -> list[PastedLine]:
    """Find each entry's members among these, in one query; a member who is named twice has one line.

    `came` are the ids of members who are recorded already.
    """
    entries = list(entries)
    names = {name for entry in entries for reading in entry.readings for name in reading.names}
    people = _people(members, {name for name in names if len(name) > 1}, set(came))
    matching = _Matching()
    for number, entry in enumerate(entries):
        matching.take(number, entry, people)
    return list(matching.lines.values())


class _Matching:
    """The lines of a list, by member or by what is written."""

    def __init__(self) -> None:
        self.lines: dict[object, PastedLine] = {}
        self.by_name: dict[str, list[PastedLine]] = defaultdict(list)
        self.by_entry: dict[int, list[PastedLine]] = defaultdict(list)

    def take(self, number: int, entry: PastedEntry, people: dict[str, list[PossibleMember]]) -> None:
        reading = next((one for one in entry.readings if all(name in people for name in one.names)), None)
        if reading is None:
            self._take_unknown(number, entry)
            return
        mark = within(_both(reading.mark, entry.mark), NO_MARK)
        for part, name in enumerate(reading.names):
            self._add(
                PastedLine(number + PARTS * part, entry, MatchState.UNKNOWN, _fit(people[name], entry), mark), name
            )

    def _take_unknown(self, number: int, entry: PastedEntry) -> None:
        """Keep a word that is no member's name; what it says may be about the name before it."""
        own = entry.said
        if own.kind in (MarkKind.ABSENT, MarkKind.UNSURE) and entry.before is not None:
            for line in self.by_entry[id(entry.before)]:
                line.say(PastedMark(MarkKind.UNSURE, entry.text))
        state = MatchState.UNKNOWN if entry.name or not is_readable(entry.text) else MatchState.TEXT
        self._add(PastedLine(number, entry, state, [], _both(own, entry.mark)), entry.name)

    def _add(self, line: PastedLine, name: str) -> None:
        if line.people and not _is_home_right(line):
            line.mark = _both(line.mark, PastedMark(MarkKind.UNSURE, f"{line.entry.building}{line.entry.room}"))
        line.settle()
        line = self._kept(line, name)
        self.by_entry[id(line.entry)].append(line)

    def _kept(self, line: PastedLine, name: str) -> PastedLine:
        """Return the line of the same person above, with what is said here added, or this line."""
        entry = line.entry
        earlier = self.by_name[name] if name else []
        if len(line.people) > 1:
            if line.mark.kind and earlier:
                for other in earlier:
                    other.say(line.mark if len(earlier) == 1 else PastedMark(MarkKind.UNSURE, line.mark.words))
                return earlier[0]
            # Two members of one name may both have come, so each of their lines stays.
            key: object = (entry.text, line.number)
        else:
            key = line.people[0].pk if line.people else (name or entry.text, entry.building, entry.room)
        if key in self.lines:
            self.lines[key].say(line.mark, entry.note)
            self.by_entry[id(entry)].append(self.lines[key])
            return self.lines[key]
        self.lines[key] = line
        earlier.append(line)
        return line


def _both(first: PastedMark, second: PastedMark) -> PastedMark:
    """Return the mark of a word and of what stands beside it."""
    if not first.kind or not second.kind or first.kind == second.kind:
        return first if first.kind else second
    if MarkKind.CAME in (first.kind, second.kind) and MarkKind.ABSENT in (first.kind, second.kind):
        return PastedMark(MarkKind.UNSURE, f"{first.words} {second.words}")
    return max(first, second, key=lambda mark: (mark.kind == MarkKind.UNSURE, mark.kind == MarkKind.ABSENT))


def _people(members: MemberQuerySet, names: set[str], came: set[int]) -> dict[str, list[PossibleMember]]:
    found: dict[str, list[PossibleMember]] = defaultdict(list)
    rows = members.filter(name__in=names).with_home().order_by("home_path", "pk")
    for pk, name, label, room in rows.values_list("pk", "name", "home_label", "home_room"):
        found[name].append(PossibleMember(pk, name, label or "", room or "", pk in came))
    return found


def _fit(people: list[PossibleMember], entry: PastedEntry) -> list[PossibleMember]:
    if len(people) < 2:
        return people
    return [person for person in people if person.lives_at(entry)] or people


def _is_home_right(line: PastedLine) -> bool:
    """Whether a lone member of the name is not contradicted by the home beside the name.

    Four digits alone may be the end of a phone number, and "3楼" a floor.
    """
    entry, (person, *others) = line.entry, line.people
    is_said = (bool(entry.building) and not entry.building.endswith("楼")) or entry.building.endswith("号楼")
    is_said = is_said or "-" in entry.room or (bool(entry.room) and (bool(entry.building) or len(entry.room) == 3))
    return bool(others) or not is_said or not person.label or person.lives_at(entry)
