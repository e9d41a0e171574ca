"""`python -m tests.bench [--postgres] [runs]`: roster, coverage and a secretary's week against stock and floor.

On a database of its own: SQLite, or what DATABASE_URL names, or the PostgreSQL server that pip brings. Exits 1 where a
target is missed.
"""

import os
import sys

from tests.bench.server import on_postgres

POSTGRES = "--postgres"

if POSTGRES in sys.argv:
    sys.exit(on_postgres("tests.bench", [each for each in sys.argv[1:] if each != POSTGRES]))

import django  # noqa: E402

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.bench.measured import main  # noqa: E402

sys.exit(main(*map(int, sys.argv[1:])))
