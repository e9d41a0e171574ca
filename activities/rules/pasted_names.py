"""The words of a pasted list that may be names: what is said beside the name in one word, and for whom one signs up."""

import re
from typing import NamedTuple

from activities.rules.pasted_marks import (
    ABSENT,
    ADDRESSED,
    DENIED,
    DOUBTFUL,
    FILLING,
    NO_MARK,
    PRESENT,
    MarkKind,
    PastedMark,
    is_remark,
    left_of,
    read_mark,
)
from activities.rules.pasted_text import DOTS, HAN, UNREADABLE, is_readable
from members.ground.names import fold_name

LONGEST_WORD = 40
NAME = re.compile(
    rf"[{HAN}{UNREADABLE}]{{2,4}}|(?=.{{3,30}}$)[{HAN}{UNREADABLE}]{{1,20}}(?:·[{HAN}{UNREADABLE}]{{1,20}})+"
)
LEADING = re.compile(f"^(?:{FILLING.pattern})+(?=..)")
DOT = re.compile(rf"\s*[{DOTS}]\s*")
LOOSE_DOT = re.compile(r"[。.●]|\s")  # dots that also stand between two people
TITLE = re.compile(
    rf"(?<=[{HAN}]{{2}})(?:同志|书记|主任|老师|师傅|组长|先生|女士|阿姨|叔叔|党员|参加|报名|已到|已签到?|签到|出席|到会"
    r"|晚到|迟到|准时到|按时到|早退|来了|到了)$"
)
SIGN_UP = "(?:报名参加|报名|报个名|报一下|报一个|报上|签到|签名|接龙|代签|代报|签|报)(?:了|的|一下|吧)?"
FOR_SOMEBODY = re.compile(rf"(?P<by>.*?)(?:帮忙|代替|[替帮代给为])(?P<who>.{{2,}}?)(?P<verb>{SIGN_UP})?")
SIGNED_FOR = re.compile(r"(?P<who>.{2,}?)(?:由.*)?(?:代签到?|代报名?|代接龙)(?:了|的)?")
FOR = frozenset({"替", "帮", "代", "给", "为", "我替", "我帮", "我代", "代替", "帮忙"})
NO_NAMES = {
    "接龙", "群接龙", "报名", "报名接龙", "参加", "签到", "签到表", "名单", "姓名", "室号", "门牌", "序号", "备注",
    "电话", "地点", "时间", "活动", "如下", "例如", "感谢", "谢谢", "大家", "同志们", "以上", "合计", "共计", "楼组",
    "社区", "小区", "党员",
}  # fmt: skip


class NameReading(NamedTuple):
    """One way to understand a word: whom it names, and what it says of them."""

    names: tuple[str, ...]
    mark: PastedMark = NO_MARK


class NameWord(NamedTuple):
    """A word with its readings, the likeliest first; `name` is whom it seems to name, "" for other words."""

    name: str
    mark: PastedMark
    readings: tuple[NameReading, ...]


def read_word(word: str) -> NameWord:
    """Return the readings of a word. The whole word goes first: a member may have just this name."""
    name = fold_name(word)
    readings = [NameReading((name,))]
    title = TITLE.sub("", name)
    if title != name:
        readings.append(NameReading((title,)))
    if len(word) > LONGEST_WORD or not is_readable(word) or is_remark(word):
        return NameWord("", NO_MARK, tuple(readings))
    if read_mark(word).kind in (MarkKind.ABSENT, MarkKind.UNSURE):
        return _with_remark(word, readings)
    if found := _for_somebody(word):
        readings += [NameReading((TITLE.sub("", found.names[0]),), found.mark)]
        return _word(readings[-1].names[0], readings[-1].mark, readings)
    readings += _apart(word)
    if said := _with_yes(word):
        return _word(said, NO_MARK, [*readings, NameReading((fold_name(said),))])
    return _word(title, NO_MARK, readings)


