"""Lines of a pasted list → its entries: each name with the building and room, and with what is said of it."""

import re

from activities.rules.pasted_entry import PastedEntry
from activities.rules.pasted_marks import (
    ALL_OF_THEM,
    BY_OTHERS,
    NO_MARK,
    STRUCK_OUT,
    MarkKind,
    PastedMark,
    is_doubtful_heading,
    is_heading,
    is_remark,
    read_mark,
)
from activities.rules.pasted_names import FOR, SIGNED_FOR, parts, read_word
from activities.rules.pasted_text import CROSS, GAP, HAN, LETTER, NUMBER
from activities.rules.pasted_tokens import COLON_BEHIND, HINTS, TOKENS
from members.ground.rooms import fold_room

ALONE = re.compile(f"[{HAN}]{{2,4}}")
KNOWN_INSIDE = re.compile(rf"{HINTS.pattern}|\d+\s*[人位名]|[{GAP}{NUMBER}]|\d{{7,}}")  # doors, counts, signs, phones


class PastedLines:
    """Reads a list line by line. What a heading says holds for its line, or for the lines below it."""

    def __init__(self) -> None:
        self.entries: list[PastedEntry] = []
        self.heading = NO_MARK
        self.lasts = False  # whether the heading holds for the next lines too
        self.waits_for_names = False
        self.run: list[PastedEntry] = []  # names in one go with no mark between them
        self.doubtful: tuple[list[PastedEntry], PastedMark] = ([], NO_MARK)
        self.people: list[PastedEntry] = []  # the names of this line
        self.begin()

    def begin(self) -> None:
        """Begin a line."""
        self.above = self.people
        self.first = len(self.entries)
        self.people = []
        self.is_struck, self.in_front, self.waiting, self.headings = False, False, NO_MARK, 0
        self.label = NO_MARK
        self.counted = self.is_labelled = False
        self.clause()

    def clause(self) -> None:
        """Begin a clause: nothing behind it is about a name before it."""
        self.settle()
        self.beside: dict[str, str] = {}
        self.is_open = False
        self.last: PastedEntry | None = None
        self.for_others = False

    def settle(self) -> None:
        """A remark behind 张三、李四 at a clause's end may be about both."""
        earlier, mark = self.doubtful
        for entry in earlier:
            entry.say(mark if ALL_OF_THEM.search(mark.words) else PastedMark(MarkKind.UNSURE, mark.words))
        self.run, self.doubtful = [], ([], NO_MARK)

    def read_line(self, line: str) -> None:
        """Read a line of words."""
        if not line.strip():
            self.people = []
            if not self.waits_for_names:
                self.heading, self.lasts = NO_MARK, False
            return
        self.begin()
        end = ""
        for token in TOKENS.finditer(line):
            end = str(token.lastgroup) if token.lastgroup != "inner" else "bracket"
            getattr(self, f"_{end}")(token)
            end = token[0]
        self.finish(goes_on=end in ("、", ",", ":"))

    def finish(self, *, goes_on: bool) -> None:
        """End a line: what waited for a name behind it is about the last one before it."""
        self.settle()
        if self.waiting.kind and self.people:
            self.people[-1].say(self.waiting)
        elif self.waiting.kind and not self.label.kind:
            self.label, self.headings = self.waiting, self.headings + 1
        if self.people:
            self.waits_for_names = False
            if self.label.kind:
                self.heading, self.lasts = (self.label, True) if goes_on else (NO_MARK, False)
        elif self.label.kind:
            sure = self.headings == 1 and not self.counted and not self._is_about_above()
            self.heading = self.label if sure else PastedMark(MarkKind.UNSURE, self.label.words)
            if self.headings > 1 or (not sure and self.label.kind == MarkKind.CAME):
                self.heading = NO_MARK
            self.lasts = self.waits_for_names = bool(self.heading.kind)

    def _is_about_above(self) -> bool:
        """Whether a remark alone in its line may be about the name in the line above; then that one is asked about."""
        if not self.above or self.is_labelled:
            return False
        if self.label.kind in (MarkKind.ABSENT, MarkKind.UNSURE):
            self.above[-1].say(PastedMark(MarkKind.UNSURE, self.label.words))
        return True

    # Tokens

    def _word(self, token: re.Match[str]) -> None:
        behind = token.string[token.end() : token.end() + 14]
        is_label = bool(COLON_BEHIND.match(behind))
        for part in parts(token[0]):
            self._part(part, is_label=is_label)

    def _part(self, word: str, *, is_label: bool) -> None:
        if is_label and is_heading(word):
            self.clause()
            self._head(word)
        elif word in FOR and self.last is not None:
            self.last.say(PastedMark(MarkKind.UNSURE, f"{word}别人报名"))
        elif self.last is not None and SIGNED_FOR.fullmatch(word):
            self.entries.append(PastedEntry(word))  # who signed up for the name before it
        elif is_remark(word):
            self._remark(word, read_mark(word))
        else:
            self._name(word)
            is_in_front = not word.startswith(self.entries[-1].name or "?") and self.entries[-1].name in word
            if (is_label and is_doubtful_heading(word)) or (is_in_front and is_doubtful_heading(word)):
                self._doubt(word)

    def _doubt(self, words: str) -> None:
        """Ask about the names behind these words: they may speak for them too."""
        self.heading = self.label = PastedMark(MarkKind.UNSURE, words)

    def _head(self, word: str) -> None:
        self.label, self.headings = read_mark(word), self.headings + 1
        self.heading, self.lasts = self.label, False
        self.entries.append(PastedEntry(word, readings=read_word(word).readings))

    def _remark(self, word: str, mark: PastedMark) -> None:
        """A remark is about the name before it; before any name it speaks for those behind it."""
        if self.last is None:
            self._head(word)
            return
        if self.is_struck != bool(self.last.own == STRUCK_OUT):
            mark = PastedMark(MarkKind.UNSURE, word)
        is_between = mark.kind != MarkKind.CAME and (bool(self.label.kind) or len(self.run) > 1)
        self._say(mark, covers_run=True)
        if is_between:
            self._doubt(word)
        if mark.kind == MarkKind.CAME:
            self.entries.append(PastedEntry(word))

    def _say(self, mark: PastedMark, *, covers_run: bool = False) -> None:
        if self.last is None:
            return
        self.last.say(mark)
        if covers_run and mark.kind not in (MarkKind.NONE, MarkKind.CAME):
            self.doubtful = ([entry for entry in self.run if entry is not self.last], mark)
        self.run = []

    def _name(self, text: str) -> None:
        word = read_word(text)
        building, room = self.beside.get("building", ""), self.beside.get("room", "")
        entry = PastedEntry(text, word.name, building, room, readings=word.readings, said=word.mark, before=self.last)
        self.entries.append(entry)
        entry.own = STRUCK_OUT if self.is_struck else self.heading if self.label.kind or self.lasts else NO_MARK
        self.beside, self.is_open = {}, True
        if self.doubtful[0] and not word.mark.kind:
            self.doubtful = ([], NO_MARK)
        if self.waiting.kind:
            entry.say(self.waiting)
            self.waiting = NO_MARK
        self.last = entry
        self.people.append(entry)
        self.run.append(entry)
        if word.mark.kind in (MarkKind.ABSENT, MarkKind.UNSURE) and entry.name:
            self.doubtful = (self.run[:-1], word.mark)
            self.run = []

    def _bracket(self, token: re.Match[str]) -> None:
        inner = token["inner"].strip()
        if inner.isdecimal() and len(inner) < 3:
            self.clause()
            return
        for hint in HINTS.finditer(inner):
            self._hint(str(hint.lastgroup), hint[0])
        if self.last is not None and BY_OTHERS.search(inner) and not read_mark(BY_OTHERS.sub("", inner)).kind:
            is_in_place = re.match("[代替帮]", inner) and not re.match("代?(?:签|报|接龙)|代$", inner)
            self._say(PastedMark(MarkKind.UNSURE, inner) if is_in_place else NO_MARK)
            return
        mark = PastedMark(MarkKind.ABSENT, "×") if inner in (CROSS, "x", "X") else read_mark(inner)
        if not mark.kind and not self.people and ALONE.fullmatch(inner) and not token.string[token.end() :].strip():
            self._name(inner)
            return
        is_first = not self.people
        if not mark.kind:
            self._note(inner)
        self._sign(token, mark)
        if self.in_front and is_first and self.waiting.kind == MarkKind.ABSENT:
            self._doubt(mark.words)  # 【请假】张三、李四

    def _note(self, inner: str) -> None:
        """Keep what a bracket says beside the name before it, or as other words where there is none."""
        words = " ".join(KNOWN_INSIDE.sub(" ", inner).split()).strip("、,;:。 ")
        if not re.search(LETTER, words):
            return
        if self.last is not None:
            self.last.add_note(words)
        elif not is_heading(words):
            self.entries.append(PastedEntry(words))

    def _sign(self, token: re.Match[str], mark: PastedMark) -> None:
        """A sign before a colon is a heading, any other belongs to a name."""
        if mark.kind and COLON_BEHIND.match(token.string[token.end() : token.end() + 14]):
            self.clause()
            self.label, self.headings = mark, self.headings + 1
            self.heading, self.lasts = mark, False
        else:
            self._symbol(mark)

    def _symbol(self, mark: PastedMark) -> None:
        """A sign stands behind its name, or in front of it where the line has a sign before any name."""
        if not mark.kind:
            return
        if not self.people:
            self.in_front = True
        if self.in_front:
            self.waiting = mark
            self.settle()
        else:
            self._say(mark)

    def _cross(self, token: re.Match[str]) -> None:
        is_apart = token.string[token.start() - 1 : token.start()].isspace()
        if self.in_front or not self.people or not is_apart:
            self._sign(token, PastedMark(MarkKind.ABSENT, "×"))
        elif self.last is not None:
            self._say(PastedMark(MarkKind.ABSENT, "×"), covers_run=True)
        else:
            self.people[-1].say(PastedMark(MarkKind.ABSENT, "×"))

    def _tick(self, token: re.Match[str]) -> None:
        self._sign(token, PastedMark(MarkKind.CAME, "✓"))

    def _box(self, token: re.Match[str]) -> None:
        self._symbol(PastedMark(MarkKind.UNSURE, "☐"))

    def _building(self, token: re.Match[str]) -> None:
        self._hint("building", token[0])

    def _room(self, token: re.Match[str]) -> None:
        self._hint("room", token[0])

    def _hint(self, kind: str, text: str) -> None:
        """A building or room belongs to the name before it, else to the one after it."""
        text = fold_room(text) if kind == "room" else text
        if self.is_open and self.last is not None and not getattr(self.last, kind):
            setattr(self.last, kind, text)
        else:
            self.beside, self.is_open = self.beside | {kind: text}, False

    def _number(self, token: re.Match[str]) -> None:
        self.clause()

    def _struck(self, token: re.Match[str]) -> None:
        self.is_struck = True

    def _unstruck(self, token: re.Match[str]) -> None:
        self.is_struck = False

    def _tilde(self, token: re.Match[str]) -> None:
        """A strike that does not end may reach to the line's end."""
        if re.match(LETTER, token.string[token.end() : token.end() + 1]) and not (
            token.start() and re.match(LETTER, token.string[token.start() - 1])
        ):
            self.heading = self.label = PastedMark(MarkKind.UNSURE, "~~")

    def _colon(self, token: re.Match[str]) -> None:
        self.is_labelled = True
        self.beside, self.is_open = {}, False
        if self.last is not None and self.label.kind == MarkKind.ABSENT and not self.last.name:
            self.heading = PastedMark(MarkKind.UNSURE, self.heading.words)  # another label among those on leave

    def _stop(self, token: re.Match[str]) -> None:
        self.clause()

    def _end(self, token: re.Match[str]) -> None:
        self.beside, self.is_open = {}, False

    def _count(self, token: re.Match[str]) -> None:
        self.counted = self.counted or token[0][-1] in "人位"
