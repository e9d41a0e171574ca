"""A believable year of the demonstration street, ending today, made in bulk; one day always gives the same rows."""

from datetime import date

from activities.models import Activity
from louzu.demo.activities import attend, hold
from louzu.demo.doors import lay_out, pair, visit
from louzu.demo.homes import DemoGround, ask_consent, found, move_in, take_up
from louzu.demo.leaders import lead
from louzu.demo.needs import ask, commend
from members.ground.access import PostKind
from members.ground.audit import record
from members.models import Area, AreaRole


def build_year(street: Area, *, today: date) -> dict[str, int]:
    """Fill a street that has members and posts, within the caller's transaction; return the counts.

    A smaller street gets a smaller year, in proportion to its areas and members. One audit entry covers everything.
    """
    ground = DemoGround(street, today)
    young = found(ground)
    move_in(ground)
    leaders = lead(ground)
    duties = take_up(ground)
    doors = lay_out(ground)
    pairings = pair(ground, doors)
    activities = hold(ground)
    counts = {
        "households": sum(map(len, doors.values())),
        "pairings": len(pairings),
        "visits": len(visit(ground, pairings)),
        "activities": len(activities),
        "attendances": attend(ground, activities, duties),
        "needs": len(ask(ground, doors)),
        "honours": len(commend(ground)),
        "consents": len(ask_consent(ground, _recorders(street))),
        "duties": sum(map(len, duties.values())),
        "leaders": len(leaders),
        "young_groups": len(young),
    }
    record("create", Activity, path=street.path, changes=counts)
    return counts


def _recorders(street: Area) -> dict[str, int]:
    """Return the users who record members' answers, by path: the secretaries, else the street's office."""
    posts = AreaRole.objects.filter(
        kind__in=(PostKind.SECRETARY, PostKind.STREET), area__in=Area.objects.inside(street)
    )
    return dict(posts.current().values_list("area__path", "user"))
