"""The admin, by noun; every page of it is scoped by the user's posts."""

from members.admin import (
    area_names,
    areas,
    consents,
    corrections,
    employers,
    households,
    people,
    records,
    roster_columns,
    transfers,
    users,
)

__all__ = [
    "area_names",
    "areas",
    "consents",
    "corrections",
    "employers",
    "households",
    "people",
    "records",
    "roster_columns",
    "transfers",
    "users",
]
