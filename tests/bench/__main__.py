"""`python -m tests.bench [runs]`: how fast roster, coverage and a secretary's week are, against stock and floor.

On a database of its own: SQLite, or what DATABASE_URL names. Exits 1 where a target is missed.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.bench.measured import main  # noqa: E402

sys.exit(main(*map(int, sys.argv[1:])))
