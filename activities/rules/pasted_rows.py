"""A pasted list's text → its entries: lines of words, and rows of tables among them."""

from collections.abc import Iterator

from activities.rules.pasted_entry import PastedEntry
from activities.rules.pasted_lines import PastedLines
from activities.rules.pasted_marks import NO_MARK, MarkKind, PastedMark, within
from activities.rules.pasted_table import PastedTable, read_heading
from activities.rules.pasted_text import filled_lines


class PastedRows:
    """Reads a list whose lines may be rows of a table."""

    def __init__(self) -> None:
        self.lines = PastedLines()
        self.table: PastedTable | None = None
        self.rows: list[tuple[list[PastedEntry], PastedMark]] = []

    def read(self, line: str) -> None:
        """Read a line, or a row of a table."""
        if table := read_heading(line):
            self.end_table()
            self.table = table
            self.lines.entries.append(PastedEntry(" ".join(line.split())))
        elif self.table and (cells := self.table.cells(line)):
            before = len(self.lines.entries)
            self.lines.read_line(self.table.person(cells))
            self.rows.append((self.lines.entries[before:], self.table.mark(cells)))
        else:
            self.end_table()
            self.lines.read_line(line)

    def end_table(self) -> None:
        """Say what the rows say; who has nothing where others have a tick is asked about."""
        empty = PastedMark(MarkKind.UNSURE, "没有打勾") if self.table and self.table.is_filled else NO_MARK
        for entries, mark in self.rows:
            for entry in entries:
                entry.say(mark if mark.kind else empty)
        self.table, self.rows = None, []


def read_lines(text: str) -> Iterator[PastedEntry]:
    """Yield the entries of a folded text (`pasted_text.plain`)."""
    reader = PastedRows()
    for line in filled_lines(text):
        reader.read(line)
    reader.end_table()
    for entry in reader.lines.entries:
        entry.mark = within(entry.mark, entry.own)
        yield entry
