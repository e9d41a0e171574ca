"""Registering members with a home, and correcting their records; each ID number has one record."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError

from members.ground import id_number as gb11643
from members.ground.atomic import atomic_write
from members.ground.audit import differences, record
from members.ground.days import Unreadable
from members.ground.history import write_history
from members.ground.inserting import insert
from members.ground.names import read_name
from members.ground.partial_date import agree
from members.ground.pinyin import spell
from members.ground.rooms import fold_room
from members.ground.rows import locked, save_with
from members.ground.text import visible
from members.ground.trouble import lost_character
from members.models import Area, Duty, Member, Residence
from members.models.people import TWIN
from members.rules import employing

RECORD_GONE = "这条党员记录刚刚去掉了，没有保存。请回到名单看看。"
HOME_GONE = "这处住址刚刚去掉了，没有保存。请刷新页面看看。"


class Newcomer(NamedTuple):
    """A member yet to be added, unsaved, and the building group and room where they live from a day on."""

    member: Member
    home: Area
    room: str
    since: date


def register(
    *, home: Area, room: str = "", since: date | None = None, joined_on: date | None = None, **values: Any
) -> Member:
    """Add a member who lives in this building group; see `take` for the values."""
    with atomic_write():
        Area.objects.lock_street(home)  # so that a second registration of a person sees the first
        Area.objects.lock_open(home)
        _follow(values)
        member = take(Member(street=Area.objects.get(path=home.street_path)), **values)
        member.full_clean()
        member.save()
        member.move(to=home, room=room, on=since, joined_on=joined_on)
    return member


def register_all(newcomers: Sequence[Newcomer]) -> None:
    """Add these members with their homes by a fixed number of statements, each with history and entries in the trail.

    For rows whose values were read by the rules already. The caller has locked their street and knows that nobody of
    them is registered, and that the groups are open. Their first day is that on record, as with a roster.
    """
    members = [each.member for each in newcomers]
    for member in members:
        member.pinyin, member.initials = spell(member.name)
    insert(members)
    homes = [
        Residence(member=each.member, area=each.home, room=fold_room(each.room), since=each.since, is_since_known=False)
        for each in newcomers
    ]
    insert(homes)
    write_history(Member, [member.pk for member in members], kind="+")
    write_history(Residence, [home.pk for home in homes], kind="+")
    for row, place in [(row, home.area.path) for home in homes for row in (home.member, home)]:
        record("create", row, path=place, changes=differences({}, row._values()))


def revise(member: Member, **values: Any) -> Member:
    """Correct a member's record; values that are not named stay as stored. ValidationError where it is gone."""
    with atomic_write():
        if values.get("id_number"):
            Area.objects.lock_street(member.street)
        _follow(values)
        now = locked(Member.objects.all(), member.pk, gone=RECORD_GONE)
        take(now, **values)
        now.full_clean(exclude=() if now.sex or "sex" in values else ("sex",))  # slips do not say it
        now.save()
    return now


def take(member: Member, *, id_number: str | None = None, phone: str | None = None, **values: Any) -> Member:
    """Set the values on the member, without saving; ValidationError by field where they are not allowed.

    A name is read as the roster reads it. From other texts goes what shows nothing; a lost character is refused.
    Of the ID number only the digest is kept. It supplies birth date and sex where they are missing, and must agree with
    them where they are given. A second record with the number is refused; only a roster that names both may add one.
    An empty number removes the digest. `phone`, in full, replaces the present one.
    """
    for name, value in values.items():
        setattr(member, name, _readable(name, value) if isinstance(value, str) else value)
    if phone is not None and phone != member.phone:
        member.phone = phone
    if id_number:
        _agree(member, id_number)
        member.know_by(id_number)
        if member.twins().exists():
            raise ValidationError({"id_number": TWIN})
    elif id_number is not None:
        member.id_digest = ""
    return member


def _follow(values: dict[str, Any]) -> None:
    """Put the employer that stands in the place of one that was merged into it after the form was shown."""
    if "employer" in values:
        values["employer"] = employing.standing(values["employer"])


def _readable(name: str, text: str) -> str:
    try:
        if lost := lost_character(text):
            raise Unreadable(lost)
        return read_name(text) if name == "name" else visible(text)
    except Unreadable as problem:
        raise ValidationError({name: f"{problem}。"}) from problem


def _agree(member: Member, number: str) -> None:
    derived = {"birth_date": gb11643.birth_date(number), "sex": gb11643.sex(number)}
    wrong = {name: "与身份证号不一致，请核对。" for name in derived if not agree(getattr(member, name), derived[name])}
    if wrong:
        raise ValidationError(wrong)
    for name, text in derived.items():
        setattr(member, name, getattr(member, name) or text)


def set_duty(duty: Duty) -> Duty:
    """Add or change a member's duty, one of the six roles."""
    with atomic_write():
        list(Member.objects.select_for_update(no_key=True).filter(pk=duty.member_id).values_list("pk"))
        duty.full_clean()
        duty.save()
    return duty


def correct_home(home: Residence, **values: Any) -> Residence:
    """Correct a home: its room, its days, the day the party group was joined; ValidationError where it is gone."""
    with atomic_write():
        list(Member.objects.select_for_update(no_key=True).filter(pk=home.member_id).values_list("pk"))
        now = locked(Residence.objects.select_related("area", "member__street"), home.pk, gone=HOME_GONE)
        return save_with(now, values)
