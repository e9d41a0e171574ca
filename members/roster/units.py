"""The employers that a file names: found by credit code or by any of their names, asked about, or new.

Names are compared folded (`members.ground.unit_names`). A name goes before another in this order: the street's own for
an employer, a present name in the register, a former name.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from members.ground.history import batches
from members.ground.unit_names import ENDS, are_near, core, folded
from members.models import Area, Employer, EmployerName
from members.roster.known import Rows
from members.rules import employing

ASKED = "单位="  # begins the key of a question on an employer, before its folded name
Ref = int | str  # an employer's id, or the mark of a new one
OWN, PRESENT, FORMER = range(3)


class Employers:
    """The employers of a file. `answers` settles the near names: an employer's id, or "new"."""

    def __init__(
        self,
        named: set[tuple[str, str]],
        known: Rows,
        aliases: Rows,
        shared: set[int],
        answers: Mapping[str, str] | None = None,
    ):
        self.answers, self.shared = answers or {}, shared
        self.by_code: dict[str, Ref] = {}
        self.by_name: dict[str, tuple[set[Ref], ...]] = defaultdict(lambda: (set(), set(), set()))
        self.by_core: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.names: dict[int, str] = {}
        self.codes: dict[int, str] = {}
        self.new: dict[str, dict[str, str]] = {}
        self.near: dict[str, dict[str, Any]] = {}
        self.learned: dict[str, int] = {}
        for pk, name, code in known:
            self._know(pk, name, code or "")
            self._call(pk, name, PRESENT)
        for name, pk, code, of, is_own in aliases:
            self._know(pk, of, code or "")
            self._call(pk, name, OWN if is_own else FORMER)
        for name, code in sorted(named, key=lambda pair: (not pair[1], _is_untidy(pair[0]), pair)):
            self._resolve(name, code)

    def find(self, name: str, code: str) -> Ref | None:
        """Return a row's employer: its key, or the mark of a new one; None where the name alone fits several.

        A question on its name counts the row.
        """
        if question := self.near.get(self.key_of(name)):
            question["rows"] += 1
        if code:
            return self.by_code.get(code)
        refs = self._called(folded(name))
        return next(iter(refs)) if len(refs) == 1 else None

    @staticmethod
    def key_of(name: str) -> str:
        """Return the key of the question whether an employer of this name is a known one."""
        return ASKED + folded(name)

    def asks_about(self, name: str, code: str) -> bool:
        """Whether a person has to say first if this is an employer whose name is near."""
        return self.key_of(name) in self.near and (code not in self.by_code if code else not self._called(folded(name)))

    def codes_to_add(self) -> dict[int, str]:
        """Return by id the credit codes that the file adds to employers without one that no other street uses."""
        return {
            ref: code
            for code, ref in self.by_code.items()
            if isinstance(ref, int) and not self.codes[ref] and ref not in self.shared
        }

    def notes(self) -> list[str]:
        """Return a sentence on each employer whose code is not added, and on new ones whose names are near."""
        brought = {ref for ref in self.by_code.values() if isinstance(ref, int) and not self.codes[ref]}
        names = sorted(self.names[ref] for ref in brought & self.shared)
        notes = [f"“{name}”别的街道也在用，表里的信用代码不会写进登记；要补填，请联系系统管理员。" for name in names]
        return notes + [
            f"“{one}”和“{other}”名称相近，将登记成两家单位；其实是同一家的，请把表里改成一个名称。"
            for one, other in self._near_new()
        ]

    def _know(self, pk: int, name: str, code: str) -> None:
        self.names[pk], self.codes[pk] = name, code
        if code:
            self.by_code[code] = pk

    def _call(self, ref: Ref, name: str, rank: int) -> None:
        self.by_name[folded(name)][rank].add(ref)
        if isinstance(ref, int):
            self.by_core[core(name)][ref].add(name)

    def _called(self, key: str) -> set[Ref]:
        return next((refs for refs in self.by_name[key] if refs), set()) if key in self.by_name else set()

    def _resolve(self, name: str, code: str) -> None:
        key = folded(name)
        refs = self._called(key)
        if code in self.by_code or (not code and refs):
            return
        uncoded = {ref for ref in refs if code and isinstance(ref, int) and not self.codes[ref]}
        uncoded -= set(self.by_code.values())  # type: ignore[arg-type]
        if len(uncoded) == 1:  # known without a code: the file adds it
            self.by_code[code] = uncoded.pop()
        elif not refs and (likely := self._likely(name, code)):
            self._ask(name, code, likely)
        else:
            self._add_new(name, code)

    def _add_new(self, name: str, code: str) -> None:
        ref = f"+{code or name}"
        self.new[ref] = {"name": name, "credit_code": code}
        self._call(ref, name, PRESENT)
        if code:
            self.by_code[code] = ref

    def _likely(self, name: str, code: str) -> dict[int, str]:
        """Return the known employers (id: name) one of whose names is near this one and whose code does not differ."""
        around = self.by_core.get(core(name), {})
        likely = {pk: self.names[pk] for pk, names in around.items() if any(are_near(name, each) for each in names)}
        return {pk: of for pk, of in sorted(likely.items()) if not (code and self.codes[pk] and code != self.codes[pk])}

    def _ask(self, name: str, code: str, likely: dict[int, str]) -> None:
        """Take the clerk's answer for this name, or keep the question; either stays for the preview to show."""
        key = self.key_of(name)
        answer = self.answers.get(key, "")
        units = [[pk, of] for pk, of in likely.items()]
        self.near.setdefault(key, {"name": name, "answer": answer, "units": units, "rows": 0})
        if answer == "new":
            self._add_new(name, code)
        elif answer in map(str, likely):
            pk = int(answer)
            self._call(pk, name, OWN)
            self.learned[name] = pk
            if code:
                self.by_code[code] = pk

    def _near_new(self) -> Iterator[tuple[str, str]]:
        """Yield the pairs of new employers with near names."""
        around: dict[str, list[str]] = defaultdict(list)
        for unit in self.new.values():
            around[core(unit["name"])].append(unit["name"])
        for names in around.values():
            yield from ((one, other) for one, other in pairwise(names) if are_near(one, other))


