"""Made-up people of the demonstration street: believable names, valid ID numbers, nobody real."""

from collections.abc import Hashable
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

# No district has this code, so that no ID number under it is anybody's.
AREA_CODE = "990000"
LAST_ADMITTED_ON = date(2026, 6, 30)

COMMON_SURNAMES = (
    *"王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹",
    *"彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈",
)
LESS_COMMON_SURNAMES = (
    *"姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫骆雷侯",
    *"龙史陶黎顾祝郝龚邵万钱严武戴莫孔向汤",
)
RARE_SURNAMES = (
    *"单仇查翟解区盖乐缪曲尉宓逄亓郗麴揭佘隗綦",
    *("欧阳", "上官", "司马", "诸葛", "夏侯", "皇甫", "慕容", "尉迟", "令狐", "端木"),
)

# For each sex: first and second characters of given names, by a generation's last year of birth.
GIVEN_NAMES = {
    1964: {
        "男": ("建国金福根永德志忠长炳宝兴荣正", "生林根明良祥发仁义才昌荣兴华顺"),
        "女": ("秀桂玉凤美金惠淑月素雅爱彩兰珍", "英芳珍兰妹娣琴宝仙华云珠凤娥萍"),
    },
    1984: {
        "男": ("建志国伟文晓海卫俊永宏立东向学", "军伟明峰东斌辉勇华忠民涛新清良"),
        "女": ("丽晓海敏雪红小玉春燕惠文亚静云", "红燕萍霞敏华芳娟琴玲丽梅艳洁英"),
    },
    2004: {
        "男": ("子浩宇俊嘉晨思梓逸天文睿承一铭", "轩杰宇豪然乐昊航辰涵凡博铭泽远"),
        "女": ("雨欣佳思诗梦子语雅若晓静可嘉一", "婷怡琪涵颖萱瑶妍彤雯菲悦宁蕾清"),
    },
}


class DemoPerson(NamedTuple):
    """A member's own particulars."""

    name: str
    sex: str
    born_on: date
    id_number: str


def person(rng: Random, home: Hashable, *, is_local: bool, taken: set[object]) -> DemoPerson:
    """Return a person whose ID number, and whose name at `home`, are not yet in `taken`; both are added to it."""
    # Local members are mostly retired people whose membership moved home with them.
    likeliest_year = 1953 if is_local else 1980
    while True:
        born_on = date(int(rng.triangular(1940, 2005, likeliest_year)), 1, 1) + timedelta(days=rng.randrange(365))
        sex = rng.choice("男女")
        one = DemoPerson(_name(rng, sex, born_on), sex, born_on, _id_number(rng, sex, born_on))
        if taken.isdisjoint(((home, one.name), one.id_number)):
            taken.update(((home, one.name), one.id_number))
            return one


def admitted_on(rng: Random, born_on: date) -> date:
    """Return a day after the eighteenth birthday, mostly in the younger years; for some in the year of probation."""
    if born_on.year > 1975 and rng.random() < 0.04:
        return LAST_ADMITTED_ON - timedelta(days=rng.randrange(365))
    of_age = born_on + timedelta(days=18 * 366)
    return of_age + (LAST_ADMITTED_ON - of_age) * rng.betavariate(1.2, 3)


def _name(rng: Random, sex: str, born_on: date) -> str:
    surnames: tuple[str, ...] = rng.choices((COMMON_SURNAMES, LESS_COMMON_SURNAMES, RARE_SURNAMES), (80, 17, 3))[0]
    first, second = next(names[sex] for last_year, names in GIVEN_NAMES.items() if born_on.year <= last_year)
    opening = "" if rng.random() < 0.12 else rng.choice(first)
    return rng.choice(surnames) + opening + rng.choice(second.replace(opening or " ", ""))


def _id_number(rng: Random, sex: str, born_on: date) -> str:
    """Return an ID number as in GB 11643: odd sequence number for a man, check digit of ISO 7064 MOD 11-2."""
    sequence = rng.randrange(0, 998, 2) + (1 if sex == "男" else 2)
    body = f"{AREA_CODE}{born_on:%Y%m%d}{sequence:03}"
    total = sum(int(digit) << 17 - place for place, digit in enumerate(body))
    return body + "10X98765432"[total % 11]
