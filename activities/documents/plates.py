"""Plates for stairwells: they name the members of a building group who agreed to it, and nobody else."""

from collections import defaultdict
from datetime import date
from itertools import groupby

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.formats import date_format

from activities.documents.typesetting import MOTTO, printable, typeset
from members.ground.access import PostKind
from members.models import Area, AreaRole, Consent, Duty, Residence, User


def named_homes(user: User, groups: QuerySet[Area], *, day: date) -> QuerySet[Residence]:
    """Return the homes in these groups on this day of members who have agreed to be named in the stairwell."""
    agreed = Consent.objects.in_force(Consent.Purpose.STAIRWELL).filter(member=OuterRef("member"))
    homes = Residence.objects.for_user(user).on(day).filter(Exists(agreed), area__in=groups)
    return homes.select_related("member", "area").order_by("area__path", "member__pinyin", "member")


def plates(homes: QuerySet[Residence], *, day: date) -> bytes:
    """Return the PDF with a plate for each building group of these homes; there must be at least one home."""
    leaders, duties = _leaders(homes, day), _duties(homes, day)
    streets = dict(Area.objects.streets().values_list("path", "name"))
    by_group = groupby(homes, key=lambda home: home.area)
    return typeset(
        "plates",
        {
            "title": "党员公示牌",
            "motto": MOTTO,
            "consented": "以上姓名经本人同意公示",
            "printed-on": date_format(day, "Y年n月印制"),
            "plates": [
                _plate(group, list(residents), streets[group.street_path], leaders, duties)
                for group, residents in by_group
            ],
        },
    )


def _plate(group: Area, homes: list[Residence], street: str, leaders: set, duties: dict[int, list[str]]) -> dict:
    """Return the plate's data: the leader first, then alphabetically, so that nobody is ranked."""
    members = [
        {
            "name": printable(home.member.name),
            "is-leader": (group.pk, home.member_id) in leaders,
            "duties": duties[home.member_id],
        }
        for home in homes
    ]
    return {
        "place": printable(" ".join([street, *group.label.split(" ")[:-1]])),
        "group": printable(group.name),
        "members": sorted(members, key=lambda member: not member["is-leader"]),
    }


def _leaders(homes: QuerySet[Residence], day: date) -> set[tuple[int, int]]:
    """Return (group, member) ids of the current leaders who are members; the plate names them if they agreed."""
    roles = AreaRole.objects.filter(kind=PostKind.LEADER, user__is_active=True, area__in=homes.values("area")).on(day)
    return set(roles.values_list("area", "user__member"))


def _duties(homes: QuerySet[Residence], day: date) -> dict[int, list[str]]:
    labels: dict[int, list[str]] = defaultdict(list)
    order = Duty.Kind.values
    rows = Duty.objects.filter(member__in=homes.values("member")).on(day)
    for member, kind in sorted(rows.values_list("member", "kind"), key=lambda row: order.index(row[1])):
        labels[member].append(str(Duty.Kind(kind).label))
    return labels
