"""Cells from which nothing can be read: an error of Excel's, a formula without a result, a character that was lost."""

import re

from members.ground.characters import OLD_GBK
from members.ground.text import Cell

UNCOMPUTED = "#公式"  # stands in the place of a formula that was saved without a result
ERROR = re.compile(
    r"\s*(#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|BUSY!|UNKNOWN!|GETTING_DATA))\s*",
    re.IGNORECASE,
)
HASHES = re.compile(r"\s*#{3,}\s*")
LOST = re.compile("[\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")
SUSPECT = re.compile("[#\ufffd\ue000-\uf8ff\U000f0000-\U0010ffff]")

FORMULA_ERROR = "这一格是公式错误 {code}，请改成实际的内容；没有内容就清空这一格"
NO_RESULT = "这一格的公式没有算出结果，请用 Excel 打开保存一次，再重新上传"
TOO_NARROW = "这一格只剩下 ####（列太窄，内容没有显示出来），请把列拉宽后重新保存，或填写实际的内容"
LOST_CHARACTER = "这一格里有一个字丢失了（{context}），请对照证件重新填写这个字"


def trouble(cell: Cell) -> str:
    """Return the sentence that says why nothing can be read from the cell; "" for any other cell."""
    if type(cell) is not str or not SUSPECT.search(cell):
        return ""
    if cell == UNCOMPUTED:
        return NO_RESULT
    if match := ERROR.fullmatch(cell):
        return FORMULA_ERROR.format(code=match[1].upper())
    if HASHES.fullmatch(cell):
        return TOO_NARROW
    return lost_character(cell)


def lost_character(text: str) -> str:
    """Return the sentence about the first lost character, with □ in its place; "" where none is lost.

    U+FFFD is what a wrong encoding leaves of a character. A private-use character is shown by one computer's font only.
    """
    known = text.translate(OLD_GBK)
    if match := LOST.search(known):
        before, after = known[: match.start()], known[match.end() :]
        return LOST_CHARACTER.format(context=LOST.sub("□", f"{before[-6:]}□{after[:6]}").strip())
    return ""
