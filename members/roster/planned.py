"""A plan's rows and what its summary says of them."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from members.roster.cells import CellProblem
from members.roster.places import RosterGroup
from members.roster.reading import SheetNote

Outcome = list[Any]
PLACE, UNKNOWN, OUTSIDE = "place:", "unknown:", "outside"
MANY = 0.3
ENOUGH_TO_JUDGE = 10


class Status(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    ERROR = "error"
    DOUBT = "doubt"
    SKIPPED = "skipped"
    LEFT = "left"  # out: the file itself says that this is no member here any more


@dataclass(slots=True)
class PlannedRow:
    """What one row of the file would do.

    `changes` is what the clerk sees, {field: [old, new]}; `writes` has the member's new values; `home` is the change of
    the residence: "" none, "in" a first home, "move" another building, "mend" another room or day of joining.
    A row in doubt has `candidates`, with what speaks `against` each of them (by id), or is `asked` about with a
    sentence, because another row may name the same person; one of a near unit waits for the answer on its employer. A
    row whose place is in doubt has `doors` to choose from, {answer: what to show}, or the `unknown` name of its
    compound, and says why in `doubt`.
    """

    sheet: str
    row: int
    name: str
    status: Status
    problems: list[CellProblem] = field(default_factory=list)
    member: int | None = None
    candidates: list[int] = field(default_factory=list)
    against: dict[str, str] = field(default_factory=dict)
    asked: str = ""
    is_of_near_unit: bool = False
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

    @property
    def likely(self) -> list[tuple[int, str]]:
        """The candidates, each with what speaks against it."""
        return [(pk, self.against.get(str(pk), "")) for pk in self.candidates]

    @property
    def options(self) -> list[str]:
        """The answers that the clerk may give to a row in doubt."""
        return [*map(str, self.candidates), "new", "skip"] if self.candidates or self.asked else []

    @property
    def asks_itself(self) -> bool:
        """Whether the row is settled by an answer of its own, and not by one on its compound or its employer."""
        return bool(self.doors or (self.options and not self.is_of_near_unit))

    @property
    def questions(self) -> dict[str, list[str]]:
        """What the clerk may be asked because of this row, by key, with the answers: who, where, which compound."""
        found = {self.key: self.options} if self.options else {}
        if self.doors:
            found[PLACE + self.key] = [*self.doors, "skip"]
        return found | ({UNKNOWN + self.unknown: [OUTSIDE]} if self.unknown else {})

    def outcome(self) -> Outcome:
        """Return what must not have changed between preview and writing; last the questions."""
        return [self.status, self.member, self.home, self.changes, self.questions]


@dataclass(slots=True)
class Plan:
    """All rows, and what the summary says about them.

    `absent` are the ids of members who live in the area and whom the file does not name. The clerk has to confirm
    `warnings` before writing; `notes` are for information. `near_units` are the questions on employers, by key, and
    `learned` the names that the answers give to known employers (ids). `named` are the employers that the file
    names, each with its code, `basis` is the mark of the rows that the plan rests on.
    """

    sheets: list[SheetNote]
    rows: list[PlannedRow]
    new_employers: dict[str, dict[str, str]]
    employer_codes: dict[int, str]
    new_groups: dict[str, str]
    absent: list[int]
    warnings: list[str]
    notes: list[str]
    near_units: dict[str, dict[str, Any]] = field(default_factory=dict)
    learned: dict[str, int] = field(default_factory=dict)
    named: list[list[str]] = field(default_factory=list)
    basis: str = ""

    @property
    def open_units(self) -> list[str]:
        """The near names of employers that nobody has answered yet."""
        return [unit["name"] for unit in self.near_units.values() if not unit["answer"]]

    def counts(self) -> dict[str, int]:
        found = Counter(row.status.value for row in self.rows)
        return {
            status.value: found[status]
            for status in Status
            if found[status] or status not in (Status.SKIPPED, Status.LEFT)
        }

    def outcomes(self) -> dict[str, Outcome]:
        """Return each row's outcome by the row's key, and of each question on an employer what may be answered."""
        near = {
            key: [unit["answer"], {key: [*(str(pk) for pk, _ in unit["units"]), "new"]}]
            for key, unit in self.near_units.items()
        }
        return {row.key: row.outcome() for row in self.rows} | near

    def frequent_problems(self) -> list[tuple[str, int]]:
        """Return (sentence, rows) of problems that three rows or more have: one correction may solve all of them."""
        found = Counter(problem.message for row in self.rows for problem in row.problems)
        return [(message, count) for message, count in found.most_common(5) if count >= 3]

    def moving(self) -> int:
        return sum(row.home == "move" for row in self.rows)

    def changed_fields(self) -> dict[str, int]:
        return dict(Counter(name for row in self.rows if row.status == Status.CHANGED for name in row.changes))


def answers_to(outcomes: dict[str, Outcome]) -> dict[str, set[str]]:
    """Return by its key what each question of a preview may be answered with."""
    questions = (outcome[-1] for outcome in outcomes.values())
    return {key: set(answers) for some in questions if isinstance(some, dict) for key, answers in some.items()}


def still_needed(new: dict[str, dict[str, str]], rows: list[PlannedRow]) -> dict[str, dict[str, str]]:
    used = {row.employer for row in rows if row.status in (Status.NEW, Status.CHANGED, Status.DOUBT)}
    return {ref: employer for ref, employer in new.items() if ref in used}


def codes_used(codes: dict[int, str], rows: list[PlannedRow]) -> dict[int, str]:
    used = _known_employers(rows)
    return {pk: code for pk, code in codes.items() if pk in used}


def _names_used(names: dict[str, int], rows: list[PlannedRow]) -> dict[str, int]:
    used = _known_employers(rows)
    return {name: pk for name, pk in names.items() if pk in used}


def _known_employers(rows: list[PlannedRow]) -> set[int | str | None]:
    return {row.employer for row in rows if row.status in (Status.NEW, Status.CHANGED, Status.SAME)}


def cautions(rows: list[PlannedRow], before: int) -> tuple[list[str], list[str]]:
    """Return (what the clerk has to confirm, what is worth a look) where the file hardly fits the area's members."""
    if before < ENOUGH_TO_JUDGE:
        return [], []
    changed = sum(row.status == Status.CHANGED for row in rows)
    met = changed + sum(row.status == Status.SAME for row in rows)
    decided = sum(row.status not in (Status.ERROR, Status.DOUBT, Status.LEFT) for row in rows)
    warnings, notes = [], []
    if changed > MANY * before:
        warnings.append(
            f"现有 {before} 名党员中有 {changed} 名的资料将被修改，超过三成。请确认上传的是正确的、最新的花名册。"
        )
    if decided >= ENOUGH_TO_JUDGE and met < MANY * decided:
        sentence = f"文件里没有错误的 {decided} 行中，只有 {met} 行能与现有党员对上，不到三成。"
        if changed:
            warnings.append(f"{sentence}请确认区域没有选错。")
        else:  # nothing that is registered would change
            notes.append(f"{sentence}如果这是新来党员的名单，可以直接写入；如果是整份花名册，请确认区域没有选错。")
    return warnings, notes


def names_used(names: dict[str, int], rows: list[PlannedRow]) -> dict[str, int]:
    used = _known_employers(rows)
    return {name: pk for name, pk in names.items() if pk in used}
