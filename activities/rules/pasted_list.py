"""Names from a pasted list: a chat group's 接龙, a sign-in sheet, a line of names.

`read_names` splits the text, `match` finds the members. Nothing is dropped in silence: words that are no name are
returned too.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from members.ground.rooms import fold_room
from members.ground.text import building_key
from members.models.people import MemberQuerySet

LONGEST = 20_000
MOST_NAMES = 2_000

HAN = r"[\u3400-\u9fff]"
NUMBERS = re.compile(
    rf"^\s*[(\[]?(?:\d{{1,4}}[.、)\]:]|\d{{1,2}})(?=[\s、]*{HAN})(?![号楼幢栋座室单])|(?<!\d)\d{{1,4}}[.)](?!\d)",
    re.MULTILINE,
)
LONG_NUMBERS = re.compile(r"(?<!\d)\d{7,}[Xx]?|[+]\s*\d+|\d+\s*[人位]")
BRACKETED = re.compile(r"[(\[{【〔]([^)\]}】〕\n]*)[)\]}】〕]")
BUILDING = r"\d{1,3}(?:号楼|#楼|号|幢|栋|座|#|楼)"
ROOM = r"(?<![\d-])(?:\d{1,2}(?:单元|-))?\d{3,4}室?(?!\d)"
WORD = r"[\u3400-\u9fff·]+|[A-Za-z]{2,}"
TOKENS = re.compile(rf"(?P<building>{BUILDING})|(?P<room>{ROOM})|(?P<word>{WORD})|(?P<end>[^\w\s])")
HINTS = re.compile(f"{BUILDING}|{ROOM}")
NAME = re.compile(rf"{HAN}{{2,4}}|{HAN}{{1,12}}(?:·{HAN}{{1,12}})+")
TITLE = re.compile(rf"(?<={HAN}{{2}})(?:同志|书记|主任|老师|师傅|组长|先生|女士|阿姨|叔叔|党员|参加|报名|已到)$")
NO_NAMES = {
    "接龙", "群接龙", "报名", "报名接龙", "参加", "签到", "签到表", "名单", "姓名", "室号", "门牌", "序号", "备注",
    "电话", "地点", "时间", "活动", "如下", "例如", "感谢", "谢谢", "大家", "同志们", "以上", "合计", "共计", "楼组",
    "社区", "小区", "党员",
}  # fmt: skip


@dataclass(slots=True)
class PastedEntry:
    """A name in the list, with the building and room beside it. `name` is "" for other words."""

    text: str
    name: str = ""
    building: str = ""
    room: str = ""


class MatchState(StrEnum):
    MATCHED = "matched"
    DOUBT = "doubt"
    UNKNOWN = "unknown"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class PossibleMember:
    """A member that a name may mean, and where they live."""

    pk: int
    name: str
    label: str
    room: str
    came: bool = False

    @property
    def key(self) -> str:
        return str(self.pk)

    @property
    def home(self) -> str:
        return f"{self.label} {self.room}".strip()

    def lives_at(self, entry: PastedEntry) -> bool:
        """Whether the building and room beside the name fit."""
        building = self.label.rpartition(" ")[2]
        fits = not entry.building or building_key(building) == building_key(entry.building)
        return fits and (not entry.room or self.room.rpartition("-")[2] == entry.room.rpartition("-")[2])


@dataclass(slots=True)
class PastedLine:
    """An entry and the members it may mean: one, several of the name, or nobody."""

    number: int
    entry: PastedEntry
    state: MatchState
    people: list[PossibleMember] = field(default_factory=list)
    answer: str = ""  # as chosen on the page: a member's id, "0" for nobody

    @property
    def chosen(self) -> PossibleMember | None:
        return next((person for person in self.people if person.key == self.answer), None)

    @property
    def person(self) -> PossibleMember | None:
        return self.people[0] if self.state == MatchState.MATCHED else None


class TooLong(Exception):
    """The list is longer than any real list of those who came."""


def read_names(text: str) -> list[PastedEntry]:
    """Return the entries of a pasted list, in its order; TooLong, with a sentence, for too long a text."""
    if len(text) > LONGEST:
        raise TooLong(f"内容太长（{len(text)} 字）。请只粘贴名单，最多 {LONGEST} 字；人多可以分几次。")
    entries = [entry for line in _plain(text).splitlines() for entry in _of_line(line)]
    if sum(bool(entry.name) for entry in entries) > MOST_NAMES:
        raise TooLong(f"名单里的人太多，一次最多 {MOST_NAMES} 人，请分几次粘贴。")
    return entries


def match(entries: Iterable[PastedEntry], members: MemberQuerySet, *, came: Iterable[int] = ()) -> list[PastedLine]:
    """Find each entry's members among these, in one query; a member who is named twice has one line.

    `came` are the ids of members who are recorded already.
    """
    entries = list(entries)
    people = _people(members, {entry.name for entry in entries if entry.name}, set(came))
    lines: dict[object, PastedLine] = {}
    for number, entry in enumerate(entries):
        line = _line(number, entry, people.get(entry.name, []))
        key = line.person.pk if line.person else (entry.text, entry.building, entry.room)
        # Two members of one name may both have come, so each of their lines stays.
        if line.state == MatchState.DOUBT or key not in lines:
            lines[(key, number) if line.state == MatchState.DOUBT else key] = line
    return list(lines.values())


def _plain(text: str) -> str:
    """Fold to half width; remove emoji, phone and list numbers, and brackets except for a building or room in them."""
    folded = unicodedata.normalize("NFKC", text.replace("•", "·").replace("・", "·"))
    kept = "".join(c if c in "\n#+|~" or unicodedata.category(c)[0] in "LNPZ" else " " for c in folded)
    hinted = BRACKETED.sub(lambda found: " ".join(["", *HINTS.findall(found[1]), ""]), LONG_NUMBERS.sub(" ", kept))
    return NUMBERS.sub("、", hinted)


def _of_line(line: str) -> list[PastedEntry]:
    """Return one line's entries. A building or room belongs to the name before it, else to the one after it."""
    entries: list[PastedEntry] = []
    beside: dict[str, str] = {}
    is_open = False  # whether the last entry may still get a building or room
    for token in TOKENS.finditer(line):
        kind, text = str(token.lastgroup), token[0]
        if kind == "end":
            beside, is_open = {}, False
        elif kind == "word":
            if len(text) == 1 and is_open and len(entries[-1].text) == 1:
                entries[-1] = _entry(entries[-1].text + text)  # 张 三, set apart as in a sign-in sheet
            else:
                entries.append(_entry(text, **beside))
            beside, is_open = {}, True
        elif is_open and not getattr(entries[-1], kind):
            setattr(entries[-1], kind, _folded(kind, text))
        else:
            beside, is_open = beside | {kind: _folded(kind, text)}, False
    return entries


def _entry(word: str, **beside: str) -> PastedEntry:
    name = TITLE.sub("", word)
    is_name = NAME.fullmatch(name) and name not in NO_NAMES
    return PastedEntry(word, name, **beside) if is_name else PastedEntry(word)


def _folded(kind: str, text: str) -> str:
    return fold_room(text) if kind == "room" else text


def _people(members: MemberQuerySet, names: set[str], came: set[int]) -> dict[str, list[PossibleMember]]:
    found: dict[str, list[PossibleMember]] = defaultdict(list)
    rows = members.filter(name__in=names).with_home().order_by("home_path", "pk")
    for pk, name, label, room in rows.values_list("pk", "name", "home_label", "home_room"):
        found[name].append(PossibleMember(pk, name, label or "", room or "", pk in came))
    return found


def _line(number: int, entry: PastedEntry, people: list[PossibleMember]) -> PastedLine:
    if not entry.name:
        return PastedLine(number, entry, MatchState.TEXT)
    if len(people) > 1:
        people = [person for person in people if person.lives_at(entry)] or people
    state = (MatchState.UNKNOWN, MatchState.MATCHED)[len(people)] if len(people) < 2 else MatchState.DOUBT
    return PastedLine(number, entry, state, people)
