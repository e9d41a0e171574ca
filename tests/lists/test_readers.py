"""The readers of one text each: a name, a phone, a day, a room; and the age of a member."""

import re
import sys
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.ground.ages import implausible
from members.ground.characters import INVISIBLE, NARROW, OLD_GBK, _spread
from members.ground.days import Unreadable, read_day
from members.ground.names import fold_name, read_name
from members.ground.phones import read_phone
from members.ground.rooms import fold_room
from members.ground.text import UNFOLDED, is_nothing, narrow, squeezed, visible
from members.ground.trouble import UNCOMPUTED, trouble

TODAY = date(2026, 11, 23)
PUZZLING = st.text(
    st.sampled_from(
        "王芳李〇·•.。, ()（）\u200b\u2060\ufe0f\u00ad\u3000\u0301\u0344ÀAe'-\ufa0c\u2f00\ue863\U00020bb7\nㆍ１"
    )
    | st.characters(),
    max_size=12,
)


def test_everything_of_category_cf_shows_nothing() -> None:
    formats = {code for code in range(sys.maxunicode) if unicodedata.category(chr(code)) == "Cf"}
    assert formats <= _spread(INVISIBLE)
    assert {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), 0x180B, 0x180C, 0x180D, 0x180F} <= _spread(INVISIBLE)


def test_what_is_folded_is_looked_for() -> None:
    assert not [hex(code) for code in NARROW if not UNFOLDED.search(chr(code))]


@pytest.mark.parametrize("sign", ["\u202d", "\u2060", "\u200e", "\u00ad", "\ufe0e", "\U000e0100", "\u180b", "\ufeff"])
def test_what_shows_nothing_is_out_of_every_text(sign: str) -> None:
    assert visible(f"{sign}王{sign}芳") == narrow(f"王{sign}芳{sign}") == squeezed(f" 王{sign} 芳") == "王芳"
    assert is_nothing(sign)
    assert is_nothing(f"{sign}无")
    assert fold_room(f"{sign}3{sign}02室{sign}") == "302"
    assert read_phone(f"{sign}1990000{sign}1234") == "19900001234"
    assert read_day(f"1998-07{sign}-01", today=TODAY) == "1998-07-01"
    assert read_name(f"测{sign}试{sign}甲") == "测试甲"


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("王 小 明", "王小明"),
        ("张  三", "张三"),
        ("欧阳 建国", "欧阳建国"),
        ("测试 丙", "测试丙"),
        ("'王芳", "王芳"),
        ("王〇一", "王〇一"),
        ("\U00030edd\U00030edd文", "\U00030edd\U00030edd文"),
        ("\ufa0c文", "兀文"),
        ("\u2f45\u2f55", "方火"),
        ("⻢⻰", "马龙"),
        ("张\ue863", "张䶮"),
        ("Anna  Li", "Anna Li"),
        ("O'Neil", "O'Neil"),
        ("Ａｎｎａ．Ｌｉ", "Anna·Li"),
        ("测试都 · 合曼", "测试都·合曼"),
        ("甲乙.丙丁•戊己", "甲乙·丙丁·戊己"),
        ("王已", "王已"),
        ("李先", "李先"),
        ("王和平", "王和平"),
    ],
)
def test_names(written: str, name: str) -> None:
    assert read_name(written) == name


@pytest.mark.parametrize("dot", "·•・‧．.⋅∙●。ꞏ･｡․˙ㆍ﹒")
def test_every_dot_between_characters_is_one(dot: str) -> None:
    assert read_name(f"测试都{dot}合曼") == "测试都·合曼"


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("测试甲（已故）", "已故、迁出的请从名单中删去或办理迁出"),
        ("测试甲 已去世", "已故、迁出的请从名单中删去或办理迁出"),
        ("测试甲(亡)", "已故、迁出的请从名单中删去或办理迁出"),
        ("测试丙【2025年3月转 出】", "已故、迁出的请从名单中删去或办理迁出"),
        ("张三（样例）", "样例"),
        ("示例：李四", "样例"),
        ("例：李四", "样例"),
        ("测试行", "样例"),
        ("李四（女）", "性别"),
        ("李四 女", "性别"),
        ("李四（原名李五）", "“原名李五”"),
        ("李四同志", "“同志”"),
        ("测试丁夫妇", "几个人"),
        ("张三、李四", "几个人"),
        ("张三和李四", "几个人"),
        ("例 李四", "样例"),
        ("-王芳", "符号“-”"),
        ("张三 李四", "去掉中间的空格"),
        ("张三\n李四", "几个人"),
        ("不详", "不是姓名"),
        ("测试丁1", "数字"),
        ("测试丁①", "数字"),
        ("赵?六", "符号“?”"),
        ("王*", "符号“*”"),
        ("王○明", "符号“○”"),
        ("王芳.", "符号"),
        ("王··芳", "符号"),
        ("王-芳", "符号“-”"),
        ("孙\ufffd", "孙□"),
        ("孙\ue001文", "孙□文"),
        ("\U000f1234文", "□文"),
        ("王", "2 到 30"),
        ("王" * 31, "2 到 30"),
        ("", "2 到 30"),
    ],
)
def test_what_is_no_name(written: str, part: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(part)):
        read_name(written)


