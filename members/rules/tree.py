"""Verifying the tree: what of an area does not fit the areas around it, in plain words."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.db.models import Count, F
from django.db.models.functions import Substr

from members.ground.paths import SEGMENT
from members.models import Area, Residence


class Misfit(NamedTuple):
    """An area, and a sentence on one thing that does not fit."""

    path: str
    label: str
    sentence: str


def misfits() -> list[Misfit]:
    """Return all misfits of the table, by path; two queries, whatever its length."""
    areas = Area.objects.real().only("path", "level", "name", "label", "until")
    return sorted([*misfits_among(areas), *_of_other_streets()])


def misfits_among(areas: Iterable[Area]) -> Iterator[Misfit]:
    """Yield the misfits among these areas, which are all that there are."""
    by_path = {area.path: area for area in areas}
    for area in by_path.values():
        for sentence in _sentences(area, by_path.get(area.parent_path), street=by_path.get(area.street_path)):
            yield Misfit(area.path, area.label, sentence)


def _sentences(area: Area, parent: Area | None, *, street: Area | None) -> Iterator[str]:
    if area.level * SEGMENT != len(area.path):
        yield f"层级是 {area.level}，路径却有 {len(area.path) // SEGMENT} 级"
    if area.parent_path and parent is None:
        yield f"没有上级：路径 {area.parent_path} 上没有区域"
    elif street is None:
        yield f"没有街道：路径 {area.street_path} 上没有区域"
    if parent is None and area.parent_path:
        return  # without a parent, its label cannot be checked
    if area.label != area.label_below(parent):
        yield f"全称应是“{area.label_below(parent)}”"
    if parent and parent.until and (area.until is None or area.until > parent.until):
        yield f"上级“{parent.name}”于 {parent.until} 停用，它却用得更久"


def _of_other_streets() -> Iterator[Misfit]:
    homes = Residence.objects.alias(root=Substr("area__path", 1, SEGMENT)).exclude(root=F("member__street__path"))
    rows = homes.order_by().values_list("area__path", "area__label").annotate(Count("member", distinct=True))
    for path, label, count in rows:
        yield Misfit(path, label, f"街道不对：有 {count} 位在这里住过的党员登记在别的街道")
