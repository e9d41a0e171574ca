"""Small makers of rows; each saves the row it returns, as the product does."""

from datetime import date
from typing import Any

from stdnum.cn import uscc

from activities.models import Activity, Honour, Need, Visit
from members.ground.access import PostKind
from members.models import Area, AreaRole, Consent, Employer, Household, Member, Pairing, User

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
PASSWORD = "jiading-2003-louzu"
EARLY = date(2020, 3, 1)


def id_number(birth: str, serial: int) -> str:
    """Return an ID number of nobody (area 990000) with a valid check digit; an odd serial means a man."""
    digits = f"990000{birth}{serial:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


def credit_code(body: str) -> str:
    """Return a credit code of nobody with a valid check character; `body` is the organisation's nine characters."""
    return f"91990000{body}" + uscc.calc_check_digit(f"91990000{body}")


def area(name: str, under: Area | None = None, **fields: Any) -> Area:
    """Create a street, or an area one level below `under`."""
    return Area(name=name, **fields).place(under=under)


def building(name: str, under: Area, **fields: Any) -> Area:
    """Create a building group with an established party group."""
    fields = {"stage": Area.Stage.ESTABLISHED, "established_on": date(2003, 10, 15)} | fields
    return area(name, under, **fields)


def user(username: str, *, name: str = "", **fields: Any) -> User:
    """Create a user without a post, who can log in with PASSWORD."""
    person = User(username=username, name=name or username, must_change_password=False, **fields)
    person.set_password(PASSWORD)
    person.save()
    return person


def post(holder: User, kind: PostKind, place: Area, *, since: date = EARLY, until: date | None = None) -> AreaRole:
    role = AreaRole(user=holder, area=place, kind=kind, since=since, until=until)
    role.full_clean()
    role.save()
    holder.__dict__.pop("_posts", None)
    return role


def official(username: str, kind: PostKind, place: Area) -> User:
    """Create a user with one post."""
    holder = user(username, name=kind.label)
    post(holder, kind, place)
    return holder


def employer(name: str = "上海嘉定仪表厂", **fields: Any) -> Employer:
    unit = Employer.objects.filter(name=name).first() or Employer(name=name, **fields)
    unit.full_clean()
    unit.save()
    return unit


def person(
    name: str,
    home: Area,
    *,
    room: str = "101",
    on: date = EARLY,
    joined_on: date | None = EARLY,
    phone: str = "",
    id_number: str = "",
    **fields: Any,
) -> Member:
    """Create a local full member who lives in the building group `home`; an IN_POST one gets an employer."""
    street = Area.objects.get(path=home.street_path)
    fields = {"sex": "male", "affiliation": Member.Affiliation.LOCAL, "standing": Member.Standing.FULL} | fields
    if fields["affiliation"] == Member.Affiliation.IN_POST:
        fields = {"employer": fields.get("employer") or employer()} | fields
    someone = Member(street=street, name=name, **fields)
    someone.phone = phone
    if id_number:
        someone.know_by(id_number)
    someone.full_clean()
    someone.save()
    someone.move(to=home, room=room, on=on, joined_on=joined_on)
    return someone


def consent(member: Member, *, is_agreed: bool = True, by: User | None = None, **fields: Any) -> Consent:
    """Create a member's answer about the stairwell plate, recorded by `by`."""
    fields = {"means": Consent.Means.PAPER} | fields
    answer = Consent(member=member, is_agreed=is_agreed, recorded_by=by, **fields)
    answer.full_clean()
    answer.save()
    return answer


def household(place: Area, room: str, **fields: Any) -> Household:
    """Create a household of the building group `place`."""
    door = Household(area=place, room=room, **fields)
    door.full_clean()
    door.save()
    return door


def pairing(household: Household, neighbour: Household, *, since: date = EARLY, until: date | None = None) -> Pairing:
    """Create a pairing of two households; a member must live in the first."""
    pair = Pairing(household=household, neighbour=neighbour, since=since, until=until)
    pair.full_clean()
    pair.save()
    return pair


def visit(pair: Pairing, *, on: date, kind: str = Visit.Kind.DOOR, note: str = "") -> Visit:
    contact = Visit(pairing=pair, visited_on=on, kind=kind, note=note)
    contact.full_clean()
    contact.save()
    return contact


def activity(place: Area, *, title: str = "楼道大扫除", is_held: bool = True, **fields: Any) -> Activity:
    """Create an activity of the area, by default of today and held."""
    fields = {"field": Activity.Field.SURROUNDINGS} | fields
    event = Activity(area=place, title=title, **fields)
    event.full_clean()
    event.save()
    if is_held:
        event.hold()
    return event


def need(place: Area, *, text: str = "帮忙修楼道灯", **fields: Any) -> Need:
    wish = Need(area=place, text=text, **fields)
    wish.full_clean()
    wish.save()
    return wish


def honour(place: Area, *, year: int = 2025, **fields: Any) -> Honour:
    """Create an honour of a building group or compound."""
    fields = {"kind": Honour.Kind.COMMENDED, "deeds": "楼道干净，邻里互助。"} | fields
    praise = Honour(area=place, year=year, **fields)
    praise.full_clean()
    praise.save()
    return praise
