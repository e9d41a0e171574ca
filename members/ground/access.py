"""The one access rule: what each post opens, at or below its area (docs/design/privacy.md, "Roles and rows").

Pages, admin, API, exports, autocompletes, form choices, the roster and the reports all use it. A scope is a list of
path ranges; an empty one selects nothing.
"""

from collections.abc import Sequence
from enum import IntEnum, StrEnum
from itertools import groupby
from typing import Any, NamedTuple, Protocol

from django.db.models import Q, TextChoices
from django.utils import timezone


class PostHolder(Protocol):
    """The user, as this rule needs them; `roles` are their posts, past and future ones too."""

    is_active: bool
    is_superuser: bool
    roles: Any

    @property
    def is_authenticated(self) -> bool: ...


class PostKind(TextChoices):
    """The kinds of post."""

    STREET = "street", "街道党工委"
    SECRETARY = "secretary", "社区书记"
    LIAISON = "liaison", "联络员"
    LEADER = "leader", "楼组党小组长"
    INSTRUCTOR = "instructor", "指导员"
    AUDITOR = "auditor", "审计"
    DISTRICT = "district", "区级"


class Resource(StrEnum):
    AREA = "area"
    MEMBER = "member"
    EMPLOYER = "employer"
    HOUSEHOLD = "household"
    ACTIVITY = "activity"
    NEED = "need"
    HONOUR = "honour"
    CARD = "card"
    ROSTER = "roster"
    EXPORT = "export"
    REPORT = "report"
    DISTRICT = "district"
    TARGET = "target"
    MONTHLY = "monthly"
    POST = "post"
    KEY = "key"
    AUDIT = "audit"
    STATUS = "status"
    ERASURE = "erasure"


class Right(IntEnum):
    """Each right includes the smaller ones."""

    COUNT = 1
    READ = 2
    REVEAL = 3
    WRITE = 4


class Range(NamedTuple):
    """A part of the tree as a range of paths, `low <= path < high`: a subtree, with or without its root."""

    low: str
    high: str


# What liaison officers and group leaders do from day to day.
DAILY = {
    Resource.AREA: Right.READ,
    Resource.EMPLOYER: Right.READ,
    Resource.HOUSEHOLD: Right.WRITE,
    Resource.ACTIVITY: Right.WRITE,
    Resource.NEED: Right.WRITE,
    Resource.HONOUR: Right.READ,
    Resource.REPORT: Right.READ,
}

MATRIX: dict[str, dict[Resource, Right]] = {
    PostKind.STREET: {
        Resource.AREA: Right.WRITE,
        Resource.MEMBER: Right.WRITE,
        Resource.EMPLOYER: Right.WRITE,
        Resource.HOUSEHOLD: Right.WRITE,
        Resource.ACTIVITY: Right.WRITE,
        Resource.NEED: Right.WRITE,
        Resource.HONOUR: Right.WRITE,
        Resource.CARD: Right.WRITE,
        Resource.ROSTER: Right.WRITE,
        Resource.EXPORT: Right.READ,
        Resource.REPORT: Right.READ,
        Resource.TARGET: Right.WRITE,
        Resource.MONTHLY: Right.WRITE,
        Resource.POST: Right.WRITE,
        Resource.KEY: Right.WRITE,
        Resource.AUDIT: Right.READ,
        Resource.STATUS: Right.READ,
        Resource.ERASURE: Right.WRITE,
    },
    PostKind.SECRETARY: {
        Resource.AREA: Right.WRITE,
        Resource.MEMBER: Right.WRITE,
        Resource.EMPLOYER: Right.WRITE,
        Resource.HOUSEHOLD: Right.WRITE,
        Resource.ACTIVITY: Right.WRITE,
        Resource.NEED: Right.WRITE,
        Resource.HONOUR: Right.WRITE,
        Resource.CARD: Right.WRITE,
        Resource.ROSTER: Right.WRITE,
        Resource.EXPORT: Right.READ,
        Resource.REPORT: Right.READ,
        Resource.TARGET: Right.READ,
        Resource.MONTHLY: Right.WRITE,
        Resource.POST: Right.WRITE,
    },
    PostKind.LIAISON: {Resource.MEMBER: Right.REVEAL, **DAILY},
    PostKind.LEADER: {Resource.MEMBER: Right.READ, **DAILY},
    PostKind.INSTRUCTOR: {
        Resource.AREA: Right.READ,
        Resource.MEMBER: Right.COUNT,
        Resource.HOUSEHOLD: Right.COUNT,
        Resource.ACTIVITY: Right.READ,
        Resource.NEED: Right.READ,
        Resource.HONOUR: Right.READ,
        Resource.CARD: Right.COUNT,
        Resource.REPORT: Right.READ,
        Resource.TARGET: Right.READ,
        Resource.MONTHLY: Right.READ,
    },
    PostKind.AUDITOR: {Resource.AUDIT: Right.READ},
    # Counts of streets and communities; a post in each street, so that a new street is added deliberately.
    PostKind.DISTRICT: {Resource.DISTRICT: Right.READ},
}

# Here the right to write starts one level below the post: nobody changes the area or the post they hold.
BELOW_ONLY = {(PostKind.SECRETARY, Resource.AREA), (PostKind.SECRETARY, Resource.POST)}

# The kinds of post that each kind may give to others; none opens more than the giver's own.
GRANTS: dict[str, set[str]] = {
    PostKind.STREET: {PostKind.STREET, PostKind.SECRETARY, PostKind.LIAISON, PostKind.LEADER, PostKind.INSTRUCTOR},
    PostKind.SECRETARY: {PostKind.LIAISON, PostKind.LEADER},
}

