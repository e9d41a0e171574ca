"""Other names of areas: added, corrected, deleted. A name means one area of its street; addresses are read by it."""

from typing import Any

from django.core.exceptions import ValidationError

from members.ground.address_text import fold
from members.ground.atomic import atomic_write
from members.models import Area, AreaName

NAME_GONE = "这个名称刚刚删去了，没有保存。请回到名单看看。"
AREA_GONE = "这个区域刚刚被删除了，请刷新页面看看。"


def name_area(known: AreaName | None = None, **values: Any) -> AreaName:
    """Add a name to the area, or change the `known` one; ValidationError where it is gone or means another area.

    `values` are `area`, `text` and `kind`.
    """
    with atomic_write():
        area = values.get("area") or (known.area if known else None)
        if area is None:
            raise ValidationError({"area": "请选择区域。"})
        Area.objects.lock_street(area)
        now = AreaName.objects.select_for_update(no_key=True).filter(pk=known.pk).first() if known else AreaName()
        area = Area.objects.filter(pk=area.pk).first()
        if now is None or area is None:
            raise ValidationError(NAME_GONE if now is None else AREA_GONE)
        for field, value in values.items():
            setattr(now, field, value)
        now.of(area, Area.objects.get(path=area.street_path))
        _refuse_own_name(now)
        now.full_clean()
        now.save()
    return now


def forget_name(name: AreaName) -> None:
    """Delete a name, if it is still there."""
    with atomic_write():
        Area.objects.lock_street(name.street)
        for row in AreaName.objects.select_for_update(no_key=True).filter(pk=name.pk):
            row.delete()


def _refuse_own_name(name: AreaName) -> None:
    """Raise ValidationError where another open area of the street is called so: its own name goes before others."""
    named = Area.objects.inside(name.street).exclude(pk=name.area_id).filter(until=None)
    compounds = named.filter(level__in=(Area.Level.COMMUNITY, Area.Level.STATION)).values_list("name", "label")
    for own, label in compounds:
        if fold(own) == name.key:
            raise ValidationError({"text": f"“{name.text}”是“{label}”自己的名称，不能再作别处的名称。"})
