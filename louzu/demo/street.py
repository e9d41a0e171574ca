"""A made-up street for demonstrations: the paper's figures, and no real person or employer.

`areas_workbook()` and `roster_workbook()` give the bytes of two xlsx files in the layouts that `import_areas` and
`import_roster` read. Every call gives the same cells. ID numbers and credit codes lie under the unassigned area
code 990000 and phones under the unassigned 1990000, so that they pass every check and belong to nobody.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from heapq import nsmallest
from itertools import pairwise
from random import Random
from typing import NamedTuple

from louzu.demo.communities import TRAITS
from louzu.demo.people import AREA_CODE, LAST_ADMITTED_ON, DemoPerson, admitted_on, person
from members.ground.export import workbook

STREET = "新成路街道"
RESIDENTS, GROUPS, MEMBERS, LOCAL_MEMBERS, NOT_TAKING_PART = 54_700, 873, 5_200, 1_300, 100
FIRST_PHONE = 19_900_000_000
FIRST_GROUP_ON, LAST_GROUP_ON = date(2003, 10, 15), date(2009, 12, 28)

AREA_HEADINGS = ("社区", "社区常住人口", "小区", "住宅类型", "楼组", "建组日期", "楼组党小组状态")
ROSTER_HEADINGS = (
    *("序号", "姓名", "性别", "出生年月", "身份证号", "联系电话", "党员类别", "入党时间", "在职/在册"),
    *("工作单位", "统一社会信用代码", "职务层次", "社区", "小区", "楼组", "室号", "特长", "备注", "参加楼组党小组"),
)

COMMUNITIES = tuple(f"第{number}社区" for number in "一二三四五六七八")
COMPOUNDS_EACH = 5
COMPOUND_NAMES = ("迎晖苑", "嘉乐花园", "新成小区", "仓桥公寓", "塔城新村", "墅沟里", "金沙公寓", "梅园")


class Housing(NamedTuple):
    """A kind of compound: its name on screen, floors, doors on a floor, and how many buildings (a weight)."""

    label: str
    floors: int
    doors: int
    buildings: float


HOUSING = (
    Housing("商品房", 11, 4, 0.8),
    Housing("售后公房", 6, 4, 1.1),
    Housing("动迁安置房", 6, 4, 1.0),
    Housing("老旧小区", 5, 3, 1.3),
    Housing("别墅", 3, 4, 0.7),
)
HOUSING_OF_COMPOUNDS = [
    next(kind for kind in HOUSING if kind.label.startswith(initial)) for one in TRAITS for initial in one.housing
]

PUBLIC_BODIES = (
    *("区教育局", "区财政局", "区卫生健康委", "区农业农村委", "区市场监管局", "区税务局", "区人民法院"),
    *("区民政局", "区统计局", "区档案馆", "区建设管理委", "工业区管委会"),
)
INSTITUTIONS = (
    *("区中心医院", "第一中学", "实验小学", "职业技术学院", "区图书馆", "区文化馆", "区疾控中心", "区融媒体中心"),
)
COMPANIES = (
    *("嘉禾城市建设集团有限公司", "通达公共交通有限公司", "清源自来水有限公司", "禾穗农商银行新成支行"),
    *("恒驰汽车零部件有限公司", "明序信息科技有限公司", "澄光精密仪器有限公司", "远帆物流有限公司"),
    *("春和物业服务有限公司", "松涛餐饮管理有限公司", "云栖园艺有限公司", "荷风印务有限公司"),
    *("半亩食品有限公司", "沐光照明有限公司", "揽翠园林有限公司", "桂语文化传播有限公司"),
    *("听澜会计师事务所", "棠溪律师事务所", "晴川建筑设计事务所", "禾丰种业有限公司"),
)
NEIGHBOURHOOD_COMPANIES = 12  # the last of COMPANIES: each employs members of one or two communities only

SKILLS = ("书法", "太极拳", "水电维修", "法律咨询", "摄影", "心理疏导", "医疗保健", "家电维修", "合唱", "园艺", "外语")


class Group(NamedTuple):
    """A building group: its place, and the day its party group was founded."""

    community: str
    compound: str
    building: str
    founded_on: date
    housing: Housing


class DemoEmployer(NamedTuple):
    """An employer of in-post members, who live in `communities`; it has 处级 and 科级 members if `ranked`."""

    name: str
    credit_code: str
    communities: Sequence[str]
    size: int
    ranked: bool


def areas_workbook() -> bytes:
    """Return the street's tree as .xlsx: one sheet 组织架构, one row for each of the 873 building groups."""
    groups = _groups()
    residents = _residents(groups)
    rows = [
        (g.community, residents[g.community], g.compound, g.housing.label, g.building, str(g.founded_on), "已建立")
        for g in groups
    ]
    return workbook("组织架构", AREA_HEADINGS, rows, formats=_texts(AREA_HEADINGS, but="社区常住人口"))


