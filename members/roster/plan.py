"""Rows and database → a plan of what each row would do. Nothing is written.

The preview shows the plan. Applying it plans again and compares, so that records changed in between are noticed.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from members.roster.basis import Basis, Terms, look, named_employers
from members.roster.cells import CellProblem
from members.roster.compare import MEMBER_FIELDS, joined_alike, readable_change, same
from members.roster.known import Employers, KnownMember, People
from members.roster.places import PlaceProblem, RosterGroup, RosterPlaces
from members.roster.reading import Reading, RosterEntry, SheetNote

Outcome = list[Any]
MANY = 0.3
ENOUGH_TO_JUDGE = 10
PLACE, UNKNOWN, OUTSIDE = "place:", "unknown:", "outside"


class Status(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    ERROR = "error"
    DOUBT = "doubt"
    SKIPPED = "skipped"


@dataclass(slots=True)
class PlannedRow:
    """What one row of the file would do.

    `changes` is what the clerk sees, {field: [old, new]}; `writes` has the member's new values; `home` is the change of
    the residence: "" none, "in" a first home, "move" another building, "mend" another room or day of joining. A row
    whose place is in doubt has `doors` to choose from, {answer: what to show}, or the `unknown` name of its compound.
    """

    sheet: str
    row: int
    name: str
    status: Status
    problems: list[CellProblem] = field(default_factory=list)
    member: int | None = None
    candidates: list[int] = field(default_factory=list)
    changes: dict[str, list[str]] = field(default_factory=dict)
    writes: dict[str, str] = field(default_factory=dict)
    employer: int | str | None = None
    place: RosterGroup | None = None
    home: str = ""
    room: str = ""
    joined: str = ""
    residence: int | None = None
    doors: dict[str, str] = field(default_factory=dict)
    unknown: str = ""
    doubt: str = ""

    @property
    def key(self) -> str:
        return f"{self.sheet}!{self.row}"

    def outcome(self) -> Outcome:
        """Return what must not have changed between preview and writing; last, the answers to a row in doubt."""
        unknown = [UNKNOWN + self.unknown] if self.unknown else []
        return [self.status, self.member, self.home, self.changes, [*self.candidates, *self.doors, *unknown]]


@dataclass(slots=True)
class Plan:
    """All rows, and what the summary says about them.

    `absent` are the ids of members who live in the area and whom the file does not name. The clerk has to confirm
    `warnings` before writing; `notes` are for information.
    """

    sheets: list[SheetNote]
    rows: list[PlannedRow]
    new_employers: dict[str, dict[str, str]]
    employer_codes: dict[int, str]
    new_groups: dict[str, str]
    absent: list[int]
    warnings: list[str]
    notes: list[str]

    def counts(self) -> dict[str, int]:
        found = Counter(row.status.value for row in self.rows)
        return {status.value: found[status] for status in Status if status != Status.SKIPPED or found[status]}

    def outcomes(self) -> dict[str, Outcome]:
        """Return each row's outcome by the row's key."""
        return {row.key: row.outcome() for row in self.rows}

    def frequent_problems(self) -> list[tuple[str, int]]:
        """Return (sentence, rows) of problems that three rows or more have: one correction may solve all of them."""
        found = Counter(problem.message for row in self.rows for problem in row.problems)
        return [(message, count) for message, count in found.most_common(5) if count >= 3]

    def moving(self) -> int:
        return sum(row.home == "move" for row in self.rows)

    def changed_fields(self) -> dict[str, int]:
        return dict(Counter(name for row in self.rows if row.status == Status.CHANGED for name in row.changes))


def answers_to(outcomes: dict[str, Outcome]) -> dict[str, set[str]]:
    """Return by its key what each question of a preview can be answered with: who, where, which compound."""
    found: dict[str, set[str]] = {}
    for key, (*_, answers) in outcomes.items():
        if members := {str(each) for each in answers if isinstance(each, int)}:
            found[key] = {"new", "skip"} | members
        unknown = {each for each in answers if isinstance(each, str) and each.startswith(UNKNOWN)}
        found |= {each: {OUTSIDE} for each in unknown}
        if doors := {each for each in answers if isinstance(each, str)} - unknown:
            found[PLACE + key] = {"skip"} | doors
    return found


def make_plan(reading: Reading, terms: Terms, basis: Basis | None = None) -> Plan:
    """Return the plan of a file; without a `basis` it is looked up."""
    planner = Planner(reading, terms, basis or look(reading, terms))
    rows = [planner.plan(entry) for entry in reading.entries]
    made = {
        row.place.path: row.place.label for row in rows if row.place and row.place.is_new and row.status != Status.ERROR
    }
    absent, before = planner.absent(rows)
    return Plan(
        sheets=reading.sheets,
        rows=rows,
        new_employers=_still_needed(planner.employers.new, rows),
        employer_codes=_codes_used(planner.employers.codes_to_add(), rows),
        new_groups=made,
        absent=absent,
        warnings=_warnings(rows, before),
        notes=[*planner.notes(), *planner.employers.notes()],
    )


class Planner:
    """Plans row by row, and remembers which people the file has named already."""

    def __init__(self, reading: Reading, terms: Terms, basis: Basis):
        self.terms = terms
        self.places = RosterPlaces(terms.area, basis.areas, basis.names, create_groups=terms.create_groups)
        self.places.book.learn_districts(e.values["address"] for e in reading.entries if "address" in e.values)
        self.people = People(basis.people, basis.homes)
        self.employers = Employers(named_employers(reading), basis.employers, basis.aliases, basis.shared)
        self.columns = {sheet.name: sheet.columns for sheet in reading.sheets}
        self.seen: dict[tuple[str, ...], tuple[RosterEntry, str]] = {}
        self.taken: dict[int, RosterEntry] = {}
        self.names_of: dict[str, dict[str, int]] = defaultdict(dict)
        for entry in reading.entries:
            if "id_digest" in entry.values and "name" in entry.values:
                self.names_of[entry.values["id_digest"]].setdefault(entry.values["name"], entry.row)

    def plan(self, entry: RosterEntry) -> PlannedRow:
        row = PlannedRow(entry.sheet, entry.row, entry.values.get("name", ""), Status.ERROR, list(entry.problems))
        entry = self._place(row, entry)
        self._employer(row, entry)
        self._check_named_once(row, entry)
        if row.problems:
            return row
        if row.place is None:
            row.status = self._status_of_doubtful_place(row)
            return row
        shared_id = len(self.names_of.get(entry.values.get("id_digest", ""), {})) > 1
        person, candidates = self.people.identify(entry.values, group=row.place.path, shared_id=shared_id)
        row.candidates = sorted(candidate.pk for candidate in candidates)
        choice = self.terms.choices.get(row.key, "") if candidates else ""
        if choice in map(str, row.candidates):
            person = self.people.all[int(choice)]
        elif candidates and choice != "new":
            row.status = Status.SKIPPED if choice == "skip" else Status.DOUBT
            return row
        self._compare(row, entry, person)
        return row

    def absent(self, rows: list[PlannedRow]) -> tuple[list[int], int]:
        """Return the ids of members who live in the area and are not in the file, and how many live there."""
        path = self.terms.area.path
        here = [person for person in self.people.all.values() if person.home and person.home.path.startswith(path)]
        unclear = {row.name for row in rows if row.status in (Status.ERROR, Status.DOUBT, Status.SKIPPED)}
        missing = [p.pk for p in here if p.pk not in self.taken and p.fields["name"] not in unclear]
        return missing, len(here)

    def notes(self) -> list[str]:
        """Return a sentence on each ID number that the file gives to different people, which is mostly an error."""
        shared = [names for names in self.names_of.values() if len(names) > 1]
        pairs = ["、".join(f"第 {row} 行{name}" for name, row in names.items()) for names in shared]
        return [f"{pair}的身份证号相同，将按不同的人登记，请核对证件。" for pair in pairs]

    def _problem(self, row: PlannedRow, entry: RosterEntry, column: str, message: str) -> None:
        heading = self.columns[entry.sheet].get(column, "")
        row.problems.append(CellProblem(column, heading, entry.values.get(column, ""), message))

    def _place(self, row: PlannedRow, entry: RosterEntry) -> RosterEntry:
        """Set the row's place, or what is in doubt about it; return the entry with the room that was read."""
        chosen = self.terms.choices.get(PLACE + row.key, "")
        try:
            found = self.places.place(entry.values, columns=self.columns[entry.sheet], chosen=chosen)
        except PlaceProblem as problem:
            self._problem(row, entry, problem.field, problem.message)
            return entry
        row.place, row.doors, row.unknown, row.doubt = found.group, found.answers, found.unknown, found.why
        return replace(entry, values=entry.values | {"room": found.room}) if found.room else entry

    def _status_of_doubtful_place(self, row: PlannedRow) -> Status:
        """Return whether a row without a place waits for an answer, or is left out by one."""
        is_out = self.terms.choices.get(PLACE + row.key) == "skip"
        is_out = is_out or (row.unknown != "" and self.terms.choices.get(UNKNOWN + row.unknown) == OUTSIDE)
        return Status.SKIPPED if is_out else Status.DOUBT

    def _employer(self, row: PlannedRow, entry: RosterEntry) -> None:
        if name := entry.values.get("employer"):
            row.employer = self.employers.find(name, entry.values.get("credit_code", ""))
            if row.employer is None:
                self._problem(row, entry, "employer", f"有不止一家“{name}”，请填写统一社会信用代码以便区分")

    def _check_named_once(self, row: PlannedRow, entry: RosterEntry) -> None:
        """Add a problem to a row that names the same person as an earlier row, by anything that both of them give."""
        id_digest = entry.values.get("id_digest", "")
        for column, key in _names_of_person(entry.values, row.place):
            first, first_digest = self.seen.setdefault(key, (entry, id_digest))
            differ = id_digest and first_digest and id_digest != first_digest
            if first is not entry and not differ:
                self._problem(row, entry, column, f"与{_where(first, entry)}是同一个人，请删去其中一行")
                return

    def _compare(self, row: PlannedRow, entry: RosterEntry, person: KnownMember | None) -> None:
        if person is None:
            row.status, row.home = Status.NEW, "in"
            row.writes = {name: entry.values[name] for name in MEMBER_FIELDS if name in entry.values}
            row.room, row.joined = entry.values.get("room", ""), entry.values.get("joined", "")
            return
        if first := self.taken.get(person.pk):
            self._problem(row, entry, "name", f"与{_where(first, entry)}对上了同一位党员，请核对这两行")
            return
        if person.home and not self._may_write(person.home.path):
            column = "id_number" if "id_digest" in entry.values else "name"
            self._problem(row, entry, column, "这位党员登记在本街道别的地方，请由街道办理迁居，或先请对方办理迁出")
            return
        self.taken[person.pk] = entry
        row.member = person.pk
        self._differences(row, entry, person)
        if person.home is None:  # moved away, perhaps from another community: this clerk may not see the old values
            row.changes = {name: ["（原登记）" if old else "", new] for name, (old, new) in row.changes.items()}
        self._home(row, entry, person)
        row.status = Status.CHANGED if row.changes else Status.SAME

    def _may_write(self, path: str) -> bool:
        return any(low <= path < high for low, high in self.terms.writable)

    def _differences(self, row: PlannedRow, entry: RosterEntry, person: KnownMember) -> None:
        for name in MEMBER_FIELDS:
            new = entry.values.get(name)
            if new is None:
                continue
            if name == "phone":
                old, known = "", person.fields["phone_digest"] == entry.values["phone_digest"]
            else:
                old = person.fields[name]
                known = same(name, old, new)
            if not known:
                row.writes[name] = new
                row.changes[name] = readable_change(name, old, new)
        if row.employer is not None and row.employer != person.fields["employer_id"]:
            row.changes["employer"] = [person.fields["employer__name"] or "", entry.values["employer"]]

    def _home(self, row: PlannedRow, entry: RosterEntry, person: KnownMember) -> None:
        home, values = person.home, entry.values
        assert row.place
        row.room, row.joined = values.get("room", ""), values.get("joined", "")
        if home is None or home.path != row.place.path:
            row.home = "move" if home else "in"
            row.residence = home.pk if home else None
            row.changes["home"] = [
                f"{home.label} {home.room}".strip() if home else "",
                f"{row.place.label} {row.room}".strip(),
            ]
            return
        if row.room and row.room != home.room:
            row.changes["room"] = [home.room, row.room]
        if row.joined and not joined_alike(row.joined, home.joined_on):
            row.changes["joined"] = [str(home.joined_on or ""), {"yes": "是", "no": "否"}.get(row.joined, row.joined)]
        if "room" in row.changes or "joined" in row.changes:
            row.home, row.residence = "mend", home.pk


