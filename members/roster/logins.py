"""A table of logins: name, login name, post and place a row, checked before any is added."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from members.ground import access
from members.ground.access import PostKind, Resource, Right
from members.ground.login_names import suggested
from members.ground.text import as_text, place_key, squeezed
from members.models import Area, AreaRole, User
from members.roster.columns import Vocabulary
from members.roster.refusal import UnreadableFile
from members.roster.sheet import RosterRow, read

MOST = 100  # hashing a password takes a tenth of a second
HEADINGS = {
    "name": ("姓名", "名字"),
    "kind": ("岗位", "职务", "角色"),
    "place": ("地方", "区域", "所在地方", "社区小区楼组", "辖区"),
    "username": ("登录名", "用户名", "账号"),
}
KINDS = {
    PostKind.STREET: ("街道", "街道办", "街道干部"),
    PostKind.SECRETARY: ("书记", "社区党组织书记", "居民区书记"),
    PostKind.LIAISON: ("小区联络员", "联络站联络员"),
    PostKind.LEADER: ("楼组长", "党小组长", "小组长"),
    PostKind.INSTRUCTOR: (),
    PostKind.AUDITOR: (),
    PostKind.DISTRICT: (),
}
BY_WORD = {word: kind for kind, words in KINDS.items() for word in (kind.label, *words)}
TOO_MANY = f"一次最多开通 {MOST} 位，请分几次。"
NOBODY = "表头下面没有人。请一行写一位：姓名、岗位、地方。"


@dataclass(slots=True)
class PlannedLogin:
    """A row of the table: whom it adds with which post, `problem` where it cannot, `known` where the post is held.

    `note` says what to look at before it is added.
    """

    number: int
    name: str
    username: str = ""
    kind: PostKind | None = None
    area: Area | None = None
    problem: str = ""
    known: bool = False
    note: str = ""


def read_table(content: bytes) -> list[RosterRow]:
    """Return the rows of a pasted or uploaded table. Raises UnreadableFile, also for none or too many."""
    rows = [row for sheet in read(content, Vocabulary(HEADINGS, "name")) for row in sheet.rows]
    if not 0 < len(rows) <= MOST:
        raise UnreadableFile(TOO_MANY if rows else NOBODY)
    return rows


def as_table(rows: list[RosterRow]) -> str:
    """Return the rows as text with tabs, as a workbook is pasted."""
    lines = [[names[0] for names in HEADINGS.values()]]
    lines += [[" ".join(_text(row, field).split()) for field in HEADINGS] for row in rows]
    return "\n".join("\t".join(line) for line in lines)


def plan(rows: list[RosterRow], *, by: User) -> list[PlannedLogin]:
    """Say of each row what it adds, within what the acting user may give. Four queries, however many rows."""
    places, taken = GivenPlaces(by), set(User.objects.values_list("username", flat=True))
    held, posts = _held(by, {squeezed(_text(row, "name")) for row in rows})
    asked = Counter(name for row in rows if (name := _text(row, "username").strip()))
    seen: dict[tuple[Any, ...], int] = {}
    planned = []
    for row in rows:
        one = PlannedLogin(row.number, squeezed(_text(row, "name")), _text(row, "username").strip())
        try:
            if not one.name:
                raise ValidationError("请填姓名。")
            one.kind = _kind(_text(row, "kind"), by)
            one.area = places.find(_text(row, "place"), one.kind)
            one.known = (one.name, one.kind, one.area.pk) in held
            one.note = f"已有同名用户：{'、'.join(posts[one.name])}" if one.name in posts and not one.known else ""
            if (before := seen.setdefault((one.name, one.kind, one.area.pk), one.number)) != one.number:
                raise ValidationError(f"和第 {before} 行重复，请去掉一行。")
            if not one.known:
                one.username = _username(one, taken, asked)
                taken.add(one.username)
        except ValidationError as error:
            one.problem = "".join(error.messages)
        planned.append(one)
    return planned


class GivenPlaces:
    """The areas where the acting user may give posts, by what people call them."""

    def __init__(self, by: User):
        self.by_key: dict[tuple[int, str], list[Area]] = defaultdict(list)
        for area in Area.objects.for_user(by, Right.WRITE, resource=Resource.POST).current():
            for key in _keys(area):
                self.by_key[area.level, key].append(area)

    def find(self, text: str, kind: PostKind) -> Area:
        """Return the one place of this name at the post's level; ValidationError where there is none, or several."""
        level = AreaRole.LEVELS.get(kind)
        levels = [level] if level else list(Area.Level)
        found = [area for each in levels for area in self._called(each, place_key(text))]
        wanted = level.label if level else "街道、社区或小区"
        if not found:
            raise ValidationError(
                f"没有找到“{text}”。{kind.label}的地方要写{wanted}的名称。" if text else f"请写上{wanted}的名称。"
            )
        if len(found) > 1:
            raise ValidationError(f"有 {len(found)} 处叫“{text}”，请写完整，如“{found[0].label}”。")
        return found[0]

    def _called(self, level: int, key: str) -> list[Area]:
        if not key and level == Area.Level.STREET:
            return [area for (each, _), areas in self.by_key.items() if each == level for area in areas]
        return self.by_key.get((level, key), [])


def _keys(area: Area) -> Iterator[str]:
    """Yield the area's name alone, and with those of the areas above it: 1号楼, 迎晖苑1号楼, 第一社区迎晖苑1号楼."""
    parts = area.label.split(" ")
    yield from {place_key("".join(parts[start:])) for start in range(len(parts))}


def _held(by: User, names: set[str]) -> tuple[set[tuple[str, str, int]], dict[str, list[str]]]:
    """Return what users of these names hold, as (name, kind, area's id), and their posts in words by name."""
    roles = AreaRole.objects.for_user(by).lasting().filter(user__name__in=names).select_related("user", "area")
    held: set[tuple[str, str, int]] = set()
    posts: dict[str, list[str]] = defaultdict(list)
    for role in roles:
        held.add((role.user.name, role.kind, role.area_id))
        posts[role.user.name].append(str(role))
    return held, posts


def _kind(text: str, by: User) -> PostKind:
    kind = BY_WORD.get(squeezed(text))
    grantable = access.grantable(by)
    offered = "、".join(each.label for each in PostKind if each in grantable)
    if kind is None:
        raise ValidationError(f"岗位“{text}”认不出来，请填：{offered}。" if text else f"请填岗位：{offered}。")
    if kind not in grantable:
        raise ValidationError(f"{kind.label}不归您安排。您可以安排：{offered}。")
    return kind


def _username(one: PlannedLogin, taken: set[str], asked: Counter[str]) -> str:
    """Return the row's login name, or one made from the name; ValidationError where it cannot be had."""
    username = one.username or suggested(one.name, taken | set(asked))
    if asked[username] > 1:
        raise ValidationError(f"登录名“{username}”在表里写了 {asked[username]} 次，请换一个。")
    if username in taken:
        raise ValidationError("这个登录名已有人使用，请换一个。")
    User(username=username, name=one.name).clean_fields(exclude={"password"})
    return username


def _text(row: RosterRow, field: str) -> str:
    return as_text(row.cells.get(field, ""))
