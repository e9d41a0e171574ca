"""Logs without the queries of addresses, which may contain a name or phone that was searched for."""

import logging
import re

QUERY = re.compile(r"\?[^\s\"'>]+")


def without_queries(text: str) -> str:
    return QUERY.sub("?…", text)


class WithoutQueries(logging.Formatter):
    """Formats as usual, then removes the queries from request lines, referers and exceptions."""

    def format(self, record: logging.LogRecord) -> str:
        return without_queries(super().format(record))
