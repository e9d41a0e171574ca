"""The list of OWASP ASVS 5.0 is whole, and what it names is there."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
STATES = ("met", "partly", "not met", "n/a")
# How many items of levels 1 and 2 each section of the standard has, by chapter: V1.1, V1.2 and so on.
SECTIONS = {
    1: [2, 9, 11, 3, 2], 2: [3, 3, 4, 1], 3: [0, 2, 4, 6, 5, 0, 2], 4: [3, 1, 2, 4], 5: [1, 3, 2, 3],
    6: [3, 12, 4, 4, 5, 3, 0, 4], 7: [3, 4, 2, 5, 2, 2], 8: [2, 3, 1, 1], 9: [3, 4], 10: [2, 2, 4, 11, 5, 2, 3],
    11: [2, 3, 3, 4, 1, 1], 12: [3, 2, 4], 13: [1, 5, 2, 5], 14: [2, 4, 3], 15: [3, 3, 7], 16: [1, 5, 4, 3, 3],
    17: [1, 4, 2],
}  # fmt: skip


class Item(NamedTuple):
    """A row of the list: its number as (chapter, section, item), and the cells beside it."""

    number: tuple[int, ...]
    level: str
    asks: str
    state: str
    why: str

    @property
    def tests(self) -> list[tuple[str, str]]:
        """The file and the name of each test, with its class where it has one."""
        return re.findall(r"`([\w/]+\.py)::([\w:]+)`", self.why)

    @property
    def pages(self) -> list[str]:
        return re.findall(r"`([\w/]+\.md)`", self.why)

    def faults(self) -> list[str]:
        """What is named and not there, or neither named nor said."""
        said = re.sub(r"`[^`]*`", "", self.why).strip(" ,.:")
        lacking = [f"{path}::{name}" for path, name in self.tests if name not in names_in(path)]
        lacking += [page for page in self.pages if not (ROOT / page).is_file()]
        has_all = bool(self.tests or self.pages) if self.state == "met" else len(said) > 10
        return [*lacking, *([] if has_all else ["no test or reason"]), *([] if self.state in STATES else [self.state])]


def items() -> list[Item]:
    text = (ROOT / "docs/design/asvs.md").read_text("utf-8")
    rows = re.findall(r"^\| v5\.0\.0-([\d.]+) \| (.*?) \| (.*?) \| (.*?) \| (.*) \|$", text, re.MULTILINE)
    return [Item(tuple(map(int, number.split("."))), *cells) for number, *cells in rows]


@cache
def names_in(path: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / path).read_text("utf-8"))
    classes = {f"{each.name}::": each.body for each in tree.body if isinstance(each, ast.ClassDef)}
    bodies = {"": tree.body} | classes
    return {f"{of}{each.name}" for of, body in bodies.items() for each in body if isinstance(each, ast.FunctionDef)}


def test_every_item_of_levels_1_and_2_is_there_once() -> None:
    numbers = [item.number for item in items()]
    assert numbers == sorted(set(numbers))
    assert Counter(item.level for item in items()) == {"1": 70, "2": 183}
    found = Counter(number[:2] for number in numbers)
    counts = {(chapter, at): count for chapter, each in SECTIONS.items() for at, count in enumerate(each, 1)}
    assert found == {section: count for section, count in counts.items() if count}


def test_each_has_tests_that_are_there_or_a_reason() -> None:
    assert {item.number: item.faults() for item in items() if item.faults()} == {}


def test_what_is_not_there_would_be_told() -> None:
    item = Item((1, 1, 1), "1", "asks", "met", "`test_asvs.py::test_of_nobody`, `docs/none.md`")
    assert item.faults() == ["test_asvs.py::test_of_nobody", "docs/none.md"]
    assert item._replace(why="A reason alone.").faults() == ["no test or reason"]
    assert item._replace(state="n/a", why="`docs/design/asvs.md`").faults() == ["no test or reason"]
    assert item._replace(state="soon", why="It is to come.").faults() == ["soon"]
