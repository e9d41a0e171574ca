"""`python -m tests.bench.district [streets] [runs]`: a district's figures against one query, and against the raw rows.

A demonstration street is copied, its figures are kept by day for the year and copied too, on the PostgreSQL server that
pip installs. What its page shows costs at most three times one indexed query over the kept figures of its streets, and
at least 100 times less than annotated querysets over the rows that they count. 100 streets take ten minutes.
"""

import os
import sys

from tests.bench.server import STARTED, on_postgres

if STARTED not in os.environ:
    sys.exit(on_postgres("tests.bench.district", sys.argv[1:]))

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.bench.district_figures import main  # noqa: E402

sys.exit(main(*map(int, sys.argv[1:])))
