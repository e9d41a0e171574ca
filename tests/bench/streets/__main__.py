"""`python -m tests.bench.streets N [runs]`: pages of a street among N, against the same pages where it is alone.

The demonstration street is made as `manage.py demo` makes it, on the PostgreSQL server that pip brings, and copied to
10 and to N streets in databases of their own. Exits 1 where a page takes over 1.5 times as long as with one street.
100 streets take about half an hour, 4 GB and as much again of log, which are given back.
"""

import os
import sys

from tests.bench.server import STARTED, on_postgres

if STARTED not in os.environ:
    sys.exit(on_postgres("tests.bench.streets", sys.argv[1:]))

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.bench.streets.running import main  # noqa: E402

sys.exit(main(*map(int, sys.argv[1:])))
