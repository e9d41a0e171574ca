"""Taking an import back: what it made goes, what it changed returns, what somebody edited since stays and is listed.

A member and their homes go or stay together. A row was edited since where its history goes on behind the import's.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Max, Q

from members import audit, employing
from members.history import batches, write_history
from members.models import Area, Employer, Member, Residence, RosterImport
from members.roster.apply import overwrite


def take_back(roster_import: RosterImport, *, made: dict[str, Any]) -> list[int]:
    """Undo within the caller's transaction; return the members that stay because they were edited since."""
    members, homes = _Trail(Member, roster_import), _Trail(Residence, roster_import)
    owner = homes.owners()
    kept = members.edited | {owner[pk] for pk in homes.edited} | _with_ties(members.created, but=homes.created)
    kept |= {owner[pk] for pk in homes.touched if owner[pk] in kept}
    homes.leave({pk for pk in homes.touched if owner[pk] in kept})
    members.leave(kept)
    homes.delete_created()
    members.delete_created()
    homes.restore_changed()
    members.restore_changed()
    _drop_unused(made, Area.objects.get(path=roster_import.area.street_path))
    audit.record("undo", roster_import, path=roster_import.area.path, changes={"kept": len(kept)})
    return sorted(kept)


class _Trail:
    """What an import did to one table, as its history rows tell."""

    def __init__(self, model: Any, roster_import: RosterImport):
        self.model, self.roster_import = model, roster_import
        self.history = model.history.model.objects
        mine = self.history.filter(roster_import=roster_import)
        rows = list(mine.values_list("id", "history_id", "history_type"))
        self.touched = {pk: history_id for pk, history_id, _ in rows}
        self.created = {pk for pk, _, kind in rows if kind == "+"}
        last = dict(self._newest(self.touched))
        self.edited = {pk for pk, history_id in self.touched.items() if last[pk] != history_id}

    def owners(self) -> dict[int, int]:
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
        """Yield each row's newest history row; what another import did and took back is as if not done."""
        undone = Q(roster_import__status=RosterImport.Status.UNDONE) & ~Q(roster_import=self.roster_import)
        for batch in batches(sorted(pks)):
            rows = self.history.filter(id__in=batch).exclude(undone).order_by()
            yield from rows.values_list("id").annotate(Max("history_id"))

    def _before(self, changed: dict[int, int]) -> dict[int, int]:
        """Return each row's history row just before the import's."""
        found: dict[int, int] = {}
        for batch in batches(sorted(changed)):
            for pk, history_id in (
                self.history.filter(id__in=batch).order_by("history_id").values_list("id", "history_id")
            ):
                if history_id < changed[pk]:
                    found[pk] = history_id
        return found


def _with_ties(pks: Iterable[int], *, but: set[int]) -> set[int]:
    """Return the members to whom something was tied since: a duty, a login, a home `but` those of the import."""
    tied: set[int] = set()
    for relation in Member._meta.related_objects:
        column = relation.field.attname
        for batch in batches(sorted(pks)):
            rows = relation.related_model._base_manager.filter(**{f"{column}__in": batch})
            pairs = rows.values_list(column, "pk")
            tied.update(member for member, pk in pairs if relation.related_model is not Residence or pk not in but)
    return tied


def _drop_unused(made: dict[str, Any], street: Area) -> None:
    Employer.objects.filter(pk__in=made.get("employers", []), members=None).delete()
    for pk, code in made.get("codes", {}).items():
        if employing.used_outside([int(pk)], street):
            continue  # by now the code is the others' too
        employer = Employer.objects.filter(pk=pk, credit_code=code).first()
        if employer and not Employer.objects.filter(name=employer.name, credit_code=None).exists():
            employer.credit_code = None
            employer.save()
    groups = Area.objects.filter(pk__in=made.get("groups", []), residences=None, roles=None, roster_imports=None)
    Area.objects.filter(pk__in=list(groups.values_list("pk", flat=True))).delete()
