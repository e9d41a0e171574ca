"""One row's cells → clean values: every error of the row at once, each with a sentence that says what to do."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from members.ground import credit_code, id_number
from members.ground.days import Unreadable, read_day
from members.ground.rooms import fold_room
from members.ground.text import BLANKS, Cell, as_text, narrow, squeezed
from members.roster.sheet import RosterRow

HEADINGS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "党员姓名"),
    "sex": ("性别",),
    "id_number": ("身份证", "身份证号", "身份证号码", "公民身份号码", "公民身份证号码", "证件编号", "证件号码"),
    "birth_date": ("出生年月", "出生日期", "出生时间", "生日"),
    "phone": ("联系电话", "手机", "手机号", "手机号码", "联系手机", "联系方式", "电话"),
    "standing": ("党员类别", "人员类别", "政治面貌"),
    "party_since": ("入党时间", "入党日期", "入党年月", "加入党组织日期", "接收预备党员日期"),
    "affiliation": ("在职/在册", "在职在册", "党员类型", "组织关系"),
    "employer": ("工作单位", "单位", "单位名称", "工作单位及职务", "单位、职务或职业", "所在单位"),
    "credit_code": ("统一社会信用代码", "信用代码"),
    "rank": ("职务层次", "职务级别", "职级"),
    "community": ("社区", "居委", "居委会"),
    "station": ("小区", "所在小区", "住宅小区", "联络站"),
    "group": ("楼组", "楼号", "楼栋", "楼"),
    "room": ("室号", "门牌", "房号", "单元室号"),
    "address": ("家庭住址", "住址", "家庭现住址", "现住址", "现居住地址", "居住地址", "家庭地址", "地址", "居住地"),
    "joined": ("参加楼组党小组", "是否参加楼组党小组", "参加楼组党小组日期"),
    "skills": ("特长", "专长", "专业特长"),
    "remark": ("备注",),
}
DATE_FIELDS = ("birth_date", "party_since", "joined")

SEXES = {"男": "male", "女": "female"}
STANDINGS = {
    "正式党员": "full",
    "中共党员": "full",
    "党员": "full",
    "预备党员": "probationary",
    "中共预备党员": "probationary",
}
AFFILIATIONS = {"在职": "in_post", "在职党员": "in_post", "在册": "local", "在册党员": "local"}
JOINED = {"是": "yes", "否": "no"}
RANKS = (("division", r"[正副]?处级?|县处级([正副]职)?"), ("section", r"[正副]?科级?|乡科级([正副]职)?"))
PLACES = ("community", "station", "group")
LONGEST = {"employer": 100, "community": 50, "station": 50, "group": 50, "room": 30, "address": 2000, "remark": 200}

HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
BETWEEN_PEOPLE = re.compile(r"[、,;；/&]|\S{2,}\s*\n\s*\S{2,}")
NEVER_IN_NAMES = re.compile(r"[*?_=<>|\\{}\[\]□×#@+]")
EXTENSION_OR_SECOND = re.compile(r"[、,;；/\n]")
LANDLINE = re.compile(r"(01\d|02\d|0[3-9]\d{2})([2-9]\d{6,7})")

NO_NAME = "没有填姓名，请补上姓名"
NO_SEX = "没有填性别，也没有身份证号可以查对，请填“男”或“女”"
NO_AFFILIATION = "看不出是在职还是在册，请填“在职”或“在册”"
NO_EMPLOYER = "在职党员要填工作单位，请补上"
SEX_DISAGREES = "性别与身份证号对不上（身份证号第 17 位单数为男、双数为女），请核对后改正其中一项"
BIRTH_DISAGREES = "出生年月与身份证号对不上，请核对后改正其中一项"
BEFORE_BIRTH = "入党时间早于出生日期，请核对后改正"


@dataclass(slots=True)
class CellProblem:
    """An error in one cell: its field, its heading as written ("" where there is no such column), the value as shown in
    the cell, and a Chinese sentence that says what to do."""

    field: str
    column: str
    value: str
    message: str


def clean(
    row: RosterRow, *, affiliation: str, today: date, columns: Mapping[str, str] | None = None
) -> tuple[dict[str, str], list[CellProblem]]:
    """Return the row's values and problems.

    `affiliation` is that of the whole sheet ("local", "in_post" or ""), `columns` the sheet's headings as written. A
    field has a value only where its cell is filled, or where it follows from the ID number or the sheet; a field with a
    problem has none. Values: `sex` male/female; `birth_date` "1985-10-03" or "1985-10"; `phone` "19900000000" or
    "021-59990000"; `standing` full/probationary; `party_since` a day, month or year; `affiliation` local/in_post;
    `rank` division/section; `joined` yes/no/ISO day; `skills` joined by 、.
    """
    values: dict[str, str] = {}
    messages: dict[str, str] = {}
    for name, cell in row.cells.items():
        try:
            values[name] = READERS[name](cell, today)
        except Unreadable as error:
            messages[name] = str(error)
    _check_person(row, values, messages)
    _check_membership(values, messages, affiliation)
    columns = columns or {}
    problems = [
        CellProblem(name, columns.get(name, ""), as_text(row.cells.get(name, "")), message)
        for name, message in sorted(messages.items(), key=lambda item: ORDER[item[0]])
    ]
    return {name: value for name, value in values.items() if value and name not in messages}, problems


def _check_person(row: RosterRow, values: dict[str, str], messages: dict[str, str]) -> None:
    """Check the name, and the sex and birth date against the ID number."""
    if "name" not in row.cells:
        messages["name"] = NO_NAME
    number = values.get("id_number", "")
    if number:
        if values.setdefault("sex", id_number.sex(number)) != id_number.sex(number):
            messages.setdefault("sex", SEX_DISAGREES)
        _check_birth(row, values, messages, id_number.birth_date(number))
    elif not {"sex", "id_number"} & row.cells.keys():
        messages["sex"] = NO_SEX


def _check_birth(row: RosterRow, values: dict[str, str], messages: dict[str, str], known: str) -> None:
    given = values.setdefault("birth_date", known)
    cell = row.cells.get("birth_date")
    # Excel turns a typed 1985-10 into the first of October.
    is_month = isinstance(cell, date) and cell.day == 1 and known[:7] == given[:7]
    if is_month:
        values["birth_date"] = known
    elif not known.startswith(given):
        messages.setdefault("birth_date", BIRTH_DISAGREES)


def _check_membership(values: dict[str, str], messages: dict[str, str], affiliation: str) -> None:
    """Check the affiliation, the employer and the day of joining the party."""
    if "affiliation" not in messages and not values.setdefault("affiliation", affiliation):
        messages["affiliation"] = NO_AFFILIATION
    if values.get("affiliation") == "in_post" and not values.get("employer"):
        messages.setdefault("employer", NO_EMPLOYER)
    birth, since = values.get("birth_date", ""), values.get("party_since", "")
    shared = min(len(birth), len(since))
    if since[:shared] < birth[:shared]:
        messages.setdefault("party_since", BEFORE_BIRTH)


def _name(cell: Cell) -> str:
    text = _plain(cell)
    if BETWEEN_PEOPLE.search(text):
        raise Unreadable("一格里好像有几个人，请每人单独填一行")
    text = BLANKS.sub("" if HAN.search(text) else " ", text)
    if re.search(r"\d", text):
        raise Unreadable("姓名里有数字，请核对后重新填写")
    if NEVER_IN_NAMES.search(text):
        raise Unreadable("姓名里有不该出现的符号，请填写完整的姓名")
    if not 2 <= len(text) <= 30:
        raise Unreadable("姓名应为 2 到 30 个字，请核对后重新填写")
    return text


def _phone(cell: Cell) -> str:
    text = _plain(cell)
    if EXTENSION_OR_SECOND.search(text):
        raise Unreadable("一格只能填一个电话号码，请留下最常用的一个")
    digits = re.sub(r"[\s\-—–－()]", "", text)
    digits = re.sub(r"^(?:\+|00)?86(?=1\d{10}$|0\d{9})", "", digits)
    if re.fullmatch(r"1[3-9][0-9]{9}", digits):
        return digits
    if match := re.fullmatch(LANDLINE, digits) if digits.isascii() else None:
        return f"{match[1]}-{match[2]}"
    if re.fullmatch(r"[2-9][0-9]{6,7}", digits):
        raise Unreadable("固定电话要加区号，请写成 021-59990000 这样；手机号应为 11 位")
    raise Unreadable("电话号码不对：手机号应为 11 位、以 13 到 19 开头，固定电话要带区号，请核对后重新填写")


@lru_cache(maxsize=4096)  # few employers, many members
def _credit_code(cell: Cell) -> str:
    if isinstance(cell, float):
        raise Unreadable("信用代码被 Excel 当成数字，请把单元格格式设为“文本”后重新填写")
    try:
        return str(uscc.validate(squeezed(as_text(cell)).lstrip("'")))
    except ValidationError as error:
        raise Unreadable(credit_code.WRONG) from error


def _rank(cell: Cell) -> str:
    text = squeezed(as_text(cell))
    for rank, pattern in RANKS:
        if re.fullmatch(pattern, text):
            return rank
    raise Unreadable("职务层次只能填“处级”或“科级”，其他请留空")


def _joined(cell: Cell, today: date) -> str:
    if answer := JOINED.get(squeezed(as_text(cell))):
        return answer
    try:
        day = read_day(cell, today=today)
    except Unreadable as error:
        raise Unreadable(f"请填“是”“否”或参加的日期：{error}") from error
    if len(day) < 10:
        raise Unreadable("参加楼组党小组的日期要写到日，请写成 2024-07-01 这样，或只填“是”")
    return day


def _skills(cell: Cell) -> str:
    words = (BLANKS.sub(" ", word).strip() for word in re.split(r"[、;；,/\n]", _plain(cell)))
    return _bounded("、".join(dict.fromkeys(word for word in words if word)), 200)


def _address(cell: Cell) -> str:
    if isinstance(cell, date):
        raise Unreadable("Excel 把这一格变成了日期，请把单元格格式设为“文本”后重新填写")
    return _bounded(BLANKS.sub(" ", _plain(cell)), LONGEST["address"])


def _remark(cell: Cell) -> str:
    return _bounded(BLANKS.sub(" ", _plain(cell)), LONGEST["remark"])


def _plain(cell: Cell) -> str:
    """Return the text of a cell, without the quote that our exports put before = + - @."""
    return narrow(as_text(cell)).removeprefix("'")


def _bounded(text: str, longest: int) -> str:
    if len(text) > longest:
        raise Unreadable(f"最多填 {longest} 个字，这里有 {len(text)} 个字，请写短一些")
    return text


def _text(name: str) -> Callable[[Cell, date], str]:
    """Return a reader of plain text; it refuses dates, because Excel turns 3-201 into one."""

    @lru_cache(maxsize=4096)  # few places, many members
    def folded(cell: Cell) -> str:
        if isinstance(cell, date):
            raise Unreadable("Excel 把这一格变成了日期，请把单元格格式设为“文本”后重新填写")
        text = _plain(cell)
        if name == "room":
            text = fold_room(text)
        return _bounded(squeezed(text) if name in PLACES else BLANKS.sub(" ", text), LONGEST[name])

    return lambda cell, today: folded(cell)


def _choice(choices: Mapping[str, str], message: str) -> Callable[[Cell, date], str]:
    def read(cell: Cell, today: date) -> str:
        try:
            return choices[squeezed(as_text(cell))]
        except KeyError:
            raise Unreadable(message) from None

    return read


READERS: dict[str, Callable[[Cell, date], str]] = {
    "name": lambda cell, today: _name(cell),
    "sex": _choice(SEXES, "性别只能填“男”或“女”，请改正"),
    "id_number": lambda cell, today: id_number.read_id_number(cell, today=today),
    "birth_date": lambda cell, today: read_day(cell, today=today),
    "phone": lambda cell, today: _phone(cell),
    "standing": _choice(STANDINGS, "党员类别只能填“正式党员”或“预备党员”，请改正；不是党员的请从名单中删去"),
    "party_since": lambda cell, today: read_day(cell, today=today, year_alone=True),
    "affiliation": _choice(AFFILIATIONS, "只能填“在职”或“在册”，请改正"),
    "employer": _text("employer"),
    "credit_code": lambda cell, today: _credit_code(cell),
    "rank": lambda cell, today: _rank(cell),
    "community": _text("community"),
    "station": _text("station"),
    "group": _text("group"),
    "room": _text("room"),
    "address": lambda cell, today: _address(cell),
    "joined": _joined,
    "skills": lambda cell, today: _skills(cell),
    "remark": lambda cell, today: _remark(cell),
}
ORDER = {name: place for place, name in enumerate(HEADINGS)}
