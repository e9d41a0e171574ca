"""The names of a street's areas and buildings, compiled to be found in addresses."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from members.ground.address_text import (
    NUMERALS,
    PROVINCE_NAMES,
    Parts,
    fold,
    group_parts,
    read_inside,
    spellings,
    upper_words,
    upper_words_of,
    without_upper_words,
)
from members.ground.paths import SEGMENT

COMMUNITY, STATION, GROUP = 2 * SEGMENT, 3 * SEGMENT, 4 * SEGMENT
COMMUNITY_ENDINGS = ("社区居民委员会", "社区居委会", "居民委员会", "社区", "居委会", "居委", "居民区", "村委会")
FIRST = 2  # characters by which names are looked up
ANYWHERE = frozenset({""})
SEPARATORS = "-,/.·"


class HomeDoor(NamedTuple):
    """A building group by its path, and the room as it is kept ("" where none is named)."""

    path: str
    room: str


class Walk(NamedTuple):
    """The areas that the names in a text agree on, and the text behind them; `before` is what stood in front.

    `areas` is empty where the names contradict each other; then `named` still has the areas of the last name.
    """

    areas: frozenset[str]
    named: frozenset[str]
    before: str
    rest: str


class StreetNames:
    """The areas of one street by all their names.

    `areas` are rows (path, level, name, …) of the street and what is open in it, `names` rows (path, text); `districts`
    are the words 嘉定, 上海 and the like that an address of the street may begin with, empty where they are not known.
    """

    def __init__(
        self, areas: Iterable[tuple[Any, ...]], names: Iterable[tuple[str, str]], *, districts: Iterable[str] = ()
    ):
        self.own_name: dict[str, str] = {}
        self.districts = frozenset(districts)
        self.meaning: dict[str, set[str]] = defaultdict(set)
        self.groups: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
        self.literal: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self.unit: dict[str, str] = {}
        self.joined: dict[tuple[frozenset[str], str], tuple[frozenset[str], frozenset[str]]] = {}
        for path, _, name, *_ in areas:
            self.own_name[path] = name
            self._add_area(path, fold(name))
        for path, text in names:
            if path in self.own_name:
                self._add_name(path, fold(text))
        self.lengths = self._lengths()

    def _add_area(self, path: str, name: str) -> None:
        if len(path) < GROUP:
            self._add_name(path, name)
            if len(path) == COMMUNITY:
                for ending in COMMUNITY_ENDINGS:
                    stem = name.removesuffix(ending)
                    if stem != name and len(stem) >= FIRST:
                        for other in COMMUNITY_ENDINGS:
                            self._add_name(path, stem + other)
                        break
            return
        if parts := group_parts(name):
            self.groups[path[:STATION]][parts].append(path)
            self.unit[path] = parts[1]
            return
        for spelling in spellings(name):
            self.literal[path[:STATION]].append((spelling, path))

    def _add_name(self, path: str, name: str) -> None:
        for spelling in spellings(name):
            if len(spelling) >= FIRST:
                self.meaning[spelling].add(path)

    def _lengths(self) -> dict[str, list[int]]:
        """Return by their first characters how long the names are, the longest first."""
        found: dict[str, set[int]] = defaultdict(set)
        for name in self.meaning:
            found[name[:FIRST]].add(len(name))
        return {start: sorted(lengths, reverse=True) for start, lengths in found.items()}

    def learn_districts(self, texts: Iterable[str]) -> None:
        """Learn from a list's addresses which district is the street's own, where nothing else says it.

        It is the one most of them name. An address in another one is in doubt from then on: 阳光花苑 is in many.
        """
        if self.districts:
            return
        begun = {text: found[-1] for text in texts if (found := upper_words_of(text))}
        if len(set(begun.values())) < 2:
            return
        words = Counter(filter(None, map(self._district_words, begun)))
        last: Counter[str] = Counter()
        for each, count in words.items():
            last[each[-1]] += count
        if len(last) > 1:
            own = last.most_common(1)[0][0]
            self.districts = frozenset(word for each in words if each[-1] == own for word in each)

    def _district_words(self, text: str) -> tuple[str, ...]:
        folded = fold(text)
        at = next((at for at in range(min(len(folded), 40)) if self.names_at(folded, at)), 0)
        return tuple(upper_words(folded[:at]) or ())

    def walks(self, text: str, within: str) -> list[Walk]:
        """Return the ways to read the names in a text: one, or more where a number in characters can belong to both."""
        for at in range(len(text)):
            if text[at : at + FIRST] in self.lengths and (names := self.names_at(text, at)):
                return [self._walk(text, at, name, within) for name in names]
        around = frozenset({within} if within else ())
        return [Walk(around, around, "", text)]

    def _walk(self, text: str, at: int, name: str, within: str) -> Walk:
        before, areas = text[:at], frozenset({within}) if within else ANYWHERE
        named: frozenset[str] = frozenset()
        while name:
            areas, named = self._joined(areas, name)
            at += len(name)
            step = at + 1 if text[at : at + 1] and text[at] in SEPARATORS else at
            name = next(iter(self.names_at(text, step)), "")
            at = step if name else at
        return Walk(areas, named, before, text[at:])

    def _joined(self, areas: frozenset[str], name: str) -> tuple[frozenset[str], frozenset[str]]:
        """Return the areas on which these and a name agree, and those of the name."""
        if (areas, name) not in self.joined:
            named = frozenset(self.meaning[name])
            self.joined[areas, name] = _common(areas, named), named
        return self.joined[areas, name]

    def names_at(self, text: str, at: int) -> list[str]:
        """Return the longest known name that begins here; a shorter one too where a Chinese number runs on behind it.

        A name never ends within a number: 迎园路2 is not in 迎园路218弄.
        """
        names: list[str] = []
        for length in self.lengths.get(text[at : at + FIRST], ()):
            name = text[at : at + length]
            if len(name) < length or name not in self.meaning or _is_cut(text, at, at + length):
                continue
            names.append(name)
            if not _runs_on(text, at + length):
                break
        return names

    def strange(self, words: list[str]) -> str:
        """Return the word that says another province or district than the street's own; "" where none does."""
        knows_province = bool(self.districts & PROVINCE_NAMES)
        strange = [
            word for word in words if word not in self.districts and (knows_province or word not in PROVINCE_NAMES)
        ]
        return strange[-1] if self.districts and strange else ""

    def below_upper_names(self, text: str) -> str:
        """Return a text without the district, the street and the community that it begins with."""
        text = without_upper_words(text)
        for name in self.names_at(text, 0)[:1]:
            if all(len(path) <= COMMUNITY for path in self.meaning[name]) and len(name) < len(text):
                return self.below_upper_names(text[len(name) :])
        return text

    def in_literal(self, stations: set[str], rest: str) -> tuple[list[HomeDoor], Parts | None]:
        """Return the doors of buildings with names of their own, such as 东楼, that a text begins with."""
        rest = rest.lstrip(SEPARATORS)
        for station in stations & self.literal.keys():
            for name, path in sorted(self.literal[station], key=lambda pair: -len(pair[0])):
                if (
                    rest.startswith(name)
                    and not _is_cut(rest, 0, len(name))
                    and (parts := read_inside(rest[len(name) :]))
                ):
                    return [HomeDoor(path, parts.room)], parts._replace(building=name)
        return [], None

    def doors_of(self, stations: Iterable[str], parts: Parts) -> list[HomeDoor]:
        found = [path for station in sorted(stations) for path in self.of_building(station, parts)]
        return [self.door(path, parts) for path in found]

    def of_building(self, station: str, parts: Parts) -> list[str]:
        """Return the groups of a building: that of the unit named, else the whole building's, else its units'."""
        groups = self.groups.get(station, {})
        exact = groups.get((parts.building, parts.unit)) or groups.get((parts.building, ""))
        if exact or parts.unit:
            return exact or []
        return [path for (building, _), paths in groups.items() if building == parts.building for path in paths]

    def door(self, path: str, parts: Parts) -> HomeDoor:
        """Return the door; where the group is a unit by itself, its rooms do not name the unit."""
        unit = self.unit.get(path)
        return HomeDoor(path, parts.room.removeprefix(f"{unit}-") if unit and unit == parts.unit else parts.room)


def _common(areas: frozenset[str], named: frozenset[str]) -> frozenset[str]:
    """Return the deeper area of each pair in which one lies in the other."""
    return frozenset(max(one, other, key=len) for one in areas for other in named if related(one, other))


def related(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _is_cut(text: str, start: int, end: int) -> bool:
    """Whether a name from start to end would cut a number or a word of letters in two."""
    before, first, last, after = text[start - 1 : start], text[start], text[end - 1], text[end : end + 1]
    return (_is_sign(before) and _is_sign(first)) or (_is_sign(last) and _is_sign(after))


def _is_sign(sign: str) -> bool:
    return sign.isascii() and sign.isalnum()


def _runs_on(text: str, end: int) -> bool:
    """Whether a number in Chinese characters goes on behind a name: 新村三十一号 is 新村三 十一号, or 新村 三十一号."""
    return text[end - 1] in NUMERALS and text[end : end + 1] != "" and text[end] in NUMERALS
