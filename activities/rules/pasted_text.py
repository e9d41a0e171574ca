"""The characters of a pasted list: what shows nothing goes, what may be part of a name stays, signs become one sign.

A character that cannot be read is kept: a name without it would be another person's.
"""

import re
import unicodedata
from itertools import pairwise

GAP, STRUCK, END_STRUCK, NUMBER, BOX, CROSS, TICK = "\x01", "\x02", "\x03", "\x04", "☐", "✗", "✓"

HAN = "\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Marks, radicals and private use have no meaning here, but belong to the word that they stand in.
UNREADABLE = "\ufffd\u2e80-\u2fdf\u2ff0-\u2fff\ue000-\uf8ff\U000f0000-\U0010ffff"
LETTER = rf"(?:[^\W\d_]|[\u0300-\u0334\u0339-\u036f\U00020000-\U0003ffff{UNREADABLE}])"
# Between letters these stand for a character that somebody could not type, or did not want to.
HIDDEN = rf"(?:[?*_□■○◯〓]|\d(?=[{HAN}](?!{LETTER}|[楼元])))"
DOTS = "\u00b7\u02d9\u2022\u2024\u2027\u2219\u22c5\u25cf\u30fb。."

CROSSES = frozenset("×✕✖✗✘❌❎╳⨯☓☒🗙🗴🗵🗶🗷🚫⛔🙅👎㐅ㄨ")
TICKS = frozenset("√✓✔✅☑🗸🗹⭕👌🉑")
KEPT_SIGNS = frozenset("+|~<>☐□■○◯〓\ufffd")

CIRCLED = re.compile("[\u2460-\u249b\u24ea-\u24ff\u2776-\u2793\u3220-\u3229\u3251-\u325f]")
TASK = re.compile(r"^([^\S\n]*[-*+][^\S\n]*)\[([ xX])\]", re.MULTILINE)
EMPTY_BOX = re.compile(rf"{BOX}|(?<!{LETTER})□(?=[^\S\n]*[{HAN}])")
CROSSED = re.compile("(?:[^\\s\u0335-\u0338][\u0335-\u0338]+ ?)+")
TAGGED = re.compile(r"<(s|del|strike)>([^<\n]*)</\1>", re.IGNORECASE)
TILDES = re.compile(rf"~~(?=\S)([^~\n]*[^~\s])~~|(?<!{LETTER})~~(?=\S)([^~]*[^~\s])~~")
SPACED = re.compile(
    rf"(?<![^\s、,;:.)@{NUMBER}{CROSS}{TICK}])([{HAN}])([ \u3000]+)([{HAN}])(?!{LETTER})((?:\2[{HAN}](?!{LETTER}))*)"
)
NUMBERS = re.compile(
    rf"^[^\S\n]*[(\[]?(?:\d{{1,4}}[.、)\]:]|\d{{1,2}})(?=[\s、{STRUCK}{CROSS}{TICK}]*[{HAN}])(?![号楼幢栋座室单])"
    r"|(?<!\d)\d{1,4}[.](?!\d)|(?<![^\s、,;])\d{1,4}[)](?!\d)",
    re.MULTILINE,
)


def plain(text: str) -> str:
    """Fold a list's characters: half width, one cross, one tick, GAP for other signs.

    What is struck out stands between STRUCK and END_STRUCK, a number of the list is NUMBER.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u20e3", ".")
    text = TASK.sub(lambda found: found[1] + (BOX if found[2] == " " else TICK), text)
    text = CIRCLED.sub(NUMBER, text)
    text = TAGGED.sub(r"~~\2~~", CROSSED.sub(_between_tildes, text))
    folded = "".join(map(_folded, unicodedata.normalize("NFKC", text)))
    folded = EMPTY_BOX.sub(BOX if TICK in folded else GAP, folded)
    struck = TILDES.sub(lambda found: f"{STRUCK}{found[1] or found[2]}{END_STRUCK}", folded)
    return NUMBERS.sub(NUMBER, SPACED.sub(lambda found: "".join(found[0].split()), struck))


def filled_lines(text: str) -> list[str]:
    """Return the lines of a text; without the empty ones where every second line is empty and so says nothing."""
    lines = text.split("\n")
    filled = [bool(line.strip()) for line in lines]
    if sum(filled) > 3 and not any(a and b for a, b in pairwise(filled)):
        return [line for line in lines if line.strip()]
    return lines


def is_readable(word: str) -> bool:
    """Whether every character of the word is one that a name may have."""
    return not re.search(rf"[{UNREADABLE}?*_□■○◯〓\\d]", word)


def _between_tildes(found: re.Match[str]) -> str:
    return "~~" + re.sub("[\u0335-\u0338]", "", found[0]).strip() + "~~"


def _folded(character: str) -> str:
    if character in CROSSES:
        return CROSS
    if character in TICKS:
        return TICK
    if character in f"\n\t{NUMBER}" or character in KEPT_SIGNS:
        return character
    category = unicodedata.category(character)
    if category == "Cf" or "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef":
        return ""
    if category == "Cc":
        return " "
    if category[0] in "LNPZM" or category in ("Co", "Cn") or "\u2e80" <= character <= "\u2fff":
        return character
    return GAP
