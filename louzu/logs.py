"""Logs without the queries of addresses, which may contain a name or phone that was searched for.

They are lines of text, or with LOUZU_LOG=json an object a line, under the id of the request.
"""

import json
import logging
import os
import re
from datetime import UTC, datetime

from members.ground import request_ids

QUERY = re.compile(r"\?[^\s\"'>]+")
VALUES = re.compile(r"^(DETAIL|CONTEXT): .*$", re.MULTILINE)  # PostgreSQL quotes the row that it refused


def without_queries(text: str) -> str:
    return VALUES.sub(r"\1: …", QUERY.sub("?…", text))


def formatter(style: str | None = None, dates: str | None = None) -> logging.Formatter:
    """Return the formatter that LOUZU_LOG asks for; the style is that of lines of text."""
    return JsonLines() if os.environ.get("LOUZU_LOG") == "json" else WithoutQueries(style, dates)


class WithoutQueries(logging.Formatter):
    """Formats as usual, then removes the queries from request lines, referers and exceptions."""

    def format(self, record: logging.LogRecord) -> str:
        return without_queries(super().format(record))


class JsonLines(WithoutQueries):
    """Formats a record as one JSON object: at, level, logger, message, the request's id and the error, if any."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_queries(record.getMessage()),
            "request_id": _request_id(record),
            "error": without_queries(self.formatException(record.exc_info)) if record.exc_info else "",
        }
        return json.dumps({name: value for name, value in line.items() if value}, ensure_ascii=False)


def _request_id(record: logging.LogRecord) -> str:
    """Return the id of the request that the record is about: Django names some, after they were answered."""
    return getattr(getattr(record, "request", None), "id", "") or request_ids.present()