@given(PUZZLING)
def test_folding_again_changes_nothing(written: str) -> None:
    assert fold_name(fold_name(written)) == fold_name(written)
    assert narrow(narrow(written)) == narrow(written)
    assert squeezed(squeezed(written)) == squeezed(written)


@given(PUZZLING)
def test_a_name_that_was_read_is_read_as_it_is(written: str) -> None:
    try:
        name = read_name(written)
    except Unreadable:
        return
    assert read_name(name) == fold_name(name) == name
    assert 2 <= len(name) <= 30


def test_the_old_codes_of_gbk() -> None:
    assert chr(OLD_GBK[0xE863]) == "䶮"
    assert all(code >= 0x3400 for code in OLD_GBK.values())
    assert 0xE815 not in OLD_GBK  # a radical


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("19900001234.0", "19900001234"),
        (19900001234.0, "19900001234"),
        ("1.9900001234E+10", "19900001234"),
        ("199‑0000—1234", "19900001234"),
        ("0512\u30005999\u20090000", "0512-59990000"),
    ],
)
def test_phones(written: str | float, phone: str) -> None:
    assert read_phone(written) == phone


@pytest.mark.parametrize(
    ("written", "part"), [("1.99E+10", "丢失"), ("199000012345.0", "不对"), ("٠١٢٥٩٩٩٠٠٠٠", "不对")]
)
def test_what_is_no_phone(written: str, part: str) -> None:
    with pytest.raises(Unreadable, match=part):
        read_phone(written)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("1988 1 1", "1988-01-01"),
        ("1988  10", "1988-10"),
        ("1988-1", "1988-01"),
        ("1988 年 1 月 1 日", "1988-01-01"),
        ("1988. 7. 1", "1988-07-01"),
        ("1988。7", "1988-07"),
        ("1988—07—01", "1988-07-01"),
        ("1998-07-01 8:30", "1998-07-01"),
        (date(1905, 3, 13), "1905-03-13"),
    ],
)
def test_days(written: str | date, day: str) -> None:
    assert read_day(written, today=TODAY) == day


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("88.7", "四位数"),
        ("88年7月1日", "四位数"),
        ("88/7/1", "四位数"),
        (date(1905, 3, 14), "年份 1900 当成了 1905 年的一天"),
        (date(1905, 6, 7), "年份 1985 当成了 1905 年的一天"),
        ("1905/6/7", "年份 1985 当成了 1905 年的一天"),
        (date(1905, 9, 30), "年份 2100 当成了 1905 年的一天"),
        (date(1909, 6, 8), "年份 1985 当成了 1909 年的一天"),
        ("1988 13 1", "没有这一天"),
        ("19 88 1", "看不懂"),
    ],
)
def test_what_is_no_day(written: str | date, part: str) -> None:
    with pytest.raises(Unreadable, match=part):
        read_day(written, today=TODAY)


@pytest.mark.parametrize(
    ("cell", "part"),
    [
        ("#N/A", "公式错误 #N/A"),
        (" #ref! ", "公式错误 #REF!"),
        ("#NAME?", "公式错误 #NAME?"),
        (UNCOMPUTED, "用 Excel 打开保存一次"),
        ("######", "列太窄"),
        ("3\ufffd楼", "3□楼"),
        ("12#", ""),
        ("张\ue863", ""),
        ("王芳", ""),
        (3.0, ""),
    ],
)
def test_trouble(cell: str | float, part: str) -> None:
    assert (part in trouble(cell)) if part else trouble(cell) == ""


@pytest.mark.parametrize(
    ("birth", "since", "field"),
    [
        ("1985-07-03", "2003-07-03", None),
        ("1985-07-03", "2003-07-02", "party_since"),
        ("1985-07", "2003-06-30", "party_since"),
        ("1985-07", "2003-07-01", None),
        ("1985", "2003-01-01", None),
        ("1985", "2002-12-31", "party_since"),
        ("1985-07-03", "1985", None),  # a year proves nothing
        ("1985-07-03", "1985-06", "party_since"),  # before birth
        ("2008-11-23", "", None),
        ("2008-11-24", "", "birth_date"),
        ("2008-12", "", "birth_date"),
        ("2008", "", None),
        ("2009", "", "birth_date"),
        ("1916-11-23", "", None),
        ("1916-11-22", "", "birth_date"),
        ("1916", "", None),
        ("1915", "", "birth_date"),
        ("2004-02-29", "2022-02-28", "party_since"),
        ("2004-02-29", "2022-03-01", None),
        ("", "2022-03-01", None),
    ],
)
def test_ages(birth: str, since: str, field: str | None) -> None:
    found = implausible(birth, since, today=TODAY)
    assert (found and found[0]) == field
