"""The booklet of a year's honours, by community: places and their deeds, no person."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import Any

from django.utils.formats import date_format

from activities.documents.typesetting import MOTTO, paragraphs, printable, typeset
from activities.models import Honour
from members.models import Area
from members.models.areas import SEGMENT

SHORT, FEW_PARAGRAPHS = 400, 6  # two such honours fit on a page, so they are not broken
COMMUNITY = Area.Level.COMMUNITY * SEGMENT


def booklet(honours: Iterable[Honour], *, year: int, place: str, day: date) -> bytes:
    """Return the PDF of these honours, whose areas are loaded; `place` is named on the cover."""
    rows = sorted(honours, key=lambda honour: (honour.area.path, honour.kind, honour.theme))
    return typeset(
        "booklet",
        {
            "title": "楼组评优事迹册",
            "title-lines": ["楼组评优", "事迹册"],
            "year": f"{year} 年度",
            "place": printable(place),
            "motto": MOTTO,
            "printed-on": date_format(day, "Y年n月"),
            "summary": _summary(rows),
            "communities": [
                {"name": _community(group[0].area), "honours": [_honour(honour) for honour in group]}
                for _, group in _by_community(rows)
            ],
        },
    )


def _by_community(rows: list[Honour]) -> Iterable[tuple[str, list[Honour]]]:
    for path, group in groupby(rows, key=lambda honour: honour.area.path[:COMMUNITY]):
        yield path, list(group)


def _community(area: Area) -> str:
    return printable(area.label.split(" ")[0])


def _honour(honour: Honour) -> dict[str, Any]:
    deeds = paragraphs(honour.deeds)
    return {
        "place": printable(" ".join(honour.area.label.split(" ")[1:])),
        "theme": honour.get_theme_display() or honour.get_kind_display(),
        "deeds": deeds,
        "is-short": len(honour.deeds) <= SHORT and len(deeds) <= FEW_PARAGRAPHS,
        "statements": honour.statements,
        "stated-on": date_format(honour.stated_on, "Y年n月j日") if honour.stated_on else "",
        "awarded-on": date_format(honour.awarded_on, "Y年n月j日"),
    }


def _summary(rows: list[Honour]) -> str:
    counts = Counter(honour.get_theme_display() or honour.get_kind_display() for honour in rows)
    kinds = "，".join(f"{name} {count} 个" for name, count in counts.items())
    return f"本册共收录 {len(rows)} 项：{kinds}。“四无”由楼组自己声明。"
