"""`python -m tests.bench.streets N [runs]`: times of a street's pages among N streets and alone, and of a backup.

The street is made like that of `manage.py demo`, on the PostgreSQL server that pip installs. It is copied to 10 and to
N streets, each in a database of its own. The exit code is 1 where a page takes over 1.5 times as long as with one
street. 100 streets take ten minutes, and 4 GB of disk plus as much log, all freed at the end.
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
