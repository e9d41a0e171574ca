"""The release before runs on the tables of this one, so that hosts can be updated one after the other.

A migration may add what the older release does not know of, as long as the older one can go on writing: a column that
may be empty or has a default in the database, a table, an index. What cannot be so is named in deploy/stops.txt with
its reason; an update across it stops the site (deploy/install.sh).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from tests.upgrade.released import last_migrations

ROOT = Path(__file__).resolve().parents[2]
OURS = {"activities", "feedback", "louzu", "members"}
HARMLESS = (
    operations.CreateModel, operations.AddIndex, operations.RemoveIndex, operations.RenameIndex,
    operations.RemoveConstraint, operations.AlterConstraint, operations.AlterModelOptions,
    operations.AlterModelManagers, operations.RunPython,
)  # fmt: skip
# Constraints on tables of the release before that hold for whatever it writes, and why.
HOLDS = {
    "activity_held_has_moment": "as before, and looser",
    "activity_cancelled_has_moment": "as before, and looser",
    "activity_voided_has_moment": "an older release voids nothing",
    "card_draft_has_no_moment": "as before, and looser",
    "card_objected_has_moment": "as before, and looser",
    "consent_for_employer": "as before for the purposes that an older release knows",
}


def stops() -> dict[tuple[str, str], str]:
    """Return the migrations that stop the site, and why."""
    lines = (ROOT / "deploy" / "stops.txt").read_text("ascii").splitlines()
    named = (line.partition(" ") for line in lines if not line.startswith("#"))
    return {tuple(name.split(".")): why.strip() for name, _, why in named}  # type: ignore[misc]


def known_before(loader: MigrationLoader) -> set[tuple[str, str]]:
    return {key for leaf in last_migrations() for key in loader.graph.forwards_plan(leaf)}


def complaints(loader: MigrationLoader) -> dict[tuple[str, str], list[str]]:
    """Return by migration since the last release what in it an older release cannot live with."""
    before, state, made, found = known_before(loader), ProjectState(), set[tuple[str, str]](), {}
    for key in loader.graph._generate_plan(loader.graph.leaf_nodes(), at_end=True):  # type: ignore[attr-defined]
        migration = loader.graph.nodes[key]
        if key[0] in OURS and key not in before:
            found[key] = list(judged(migration, state.clone(), made))
        state = migration.mutate_state(state, preserve=False)
    return {key: wrong for key, wrong in found.items() if wrong}


def judged(migration: Migration, state: ProjectState, made: set[tuple[str, str]]) -> Iterator[str]:
    """Yield what is wrong with each operation; `made` are the tables that are new since the release."""
    for operation in migration.operations:
        if isinstance(operation, operations.CreateModel):
            made.add((migration.app_label, operation.name_lower))
        model = getattr(operation, "model_name_lower", getattr(operation, "name_lower", ""))
        if (migration.app_label, model) not in made and (wrong := trouble(operation, migration.app_label, state)):
            yield f"{operation.describe()}: {wrong}"
        operation.state_forwards(migration.app_label, state)


def trouble(operation: Operation, app: str, state: ProjectState) -> str:
    """Say why an older release cannot live with the operation; "" where it can."""
    if isinstance(operation, HARMLESS):
        return ""
    if isinstance(operation, operations.AddField):
        field = operation.field
        can_stay_away = field.null or field.many_to_many or field.has_db_default()
        return "" if can_stay_away else "an older release adds rows without it: null=True, or db_default"
    if isinstance(operation, operations.AlterField):
        return altered(state.models[app, operation.model_name_lower].fields[operation.name], operation.field)
    if isinstance(operation, operations.AddConstraint):
        return "" if operation.constraint.name in HOLDS else "does it hold for what an older release writes? (HOLDS)"
    return "an older release does not expect it"


def altered(before: object, after: object) -> str:
    (_, kind, _, old), (_, new_kind, _, new) = before.deconstruct(), after.deconstruct()  # type: ignore[attr-defined]
    if old.get("null") and not new.get("null"):
        return "an older release leaves it empty"
    if (kind, old.get("to")) != (new_kind, new.get("to")) or old.get("unique", False) < new.get("unique", False):
        return "it is another kind of column"
    if (old.get("max_length") or 0) > (new.get("max_length") or 0):
        return "an older release writes longer texts"
    return ""


@pytest.fixture
def loader(settings: Any) -> MigrationLoader:
    settings.MIGRATION_MODULES = {}  # tests make their tables without them
    return MigrationLoader(None)


def test_the_release_before_runs_on_the_tables_of_this_one(loader: MigrationLoader) -> None:
    assert {key: wrong for key, wrong in complaints(loader).items() if not stops().get(key)} == {}


def test_no_update_stops_for_nothing(loader: MigrationLoader) -> None:
    """Each that is listed exists, and is no additive one as far as that can be told, since the last release."""
    assert set(stops()) <= set(loader.graph.nodes)
    assert set(stops()) - known_before(loader) <= set(complaints(loader))


TEXT = models.CharField(max_length=9)
PLANTED = [
    (operations.RemoveField("area", "name"), False), (operations.DeleteModel("area"), False),
    (operations.RenameField("area", "name", "title"), False), (operations.RunSQL("DROP TABLE members_area"), False),
    (operations.AddField("area", "tried", TEXT), False), (operations.AlterField("area", "name", TEXT), False),
    (operations.AlterField("area", "until", models.DateField()), False),
    (operations.AddField("area", "tried", models.CharField(max_length=9, null=True)), True),
    (operations.AddField("area", "tried", models.CharField(max_length=9, db_default="")), True),
    (operations.AddIndex("area", models.Index("name", name="tried")), True),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "is_additive"), PLANTED)
def test_what_an_older_release_can_live_with(loader: MigrationLoader, operation: Operation, is_additive: bool) -> None:
    state = loader.project_state()
    assert (trouble(operation, "members", state) == "") == is_additive
