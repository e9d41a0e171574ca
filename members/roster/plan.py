"""Rows and database → a plan of what each row would do. Nothing is written.

The preview shows the plan. Applying it plans again and compares, so that records changed in between are noticed.
"""

from collections import defaultdict

from members.roster.basis import Basis, Terms, look, mark_of, named_employers
from members.roster.cells import CellProblem
from members.roster.compare import MEMBER_FIELDS, WHO, fits, joined_alike, readable_change, same, share_birth_date
from members.roster.known import KnownMember, Match, People
from members.roster.places import PlaceProblem, RosterPlaces
from members.roster.planned import (
    OUTSIDE,
    PLACE,
    UNKNOWN,
    Plan,
    PlannedRow,
    Status,
    cautions,
    codes_used,
    names_used,
    still_needed,
)
from members.roster.reading import Reading, RosterEntry
from members.roster.twins import COLUMNS, Twins, whereabouts
from members.roster.units import Employers

UNREAD_SHEETS = (
    "没有读取的工作表：{sheets}（没有认出“姓名”是哪一列）。里面有党员的，请点“列认错了，改一改”，在下一页选好。"
)
HIDDEN_SHEET = "工作表“{sheet}”是隐藏的，没有读取。要读取，请点“列认错了，改一改”，在下一页勾选。"
ONE_DOOR = "表里不止一行是这个姓名、这个住址"


def make_plan(reading: Reading, terms: Terms, basis: Basis | None = None) -> Plan:
    """Return the plan of a file; without a `basis` it is looked up."""
    named = named_employers(reading)
    basis = basis or look(named, terms)
    planner = Planner(reading, terms, basis)
    prepared = [planner.prepare(entry) for entry in reading.entries]
    for row, entry in prepared:
        planner.plan(row, entry)
    rows = [row for row, _ in prepared]
    made = {
        row.place.path: row.place.label for row in rows if row.place and row.place.is_new and row.status != Status.ERROR
    }
    absent, before = planner.absent(rows)
    warnings, notes = cautions(rows, before)
    return Plan(
        sheets=reading.sheets,
        rows=rows,
        new_employers=still_needed(planner.employers.new, rows),
        employer_codes=codes_used(planner.employers.codes_to_add(), rows),
        new_groups=made,
        absent=absent,
        warnings=warnings,
        notes=[*notes, *planner.notes(), *planner.employers.notes()],
        named=sorted(map(list, named)),
        basis=mark_of(terms, basis),
        near_units=planner.employers.near,
        learned=names_used(planner.employers.learned, rows),
    )


def is_current(plan: Plan, terms: Terms) -> bool:
    """Whether the same plan would be made again on these terms, by what the database has now."""
    named = {(name, code) for name, code in plan.named}
    return plan.basis == mark_of(terms, look(named, terms))


