"""The product's settings in an installation of the tests' own: a throwaway folder, fixed keys, no thread beside it."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp(prefix="louzu-tests-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

# Before the settings are read; a developer's own .env does not override what is set here.
os.environ |= {
    "LOUZU_VAR": str(FOLDER),
    "SECRET_KEY": "tests-" + "s" * 60,
    "LOUZU_ID_KEY": "1d" * 32,
    "LOUZU_PHONE_KEY": "f0" * 32,
    "LOUZU_PHONE_CIPHER": "aes",
    "LOUZU_WORKER_THREAD": "false",
    "LOUZU_HTTPS": "false",
    "LOUZU_PROXIES": "",
    "DATABASE_REPLICA_URL": "",
    "LOUZU_SECOND_FACTOR": "",
    "LOUZU_API_RATE": "100000/min",
    "LOUZU_ISSUE_MINUTES": "0",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
    "LOUZU_SIGNING_KEY": "e5" * 32,
    "LOUZU_AUDIT_KEY": "a7" * 32,
    "LOUZU_BACKUP_KEY": "b4" * 32,
    "LOUZU_BACKUPS": "false",
    "LOUZU_WEBHOOK_NETWORKS": "127.0.0.0/8",
    "DEBUG": "false",
}

from louzu.settings import *  # noqa: E402, F403
from louzu.settings import DATABASES, EMBEDDED  # noqa: E402

# A file, as in the field: a database in memory has no WAL and no second writer.
DATABASES["default"]["TEST"] = {"NAME": str(FOLDER / "tests.sqlite3")} if EMBEDDED else {"TEMPLATE": "template0"}
if not EMBEDDED:
    DATABASES["default"]["TEST"]["CHARSET"] = "UTF8"

WHITENOISE_AUTOREFRESH = True  # no scan of all static files for each client
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
# Beside both databases, so that a page asks each of them the same number of queries.
CALLS_FILE = FOLDER / "calls.sqlite3"
