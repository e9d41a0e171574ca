"""Tables of characters: what shows nothing, and what stands for another character."""

import re
import unicodedata

# Characters that show nothing: Unicode category Cf, the variation selectors and the other default ignorables.
INVISIBLE = (
    "\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Radicals that a copy from a PDF has in the place of the character; Unicode decomposes the Kangxi ones only.
RADICALS = dict(
    zip(
        "⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻳",
        "民虎西见角贝车长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙龟",
        strict=True,
    )
)
# Characters that GBK kept in the private use area until Unicode had them; Python's codec knows the others.
LATER_CHARACTERS = {
    0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6, 0xE82C: 0x9FB7,
    0xE831: 0x215D7, 0xE832: 0x9FB8, 0xE83B: 0x2298F, 0xE843: 0x9FB9, 0xE854: 0x9FBA, 0xE855: 0x241FE, 0xE864: 0x9FBB,
}  # fmt: skip


def _old_gbk() -> dict[int, int]:
    """Return the ideographs for the private-use codes U+E815–E864, which GBK has at FE50–FEA0."""
    trails = [*range(0x50, 0x7F), *range(0x80, 0xA1)]
    known = {0xE815 + place: ord(bytes([0xFE, trail]).decode("gb18030")) for place, trail in enumerate(trails)}
    return {code: found for code, found in (known | LATER_CHARACTERS).items() if found >= 0x3400}


def _spread(characters: str) -> set[int]:
    """Return the code points of a character class that has ranges."""
    ranges = re.findall("(.)(?:-(.))?", characters)
    return {code for first, last in ranges for code in range(ord(first), ord(last or first) + 1)}


def _decomposed(*ranges: range) -> dict[int, str]:
    """Return the ideographs that stand for the compatibility ideographs and radicals of these ranges."""
    return {code: unicodedata.normalize("NFKC", chr(code)) for part in ranges for code in part}


OLD_GBK = _old_gbk()
# ！ to ～ are ! to ~ moved by 0xFEE0; the ideographic space is wide too.
NARROW: dict[int, int | str | None] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **{0x3000: " ", 0xA0: " "},
    **dict.fromkeys(_spread(INVISIBLE)),
    **_decomposed(range(0x2F00, 0x2FD6), range(0xF900, 0xFB00), range(0x2F800, 0x2FA20)),
    **{ord(radical): character for radical, character in RADICALS.items()},
    **OLD_GBK,
}
