"""Taking an import back: rows it made are deleted, rows it changed are restored.

Rows that are in use or were edited since stay, and are listed; a member and their homes go or stay together. A row was
edited if its history goes on after the import, or, for areas and employers, which have no history, if the audit trail
has an entry of a change.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q

from members.ground import audit
from members.ground.dependents import uses_of
from members.ground.history import batches, write_history
from members.models import Area, AuditEntry, Employer, EmployerName, Member, Pairing, Residence, RosterImport
from members.roster.apply import overwrite
from members.rules import employing

EDITED = "导入之后又有人改过"
EDITED_HOME = "住址在导入之后又有人改过"
PAIRED = "家里在导入之后登记了结对"
EDITED_CODE = "信用代码在导入之后又有人改过"
SHARED_CODE = "别的街道也在用，补填的代码没有去掉"
TWIN = "另有一家没有信用代码的同名单位，补填的代码没有去掉"


@dataclass(frozen=True, slots=True)
class Staying:
    """What an undo leaves, each with the reason: members by id, groups and employers by name."""

    members: dict[int, str]
    groups: list[tuple[str, str]]
    employers: list[tuple[str, str]]

    def as_dict(self) -> dict[str, Any]:
        return {
            "members": {str(pk): why for pk, why in self.members.items()},
            "groups": self.groups,
            "employers": self.employers,
        }


def take_back(roster_import: RosterImport) -> Staying:
    """Undo within the caller's transaction, which has locked the street; return what stays."""
    _lock(roster_import)
    undoing = Undoing(roster_import)
    undoing.carry_out()
    staying = undoing.staying
    counts = {"kept": staying.members, "groups_kept": staying.groups, "employers_kept": staying.employers}
    changes = {name: len(kept) for name, kept in counts.items() if kept or name == "kept"}
    audit.record("undo", roster_import, path=roster_import.area.path, changes=changes)
    return staying


def _lock(roster_import: RosterImport) -> None:
    """Lock the rows that may be deleted or restored, and the trail: from then on nobody can refer to them."""
    made = roster_import.counts.get("made", {})
    employers = {*made.get("employers", []), *map(int, made.get("codes", {}))}
    touched = [
        (model, model.history.filter(roster_import=roster_import).values_list("id", flat=True))
        for model in (Member, Residence)
    ]
    made_rows = ((Area, made.get("groups", [])), (Employer, employers), (EmployerName, made.get("names", [])))
    for model, pks in (*made_rows, *touched):
        for batch in batches(sorted(set(pks))):
            rows = model._base_manager.filter(pk__in=batch).order_by("pk")
            list(rows.select_for_update(no_key=True).values_list("pk"))
    AuditEntry.objects.lock_heads("", roster_import.area.street_path)  # employers are the installation's


