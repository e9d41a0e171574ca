"""An entry of a pasted list, as it is read before any member is looked for."""

from dataclasses import dataclass, field

from activities.rules.pasted_marks import NO_MARK, MarkKind, PastedMark
from activities.rules.pasted_names import NameReading


@dataclass(slots=True)
class PastedEntry:
    """A name in the list, with the building and room beside it. `name` is "" for other words.

    `mark` is what stands beside the name or above it; `readings` are the ways to understand the word. Where none of
    them is a member, `said` is a mark that belongs to the entry `before`. `note` are words in brackets behind the name
    that are no known mark.
    """

    text: str
    name: str = ""
    building: str = ""
    room: str = ""
    mark: PastedMark = field(default=NO_MARK, compare=False)
    own: PastedMark = field(default=NO_MARK, compare=False)
    readings: tuple[NameReading, ...] = field(default=(), compare=False)
    said: PastedMark = field(default=NO_MARK, compare=False)
    before: "PastedEntry | None" = field(default=None, compare=False, repr=False)
    note: str = field(default="", compare=False)

    def say(self, mark: PastedMark) -> None:
        """Add what is said beside the name."""
        words = " ".join(filter(None, (self.mark.words, mark.words)))
        kinds = {self.mark.kind, mark.kind} - {MarkKind.NONE}
        kind = kinds.pop() if len(kinds) == 1 else MarkKind.UNSURE if kinds else MarkKind.NONE
        self.mark = PastedMark(kind, words)

    def add_note(self, words: str) -> None:
        """Add words that are shown beside the name, each once."""
        if words and words not in self.note:
            self.note = " ".join(filter(None, (self.note, words)))
