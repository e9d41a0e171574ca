"""Reading what a slip says: its fields as they were typed, the employer it names, the home that its address means."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils import timezone

from feedback.models import Slip
from members.ground import access
from members.ground.address_text import PROVINCE_NAMES, PROVINCE_OF_CODE, fold, upper_words_of
from members.ground.days import Unreadable
from members.ground.names import read_name
from members.ground.phones import read_phone
from members.ground.text import visible
from members.ground.trouble import trouble
from members.models import Area, AreaName, Consent, Employer
from members.models.areas import SEGMENT
from members.models.households import FIRST_YEAR
from members.roster.addresses import AddressBook
from members.roster.units import Employers, alias_rows, employer_rows

COMMUNITY = Area.Level.COMMUNITY * SEGMENT
LATEST = 300  # earlier addresses of the street, from which its district is learned
NO_AGREEMENT = "本人同意了才能报到：请写明本人怎样同意的（书面签字、当面口头、电话、手机确认）。"
NO_DAY = "本人同意了才能报到：请写明本人哪一天同意的。"
LATE_DAY = "同意的日期不能晚于今天。"
EARLY_DAY = "同意的日期太早了，请检查年份。"
MISSING = {
    "name": "请写姓名。",
    "phone": "请写电话。",
    "home": "请写住址，写到几号楼几室，如“迎晖苑1期 12号楼302室”。",
    "employer_name": "请写单位。",
}
LIMITS = {"home": 100, "employer_name": 100, "employer_number": 30, "skills": 200, "wishes": 200}
READERS: dict[str, Callable[[str], str]] = {"name": read_name, "phone": read_phone}


class SlipHome(NamedTuple):
    """What an address means in a street: the community, the group and the room, as far as they are known."""

    area: Area | None = None
    home: Area | None = None
    room: str = ""
    is_certain: bool = False


def read_fields(row: Any, *, needs_employer: bool) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Return the row's values as they are kept, and by field the sentences that say what is wrong."""
    values: dict[str, Any] = row._asdict()
    errors: dict[str, list[str]] = {}
    for name in (*READERS, *LIMITS):
        try:
            values[name] = read_text(name, values[name])
        except Unreadable as problem:
            errors[name] = [f"{str(problem).removesuffix('。')}。"]
    for name, sentence in MISSING.items():
        if not values[name] and name not in errors and (needs_employer or name != "employer_name"):
            errors[name] = [sentence]
    return values, errors | agreement_errors(row.agreed_how, row.agreed_on)


def read_text(name: str, text: str) -> str:
    """Return one field's text as it is kept. Raises Unreadable."""
    plain = " ".join(visible(text).replace("\x00", "").split())
    if not plain:
        return ""
    if sentence := trouble(plain):
        raise Unreadable(sentence)
    if name in READERS:
        return READERS[name](plain)
    if len(plain) > LIMITS[name]:
        raise Unreadable(f"写得太长了，请不要超过 {LIMITS[name]} 个字")
    return plain


def agreement_errors(how: str, on: Any) -> dict[str, list[str]]:
    """Return what is missing of the member's agreement, without which nothing is passed on."""
    errors = {}
    if how not in Consent.Means.values:
        errors["agreed_how"] = [NO_AGREEMENT]
    if on is None:
        errors["agreed_on"] = [NO_DAY]
    elif not FIRST_YEAR <= on <= timezone.localdate():
        errors["agreed_on"] = [EARLY_DAY if on < FIRST_YEAR else LATE_DAY]
    return errors


class HomeReader:
    """Reads the addresses of one street's slips."""

    def __init__(self, street: Area, texts: Iterable[str] = ()):
        rows = list(Area.objects.inside(street).current().order_by("path"))
        self.areas = {area.path: area for area in rows}
        names = AreaName.objects.filter(street=street).order_by("pk").values_list("area__path", "text")
        self.book = AddressBook([(area.path, area.level, area.name) for area in rows], names)
        earlier = Slip.objects.filter(street=street).order_by("-pk").values_list("home_text", flat=True)[:LATEST]
        self.book.learn_districts([*texts, *earlier])
        self.province = PROVINCE_OF_CODE.get(street.division_code[:2], "")

    def read(self, text: str, *, around: Area | None = None) -> SlipHome:
        """Return what an address means; `around` is the community of the poster, for one that says too little."""
        if self._is_elsewhere(text):
            return SlipHome()
        read = self.book.read(text)
        if read.door:
            return self._home(read.door.path, read.door.room, is_certain=True)
        communities = {door.path[:COMMUNITY] for door in read.doors} | {path[:COMMUNITY] for path in read.missing[:1]}
        communities.discard("")
        if len(communities) == 1:
            return SlipHome(area=self.areas.get(communities.pop()))
        return SlipHome(area=around)

    def _home(self, path: str, room: str, *, is_certain: bool) -> SlipHome:
        return SlipHome(self.areas.get(path[:COMMUNITY]), self.areas.get(path), room, is_certain)

    def _is_elsewhere(self, text: str) -> bool:
        """Whether the address names a province other than the street's own."""
        named = PROVINCE_NAMES.intersection(upper_words_of(fold(text))) if self.province else frozenset()
        return bool(named) and self.province not in named


def employers_named(names: Sequence[str], street: Area) -> dict[str, Employer]:
    """Return by the name as written the registered employers that these names mean; near names mean none."""
    named = {(name, "") for name in names if name}
    if not named:
        return {}
    known = Employers(named, employer_rows(named), alias_rows(named, street), set())
    found = {name: ref for name, _ in named if isinstance(ref := known.find(name, ""), int)}
    units = Employer.objects.in_bulk(found.values())
    return {name: units[pk] for name, pk in found.items()}


def group_of(home: Area, user: Any, street: Area) -> Area:
    """Return the open building group that the user chose, locked; ValidationError where it is not theirs."""
    mine = Area.objects.for_user(user, access.Right.WRITE, resource=access.Resource.MEMBER)
    group = mine.filter(pk=home.pk, level=Area.Level.BUILDING_GROUP, path__startswith=street.path).first()
    if group is None:
        raise ValidationError({"home": "请选择本街道、您负责的楼组（哪一号楼）。"})
    Area.objects.lock_open(group)
    return group


def community_of(group: Area) -> Area:
    """Return the community that a building group lies in."""
    return Area.objects.get(path=group.path[:COMMUNITY])
