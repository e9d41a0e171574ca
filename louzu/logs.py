"""Logs of one line an event, without what does not belong there.

The queries of addresses may contain a name or phone that was searched for, and a member's link opens a card or their
own file. A line break in what was sent would begin a line that looks like ours.

They are lines of text, or with LOUZU_LOG=json an object a line, under the id of the request.
"""

import json
import logging
import os
import re
from datetime import UTC, datetime

from members.ground import request_ids

QUERY = re.compile(r"\?[^\s\"'>]+")
VALUES = re.compile(r"^(\s*(?:DETAIL|CONTEXT)): .*$", re.MULTILINE)  # PostgreSQL quotes the row that it refused
LINK = re.compile(r"(?<=/[co]/)[\w:%=-]{20,}")
# What moves a terminal's cursor or begins another line, in all its forms; a tab does neither.
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def without_queries(text: str) -> str:
    return VALUES.sub(r"\1: …", LINK.sub("…", QUERY.sub("?…", text)))


def on_one_line(text: str) -> str:
    """Write control characters as Python does: \\n for a line break."""
    return CONTROL.sub(lambda match: repr(match[0])[1:-1], text)


def formatter(style: str | None = None, dates: str | None = None) -> logging.Formatter:
    """Return the formatter that LOUZU_LOG asks for; the style is that of lines of text."""
    return JsonLines() if os.environ.get("LOUZU_LOG") == "json" else WithoutQueries(style, dates)


class WithoutQueries(logging.Formatter):
    """Formats as usual, then removes queries and links, and sets every line but an event's first in.

    The lines after the first are of tracebacks, which may quote what was sent.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:
        return on_one_line(without_queries(super().formatMessage(record)))

    def format(self, record: logging.LogRecord) -> str:
        first, *rest = super().format(record).split("\n")
        return without_queries("\n".join([first, *(f"    {on_one_line(line)}" for line in rest)]))


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
