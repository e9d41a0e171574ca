"""What the landing page of a post says: lines of what waits, each with its places and one action, and six figures."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.http import urlencode

from activities.rules.thin import ThinTier, thin
from feedback.models import RecordCard
from feedback.rules.slips_counting import SLOW
from feedback.views.slips import UNPLACED
from louzu.rules import desk
from louzu.rules.beginning import FirstStep, first_steps
from louzu.rules.desk import ByPlace, DeskFigure
from members.ground import access
from members.ground.access import Resource, Right
from members.models import Area
from members.models.areas import SEGMENT, AreaQuerySet
from members.models.transfers import receiving_ranges
from members.rules.coverage import CoverageFigures, coverage

FEW = 6
NOW = {Area.Level.COMMUNITY: "本月", Area.Level.STATION: "本周", Area.Level.BUILDING_GROUP: "本季度"}
BEFORE = {Area.Level.COMMUNITY: "上月", Area.Level.STATION: "上周", Area.Level.BUILDING_GROUP: "上季度"}
NOUNS = {Area.Level.COMMUNITY: "社区", Area.Level.STATION: "小区", Area.Level.BUILDING_GROUP: "楼组"}
CARDS = {
    RecordCard.Status.DRAFT: ("还没有请本人确认的记录卡", "请本人确认"),
    RecordCard.Status.AGREED: ("本人已同意、等着发给单位的记录卡", "去发给单位"),
}
FIGURES = {
    "members": ("党员", "人", "coverage"),
    "taking_part": ("参加楼组党小组", "人", "coverage"),
    "established": ("建立党小组的楼组", "个", "coverage"),
    "paired": ("结对的党员家庭", "户", "coverage"),
    "activities": ("本月活动", "场", "activities:participation"),
    "visits": ("本月走访", "次", "activities:thin"),
}
AUDITED = {"export": "导出", "reveal": "查看完整电话", "refuse": "被拒绝的操作", "login_failed": "登录失败"}


class DeskPlace(NamedTuple):
    """A place of a line: its name, how many things wait in it (0 for the place itself), where a click leads."""

    name: str
    number: int
    url: str


class DeskLine(NamedTuple):
    """What waits: a sentence, some of its places, and one action."""

    sentence: str
    places: list[DeskPlace]
    action: str
    url: str


class ShownFigure(NamedTuple):
    """A figure in words: its value, and how it differs from before."""

    label: str
    value: str
    of: str
    changes: list[str]
    url: str


class AreaDesk(NamedTuple):
    """The landing page's part on one of the user's areas: its first `steps`, until all are done, and what waits.

    `state` says what the area itself did in its period.
    """

    area: Area
    steps: list[FirstStep]
    state: str
    lines: list[DeskLine]
    figures: list[ShownFigure]


def area_desk(user: Any, area: Area, *, areas: AreaQuerySet, today: date) -> AreaDesk:
    """Return what is thin in an area and its figures. Ten queries, whatever its size."""
    may_add = access.covers(user, Resource.ACTIVITY, area.path, Right.WRITE)
    tiers = thin(area, areas=areas, today=today).tiers
    names = {place.area.path: (place.area.pk, place.area.name) for tier in tiers for place in tier.places}
    lines = [_thin_line(area, tier, names, may_add) for tier in tiers if tier.level in NOUNS and tier.missing]
    figures = coverage(area, areas=areas, day=today).figures
    return AreaDesk(area, first_steps(user, area), _state(tiers[0]), lines, _figures(area, figures, today))


def _state(own: ThinTier) -> str:
    """Return what the area itself did in the running period, however small; "" for one that is not open."""
    cells = [place.cells[-1] for place in own.places]
    if not cells:
        return ""
    visits = f"、走访 {cells[0].visits} 次" if own.level == Area.Level.BUILDING_GROUP else ""
    return f"{NOW.get(own.level, '本月')}{Area.Level(own.level).label}自己的活动 {cells[0].activities} 场{visits}。"


def _thin_line(area: Area, tier: ThinTier, names: dict[str, tuple[int, str]], may_add: bool) -> DeskLine:
    number, what = len(tier.missing), "活动或走访" if tier.level == Area.Level.BUILDING_GROUP else "活动"
    sentence = f"{NOW[tier.level]}还没有{what}的{NOUNS[tier.level]}：{number} 个"
    if tier.missed_before:
        sentence += f"，其中 {tier.missed_before} 个{BEFORE[tier.level]}也没有"
    url = reverse("activities:thin", args=[area.pk])
    if number <= FEW:
        places = [DeskPlace(each.area.name, 0, _record_url(each.area.pk) if may_add else url) for each in tier.missing]
    else:
        level = max(area.level + 1, Area.Level.COMMUNITY)
        counts = desk.gathered(ByPlace(place.area.path for place in tier.missing), level)
        places = [
            DeskPlace(name, count, reverse("activities:thin", args=[pk]))
            for path, count in sorted(counts.items())
            for pk, name in [names.get(path, (area.pk, area.name))]
        ]
    return DeskLine(sentence, places, f"看全部 {number}", f"{url}#missing-{tier.level}")


def _record_url(pk: int) -> str:
    return reverse("activities:add") + "?" + urlencode({"area": pk})


class WaitingCounts(NamedTuple):
    """Something that waits: what and in which unit, its counts by place, and the action that its page is for.

    `narrows` says that the page can be narrowed to a place. `unplaced` is the place in the page's address for what a
    street counts because no community is known yet.
    """

    what: str
    unit: str
    counts: ByPlace
    action: str
    url: str
    narrows: bool = True
    unplaced: str = ""


def waiting_lines(user: Any, today: date) -> list[DeskLine]:
    """Return what waits in all of the user's areas: cards, slips, needs, pairs; nothing where nothing waits."""
    found = [(each, _gathered(each.counts)) for each in _waiting(user, today) if each.counts]
    paths = {path for _, counts in found for path in counts}
    names = dict(Area.objects.filter(path__in=paths).values_list("path", "name")) if paths else {}
    return [_line(each, counts, names) for each, counts in found]


