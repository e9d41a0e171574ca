"""Logs of one line an event, without what does not belong there.

The queries of addresses may contain a name or phone that was searched for, and a member's link opens a card. A line
break in what was sent would begin a line that looks like ours.
"""

import logging
import re

QUERY = re.compile(r"\?[^\s\"'>]+")
LINK = re.compile(r"(?<=/c/)[\w:%=-]{20,}")
# What moves a terminal's cursor or begins another line, in all its forms; a tab does neither.
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


def without_queries(text: str) -> str:
    return LINK.sub("…", QUERY.sub("?…", text))


def on_one_line(text: str) -> str:
    """Write control characters as Python does: \\n for a line break."""
    return CONTROL.sub(lambda match: repr(match[0])[1:-1], text)


class WithoutQueries(logging.Formatter):
    """Formats as usual, then removes queries and links, and sets every line but an event's first in.

    The lines after the first are of tracebacks, which may quote what was sent.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:
        return on_one_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        first, *rest = super().format(record).split("\n")
        return without_queries("\n".join([first, *(f"    {on_one_line(line)}" for line in rest)]))
