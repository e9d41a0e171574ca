"""`python -m tests.bench [--postgres] [runs]`: roster, coverage, a secretary's week and cards against stock and floor.

It makes a database of its own: on SQLite, on the server of DATABASE_URL, or with --postgres on the PostgreSQL server
that pip installs. The exit code is 1 where a target is missed.
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
