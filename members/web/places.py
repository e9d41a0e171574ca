"""The area that a list is narrowed to by `?place=`, and the areas to choose from."""

import re
from dataclasses import dataclass
from typing import cast

from django.db.models import Q
from django.http import HttpRequest

from members.ground import access
from members.ground.access import Resource
from members.models import Area, User
from members.models.areas import SEGMENT

PATH = re.compile(rf"(?:[0-9]{{{SEGMENT}}}){{1,4}}\Z")


@dataclass(slots=True)
class PlaceChoice:
    """The areas that a list may be narrowed to, and the chosen one."""

    areas: list[Area]
    chosen: Area | None

    @property
    def is_choice(self) -> bool:
        return len(self.areas) > 1


def places(request: HttpRequest, resource: Resource) -> PlaceChoice:
    """Return the areas to choose from: down to the compounds, and the building groups of the one chosen.

    A user of one community gets its groups without choosing; those of a whole street would be too many.
    """
    chosen = request.GET.get("place", "")
    path = chosen if PATH.match(chosen) else access.scope_path(cast(User, request.user), resource)
    offered = Q(level__lte=Area.Level.STATION)
    if len(path) >= Area.Level.COMMUNITY * SEGMENT:
        offered |= access.within("path", [access.subtree(path)])
    areas = list(Area.objects.for_user(request.user, resource=resource).current().filter(offered))
    return PlaceChoice(areas, next((area for area in areas if area.path == chosen), None))
