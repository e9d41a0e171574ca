"""What a plan is made for, and what it rests on.

Where a second look, behind the street's lock, finds the same, a plan holds without being made anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from members.ground.access import Range
from members.models import Area
from members.roster.known import Rows, called_rows, employer_rows, home_rows, people_rows, shared_of
from members.roster.places import area_rows
from members.roster.reading import Reading


@dataclass(slots=True)
class Terms:
    """What a plan is made for: the area, the day, the parts of the tree the clerk may write to, their choices.

    `choices` answers rows in doubt, keyed "sheet!row": "new", "skip", or the number of the member that it is.
    """

    area: Area
    day: date
    writable: list[Range]
    create_groups: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Basis:
    """All that the database says as far as a plan rests on it."""

    people: Rows
    homes: Rows
    areas: Rows
    employers: Rows
    called: Rows
    shared: set[int]


def look(reading: Reading, terms: Terms) -> Basis:
    """Look up what a plan rests on: one query a table, whatever the file's length."""
    street = Area.objects.get(path=terms.area.street_path)
    areas, named = area_rows(terms.area, day=terms.day), named_employers(reading)
    employers, called = employer_rows(named), called_rows(named, street)
    shared = shared_of(employers, called, street)
    return Basis(people_rows(street), home_rows(street), areas, employers, called, shared)


def named_employers(reading: Reading) -> set[tuple[str, str]]:
    """The employers that the file names, each with its credit code or ""."""
    return {(e.values["employer"], e.values.get("credit_code", "")) for e in reading.entries if "employer" in e.values}
