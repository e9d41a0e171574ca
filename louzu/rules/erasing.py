"""What this app has of a member who is erased: the files of their own that were made for them."""

from collections.abc import Mapping
from typing import Any

from louzu.models import OwnFile
from members.rules import erasing
from members.rules.erasing import KnownPerson


def register_all() -> None:
    erasing.goes_along(erasing.Part(lambda member: (), lambda member: (), lambda known: None, _empty))


def _empty(known: KnownPerson) -> Mapping[type[Any], Any]:
    files = OwnFile.objects.filter(member=known.member)
    told = {OwnFile: list(files.values_list("pk", flat=True))}
    files.delete()
    return told
