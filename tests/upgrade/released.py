"""Bring an installation's tables to those of the last release: `python -m tests.upgrade.released`."""

import os
from pathlib import Path

import django

LIST = Path(__file__).with_name("released.txt")


def last_migrations() -> list[tuple[str, str]]:
    """Return the last migration of each app in the last release."""
    lines = [line for line in LIST.read_text("ascii").splitlines() if not line.startswith("#")]
    return [(app, name) for app, _, name in (line.partition(".") for line in lines)]


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "louzu.settings")
    django.setup()
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    MigrationExecutor(connection).migrate(last_migrations())
