"""Pages for everyday use by a street, a community, a compound and a unit."""

from typing import NamedTuple

from django.urls import reverse
from django.utils import timezone

from feedback.ground.periods import CardPeriod
from members.models import Area

OFFICER, SECRETARY, LIAISON, CONTACT = "街道办", "书记", "联络员", "单位联系人"
DAILY = (
    "home", "activities:index", "activities:calendar", "activities:visits", "activities:unvisited", "activities:needs",
    "activities:honours", "members:buildings", "members:pairings", "admin:members_member_changelist",
)  # fmt: skip
OFFICE = (
    "members:consents", "members:roster_index", "feedback:board", "feedback:offers", "admin:members_area_changelist",
    "admin:members_employer_changelist", "admin:members_user_changelist",
)  # fmt: skip
REPORTS = ("coverage", "activities:thin", "activities:rhythm", "activities:participation", "months")


class Page(NamedTuple):
    """A page's user (a login name) and address."""

    user: str
    address: str


def pages() -> list[Page]:
    """Return the pages of the first street, of its first community, and of that community's first compound."""
    street = Area.objects.streets().order_by("path")[0]
    community = Area.objects.children_of(street)[0]
    compound = Area.objects.children_of(community)[0]
    shown = {
        OFFICER: (street, (*DAILY, *OFFICE)),
        SECRETARY: (community, (*DAILY, *OFFICE)),
        LIAISON: (compound, DAILY),
    }
    return [
        *(Page(user, reverse(name, args=[area.pk])) for user, (area, _) in shown.items() for name in REPORTS),
        *(Page(user, reverse(name)) for user, (_, names) in shown.items() for name in names),
        *(Page(user, address) for user in (OFFICER, SECRETARY) for address in _asked()),
        Page(CONTACT, reverse("feedback:inbox")),
    ]


def _asked() -> list[str]:
    """Return addresses of lists with a query: a name, its pinyin, the cards of the last half year, a search."""
    members, board = reverse("admin:members_member_changelist"), reverse("feedback:board")
    period = CardPeriod.on(timezone.localdate(), months=6).previous
    found = [f"{reverse('search')}?q={words}" for words in ("王", "wang", "5678")]
    return [f"{members}?q=王", f"{members}?q=wang", f"{board}?period={period.code}", *found]
