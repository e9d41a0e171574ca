"""Gunicorn reads this by itself. Neither of its logs keeps a query or a referer.

Either may be a name or a phone that somebody searched for.
"""

from gunicorn.glogging import Logger

from louzu.logs import WithoutQueries
from louzu.settings import WEB_WORKERS

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
            handler.setFormatter(WithoutQueries(self.error_fmt, self.datefmt))