def parts(word: str) -> list[str]:
    """Return a word's parts between dots where one of them is no part of a name, else the word alone."""
    between = [part for part in DOT.split(word) if part]
    if any(part in NO_NAMES or is_remark(part) for part in between):
        return between
    return [word]


def _word(name: str, mark: PastedMark, readings: list[NameReading]) -> NameWord:
    is_name = NAME.fullmatch(name) and name not in NO_NAMES
    return NameWord(name if is_name else "", mark, tuple(dict.fromkeys(readings)))


def _for_somebody(word: str) -> NameReading | None:
    """Read 替X报名, Y帮X报名 and X代签 as X; 替X without a verb may mean that another came in X's place."""
    if found := SIGNED_FOR.fullmatch(word):
        inner = FOR_SOMEBODY.fullmatch(found["who"])
        return NameReading((inner["who"] if inner and not inner["by"] else found["who"],))
    found = FOR_SOMEBODY.fullmatch(word)
    if not found or (found["by"] and found["by"] != "我" and (not found["verb"] or len(found["by"]) < 2)):
        return None
    if found["verb"]:
        return NameReading((found["who"],))
    return NameReading((found["who"],), PastedMark(MarkKind.UNSURE, word)) if word[0] in "替帮我" else None


def _with_remark(word: str, readings: list[NameReading]) -> NameWord:
    """Read 张三来不了, 请假张三, 张三和李四请假: whoever may be meant is not taken for one who came."""
    mark = read_mark(word)
    spans = [found.span() for pattern in (ABSENT, DOUBTFUL) for found in pattern.finditer(word)]
    first = min((span[0] for span in spans), default=0)
    name = _stripped(word[:first])
    if name and word.startswith(name):
        mark = PastedMark(mark.kind, word[len(name) :])
    if len(name) < 2:
        name = _stripped(word[max(span[1] for span in spans) :]) if spans else ""
        name = "" if ADDRESSED.search(name) else TITLE.sub("", LEADING.sub("", name))
        return _word(name, mark, [*readings, NameReading((fold_name(name),), mark)] if name else readings)
    people = re.split("[和跟与及]", name)
    if len(people) > 1 and all(len(one) > 1 for one in people):
        readings.append(NameReading(tuple(map(fold_name, people)), mark))
    if found := FOR_SOMEBODY.fullmatch(name):
        readings += [NameReading((fold_name(one),), mark) for one in (name, found["who"])]
        name = found["who"]
    unsure = PastedMark(MarkKind.UNSURE, mark.words)
    for end in range(first, 1, -1):
        is_rest_known = not FILLING.sub("", word[end:first])
        readings.append(NameReading((fold_name(word[:end]),), mark if is_rest_known else unsure))
    return _word(fold_name(name), mark, readings)


def _with_yes(word: str) -> str:
    """Return the name in 张三准时参加, "" where there is none; 李明来 may be a name, so a sign has two characters."""
    spans = [found.span() for pattern in (DENIED, PRESENT) for found in pattern.finditer(word)]
    first = min((start for start, end in spans if end - start > 1), default=0)
    return _stripped(word[:first]) if first > 1 and not left_of(word[first:]) else ""


def _stripped(text: str) -> str:
    """Return a name without the words that fill a sentence behind it."""
    while found := re.search(f"(?:{FILLING.pattern})$", text):
        if 0 < found.start() < 2:
            break
        text = text[: found.start()]
    return text.strip("·。. ")


def _apart(word: str) -> list[NameReading]:
    """Return the readings of a word as several people: 张三和李四, and 张三。李四, which is asked about."""
    readings = []
    joined = re.split("[和跟与及]", word)
    if len(joined) > 1 and all(len(one) > 1 for one in joined):
        readings.append(NameReading(tuple(map(fold_name, joined))))
    dots = DOT.findall(word)
    between = [part for part in DOT.split(word) if part]
    if len(between) > 1 and all(LOOSE_DOT.search(dot) for dot in dots):
        readings.append(NameReading(tuple(between), PastedMark(MarkKind.UNSURE, "是几个人吗")))
    return readings
