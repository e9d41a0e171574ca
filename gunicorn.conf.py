"""Gunicorn reads this by itself: no log keeps a query, a referer or a visitor's line; its processes count together.

Query and referer may be a name or a phone that somebody searched for.
"""

import os
import shutil
import tempfile
from pathlib import Path

import environ
from gunicorn.glogging import Logger

from louzu.logs import formatter
from louzu.settings import WEB_WORKERS

environ.Env.read_env(os.environ.get("LOUZU_ENV", Path(__file__).with_name(".env")))  # for LOUZU_LOG

workers = WEB_WORKERS
threads = 8
worker_class = "louzu.patient.PatientWorker"  # a half-sent request blocks nobody
worker_connections = 400
graceful_timeout = 30  # seconds that requests have to end when it is stopped
access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s %(M)sms'


class logger_class(Logger):
    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter(self.error_fmt, self.datefmt))
        for handler in self.access_log.handlers:
            handler.setFormatter(formatter(self.access_fmt, self.datefmt))


def on_starting(server):
    """Make the folder in which the processes count their requests for /metrics: in memory, since a disk may be full."""
    memory = "/dev/shm"  # noqa: S108
    server.counts = tempfile.mkdtemp(prefix="louzu-metrics-", dir=memory if Path(memory).is_dir() else None)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = server.counts


def on_exit(server):
    shutil.rmtree(server.counts, ignore_errors=True)