# The path of the street of made-up rows, which test keys open. EVERYWHERE ends before it: no user reaches it.
PRACTICE = "9999"
EVERYWHERE = Range("", PRACTICE)
INSTALLATION = Range("", "0")  # what belongs to no street: its path is empty

# The superuser sets up streets, their first office user, the district's users and the shared register. Posts add
# nothing to these rights.
SETTING_UP: dict[Resource, tuple[Right, Range]] = {
    Resource.AREA: (Right.WRITE, EVERYWHERE),
    Resource.POST: (Right.WRITE, EVERYWHERE),
    Resource.EMPLOYER: (Right.WRITE, EVERYWHERE),
    Resource.AUDIT: (Right.READ, INSTALLATION),
    Resource.STATUS: (Right.READ, INSTALLATION),
}
FIRST_POSTS = {PostKind.STREET, PostKind.AUDITOR, PostKind.DISTRICT}


def reach(user: PostHolder, resource: Resource, right: Right = Right.READ) -> list[Range]:
    """Return the parts of the tree where the user's current posts give the right; none without a post."""
    if sets_up(user):
        highest, part = SETTING_UP.get(resource, (0, INSTALLATION))
        return [part] if highest >= right else []
    posts = posts_of(user)
    return [_range(kind, path, resource, right) for kind, path in posts if _highest(kind, resource) >= right]


def can(user: PostHolder, resource: Resource, right: Right = Right.READ) -> bool:
    """Whether the user has the right anywhere. A page asks it for each entry of its menu, so it builds no ranges."""
    if sets_up(user):
        return bool(reach(user, resource, right))
    return any(_highest(kind, resource) >= right for kind in {kind for kind, _ in posts_of(user)})


def scope_path(user: PostHolder, resource: Resource, right: Right = Right.READ) -> str:
    """Return the path of the smallest area that contains all of the user's reach; "" where only the whole tree does."""
    paths = scope_paths(user, resource, right)
    return paths[0] if len(paths) == 1 else ""


def scope_paths(user: PostHolder, resource: Resource, right: Right = Right.READ) -> list[str]:
    """Return for each street the path of the smallest area that contains the user's reach there; [""] without reach.

    An action on the whole reach leaves an entry in the trail of each of these streets.
    """
    lows = sorted({low for low, _ in reach(user, resource, right)}) or [""]
    return [above_all(list(some)) for _, some in groupby(lows, key=lambda low: low[:4])]


def above_all(paths: Sequence[str]) -> str:
    """Return the path of the smallest area that contains all of these; "" where they lie in several streets."""
    candidates = (paths[0][:end] for end in (16, 12, 8, 4))
    return next((path for path in candidates if all(each.startswith(path) for each in paths)), "")


def paths_above(ranges: Sequence[Range]) -> set[str]:
    """Return the paths of the areas above these ranges: street, communities and compounds."""
    return {low[:end] for low, _ in ranges for end in range(4, len(low), 4)}


def covers(user: PostHolder, resource: Resource, path: str, right: Right = Right.READ) -> bool:
    """Whether the user has the right at the area of this path."""
    return any(low <= path < high for low, high in reach(user, resource, right))


def sets_up(user: PostHolder) -> bool:
    """Whether this is the superuser, who sets the installation up and is not for daily use."""
    return user.is_active and user.is_superuser


def grantable(user: PostHolder) -> set[str]:
    """Return the kinds of post the user may give to others."""
    if sets_up(user):
        return set(FIRST_POSTS)
    return set().union(*(GRANTS.get(kind, set()) for kind, _ in posts_of(user)))


def within(column: str, ranges: list[Range]) -> Q:
    """Return the condition "the path in `column` lies in one of these ranges"; without ranges it selects no row.

    A range instead of a prefix match: SQLite scans for LIKE, and both databases use the index for this.
    """
    scope = Q(pk__in=[])
    for low, high in _joined(ranges):
        scope |= Q(**{f"{column}__gte": low, f"{column}__lt": high})
    return scope


def subtree(path: str, *, root: bool = True) -> Range:
    """Return the range of an area and all below it; with `root=False`, only of what is below it.

    Paths consist of digits, so the path with "0" appended sorts after the area itself and before its first child.
    """
    high = PRACTICE + "9" if path == PRACTICE else str(int(path) + 1).zfill(len(path))
    return Range(path if root else path + "0", high)


def posts_of(user: PostHolder) -> list[tuple[str, str]]:
    """Return (kind, path) of the user's current posts; they are read once for each user object, so once a request."""
    if not user.is_authenticated or not user.is_active:
        return []
    posts = getattr(user, "_posts", None)
    if posts is None:
        posts = list(user.roles.on(timezone.localdate()).values_list("kind", "area__path"))
        user._posts = posts  # type: ignore[attr-defined]
    return posts


def forget_posts(user: PostHolder) -> None:
    """Drop the posts kept on this user object: a write may have changed them, so they have to be read again."""
    user._posts = None  # type: ignore[attr-defined]


def _joined(ranges: list[Range]) -> list[Range]:
    """Join ranges that touch: those of a hundred streets in a row become one condition."""
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1].high:
            found[-1] = Range(found[-1].low, max(high, found[-1].high))
        else:
            found.append(Range(low, high))
    return found


def _highest(kind: str, resource: Resource) -> int:
    return MATRIX[kind].get(resource, 0)


def _range(kind: str, path: str, resource: Resource, right: Right) -> Range:
    if (kind, resource) == (PostKind.AUDITOR, Resource.AUDIT):
        return EVERYWHERE
    return subtree(path, root=right < Right.WRITE or (kind, resource) not in BELOW_ONLY)
