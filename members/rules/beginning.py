"""What comes first where nothing is on record yet: the tree, then the people."""

from typing import Any, NamedTuple

from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area, Member


class FirstThing(NamedTuple):
    """A sentence, and for who may do it the button's text and the page's name."""

    sentence: str
    action: str = ""
    page: str = ""


def first_thing(user: Any) -> FirstThing | None:
    """Return what the user's places need before anything else can be recorded there; None where they have it."""
    areas = Area.objects.for_user(user)
    if not areas.current().filter(level=Area.Level.BUILDING_GROUP).exists():
        if Area.objects.for_user(user, Right.WRITE).streets().exists():
            return FirstThing("先要有社区、小区和楼组。", "导入组织架构表", "members:areas_upload")
        return FirstThing("先要有小区和楼组：请街道导入组织架构表。")
    if access.can(user, Resource.MEMBER, Right.COUNT) and not Member.objects.for_user(user, Right.COUNT).exists():
        if access.can(user, Resource.ROSTER, Right.WRITE):
            return FirstThing("先要有党员。", "导入花名册", "members:roster_index")
        return FirstThing("先要有党员：请社区书记导入花名册。")
    return None
