"""Text as people type it → text as it is compared: width, blanks, the many ways to write nothing, keys of places."""

import re
from datetime import date

from members.ground.characters import INVISIBLE, NARROW

Cell = str | float | int | date  # as a workbook or a form brings it

HIDDEN = re.compile(f"[{INVISIBLE}]+")
BLANKS = re.compile(r"\s+")
UNFOLDED = re.compile(rf"[\s{INVISIBLE}\u2e80-\u2fd5\ue815-\ue864\uf900-\ufaff\uff01-\uff5e\U0002f800-\U0002fa1f]")
NOTHING = re.compile(r"[-—–－―/]*|无|空|没有")
EXACT = 10**15  # above it Excel no longer keeps every digit

MAY_BE_NOTHING = re.compile(rf"[\s{INVISIBLE}\-—–－―/／无空没]")
WHOLE = re.compile(r"\d+\.0+", re.ASCII)
BUILDING = re.compile(r"第?(?:0*(\d+)|([A-Z甲乙丙丁]))(?:号|#|幢|栋|座)?(?:楼组?)?")
BUILDING_BEFORE_MORE = re.compile(r"^第?0*(\d+)(?:号楼|#楼|号|#|幢|栋|座)")


def visible(text: str) -> str:
    """Take out the characters that show nothing."""
    return HIDDEN.sub("", text)


def narrow(text: str) -> str:
    """Fold full-width digits, letters and brackets to half width, take out what shows nothing, and trim."""
    return text.translate(NARROW).strip() if UNFOLDED.search(text) else text


def squeezed(text: str) -> str:
    """Fold as `narrow` does, and take out every blank and line break."""
    return BLANKS.sub("", text.translate(NARROW)) if UNFOLDED.search(text) else text


def heading_key(text: str) -> str:
    """Return the key to compare headings by: without blanks, `*` and anything from a bracket on."""
    return squeezed(text).partition("(")[0].replace("*", "")


def place_key(text: str) -> str:
    """Return the key to compare communities and stations by."""
    return squeezed(text)


def without_zero(text: str) -> str:
    """Return 201 for 201.0, which is how a CSV and some programs write a whole number."""
    return text.partition(".")[0] if WHOLE.fullmatch(text) else text


def building_key(text: str) -> str:
    """Return the key to compare buildings of one compound by: 12号楼, 12幢, 012栋, 12#, １２ 座 are all "12".

    A name that says more than a number keeps the rest ("3幢2单元" is "3号2单元").
    """
    folded = squeezed(text).upper()
    if match := BUILDING.fullmatch(folded):
        return str(match[1] or match[2])
    return BUILDING_BEFORE_MORE.sub(r"\1号", folded)


def is_nothing(cell: Cell) -> bool:
    """Whether the cell is empty, or says 无, —, /, 空 and the like."""
    if not isinstance(cell, str):
        return False
    # The first character decides for nearly every cell.
    return not cell or (MAY_BE_NOTHING.match(cell) is not None and NOTHING.fullmatch(squeezed(cell)) is not None)


def as_text(cell: Cell) -> str:
    """Return a cell's text as the secretary sees it: whole numbers without .0, days as 1998-07-01."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, date):
        return cell.isoformat()[:10]
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < EXACT:
        return str(int(cell))
    if isinstance(cell, float) and abs(cell) >= EXACT:
        return f"{cell:.14G}"
    return str(cell)
