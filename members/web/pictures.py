"""Pictures of figures: what `louzu/pictures.js` draws on a page, and the same in words.

`templates/picture.html` shows one. A hue is a name of the table in louzu.css, `--lz-hue-<name>`, so that a thing has
one colour on every page.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

PictureKind = Literal["bars", "stacked", "lines", "dots", "funnel"]


@dataclass(slots=True)
class PictureSet:
    """A set of values: a bar, a point of a line for each label; None leaves a gap.

    Dots have (row, value, title) instead. `hues` gives each bar of a funnel a colour of its own.
    """

    label: str
    data: Sequence[Any]
    hue: str
    hues: Sequence[str] = ()
    dashed: bool = False
    hollow: bool = False

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value or name in ("label", "data", "hue")}


@dataclass(slots=True)
class Picture:
    """A picture by the id of its element; `heading` is also what a screen reader says of it.

    `labels` stand along the axis, or beside the rows of lying bars, dots and a funnel. `most` is the end of the scale,
    the same for pictures that are compared. `bands` shades a part of each row of dots.
    """

    id: str
    kind: PictureKind
    heading: str
    labels: Sequence[str]
    sets: Sequence[PictureSet]
    unit: str = ""
    lying: bool = False
    most: float | None = None
    bands: Sequence[Sequence[float] | None] = field(default_factory=list)

    @property
    def json(self) -> dict[str, Any]:
        """What the script reads."""
        drawn = {"kind": self.kind, "labels": list(self.labels), "sets": [each.as_json() for each in self.sets]}
        shaped = {"unit": self.unit, "lying": self.lying, "most": self.most, "bands": list(self.bands)}
        return drawn | {name: value for name, value in shaped.items() if value}

    @property
    def rows(self) -> list[tuple[str, list[Any]]]:
        """The same as a table: a row a label, a column a set; none for dots, whose page has their table."""
        if self.kind == "dots":
            return []
        return [(label, [each.data[index] for each in self.sets]) for index, label in enumerate(self.labels)]