def _waiting(user: Any, today: date) -> Iterator[WaitingCounts]:
    if receiving_ranges(user):
        url = reverse("members:transfers")
        yield WaitingCounts("别的街道转来、等您接收的党员", "人", desk.arriving(user), "去接收", url)
    if access.can(user, Resource.MEMBER, Right.WRITE):
        wrong = desk.corrections(user)
        yield WaitingCounts(
            "党员说不对、要求更正的", "条", wrong, "去办", reverse("members:corrections"), narrows=False
        )
    if access.can(user, Resource.CARD, Right.WRITE):
        for status, counts in desk.waiting_cards(user).items():
            what, action = CARDS[RecordCard.Status(status)]
            yield WaitingCounts(what, "张", counts, action, reverse("feedback:board", query={"show": status}))
        what, slow = f"等了 {SLOW} 天以上的报到单", desk.slow_slips(user)
        yield WaitingCounts(what, "张", slow, "去接收", reverse("feedback:slips"), unplaced=UNPLACED)
    if access.can(user, Resource.KEY, Right.WRITE):
        keys = reverse("admin:feedback_employerkey_changelist")
        what, ending = "30 天内到期、还没有更换的单位密钥", desk.ending_keys(user)
        yield WaitingCounts(what, "把", ending, "去更换", keys, narrows=False)
    if access.can(user, Resource.NEED, Right.WRITE):
        what = f"提出 {desk.OLD_NEED.days} 天还没有人认领的需求"
        yield WaitingCounts(what, "件", desk.old_needs(user, today), "去找人认领", reverse("activities:needs"))
    if access.can(user, Resource.HOUSEHOLD, Right.WRITE):
        pairs = desk.lonely_pairings(user, today)
        yield WaitingCounts("90 天没有走访的结对", "对", pairs, "去走访", reverse("activities:unvisited"))


def _gathered(counts: ByPlace) -> ByPlace:
    """Sum up by community, or by the compounds of one."""
    communities = desk.gathered(counts, Area.Level.COMMUNITY)
    return communities if len(communities) > 1 else desk.gathered(counts, Area.Level.STATION)


def _line(each: WaitingCounts, counts: ByPlace, names: dict[str, str]) -> DeskLine:
    places = [_place(each, path, count, names) for path, count in sorted(counts.items())]
    return DeskLine(f"{each.what}：{counts.total()} {each.unit}", places, each.action, each.url)


def _place(each: WaitingCounts, path: str, count: int, names: dict[str, str]) -> DeskPlace:
    if not each.narrows:
        return DeskPlace(names.get(path, ""), count, each.url)
    joint = "&" if "?" in each.url else "?"
    if each.unplaced and len(path) == Area.Level.STREET * SEGMENT:
        return DeskPlace("还不知道社区", count, f"{each.url}{joint}{urlencode({'place': each.unplaced})}")
    return DeskPlace(names.get(path, ""), count, f"{each.url}{joint}{urlencode({'place': path})}")


def _figures(area: Area, figures: CoverageFigures, today: date) -> list[ShownFigure]:
    return [_shown(area, each) for each in desk.desk_figures(area, figures, today)]


def _shown(area: Area, each: DeskFigure) -> ShownFigure:
    label, unit, name = FIGURES[each.name]
    of = f"占 {each.value / each.of:.1%}" if each.of else ""
    changes = list(_flows(each, unit) if each.name in desk.FLOWS else _changes(each))
    return ShownFigure(label, f"{each.value:,} {unit}", of, changes, reverse(name, args=[area.pk]))


def _changes(each: DeskFigure) -> Iterator[str]:
    for words, before in (("比上月底", each.month_ago), ("比去年今天", each.year_ago)):
        if before is not None:
            yield f"{words} {each.value - before:+,}" if each.value != before else f"{words}没有变"


def _flows(each: DeskFigure, unit: str) -> Iterator[str]:
    for words, before in (("上月", each.month_ago), ("去年同月", each.year_ago)):
        if before is not None:
            yield f"{words} {before:,} {unit}"


def audited(user: Any, today: date) -> list[DeskPlace]:
    """Return today's exports, reveals, refusals and failed logins, with the addresses of their lists."""
    counts, trail = desk.audited_today(user, today), reverse("admin:members_auditentry_changelist")
    query = {"at_from": f"{today}", "at_to": f"{today}"}
    return [
        DeskPlace(words, counts[action], f"{trail}?{urlencode({'action__exact': action} | query)}")
        for action, words in AUDITED.items()
    ]
