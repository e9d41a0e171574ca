"""What was changed of a member, their homes and duties: the states that history keeps, one beside the next."""

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Any

from django.db import models
from django.utils import timezone

from members.models import Area, Duty, Employer, Member, Residence

KEPT_IN = ((Member, "id"), (Residence, "member_id"), (Duty, "member_id"))
NAMED = {"employer_id": Employer, "area_id": Area}
# Values that are sealed: that they changed is told. Computed ones change with what they are computed from.
SEALED = {"phone_sealed": "联系电话"}
COMPUTED = {"id", "street_id", "member_id", "pinyin", "initials", "phone_digest", "id_digest", "is_since_known"}
HIDDEN = "（电话加密，旧的不显示）"

Change = tuple[Any, str, str, Any, Any]  # when, the field's name and label, the value before and after


def changes(member: Member) -> list[list[str]]:
    """Return what was changed, the oldest first: when, what, from what, to what. At most five queries."""
    found = sorted((change for model, key in KEPT_IN for change in _of(model, key, member)), key=lambda each: each[0])
    names = _names(found)
    return [
        [
            f"{timezone.localtime(at):%Y-%m-%d %H:%M}",
            label,
            names.get((name, old), str(old)),
            names.get((name, new), str(new)),
        ]
        for at, name, label, old, new in found
    ]


def _of(model: Any, key: str, member: Member) -> Iterator[Change]:
    states = model.history.filter(**{key: member.pk}).order_by("id", "history_id")
    for _, of_one in groupby(states, key=lambda state: state.id):
        for before, after in pairwise(of_one):
            yield from _between(model, before, after)


def _between(model: Any, before: Any, after: Any) -> Iterator[Change]:
    for field in model._meta.concrete_fields:
        name, at = field.attname, after.history_date
        old, new = getattr(before, name), getattr(after, name)
        if old == new or name in COMPUTED:
            continue
        if name in SEALED:
            yield at, name, SEALED[name], HIDDEN, "（改过）"
        else:
            yield at, name, str(field.verbose_name), _shown(field, old), _shown(field, new)


def _shown(field: models.Field, value: Any) -> Any:
    """Return the value in words; of a row its id, which is named later, all at once."""
    if value in (None, ""):
        return "（空）"
    return value if field.attname in NAMED else str(dict(field.flatchoices or ()).get(value, value))


def _names(found: list[Change]) -> dict[tuple[str, Any], str]:
    """Return what the employers and places among the values are called, by field and id."""
    names: dict[tuple[str, Any], str] = {}
    for name, model in NAMED.items():
        pks = {value for _, of, _, *values in found if of == name for value in values if isinstance(value, int)}
        if pks:
            names |= {(name, row.pk): str(row) for row in model._default_manager.filter(pk__in=pks)}
    return names
