"""Leaders of the demonstration street's groups: one each, a member who lives there, some of them senior cadres."""

from collections.abc import Iterable
from datetime import timedelta
from random import Random

from django.contrib.auth.hashers import make_password

from louzu.demo.homes import TWO_YEARS, DemoGround, between
from members.ground.access import PostKind
from members.models import Area, AreaRole, Member, Residence, User

TAKEN_OVER = 0.25  # of leaders, those who took the post over in the last two years


def lead(ground: DemoGround) -> list[AreaRole]:
    """Give every group without a leader one; their users have no password until somebody gives them one."""
    rng = Random(f"{ground.street.name} 组长")
    posts = AreaRole.objects.filter(kind=PostKind.LEADER, area__in=Area.objects.inside(ground.street)).lasting()
    led = set(posts.values_list("area__path", flat=True))
    known = set(User.objects.exclude(member=None).values_list("member", flat=True))
    chosen = [
        (group, home)
        for group in ground.of_level(Area.Level.BUILDING_GROUP)
        if group.path not in led
        for home in _chosen(rng, group, known, ground)
    ]
    users = User.objects.bulk_create(_user(group, home.member) for group, home in chosen)
    return AreaRole.objects.bulk_create(
        _post(rng, user, group, home, ground) for user, (group, home) in zip(users, chosen, strict=True)
    )


def _chosen(rng: Random, group: Area, known: set[int], ground: DemoGround) -> Iterable[Residence]:
    """Return the home of the member who leads the group; none where nobody joined it."""
    able = [home for home in ground.homes_in[group.path] if home.joined_on and home.member_id not in known]
    cadres = [home for home in able if home.member.rank]
    if rng.random() < ground.traits(group).cadres:
        able = cadres or able
    else:
        able = [home for home in able if not home.member.rank] or able
    # Local members, mostly retired, have more time.
    weights = [3 if home.member.affiliation == Member.Affiliation.LOCAL else 1 for home in able]
    return rng.choices(able, weights) if able else []


def _user(group: Area, member: Member) -> User:
    """Return a user who may log in once the office resets the password; the login name is the group's full name."""
    username = group.label.replace(" ", "")
    return User(username=username, name=member.name, member=member, password=make_password(None))


def _post(rng: Random, user: User, group: Area, home: Residence, ground: DemoGround) -> AreaRole:
    """Return the post since the leader joined the group, or for some since they took it over from another."""
    assert home.joined_on
    since = min(home.joined_on + timedelta(days=rng.choice((0, 0, 20, 60))), ground.today)
    if rng.random() < TAKEN_OVER:
        since = min(between(rng, max(since, ground.today - TWO_YEARS), ground.today - timedelta(days=10)), ground.today)
    return AreaRole(user=user, area=group, kind=PostKind.LEADER, since=max(since, home.joined_on))
