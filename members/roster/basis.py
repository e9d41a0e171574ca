"""The terms of a plan, and the database rows it rests on.

A plan stays valid as long as a second look-up, behind the street's lock, finds the same rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

import orjson

from members.ground.access import Range
from members.models import Area
from members.roster.known import Rows, home_rows, people_rows
from members.roster.places import area_rows, name_rows
from members.roster.reading import Reading
from members.roster.units import alias_rows, employer_rows, shared_of


@dataclass(slots=True)
class Terms:
    """The terms of a plan: the area, the day, the parts of the tree the clerk may write to, the clerk's choices.

    `choices` answers rows in doubt, keyed "sheet!row": "new", "skip", or the id of the member that the row means; and
    near names of employers, by the keys of `units.Employers`. Keyed "place:sheet!row" it says where the row's person
    lives, "unknown:name" that the compound is elsewhere ("outside").
    """

    area: Area
    day: date
    writable: list[Range]
    create_groups: bool = False
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Basis:
    """The rows of the database that a plan rests on."""

    people: Rows
    homes: Rows
    areas: Rows
    names: Rows
    employers: Rows
    aliases: Rows
    shared: set[int]


def mark_of(terms: Terms, basis: Basis) -> str:
    """Return a digest of both: a file has one plan on the same terms and rows."""
    area = terms.area
    asked = [area.pk, area.path, terms.day, terms.writable, terms.create_groups, dict(terms.choices)]
    rows = [basis.people, basis.homes, basis.areas, basis.names, basis.employers, basis.aliases, sorted(basis.shared)]
    return sha256(orjson.dumps([asked, rows], default=str, option=orjson.OPT_SORT_KEYS)).hexdigest()


def look(named: set[tuple[str, str]], terms: Terms) -> Basis:
    """Look up the basis of a plan for a file with these employers: one query a table, whatever the file's length."""
    street = Area.objects.get(path=terms.area.street_path)
    areas = area_rows(terms.area, day=terms.day)
    employers, aliases = employer_rows(named), alias_rows(named, street)
    shared = shared_of(employers, aliases, street)
    return Basis(people_rows(street), home_rows(street), areas, name_rows(terms.area), employers, aliases, shared)


def named_employers(reading: Reading) -> set[tuple[str, str]]:
    """Return (name, credit code or "") of the employers that the file names."""
    return {(e.values["employer"], e.values.get("credit_code", "")) for e in reading.entries if "employer" in e.values}