def roster_workbook() -> bytes:
    """Return the street's roster as .xlsx: one sheet 花名册, one row for each of the 5,200 members."""
    return workbook("花名册", ROSTER_HEADINGS, _members(), formats=_texts(ROSTER_HEADINGS, but="序号"))


def _texts(headings: Sequence[str], *, but: str) -> dict[int, str]:
    """Return the text format for all columns but one, so that Excel keeps an ID number when its cell is edited."""
    return {number: "@" for number, heading in enumerate(headings) if heading != but}


@cache
def _groups() -> tuple[Group, ...]:
    rng = Random(f"{STREET} 楼组")
    weights = [
        rng.uniform(0.7, 1.3) * TRAITS[compound // COMPOUNDS_EACH].size * housing.buildings
        for compound, housing in enumerate(HOUSING_OF_COMPOUNDS)
    ]
    groups = [
        _group(rng, compound, number)
        for compound, count in enumerate(_shares(GROUPS, weights))
        for number in range(1, count + 1)
    ]
    return (groups[0]._replace(founded_on=FIRST_GROUP_ON), *groups[1:])


def _group(rng: Random, compound: int, number: int) -> Group:
    """Return the building of this number in the street's n-th compound; compounds' names repeat in turn."""
    phase, name = divmod(compound, len(COMPOUND_NAMES))
    return Group(
        COMMUNITIES[compound // COMPOUNDS_EACH],
        f"{COMPOUND_NAMES[name]}{phase + 1}期",
        f"{number}号楼",
        _founded_on(rng),
        HOUSING_OF_COMPOUNDS[compound],
    )


def _founded_on(rng: Random) -> date:
    """Return a day of the paper's years, more often an early one: 成熟一个、建立一个."""
    return FIRST_GROUP_ON + (LAST_GROUP_ON - FIRST_GROUP_ON) * rng.betavariate(1.2, 2)


def _residents(groups: Iterable[Group]) -> dict[str, int]:
    homes = dict.fromkeys(COMMUNITIES, 0)
    for group in groups:
        homes[group.community] += group.housing.floors * group.housing.doors
    return dict(zip(homes, _shares(RESIDENTS, list(homes.values())), strict=True))


def _shares(total: int, weights: Sequence[float]) -> list[int]:
    """Split `total` into whole numbers in proportion to `weights`; they add up to it exactly."""
    ends, weight_so_far = [0], 0.0
    for weight in weights:
        weight_so_far += weight
        ends.append(round(total * weight_so_far / sum(weights)))
    return [end - start for start, end in pairwise(ends)]


def _members() -> list[tuple[object, ...]]:
    rng = Random(f"{STREET} 花名册")
    homes = _homes(rng)
    local = _local(rng, homes)
    staying_out = _staying_out(rng, homes)
    employers = _employers(rng)
    taken: set[object] = set()
    rows: list[tuple[object, ...]] = []
    for i, home in enumerate(homes):
        one = person(rng, home, is_local=i in local, taken=taken)
        work = ("在册", None, None, None) if i in local else _work(rng, home, one.born_on, employers)
        joined = "否" if i in staying_out else "是"
        rows.append((i + 1, *_identity(rng, one, FIRST_PHONE + i), *work, *_place(rng, home), None, joined))
    return rows


def _homes(rng: Random) -> list[Group]:
    """Return the building group of each member in the tree's order, every group at least once."""
    groups = _groups()
    weights = [rng.uniform(0.3, 1.0) * group.housing.floors**0.3 for group in groups]
    members = [1 + more for more in _shares(MEMBERS - GROUPS, weights)]
    return [group for group, count in zip(groups, members, strict=True) for _ in range(count)]


def _local(rng: Random, homes: Sequence[Group]) -> set[int]:
    """Return indexes of the local members; some communities have three times the share of others."""
    weights = {community: one.local for community, one in zip(COMMUNITIES, TRAITS, strict=True)}
    drawn = [(rng.expovariate(weights[home.community]), i) for i, home in enumerate(homes)]
    return {i for _, i in nsmallest(LOCAL_MEMBERS, drawn)}


def _staying_out(rng: Random, homes: Sequence[Group]) -> set[int]:
    """Return indexes of members who do not take part: some of every community, never the only one of a group."""
    chosen: set[int] = set()
    neighbours = [i for i, (one, other) in enumerate(pairwise(homes)) if one == other]
    for community, count in zip(
        COMMUNITIES, _shares(NOT_TAKING_PART, [one.staying_out for one in TRAITS]), strict=True
    ):
        by_group = {homes[i]: i for i in neighbours if homes[i].community == community}
        chosen.update(rng.sample(list(by_group.values()), count))
    return chosen


def _identity(rng: Random, one: DemoPerson, phone: int) -> tuple[str, ...]:
    admitted = admitted_on(rng, one.born_on)
    standing = "预备党员" if (LAST_ADMITTED_ON - admitted).days < 365 else "正式党员"
    return one.name, one.sex, str(one.born_on), one.id_number, str(phone), standing, str(admitted)


def _work(rng: Random, home: Group, born_on: date, employers: Sequence[DemoEmployer]) -> tuple[str | None, ...]:
    near = [employer for employer in employers if home.community in employer.communities]
    employer = rng.choices(near, [one.size for one in near])[0]
    may_be_ranked = employer.ranked and born_on.year < 1992
    rank = rng.choices(("处级", "科级", None), (6, 24, 70))[0] if may_be_ranked else None
    return "在职", employer.name, employer.credit_code, rank


def _place(rng: Random, home: Group) -> tuple[str | None, ...]:
    floor, door = rng.randint(1, home.housing.floors), rng.randint(1, home.housing.doors)
    skills = "、".join(rng.sample(SKILLS, rng.choices((0, 1, 2), (35, 50, 15))[0]))
    return home.community, home.compound, home.building, f"{floor}{door:02}", skills or None


def _employers(rng: Random) -> list[DemoEmployer]:
    kinds = [("11", name) for name in PUBLIC_BODIES] + [("12", name) for name in INSTITUTIONS]
    kinds += [("91", name) for name in COMPANIES]
    communities = COMMUNITIES
    employers = []
    for i, (kind, name) in enumerate(kinds):
        is_small = i >= len(kinds) - NEIGHBOURHOOD_COMPANIES
        near = tuple(rng.sample(communities, rng.randint(1, 2))) if is_small else communities
        size = rng.randint(8, 30) if is_small else rng.randint(10, 60)
        employers.append(DemoEmployer(name, _credit_code(kind, i), near, size, ranked=kind != "91"))
    return employers


def _credit_code(kind: str, number: int) -> str:
    """Return a credit code as in GB 32100: kind of body, area code, organisation code (GB 11714), check character."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"M{'A' if kind == '91' else 'B'}{number:06}"
    values = [int(character, 36) for character in body]
    total = sum(value * weight for value, weight in zip(values, (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    code = f"{kind}{AREA_CODE}{body}{'0X987654321'[total % 11]}"
    return code + alphabet[-sum(alphabet.index(c) * 3**place for place, c in enumerate(code)) % 31]
