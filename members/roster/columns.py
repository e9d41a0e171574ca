"""What the columns of a sheet mean: by their headings, by words in these, by what stands below them.

Nothing here knows of members: a `Vocabulary` says which fields there are and how each is recognised.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property, partial
from hashlib import sha256

from members.ground.text import Cell, as_text, heading_key, is_nothing, squeezed

Headings = Mapping[str, tuple[str, ...]]

HEADING_WITHIN = 30
SAMPLED, SHOWN = 60, 3
MOSTLY = 0.8
NOTE_HEADING = "错误说明"  # the column that `errorbook` adds; never data
LONGEST_HEADING = 20
NOT_TAKEN = ""
PART = re.compile(r"(.*)（第(\d+)栏）", re.DOTALL)
LONG_NUMBER = re.compile(r"(\d{3})\d{6,}(\d[\dXx])")  # of a phone or a document: shown in part only
DIGITS = re.compile(r"[\d\s./:年月日-]+")
EXACT, WITHIN, CONTENT, CHOSEN, FOREIGN = "标题", "标题里有", "看内容像", "按您的选择", "不像这份表要的"


@dataclass(frozen=True)
class Vocabulary:
    """How columns are recognised.

    `headings` is field → its headings; `within` are (word, field) for words in a longer heading, the first that fits
    wins; a heading with one of the words `foreign` is of somebody or something else. `reads` says whether a cell can be
    a field's. `by_content` are the fields that a column without a known heading may be taken for, `known` their values.
    In the fields `spoken` a dash says something too.
    """

    headings: Headings
    required: str
    within: Sequence[tuple[str, str]] = ()
    foreign: Collection[str] = ()
    reads: Callable[[str, Cell], bool] = lambda field, cell: True
    by_content: Sequence[str] = ()
    spoken: Collection[str] = ()
    known: Mapping[str, Collection[str]] = dataclass_field(default_factory=dict)

    @cached_property
    def by_key(self) -> dict[str, str]:
        """The field by the key of its heading; the first that has it wins."""
        fields = [(heading_key(heading), name) for name, headings in self.headings.items() for heading in headings]
        return dict(reversed(fields))


@dataclass(slots=True)
class SheetChoice:
    """What the user said of a set of headings: field by position ("" for none), and the affiliation of all rows."""

    columns: dict[int, str]
    affiliation: str = ""


@dataclass(frozen=True)
class ColumnTerms:
    """What is known before a file is read.

    `choices` is by the key of a heading row; `named` gives fields to headings, as the command does. Where `asks`, a
    file whose columns are not certain is left to the user; `always` leaves every file to them.
    """

    choices: Mapping[str, SheetChoice] = dataclass_field(default_factory=dict)
    named: Mapping[str, str] = dataclass_field(default_factory=dict)
    hidden_sheets: bool = False
    asks: bool = False
    always: bool = False


@dataclass(slots=True)
class ColumnGuess:
    """A column: where it stands (0-based), its heading as written, what it was taken for and why, and a few values."""

    position: int
    heading: str
    field: str = NOT_TAKEN
    reason: str = ""
    certain: bool = True
    samples: list[str] = dataclass_field(default_factory=list)


def row_keys(row: Sequence[Cell]) -> list[str]:
    """Return the keys of a heading row's cells, up to the last that is filled."""
    keys = [heading_key(as_text(cell)) for cell in row]
    while keys and keys[-1] in ("", NOTE_HEADING):
        keys.pop()
    return keys


def key_of(keys: Sequence[str]) -> str:
    """Return the key by which the choice for this set of headings is remembered."""
    return sha256("\n".join(keys).encode()).hexdigest()


def parts(keys: Sequence[str]) -> list[range]:
    """Return the parts of a heading row that repeats itself side by side, mostly one."""
    for width in range(2, len(keys) // 2 + 2):
        block = [key for key in keys[:width] if key]
        repeats = all(one == other for one, other in zip(keys, keys[width:], strict=False))
        if len(block) > 1 and repeats and sum(map(bool, keys[width:])) >= len(block):
            whole = [range(at, at + width) for at in range(0, len(keys), width)]
            return [part for part in whole if sum(map(bool, keys[part.start : part.stop])) == len(block)]
    return [range(len(keys))]


def named_part(tab: str, count: int) -> str:
    """Return the name of a sheet's part, from 1."""
    return tab if count == 1 else f"{tab}（第{count}栏）"


def part_named(name: str) -> tuple[str, int]:
    """Return the sheet's own name and the number of its part, from 1."""
    found = PART.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, 1)


