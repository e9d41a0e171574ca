"""The list of slips: what waits first; accepting in one step, or many at once, where nothing is in doubt."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import Count, Q
from django.db.models.functions import TruncHour
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from feedback.models import Slip
from feedback.models.slip_rows import LIVE, SlipQuerySet
from feedback.rules import slips_closing
from feedback.rules.slips_accepting import accept_all
from feedback.rules.slips_matching import candidates_of
from feedback.views.listed import NOTHING_CHOSEN, require_cards
from members.ground.access import Right
from members.models import Area
from members.web.acts import numbers
from members.web.shell import page

PER_PAGE, AT_ONCE, LONGEST = 20, 200, 30
FLOOD = 20  # slips by one code within an hour
UNPLACED = "none"
Status = Slip.Status
OVER = tuple(status.value for status in Status if status not in LIVE)
TABS = (("sent", "待接收", ("sent",)), ("asked", "等对方核对", ("asked",)), ("accepted", "已接收", ("accepted",)),
        ("over", "已了结", OVER))  # fmt: skip
STATUSES = {key: statuses for key, _, statuses in TABS}
FIRST = 3  # reasons that a message names


class SlipListing(NamedTuple):
    """The filters of the list, from the address: a tab, a community, words in names, homes and units, a code."""

    tab: str
    place: str
    words: str
    code: int | None

    @classmethod
    def read(cls, query: QueryDict) -> "SlipListing":
        """Return the list of this query; invalid filters are ignored."""
        codes = numbers([query.get("code", "")])
        return cls(
            tab=query.get("show", "") if query.get("show") in STATUSES else TABS[0][0],
            place=query.get("place", "")[:LONGEST],
            words=query.get("q", "").replace("\0", "").strip()[:LONGEST],
            code=next(iter(codes), None),
        )

    def narrowed(self, slips: SlipQuerySet) -> SlipQuerySet:
        """Return those of these slips that match, in every status."""
        if self.place == UNPLACED:
            slips = slips.filter(area=None)
        elif self.place:
            slips = slips.filter(area__path=self.place)
        if self.code:
            slips = slips.filter(code=self.code)
        if self.words:
            texts = ("name", "home_text", "employer__name", "employer_name", "number")
            slips = slips.filter(Q(*((f"{text}__contains", self.words) for text in texts), _connector=Q.OR))
        return slips

    @property
    def address(self) -> str:
        values = {"show": self.tab, "place": self.place, "q": self.words, "code": self.code}
        return f"{reverse('feedback:slips')}?{urlencode({name: value for name, value in values.items() if value})}"


class SlipLine(NamedTuple):
    """A row of the list: the slip, who may be meant, and whether it may be accepted in one step."""

    slip: Slip
    doubt: str
    is_ready: bool


class Flood(NamedTuple):
    """Many slips by one code within an hour."""

    code: int
    place: str
    hour: datetime
    slips: int


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """List the slips, those that wait first."""
    require_cards(request.user)
    listing, mine = SlipListing.read(request.GET), Slip.objects.for_user(request.user)
    counts = dict(listing.narrowed(mine).order_by().values_list("status").annotate(count=Count("pk")))
    tabs = [(key, name, sum(counts.get(status, 0) for status in statuses)) for key, name, statuses in TABS]
    return page(
        request, "feedback/slips.html", title="报到单", listing=listing, tabs=tabs, unplaced=UNPLACED,
        shown=_page(request, listing, mine, {key: count for key, _, count in tabs}[listing.tab]),
        areas=list(Area.objects.for_user(request.user).current().filter(level=Area.Level.COMMUNITY).order_by("path")),
        certain=_certain(request, listing).count() if listing.tab == "sent" else 0,
        floods=_floods(listing.narrowed(mine)) if listing.tab == "sent" and not listing.code else [],
        may_write=Slip.objects.for_user(request.user, Right.WRITE).filter(status__in=STATUSES[listing.tab]).exists(),
    )  # fmt: skip


@require_POST
def accept_many(request: HttpRequest) -> HttpResponse:
    """Accept the slips of the list of which nothing is in doubt; say why others stay."""
    require_cards(request.user)
    listing = SlipListing.read(request.POST)
    by_street: dict[int, list[int]] = defaultdict(list)
    for pk, street in _certain(request, listing).values_list("pk", "street")[:AT_ONCE]:
        by_street[street].append(pk)
    outcomes = [accept_all(pks, by=request.user) for pks in by_street.values()]  # type: ignore[arg-type]
    if accepted := sum(len(outcome.accepted) for outcome in outcomes):
        messages.success(request, f"已接收 {accepted} 张，回执已给单位。")
    left = {pk: why for outcome in outcomes for pk, why in outcome.left.items()}
    if left or not outcomes:
        messages.warning(request, _left(left) or "没有看得准的报到单，请逐张打开核对。")
    return redirect(listing.address)


@require_POST
def decline_many(request: HttpRequest) -> HttpResponse:
    """Decline the ticked slips, or all on the list that wait."""
    require_cards(request.user)
    listing, mine = SlipListing.read(request.POST), Slip.objects.for_user(request.user, Right.WRITE)
    ticked = mine.filter(pk__in=numbers(request.POST.getlist("slip")))
    slips = listing.narrowed(mine) if "all" in request.POST else ticked
    pks = list(slips.filter(status__in=STATUSES[listing.tab]).values_list("pk", flat=True))
    if not pks:
        messages.error(request, NOTHING_CHOSEN)
        return redirect(listing.address)
    done, left = slips_closing.decline_all(pks, text=request.POST.get("text", ""), by=request.user)  # type: ignore[arg-type]
    messages.success(request, f"已退回 {done} 张（不在本街道）。{f'另有 {left} 张已经办过，没有动。' if left else ''}")
    return redirect(listing.address)


def _certain(request: HttpRequest, listing: SlipListing) -> SlipQuerySet:
    """Return the slips of the list whose home and unit are known; whether a person may be meant, the rule asks."""
    mine = listing.narrowed(Slip.objects.for_user(request.user, Right.WRITE))
    return mine.filter(status=Status.SENT, is_certain=True, employer__isnull=False).exclude(
        employer_says=Slip.Ours.NOT_OURS
    )


def _page(request: HttpRequest, listing: SlipListing, mine: SlipQuerySet, count: int) -> Page:
    found = listing.narrowed(mine).filter(status__in=STATUSES[listing.tab]).with_facts()
    paginator = Paginator(found.order_by("sent_at" if listing.tab == "sent" else "-sent_at", "pk"), PER_PAGE)
    paginator.count = count  # known from the tabs, which saves a query
    rows_page = paginator.get_page(request.GET.get("p"))
    rows: Any = _lines(list(rows_page.object_list))
    rows_page.object_list = rows
    return rows_page


def _lines(slips: Sequence[Slip]) -> list[SlipLine]:
    """Return the rows of the list; the registered members who may be meant come from a fixed number of queries."""
    waiting = [slip for slip in slips if slip.is_waiting]
    meant = candidates_of(waiting) if waiting else {}
    return [_line(slip, bool(meant.get(slip.pk))) for slip in slips]


def _line(slip: Slip, is_known: bool) -> SlipLine:
    doubts = (
        (slip.area is None, "不知道是哪个社区"),
        (slip.home is None, "楼组看不准"),
        (not slip.is_certain, "住址要核对"),
        (is_known, "可能已经登记过"),
        (slip.employer is None, "单位还没有登记"),
        (slip.employer_says == Slip.Ours.NOT_OURS, "单位说不是他们的人"),
    )
    doubt = "；".join(sentence for is_so, sentence in doubts if is_so) if slip.is_waiting else ""
    return SlipLine(slip, doubt, is_ready=slip.status == Status.SENT and not doubt)


def _floods(slips: SlipQuerySet) -> list[Flood]:
    """Return where many slips came by one code within an hour of the last week."""
    lately = slips.filter(status=Status.SENT, code__isnull=False, sent_at__gte=timezone.now() - timedelta(days=7))
    rows = lately.annotate(hour=TruncHour("sent_at")).order_by().values_list("code", "code__place__name", "hour")
    return [Flood(*row) for row in rows.annotate(count=Count("pk")).filter(count__gte=FLOOD).order_by("-count")[:3]]


def _left(left: dict[int, str]) -> str:
    reasons = list(dict.fromkeys(left.values()))[:FIRST]
    return f"{len(left)} 张没有接收：{'；'.join(reasons)}。" if left else ""
