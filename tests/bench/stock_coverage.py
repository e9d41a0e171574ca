"""Stock coverage, as a good team writes it by Django's documentation: annotated querysets of areas.

`by_joins` works for building groups only, whose residences refer to the area itself. It is one query with a `Count` for
each figure, `distinct` because two relations are joined (the documentation warns of combined aggregations).
`by_prefix` works for every level of the tree, as ours does: for each figure a counting subquery over the rows below the
area's path. `drilled` takes the faster one for each level: prefixes for the 48 communities and compounds, joins for
the 873 groups.
"""

from datetime import date

from django.db.models import CharField, Count, Exists, F, IntegerField, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat

from members.ground.access import PostKind, Resource
from members.models import Area, AreaRole, Member, Pairing, Residence, User

CADRES = [Member.Rank.DIVISION, Member.Rank.SECTION]
DOOR = Concat(Cast("area", CharField()), Value(" "), F("room"))


def by_joins(street: Area, user: User, day: date) -> list[dict]:
    living = (Q(residences__since__lte=day)) & (Q(residences__until=None) | Q(residences__until__gt=day))
    leading = Q(roles__kind=PostKind.LEADER, roles__since__lte=day) & (Q(roles__until=None) | Q(roles__until__gt=day))
    at_a_door = living & ~Q(residences__room="")
    affiliation = "residences__member__affiliation"
    groups = _areas(street, user, day, (Area.Level.BUILDING_GROUP,)).annotate(
        members=Count("residences", filter=living, distinct=True),
        local=Count("residences", filter=living & Q(**{affiliation: "local"}), distinct=True),
        in_post=Count("residences", filter=living & Q(**{affiliation: "in_post"}), distinct=True),
        taking_part=Count("residences", filter=living & Q(residences__joined_on__lte=day), distinct=True),
        led=Count("roles", filter=leading, distinct=True),
        led_by_cadre=Count("roles", filter=leading & Q(roles__user__member__rank__in=CADRES), distinct=True),
        homes=Count("residences__room", filter=at_a_door, distinct=True),
        paired=Count("residences__room", filter=at_a_door & _paired(day, "pk", "residences__room"), distinct=True),
    )
    return [_totals(street, user, day), *map(_row, groups)]


def drilled(street: Area, user: User, day: date) -> list[dict]:
    """Return the rows of every level, without the totals."""
    upper = by_prefix(street, user, day, levels=(Area.Level.COMMUNITY, Area.Level.STATION))
    return [*upper, *by_joins(street, user, day)[1:]]


def by_prefix(street: Area, user: User, day: date, *, levels: tuple[int, ...]) -> list[dict]:
    living = Residence.objects.on(day).filter(area__path__startswith=OuterRef("path"))
    at_a_door = living.exclude(room="")
    leading = AreaRole.objects.on(day).filter(kind=PostKind.LEADER, area__path__startswith=OuterRef("path"))
    areas = _areas(street, user, day, levels).annotate(
        members=_count(living),
        local=_count(living.filter(member__affiliation="local")),
        in_post=_count(living.filter(member__affiliation="in_post")),
        taking_part=_count(living.filter(joined_on__lte=day)),
        led=_count(leading),
        led_by_cadre=_count(leading.filter(user__member__rank__in=CADRES)),
        homes=_count(at_a_door, Count(DOOR, distinct=True)),
        paired=_count(at_a_door.filter(_paired(day, "area", "room")), Count(DOOR, distinct=True)),
    )
    return [*map(_row, areas)]


def _areas(street: Area, user: User, day: date, levels: tuple[int, ...]):
    areas = Area.objects.for_user(user, resource=Resource.REPORT).on(day)
    return areas.filter(level__in=levels, path__startswith=street.path)


def _paired(day: date, area: str, room: str) -> Exists:
    """Return the condition that a pairing has this door as the member's household."""
    return Exists(Pairing.objects.on(day).filter(household__area=OuterRef(area), household__room=OuterRef(room)))


def _count(rows, what: Count | None = None) -> Coalesce:
    counted = rows.order_by().annotate(one=what or Count("*")).values("one")
    counted.query.group_by = ()
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _totals(street: Area, user: User, day: date) -> dict:
    open_areas = Area.objects.for_user(user, resource=Resource.REPORT).on(day).filter(path__startswith=street.path)
    living = Residence.objects.on(day).filter(area__path__startswith=street.path, area__in=open_areas)
    doors = living.exclude(room="").values("area", "room")
    groups = open_areas.filter(level=Area.Level.BUILDING_GROUP)
    communities = open_areas.filter(level=Area.Level.COMMUNITY)
    leading = AreaRole.objects.on(day).filter(kind=PostKind.LEADER, area__in=groups)
    members = living.count()
    residents = communities.aggregate(sum=Sum("residents"))["sum"]
    return {
        "members": members,
        "local": living.filter(member__affiliation="local").count(),
        "in_post": living.filter(member__affiliation="in_post").count(),
        "taking_part": living.filter(joined_on__lte=day).count(),
        "groups": groups.count(),
        "established": groups.filter(stage=Area.Stage.ESTABLISHED, established_on__lte=day).count(),
        "communities": communities.count(),
        "residents": residents,
        "led": leading.values("area").distinct().count(),
        "led_by_cadre": leading.filter(user__member__rank__in=CADRES).values("area").distinct().count(),
        "households": doors.distinct().count(),
        "paired": doors.filter(_paired(day, "area", "room")).distinct().count(),
        "share_of_residents": members / residents if residents else None,
    }


def _row(area: Area) -> dict:
    names = ("members", "local", "in_post", "taking_part", "led", "led_by_cadre", "paired")
    counts = {name: getattr(area, name) for name in names}
    shares = {f"{name}_share": counts[name] / area.members if area.members else None for name in names[1:4]}
    established = int(area.stage == Area.Stage.ESTABLISHED)
    shares["paired_share"] = area.paired / area.homes if area.homes else None
    counts |= {"groups": 1, "established": established, "households": area.homes}
    return {"area": area.name, "id": area.pk} | counts | shares