def _is_untidy(name: str) -> bool:
    """Whether another spelling of the name is the better one for a new employer."""
    return any(sign.isspace() for sign in name) or name != name.strip(ENDS)


def employer_rows(named: set[tuple[str, str]]) -> Rows:
    """Look up the known employers that have one of these names, a near name, or one of these credit codes."""
    names, codes = {name for name, _ in named}, {code for _, code in named if code}
    rows = Employer.objects.filter(merged_into=None)
    found = (
        _found(rows, ("pk", "name", "credit_code"), column, values)
        for column, values in (("core", {core(name) for name in names}), ("credit_code", codes))
    )
    return sorted({row for part in found for row in part}, key=lambda row: row[0])


def alias_rows(named: set[tuple[str, str]], street: Area) -> Rows:
    """Look up these names, and near ones, among the street's own and the former names of employers.

    The rows are (name, employer, its credit code, its name, whether the name is the street's own).
    """
    columns = ("name", "employer", "employer__credit_code", "employer__name", "street")
    rows = EmployerName.objects.known_to(street)
    found = _found(rows, columns, "core", {core(name) for name, _ in named})
    return [(*row, street_id is not None) for *row, street_id in found]


def shared_of(employers: Rows, aliases: Rows, street: Area) -> set[int]:
    """Return the ids of those employers without a credit code that other streets use as well."""
    uncoded = {pk for pk, _, code in employers if not code} | {row[1] for row in aliases if not row[2]}
    return employing.used_outside(uncoded, street)


def _found(rows: Any, columns: tuple[str, ...], column: str, values: set[str]) -> Iterator[tuple[Any, ...]]:
    for batch in batches(sorted(values)):
        yield from rows.filter(**{f"{column}__in": batch}).order_by("pk").values_list(*columns)