def by_heading(key: str, words: Vocabulary, named: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return (field, reason) by the heading alone; ("", "") where it says nothing."""
    if key in (named or {}):
        return (named or {})[key], CHOSEN
    if name := words.by_key.get(key):
        return name, EXACT
    if not key or len(key) > LONGEST_HEADING or any(word in key for word in words.foreign):
        return NOT_TAKEN, FOREIGN if key else ""
    return next(((name, f"{WITHIN}“{word}”") for word, name in words.within if word in key), (NOT_TAKEN, ""))


def guesses(
    heading: Sequence[Cell], below: Sequence[Sequence[Cell]], words: Vocabulary, terms: ColumnTerms
) -> list[ColumnGuess]:
    """Return a guess for each column with a heading or with values; `below` are the first rows under the heading."""
    found, values = [], {}
    for at in range(max([len(heading), *map(len, below)])):
        written = as_text(_cell(heading, at)).strip()
        cells = [cell for row in below if not is_nothing(cell := _cell(row, at))][:SAMPLED]
        if heading_key(written) != NOTE_HEADING and (written or cells):
            shown = list(dict.fromkeys(LONG_NUMBER.sub(r"\1…\2", as_text(cell).strip()) for cell in cells))[:SHOWN]
            field, reason = by_heading(heading_key(written), words, terms.named)
            found.append(ColumnGuess(at, written, field, reason, samples=shown))
            values[at] = cells
    _leave_to_the_surest(found)
    for guess in found:
        _look_below(guess, values[guess.position], words, taken={other.field for other in found})
    return found


def _look_below(guess: ColumnGuess, values: list[Cell], words: Vocabulary, *, taken: Collection[str]) -> None:
    """Hold a guess against the values below; a column whose heading says nothing may be known by them alone."""
    if guess.reason.startswith(WITHIN):
        guess.certain = _mostly(values, lambda cell: words.reads(guess.field, cell))
    elif not guess.reason and (name := _by_content(values, words)) and name not in taken:
        guess.field, guess.reason, guess.certain = name, CONTENT, False


def _leave_to_the_surest(found: list[ColumnGuess]) -> None:
    """Let a field's own heading go before a heading that only has its word in it."""
    exact = {guess.field for guess in found if guess.reason in (EXACT, CHOSEN)}
    for guess in found:
        if guess.field in exact and guess.reason.startswith(WITHIN):
            guess.field, guess.reason = NOT_TAKEN, FOREIGN


def _by_content(values: list[Cell], words: Vocabulary) -> str:
    """Return the field that the values are of, "" where they may be anything."""
    for name in words.by_content:
        if values and _mostly(values, partial(_is_of, words, name)):
            return name
    return NOT_TAKEN


def _is_of(words: Vocabulary, name: str, cell: Cell) -> bool:
    known = words.known.get(name)
    return words.reads(name, cell) if known is None else squeezed(as_text(cell)) in known


def _mostly(values: list[Cell], fits: Callable[[Cell], bool]) -> bool:
    return sum(map(fits, values)) >= MOSTLY * len(values)


def _cell(row: Sequence[Cell], at: int) -> Cell:
    return row[at] if at < len(row) else ""


def likely_heading(rows: Sequence[tuple[int, Sequence[Cell]]]) -> int | None:
    """Return the index of the row, among the first, that looks most like a heading: many short words, no figures."""
    best, most = None, 1
    for index, (number, row) in enumerate(rows):
        if number > HEADING_WITHIN:
            break
        texts = [as_text(cell).strip() for cell in row]
        words = {text for text in texts if text and len(text) <= LONGEST_HEADING and not DIGITS.fullmatch(text)}
        if len(words) > most:
            best, most = index, len(words)
    return best
