"""Cells that have no value to read: errors, and formulas that a program saved without computing them.

Every parser gives both as empty cells, so they are found in the XML of a sheet while it is inflated.
"""

import re

from members.ground.trouble import UNCOMPUTED
from members.roster import refusal
from members.roster.refusal import UnreadableFile

MOST = 400_000  # cells of a part
OVERLAP = 64 * 1024  # longer than any formula, so that a cell across two chunks is found

TAG = rb"(?:\w+:)?"
FORMULA = rb"<" + TAG + rb"f(?:\s[^<>]*)?(?:/>|>[^<]*</" + TAG + rb"f>)"
VALUE = rb"<" + TAG + rb"v(?:\s[^<>]*)?(?:/>|>([^<]*)</" + TAG + rb"v>)"
# Groups: attributes, the formula, the value's element, the value.
CELL = re.compile(rb"<" + TAG + rb"c(\s[^<>]*[^<>/])>\s*(" + FORMULA + rb")?\s*(" + VALUE + rb")?\s*</" + TAG + rb"c>")
PLACE = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]{1,3})(\d{1,7})[\"']")
KIND = re.compile(rb"\st\s*=\s*[\"'](e|str)[\"']")
SIGNS = (b'="e"', b"='e'", b"<f>", b"<f ", b"<f/", b":f>", b":f ", b":f/")  # one of them begins such a cell
LONGEST_SIGN = 4


class FailedCells:
    """The failed cells of one part, fed chunk by chunk; `cells` is Excel row → column (both 1-based) → text.

    The text is the error ("#N/A"), or UNCOMPUTED. Raises UnreadableFile beyond MOST.
    """

    def __init__(self) -> None:
        self.cells: dict[int, dict[int, str]] = {}
        self.count = 0
        self.rest = b""
        self.is_suspect = False  # until a sign of such a cell was seen

    def feed(self, chunk: bytes) -> None:
        text = self.rest + chunk
        seen = max(0, len(self.rest) - LONGEST_SIGN)
        self.is_suspect = self.is_suspect or any(text.find(sign, seen) >= 0 for sign in SIGNS)
        if self.is_suspect:
            for match in CELL.finditer(text):
                if failure := _failure(*match.groups()):
                    self._keep(match[1], failure)
        self.rest = text[-OVERLAP:]

    def _keep(self, attributes: bytes, failure: str) -> None:
        if place := PLACE.search(attributes):
            row = self.cells.setdefault(int(place[2]), {})
            column = _column(place[1])
            self.count += column not in row
            row[column] = failure
        if self.count > MOST:
            raise UnreadableFile(refusal.NOT_COMPUTED)


def _failure(attributes: bytes, formula: bytes | None, element: bytes | None, value: bytes | None) -> str:
    """Return the text that stands for a cell without a value, "" for another cell."""
    kind = match[1] if (match := KIND.search(attributes)) else b""
    if kind == b"e":
        return (value or b"").decode("utf-8", "replace").strip() or UNCOMPUTED
    if formula is None or (value or b"").strip():
        return ""
    return "" if kind == b"str" and element is not None else UNCOMPUTED  # ="" has been computed


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