class Undoing:
    """What an undo would do now; only `carry_out` writes."""

    def __init__(self, roster_import: RosterImport):
        self.roster_import = roster_import
        self.members, self.homes = _Trail(Member, roster_import), _Trail(Residence, roster_import)
        made = roster_import.counts.get("made", {})
        self.groups = Area.objects.in_bulk(made.get("groups", []))
        self.employers = Employer.objects.in_bulk(made.get("employers", []))
        self.names = list(EmployerName.objects.filter(pk__in=made.get("names", [])).order_by("pk"))
        codes = {int(pk): code for pk, code in made.get("codes", {}).items()}
        self.coded = [(employer, codes[pk]) for pk, employer in Employer.objects.in_bulk(list(codes)).items()]

    def carry_out(self) -> None:
        self._leave(self.staying.members)
        self.homes.delete_created()
        self.members.delete_created()
        self.homes.restore_changed()
        self.members.restore_changed()
        self._delete(Area, [area for pk, area in self.groups.items() if pk not in self._kept_groups])
        self._delete(EmployerName, self.names)
        self._delete(Employer, [unit for pk, unit in self.employers.items() if pk not in self._kept_employers])
        for employer, _ in self.coded:
            if employer.pk not in self._kept_codes:
                employer.credit_code = None
                employer.save()

    @cached_property
    def staying(self) -> Staying:
        units = [(self.employers[pk].name, why) for pk, why in self._kept_employers.items()]
        units += [(unit.name, self._kept_codes[unit.pk]) for unit, _ in self.coded if unit.pk in self._kept_codes]
        return Staying(
            members=dict(sorted(self._kept_members.items())),
            groups=sorted((self.groups[pk].label, why) for pk, why in self._kept_groups.items()),
            employers=sorted(units),
        )

    @cached_property
    def _kept_members(self) -> dict[int, str]:
        owner = self.homes.owners
        why = self._uses(Member, self.members.created, but={Residence: self.homes.created})
        why |= dict.fromkeys(self._paired(), PAIRED)
        why |= {owner[pk]: EDITED_HOME for pk in self.homes.edited}
        return why | dict.fromkeys(self.members.edited, EDITED)

    @cached_property
    def _kept_groups(self) -> dict[int, str]:
        homes = {pk for pk in self.homes.created if self.homes.owners[pk] not in self._kept_members}
        return self._edited(Area, self.groups) | self._uses(Area, self.groups, but={Residence: homes})

    @cached_property
    def _kept_employers(self) -> dict[int, str]:
        members = self.members.touched.keys() - self._kept_members.keys()
        return self._edited(Employer, self.employers) | self._uses(Employer, self.employers, but={Member: members})

    @cached_property
    def _kept_codes(self) -> dict[int, str]:
        """The employers (id: reason) whose credit code, added by the import, cannot be removed."""
        gone = self.employers.keys() - self._kept_employers.keys()
        names = [employer.name for employer, _ in self.coded]
        twins = Employer.objects.filter(name__in=names, credit_code=None).exclude(pk__in=gone)
        nameless = set(twins.values_list("name", flat=True))
        street = Area.objects.get(path=self.roster_import.area.street_path)
        why = dict.fromkeys(employing.used_outside([employer.pk for employer, _ in self.coded], street), SHARED_CODE)
        why |= {employer.pk: TWIN for employer, _ in self.coded if employer.name in nameless}
        return why | {employer.pk: EDITED_CODE for employer, code in self.coded if employer.credit_code != code}

    def _uses(self, model: Any, pks: Collection[int], *, but: dict[Any, Collection[int]]) -> dict[int, str]:
        return uses_of(model, pks, street_path=self.roster_import.area.street_path, but=but)

    def _edited(self, model: Any, pks: Iterable[int]) -> dict[int, str]:
        """Return those rows that somebody changed since, by the audit trail, with the reason."""
        since = AuditEntry.objects.filter(model=model._meta.label, at__gte=self.roster_import.applied_at)
        changed = set(since.filter(action=AuditEntry.Action.CHANGE).values_list("row", flat=True))
        return {pk: EDITED for pk in pks if str(pk) in changed}

    def _paired(self) -> set[int]:
        """Return the ids of members for whose new home a pairing was registered since."""
        registered = Pairing.history.filter(
            id=OuterRef("pk"), history_type="+", history_date__gte=self.roster_import.applied_at
        )
        pairings = Pairing.objects.inside(Area.objects.get(path=self.roster_import.area.street_path))
        since = pairings.filter(Exists(registered)).order_by()
        doors = set(since.values_list("household__area", "household__room"))
        found: set[int] = set()
        for batch in batches(sorted(self.homes.created) if doors else []):
            homes = Residence.objects.filter(pk__in=batch).order_by().values_list("member", "area", "room")
            found |= {member for member, *door in homes if tuple(door) in doors}
        return found

    def _leave(self, members: Collection[int]) -> None:
        owner = self.homes.owners
        self.homes.leave([pk for pk in self.homes.touched if owner[pk] in members])
        self.members.leave(members)

    def _delete(self, model: Any, rows: Sequence[Any]) -> None:
        """Delete rows that are not in use, with an entry for each, because they have no history."""
        for row in rows:
            changes = {"name": [str(row), None]}
            audit.record("delete", row, path=self.roster_import.area.path, changes=changes, reason="撤销花名册导入")
        for batch in batches([row.pk for row in rows]):
            gone = model.objects.filter(pk__in=batch)
            gone._raw_delete(gone.db)  # nothing refers to them: a cascade could only delete rows that were missed


class _Trail:
    """What an import did to one table, by its history rows."""

    def __init__(self, model: Any, roster_import: RosterImport):
        self.model, self.roster_import = model, roster_import
        self.history = model.history.model.objects
        mine = self.history.filter(roster_import=roster_import)
        rows = list(mine.values_list("id", "history_id", "history_type"))
        self.touched = {pk: history_id for pk, history_id, _ in rows}
        self.created = {pk for pk, _, kind in rows if kind == "+"}
        last = dict(self._newest(self.touched))
        self.edited = {pk for pk, history_id in self.touched.items() if last[pk] != history_id}

    @cached_property
    def owners(self) -> dict[int, int]:
        """The member's id of each home."""
        mine = self.history.filter(roster_import=self.roster_import)
        return dict(mine.values_list("id", "member_id"))

    def leave(self, pks: Iterable[int]) -> None:
        for pk in pks:
            self.touched.pop(pk, None)
            self.created.discard(pk)

    def delete_created(self) -> None:
        pks = sorted(self.created)
        write_history(self.model, pks, kind="-", roster_import=self.roster_import)
        for batch in batches(pks):
            rows = self.model.objects.filter(pk__in=batch)
            rows._raw_delete(rows.db)  # the history rows are written; signals would write them again, one by one

    def restore_changed(self) -> None:
        changed = {pk: history_id for pk, history_id in self.touched.items() if pk not in self.created}
        before = self._before(changed)
        for batch in batches(sorted(before.values())):
            overwrite(self.model, [row.instance for row in self.history.filter(history_id__in=batch)])
        write_history(self.model, sorted(before), kind="~", roster_import=self.roster_import)

    def _newest(self, pks: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Yield (id, id of its newest history row), not counting those of other imports that were undone."""
        undone = Q(roster_import__status=RosterImport.Status.UNDONE) & ~Q(roster_import=self.roster_import)
        for batch in batches(sorted(pks)):
            rows = self.history.filter(id__in=batch).exclude(undone).order_by()
            yield from rows.values_list("id").annotate(Max("history_id"))

    def _before(self, changed: dict[int, int]) -> dict[int, int]:
        """Return by id the history row just before the import's."""
        found: dict[int, int] = {}
        for batch in batches(sorted(changed)):
            for pk, history_id in (
                self.history.filter(id__in=batch).order_by("history_id").values_list("id", "history_id")
            ):
                if history_id < changed[pk]:
                    found[pk] = history_id
        return found