def _names_of_person(values: dict[str, str], place: RosterGroup | None) -> list[tuple[str, tuple[str, ...]]]:
    """Return (column, key) for each way in which a row names its person; no two rows may have the same key."""
    name = values.get("name", "")
    found: list[tuple[str, tuple[str, ...]]] = []
    if name and "id_digest" in values:
        found.append(("id_number", ("id", values["id_digest"], name)))
    if name and "phone" in values:
        found.append(("phone", ("phone", values["phone"], name)))
    if name and place and not found:
        found.append(("name", ("home", place.path, values.get("room", ""), name)))
    return found


def _where(first: RosterEntry, here: RosterEntry) -> str:
    return f"第 {first.row} 行" if first.sheet == here.sheet else f"工作表“{first.sheet}”第 {first.row} 行"


def _still_needed(new: dict[str, dict[str, str]], rows: list[PlannedRow]) -> dict[str, dict[str, str]]:
    used = {row.employer for row in rows if row.status in (Status.NEW, Status.CHANGED, Status.DOUBT)}
    return {ref: employer for ref, employer in new.items() if ref in used}


def _codes_used(codes: dict[int, str], rows: list[PlannedRow]) -> dict[int, str]:
    used = {row.employer for row in rows if row.status in (Status.NEW, Status.CHANGED, Status.SAME)}
    return {pk: code for pk, code in codes.items() if pk in used}


def _warnings(rows: list[PlannedRow], before: int) -> list[str]:
    if before < ENOUGH_TO_JUDGE:
        return []
    changed = sum(row.status == Status.CHANGED for row in rows)
    met = changed + sum(row.status == Status.SAME for row in rows)
    decided = sum(row.status not in (Status.ERROR, Status.DOUBT) for row in rows)
    warnings = []
    if changed > MANY * before:
        warnings.append(
            f"现有 {before} 名党员中有 {changed} 名的资料将被修改，超过三成。请确认上传的是正确的、最新的花名册。"
        )
    if decided >= ENOUGH_TO_JUDGE and met < MANY * decided:
        warnings.append(
            f"文件里没有错误的 {decided} 行中，只有 {met} 行能与现有党员对上，不到三成。请确认区域没有选错。"
        )
    return warnings
