"""Names as typed on a keyboard: "dengqiangfu" and "dqf" find 邓强福."""

import os
from functools import cache

# Names are read character by character; the phrases would cost every start a quarter of a second.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

from pypinyin import lazy_pinyin

# Surnames that are read otherwise than the same character elsewhere.
SURNAMES = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "查": "zha", "翟": "zhai", "解": "xie", "区": "ou", "任": "ren",
    "朴": "piao", "盖": "ge", "缪": "miao", "乐": "yue", "员": "yun", "种": "chong", "秘": "bi", "折": "she",
    "召": "shao", "繁": "po", "覃": "qin", "郗": "xi", "牟": "mu", "祭": "zhai", "冼": "xian", "洗": "xian",
    "隗": "wei", "黑": "he", "尉迟": "yuchi", "万俟": "moqi", "长孙": "zhangsun", "澹台": "tantai",
}  # fmt: skip


def spell(name: str) -> tuple[str, str]:
    """Return the name's full pinyin and its initials, in small letters without tones."""
    surname = next((head for head in (name[:2], name[:1]) if head in SURNAMES), "")
    rest = [_syllable(character) for character in name[len(surname) :]]
    full = SURNAMES.get(surname, "") + "".join(rest)
    first = [_syllable(character) for character in surname]
    if surname:
        first = [SURNAMES[surname]] if len(surname) == 1 else [SURNAMES[surname][0], first[-1]]
    return full, "".join(part[:1] for part in first + rest)


@cache
def _syllable(character: str) -> str:
    reading = lazy_pinyin(character, errors="ignore")
    return reading[0].lower() if reading else (character.lower() if character.isascii() and character.isalnum() else "")
