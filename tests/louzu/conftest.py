"""An installation of which backups are made, and an empty database to restore them onto."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from tests.louzu.databases import empty_database, programs_of_server


@pytest.fixture
def migrated(transactional_db: None, settings: Any) -> Iterator[None]:
    """Say that the tables, which were made from the models, went through all migrations."""
    settings.MIGRATION_MODULES = {}
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    rows = [recorder.Migration(app=app, name=name) for app, name in MigrationLoader(None).disk_migrations]
    recorder.Migration.objects.bulk_create(rows)
    yield
    with connection.schema_editor() as editor:
        editor.delete_model(recorder.Migration)


@pytest.fixture
def place(transactional_db: None, settings: Any, tmp_path: Path) -> Path:
    """The folder of the backups of an installation that makes them each night."""
    settings.BACKUP_TO, settings.BACKUPS = str(tmp_path / "backups"), True
    settings.JOURNAL = tmp_path / "journal.log"
    if connection.vendor == "postgresql":
        settings.PG_BIN = programs_of_server()
    return tmp_path / "backups"


@pytest.fixture
def empty(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """The name of an empty database of the same kind."""
    with empty_database(tmp_path) as name:
        yield name
