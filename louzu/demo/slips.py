"""Reporting slips of the demonstration street: from an employer's system, a contact, members and paper.

They are in every status that one street can have. Those that were accepted are of members whom the roster brought
already, so that the street keeps its figures; those that wait are of people whom nobody has registered yet.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from feedback.models import Contact, EmployerKey, Scope, Slip
from feedback.rules.receiving import By
from feedback.rules.slips_accepting import accept
from feedback.rules.slips_asking import ask
from feedback.rules.slips_closing import decline, end, withdraw
from feedback.rules.slips_coding import open_code
from feedback.rules.slips_sending import SlipRow, send_slips
from louzu.demo.cards import SYSTEM
from louzu.demo.clock import ago
from louzu.demo.people import person
from louzu.demo.street import FIRST_PHONE, MEMBERS, SKILLS
from louzu.demo.words import WISHES
from members.models import Area, Consent, Employer, Member, User

Row = SlipRow
KNOWN, NEW = 8, 5  # of the employer that sends by its system: members whom the roster brought, and others
LONG_AGO, LATELY = timedelta(days=25), timedelta(days=3)
ELSEWHERE, UNCLEAR = "江苏省昆山市花桥镇绿地大道1号", "靠近菜场的那幢，二楼"


def send_demo_slips(street: Area, *, officer: User, secretary: User) -> str:
    """Send slips to the street from everybody who may, deal with some, and return the key of the third employer."""
    rng = Random(f"{street.name} 报到单")
    employer = Employer.objects.annotate(n=Count("cards", filter=Q(cards__street=street))).order_by("-n", "pk")[2]
    key, text = EmployerKey.make(label=SYSTEM, employer=employer, street=street, scopes=Scope.values)
    new = _newcomers(rng, street)
    with ago(LONG_AGO):
        members = _members_of(employer, street)
        rows = [_of_member(member) for member in members]
        known = _sent(rows, street, Slip.Origin.EMPLOYER, By(key=key), employer=employer)
        rows = [*(next(new) for _ in range(NEW)), next(new)._replace(home=UNCLEAR)]
        others = _sent(rows, street, Slip.Origin.EMPLOYER, By(key=key), employer=employer)
    with ago(LATELY):
        _deal_with(dict(zip(members, known, strict=True)), others, By(key=key), officer)
        contact = Contact.objects.select_related("employer", "user").filter(street=street).first()
        if contact:
            rows = [next(new), next(new), next(new)._replace(home=ELSEWHERE)]
            _sent(rows, street, Slip.Origin.EMPLOYER, By(user=contact.user), employer=contact.employer)
        community = Area.objects.children_of(street).order_by("path")[0]
        code = open_code(community, ends_on=timezone.localdate() + timedelta(days=90))
        itself = [_by_itself(next(new), employer), _by_itself(next(new), None)]
        _sent(itself, street, Slip.Origin.MEMBER, By(), code=code)
        _sent([_by_itself(next(new), employer, how=Consent.Means.PAPER)], street, Slip.Origin.PAPER, By(user=secretary))
    return text


def _sent(rows: Sequence[Row], street: Area, origin: str, by: By, **more) -> list[Slip]:
    answers = send_slips(rows, street=street, origin=origin, by=by, **more)
    assert all(answer.slip for answer in answers), [answer.errors for answer in answers]
    return [answer.slip for answer in answers if answer.slip]


def _deal_with(known: dict[Member, Slip], new: list[Slip], by: By, officer: User) -> None:
    """Accept those who are registered, but for the last one; of the others ask about one, decline one, lose one."""
    accepted = [accept(slip, member=member, by=officer) for member, slip in list(known.items())[:-1]]
    end(accepted[0], code=Slip.End.LEFT_UNIT, by=by)
    ask(new[0], code=Slip.Question.PHONE, text="打了三次没有人接，请核对手机号。", by=officer)
    decline(new[1], text="这户的业主说没有这个人。", by=officer)
    withdraw(new[2], withdrawer=Slip.Withdrawer.SENDER, by=by)


def _members_of(employer: Employer, street: Area) -> list[Member]:
    members = Member.objects.filter(employer=employer, street=street, residences__until=None)
    return list(members.order_by("pk").distinct()[:KNOWN])


def _of_member(member: Member) -> Row:
    home = member.residences.select_related("area").get(until=None)
    phone = member.phone or str(FIRST_PHONE + 2 * MEMBERS + member.pk % MEMBERS)
    return _row(member.name, phone, home.area, home.room, skills=member.skills)


def _newcomers(rng: Random, street: Area) -> Iterator[Row]:
    """Yield people whom nobody has registered, in buildings of the whole street."""
    groups = list(Area.objects.inside(street).filter(level=Area.Level.BUILDING_GROUP).order_by("path"))
    taken: set[object] = set()
    phone = FIRST_PHONE + MEMBERS
    while True:
        home, phone = rng.choice(groups), phone + 1
        one = person(rng, home.path, is_local=False, taken=taken)
        words = {"skills": rng.choice(SKILLS), "wishes": rng.choice(WISHES)}
        yield _row(one.name, str(phone), home, f"{rng.randint(1, 6)}0{rng.randint(1, 3)}", **words)


def _row(name: str, phone: str, group: Area, room: str, **more: Any) -> Row:
    today = timezone.localdate()
    home = f"{group.label}{room}室"
    return Row(name, phone, home, agreed_how=Consent.Means.PAPER, agreed_on=today, **more)


def _by_itself(row: Row, employer: Employer | None, how: str = Consent.Means.LINK) -> Row:
    """Return the slip as a member fills it in, who lets the employer know if it is one of the street's."""
    name = employer.name if employer else "上海某某科技有限公司"
    return row._replace(agreed_how=how, employer_name=name, tells_employer=bool(employer))
