"""Gunicorn reads this by itself: neither of its logs keeps a query or a referer, or a line that a visitor made up.

Query and referer may be a name or a phone that somebody searched for.
"""

from gunicorn.glogging import Logger

from louzu.logs import WithoutQueries

access_log_format = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(b)s %(M)sms'


class logger_class(Logger):
    def setup(self, cfg):
        super().setup(cfg)
        for log, format in ((self.error_log, self.error_fmt), (self.access_log, self.access_fmt)):
            for handler in log.handlers:
                handler.setFormatter(WithoutQueries(format, self.datefmt))
