"""An address typed into a form → the building group and the room, among those that the user may write to."""

from typing import Any

from django.core.exceptions import ValidationError

from members.ground import access
from members.ground.access import Resource, Right
from members.ground.paths import SEGMENT
from members.ground.trouble import trouble
from members.models import Area, AreaName
from members.roster.addresses import AddressBook, ReadAddress, read_address

SHOWN = 5


def group_at(
    text: str, user: Any, *, resource: Resource = Resource.MEMBER, right: Right = Right.WRITE
) -> tuple[Area, str]:
    """Return the group and the room that an address means; ValidationError with a sentence where it means none.

    It is read with the names of each street in which the user has the right; doors outside their posts are not told.
    """
    if sentence := trouble(text):
        raise ValidationError(f"{sentence}。")
    ranges = access.reach(user, resource, right)
    found = [read_address(text, _book(street)) for street in sorted({low[:SEGMENT] for low, _ in ranges})]
    mine = [door for read in found for door in read.doors if any(low <= door.path < high for low, high in ranges)]
    certain = [read.door for read in found if read.door and read.door in mine]
    if len(certain) == 1:
        group = Area.objects.for_user(user, right, resource=resource).current().filter(path=certain[0].path).first()
        if group:
            return group, certain[0].room
    raise ValidationError(_sentence(text, found, mine))


def home_at(text: str, user: Any, *, group: Area | None, room: str = "") -> tuple[Area, str]:
    """Return the group and the room of a home of which the address is given, and perhaps the group or the room too.

    ValidationError where the address means no door (`group_at`), or one in another group.
    """
    found, read = group_at(text, user)
    if group and group != found:
        raise ValidationError(f"住址写的是“{found}”，选的楼组是“{group}”，请只留一处。")
    return found, room or read


def _book(street: str) -> AddressBook:
    inside = access.within("path", [access.subtree(street)])
    areas = Area.objects.filter(inside).current().order_by("path").values_list("path", "level", "name")
    names = AreaName.objects.filter(street__path=street).order_by("pk").values_list("area__path", "text")
    return AddressBook(areas, names)


def _sentence(text: str, found: list[ReadAddress], mine: list[Any]) -> str:
    """Return what to do about an address that means no door, or several."""
    labels = Area.objects.filter(path__in=[door.path for door in mine[:SHOWN]]).order_by("path")
    if mine:
        choices = "、".join(labels.values_list("label", flat=True))
        return f"看不准“{text[:40]}”是哪里，可能是：{choices}。请写明小区和楼号，如“迎晖苑1期 12号楼302室”。"
    if any(read.door for read in found):
        return f"“{text[:40]}”不在您的岗位范围内，请核对。"
    why = next((read.message for read in found if read.message), "没有找到这个住址")
    return f"{why}。请核对，或在“地址与别名”里登记后再写。"
