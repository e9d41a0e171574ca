"""What a user finds by a few words, in their scope: people, places, activities, employers, users, pages.

At most SHOWN of a kind, so that looking somebody up is no export and leaves no entry. No digits of phones are stored to
be searched: last digits are compared with the phones of the scope, which are decrypted for it.
"""

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When

from activities.models import Activity
from louzu import navigation
from members.ground import access
from members.ground.access import Resource, Right
from members.ground.days import Unreadable
from members.ground.paths import SEGMENT
from members.ground.phones import read_phone
from members.ground.pinyin import spell
from members.ground.sealing import KeyLost, decrypt_text
from members.ground.text import narrow
from members.ground.trouble import trouble
from members.ground.unit_names import folded
from members.models import Area, Employer, EmployerName, Member, User
from members.roster.address_search import group_at
from members.rules.finding import as_one, called, placed

SHOWN = 8
LISTED = SHOWN + 1  # one more tells that there are more
LONGEST = 60
MASK_SHOWS = 4  # the last digits of a phone, which whoever reads the member sees anyway
PHONE_LIKE = re.compile(r"[0-9][0-9 \-]{2,18}[0-9]", re.ASCII)
TOO_LONG = f"要查找的内容太长了，请只写名称里的几个字（最多 {LONGEST} 个）。"


class FoundKind(StrEnum):
    PEOPLE = "people"
    PLACES = "places"
    ACTIVITIES = "activities"
    EMPLOYERS = "employers"
    USERS = "users"
    PAGES = "pages"


class FoundRow(NamedTuple):
    """What was found: its number in its table (0 for a page), what it is called, and where it belongs.

    `address` is the page's own; a row's is the doors' to know.
    """

    id: int
    title: str
    note: str
    level: int = 0  # of an area
    address: str = ""


class FoundGroup(NamedTuple):
    """The rows of one kind, at most SHOWN; `has_more` where there are others."""

    kind: FoundKind
    rows: list[FoundRow]
    has_more: bool


def search(user: Any, text: str) -> list[FoundGroup]:
    """Return what the text finds, by kind, without the kinds of which it finds nothing.

    ValidationError with a sentence where it is too long or a character in it was lost.
    """
    words = words_of(text)
    if not words.strip("-_·.,，、。%"):
        return []
    groups = (_group(kind, find(user, words)) for kind, find in KINDS.items())
    return [group for group in groups if group.rows]


def words_of(text: str) -> str:
    """Return the text as it is searched for, without what shows nothing and blanks at its ends."""
    known = text.encode(errors="replace").decode()  # no database takes half of a surrogate pair
    words = narrow(" ".join(known.replace("\0", " ").split()))
    if len(words) > LONGEST:
        raise ValidationError(TOO_LONG)
    if sentence := trouble(words):
        raise ValidationError(f"{sentence}。")
    return words


def _group(kind: FoundKind, rows: Iterable[FoundRow]) -> FoundGroup:
    found = list(rows)
    return FoundGroup(kind, found[:SHOWN], len(found) > SHOWN)


# People --------------------------------------------------------------------------------------------------------------
def people(user: Any, words: str) -> Iterable[FoundRow]:
    """Find members by name, pinyin, initials, or by the phone: the last four digits, or more where it may be shown."""
    is_phone = PHONE_LIKE.fullmatch(words)
    found = _with_digits(user, words) if is_phone else _members(user).filter(called(words))
    rows = found.with_home().select_related("employer").order_by("pinyin", "pk")[:LISTED]
    return (FoundRow(row.pk, row.name, _belongs(row)) for row in rows)


def _members(user: Any, right: Right = Right.READ) -> Any:
    """Return the members in scope, told by their streets too: else the database may look at those of all streets."""
    streets = {low[:SEGMENT] for low, _ in access.reach(user, Resource.MEMBER, right)}
    return Member.objects.for_user(user, right).filter(street__in=Area.objects.filter(path__in=streets))