class Planner:
    """Plans row by row, and remembers which people the file has named already."""

    def __init__(self, reading: Reading, terms: Terms, basis: Basis):
        self.terms = terms
        self.places = RosterPlaces(terms.area, basis.areas, basis.names, create_groups=terms.create_groups)
        self.places.book.learn_districts(e.values["address"] for e in reading.entries if "address" in e.values)
        self.people = People(basis.people, basis.homes)
        self.employers = Employers(
            named_employers(reading), basis.employers, basis.aliases, basis.shared, terms.choices
        )
        self.columns = {sheet.name: sheet.columns for sheet in reading.sheets}
        self.twins, self.reading = Twins(), reading
        self.taken: dict[int, RosterEntry] = {}
        self.names_of: dict[str, dict[str, int]] = defaultdict(dict)
        for entry in reading.entries:
            if "id_digest" in entry.values and "name" in entry.values:
                self.names_of[entry.values["id_digest"]].setdefault(entry.values["name"], entry.row)

    def prepare(self, entry: RosterEntry) -> tuple[PlannedRow, RosterEntry]:
        """Find the row's place and employer, and whether an earlier row may name the same person.

        Return the row, and the entry with the room that was read from its address.
        """
        row = PlannedRow(entry.sheet, entry.row, entry.values.get("name", ""), Status.ERROR, list(entry.problems))
        if "fate" in entry.values:
            row.status, row.problems = Status.LEFT, []
            return row, entry
        entry = self._place(row, entry)
        self._employer(row, entry)
        if twin := self.twins.find(entry, row.place):
            row.asked = "" if twin.is_sure else twin.sentence(entry)
            if twin.is_sure:
                self._problem(row, entry, COLUMNS[twin.way], twin.sentence(entry))
        return row, entry

    def plan(self, row: PlannedRow, entry: RosterEntry) -> None:
        """Find the row's member, now that all rows are prepared, and say what the row would do."""
        if row.status == Status.LEFT:
            self._leave(row, entry)
            return
        if row.problems or row.is_of_near_unit:
            row.status, row.asked = (Status.ERROR if row.problems else Status.DOUBT), ""
            return
        if row.place is None:
            row.status, row.asked = self._status_of_doubtful_place(row), ""
            return
        match = self._match(row, entry)
        row.candidates = sorted(match.candidates)
        row.against = {str(pk): why for pk, why in match.candidates.items() if why}
        choice, person = self.terms.choices.get(row.key, ""), match.person
        if choice in map(str, row.candidates):
            person = self.people.all[int(choice)]
        elif row.options and choice != "new":
            row.status = Status.SKIPPED if choice == "skip" else Status.DOUBT
            return
        self._compare(row, entry, person)

    def _leave(self, row: PlannedRow, entry: RosterEntry) -> None:
        """Say what to do about somebody whom the file calls dead or gone."""
        alike = self.people.living.get(row.name, ())
        known = [person for person in alike if person.home and self._may_write(person.home.path)]
        row.candidates = sorted(person.pk for person in known)
        what = "登记里有同名的党员，请点开核对，确实的办理迁出" if known else "登记里没有这个人，不用办理"
        column = "fate" if "fate" in self.columns[entry.sheet] else "remark"
        self._problem(row, entry, column, f"表里写着“{entry.values['fate']}”，不写入；{what}")

    def _match(self, row: PlannedRow, entry: RosterEntry) -> Match:
        """Identify the row's member; a door leads to nobody for sure where two rows of the file have it."""
        assert row.place
        shared_id = len(self.names_of.get(entry.values.get("id_digest", ""), {})) > 1
        match = self.people.identify(entry.values, group=row.place.path, shared_id=shared_id)
        if match.person is None:
            return match
        is_taken = match.person.pk in self.taken
        is_shared = self.twins.share_a_door(entry, row.place) and not share_birth_date(
            match.person.fields, entry.values
        )
        if not match.is_by_door or not (is_taken or is_shared):
            row.asked = ""
            return match
        row.asked = row.asked or ONE_DOOR
        return Match(candidates={} if is_taken else {match.person.pk: ""})

    def absent(self, rows: list[PlannedRow]) -> tuple[list[int], int]:
        """Return the ids of members who live in the area and are not in the file, and how many live there."""
        path = self.terms.area.path
        here = [person for person in self.people.all.values() if person.home and person.home.path.startswith(path)]
        unclear = {row.name for row in rows if row.status in (Status.ERROR, Status.DOUBT, Status.SKIPPED, Status.LEFT)}
        missing = [p.pk for p in here if p.pk not in self.taken and p.fields["name"] not in unclear]
        return missing, len(here)

    def notes(self) -> list[str]:
        """Return a sentence on each sheet that was not read, and on each ID number that is of different people."""
        shared = [names for names in self.names_of.values() if len(names) > 1]
        pairs = ["、".join(f"第 {row} 行{name}" for name, row in names.items()) for names in shared]
        hidden = [HIDDEN_SHEET.format(sheet=sheet) for sheet in self.reading.hidden_sheets]
        unread = "、".join(self.reading.unread_sheets)
        unread_note = [UNREAD_SHEETS.format(sheets=unread)] if unread else []
        return [*hidden, *unread_note, *(f"{pair}的身份证号相同，将按不同的人登记，请核对证件。" for pair in pairs)]

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
        if not found.room:
            return entry
        return RosterEntry(entry.sheet, entry.row, entry.values | {"room": found.room}, entry.problems)

    def _status_of_doubtful_place(self, row: PlannedRow) -> Status:
        """Return whether a row without a place waits for an answer, or is left out by one."""
        is_out = self.terms.choices.get(PLACE + row.key) == "skip"
        is_out = is_out or (row.unknown != "" and self.terms.choices.get(UNKNOWN + row.unknown) == OUTSIDE)
        return Status.SKIPPED if is_out else Status.DOUBT

    def _employer(self, row: PlannedRow, entry: RosterEntry) -> None:
        if name := entry.values.get("employer"):
            code = entry.values.get("credit_code", "")
            row.employer = self.employers.find(name, code)
            row.is_of_near_unit = row.employer is None and self.employers.asks_about(name, code)
            if row.employer is None and not row.is_of_near_unit:
                self._problem(row, entry, "employer", f"有不止一家“{name}”，请填写统一社会信用代码以便区分")

    def _compare(self, row: PlannedRow, entry: RosterEntry, person: KnownMember | None) -> None:
        if person is None:
            row.status, row.home = Status.NEW, "in"
            row.writes = {name: entry.values[name] for name in MEMBER_FIELDS if name in entry.values}
            row.room, row.joined = entry.values.get("room", ""), entry.values.get("joined", "")
            return
        if first := self.taken.get(person.pk):
            self._problem(row, entry, "name", f"与{whereabouts(first, entry)}对上了同一位党员，请核对这两行")
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
                known = same(name, old, new) or self._is_kept(name, old, entry)
            if not known:
                row.writes[name] = new
                row.changes[name] = readable_change(name, old, new)
        if row.employer is not None and row.employer != person.fields["employer_id"]:
            row.changes["employer"] = [person.fields["employer__name"] or "", entry.values["employer"]]

    @staticmethod
    def _is_kept(name: str, old: str, entry: RosterEntry) -> bool:
        """Whether the row may not overwrite what is known: name, sex and birth date change only with an ID number."""
        return name in WHO and bool(old) and "id_digest" not in entry.values and not fits(name, old, entry.values[name])

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
