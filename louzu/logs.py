"""What no log of ours keeps: the query of an address, which may be a name or a phone that was searched for."""

import logging
import re

QUERY = re.compile(r"\?[^\s\"'>]+")


def without_queries(text: str) -> str:
    return QUERY.sub("?…", text)


class WithoutQueries(logging.Formatter):
    """Formats as ever, then takes the queries out: of request lines, of referers, of what an exception says."""

    def format(self, record: logging.LogRecord) -> str:
        return without_queries(super().format(record))
