"""Text as people type it → text as it is compared: width, blanks, the many ways to write nothing, keys of places."""

import re
from datetime import date

Cell = str | float | int | date  # as a workbook or a form brings it

# ！ to ～ are ! to ~ moved by 0xFEE0; the ideographic space is wide too.
NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xA0: " "}
BLANKS = re.compile(r"[\s\u200b\u200c\u200d\ufeff]+")
UNFOLDED = re.compile(r"[\s\u200b\u200c\u200d\ufeff\uff01-\uff5e]")
NOTHING = re.compile(r"[-—–－―/]*|无|空|没有")
EXACT = 10**15  # above it Excel no longer keeps every digit

MAY_BE_NOTHING = re.compile(r"[\s\u200b\u200c\u200d\ufeff\-—–－―/／无空没]")
BUILDING = re.compile(r"第?(?:0*(\d+)|([A-Z甲乙丙丁]))(?:号|#|幢|栋|座)?(?:楼组?)?")
BUILDING_BEFORE_MORE = re.compile(r"^第?0*(\d+)(?:号楼|#楼|号|#|幢|栋|座)")


def narrow(text: str) -> str:
    """Fold full-width digits, letters and brackets to half width, and trim."""
    return text.translate(NARROW).strip() if UNFOLDED.search(text) else text


def squeezed(text: str) -> str:
    """Fold width and take out every blank and line break."""
    return BLANKS.sub("", text.translate(NARROW)) if UNFOLDED.search(text) else text


def heading_key(text: str) -> str:
    """Return the key to compare headings by: without blanks, `*` and anything from a bracket on."""
    return squeezed(text).partition("(")[0].replace("*", "")


def place_key(text: str) -> str:
    """Return the key to compare communities and stations by."""
    return squeezed(text)


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