def _with_digits(user: Any, words: str) -> Any:
    """Return the members with this phone, or one that ends so; more than the mask shows takes the right to reveal."""
    digits = re.sub("[ -]", "", words)
    members = _members(user, Right.READ if len(digits) == MASK_SHOWS else Right.REVEAL)
    try:
        return members.with_phone(read_phone(words))
    except Unreadable:
        sealed = members.exclude(phone_sealed="").order_by().values_list("pk", "phone_sealed")
        found = [pk for pk, phone in sealed if _phone(phone).endswith(digits)]
        return Member.objects.filter(pk__in=found[:LISTED])


def _phone(sealed: str) -> str:
    try:
        return decrypt_text(sealed).replace("-", "")
    except KeyLost:
        return ""


def _belongs(member: Any) -> str:
    employer = f"（{member.employer}）" if member.employer else ""
    return f"{member.home_label or '已迁出'} · {member.get_affiliation_display()}{employer}"


# Places --------------------------------------------------------------------------------------------------------------
def places(user: Any, words: str) -> Iterable[FoundRow]:
    """Find open areas by the words of their label, by other names, or by a whole address."""
    named = placed(Area.objects.for_user(user).current(), words)
    nearest = Case(When(name__in=as_one(words), then=0), When(name__startswith=words, then=1), default=2)
    rows = list(named.order_by(nearest, "path")[:LISTED]) or _at_address(user, words)
    return (FoundRow(row.pk, row.label, row.get_level_display(), row.level) for row in rows)


def _at_address(user: Any, words: str) -> list[Area]:
    is_address = not words.isascii() and any(sign.isdigit() for sign in words)
    if access.sets_up(user) or not is_address:
        return []
    try:
        return [group_at(words, user, resource=Resource.AREA, right=Right.READ)[0]]
    except ValidationError:
        return []


# Everything else -----------------------------------------------------------------------------------------------------
def activities(user: Any, words: str) -> Iterable[FoundRow]:
    """Find activities by their title, the latest first.

    Their areas come first, as numbers: joined, all streets' activities would be looked through.
    """
    areas = list(Area.objects.for_user(user, resource=Resource.ACTIVITY).order_by().values_list("pk", flat=True))
    found = Activity.objects.filter(area__in=areas, title__contains=words).exclude(status=Activity.Status.VOIDED)
    rows = found.select_related("area").order_by("-held_on", "-pk")[:LISTED]
    return (FoundRow(row.pk, row.title, f"{row.held_on} · {row.area} · {row.get_status_display()}") for row in rows)


def employers(user: Any, words: str) -> Iterable[FoundRow]:
    """Find employers by any of their names, those of the user's streets too."""
    text, known = folded(words), Employer.objects.for_user(user)
    own = EmployerName.objects.for_user(user).filter(folded__contains=text, employer=OuterRef("pk"))
    found: QuerySet[Employer] = known.called(text) | known.filter(Exists(own))
    rows = found.order_by("name", "pk")[:LISTED]
    return (FoundRow(row.pk, row.name, row.credit_code or "没有登记信用代码") for row in rows)


def users(user: Any, words: str) -> Iterable[FoundRow]:
    """Find users by name or login name, where the user looks after posts."""
    if not access.can(user, Resource.POST):
        return []
    found = User.objects.for_user(user).filter(Q(name__contains=words) | Q(username__contains=words))
    return (FoundRow(row.pk, str(row), row.username) for row in found.order_by("username")[:LISTED])


def pages(user: Any, words: str) -> Iterable[FoundRow]:
    """Find entries of the menu by their title, its pinyin or its initials."""
    typed = "".join(words.split()).lower()
    for title, heading, address in navigation.entries(user):
        spellings = spell(f" {title}")  # with a blank before it, 区 is no surname
        if typed in title.lower() or any(spelt.startswith(typed) for spelt in spellings):
            yield FoundRow(0, title, heading, address=address)


KINDS: dict[FoundKind, Callable[[Any, str], Iterable[FoundRow]]] = {
    FoundKind.PEOPLE: people,
    FoundKind.PLACES: places,
    FoundKind.ACTIVITIES: activities,
    FoundKind.EMPLOYERS: employers,
    FoundKind.USERS: users,
    FoundKind.PAGES: pages,
}
