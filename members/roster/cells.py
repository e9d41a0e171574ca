"""One row's cells → clean values: every error of the row at once, each with a sentence that says what to do."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from members.ground import credit_code, id_number
from members.ground.ages import implausible
from members.ground.days import Unreadable, read_day
from members.ground.names import read_name
from members.ground.phones import read_phone
from members.ground.rooms import fold_room
from members.ground.text import BLANKS, Cell, as_text, narrow, squeezed, without_zero
from members.ground.trouble import SUSPECT, UNCOMPUTED, trouble
from members.roster.headings import HEADINGS
from members.roster.sheet import RosterRow

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
LONGEST = {"employer": 100, "community": 50, "station": 50, "group": 50, "room": 30, "address": 2_000, "remark": 200}

CODE = re.compile(r"^\d{1,4}[_.、:-]")  # a drop-down's code before its label
# Who is no member here any more, and what says the contrary.
GONE = re.compile(r"死亡|已故|去世|亡故|病故|逝世|不在世|停止党籍|出党|退党|除名|开除|失联|转出|迁出|取消资格|自行脱党")
STAYS = re.compile(r"[未没不无]有?(?:死亡|停止党籍|出党|退党|除名|开除|失联|转出|迁出)|转出地")

NO_NAME = "没有填姓名，请补上姓名"
NO_SEX = "没有填性别，也没有身份证号可以查对，请填“男”或“女”"
NO_AFFILIATION = "看不出是在职还是在册，请填“在职”或“在册”"
NO_EMPLOYER = "在职党员要填工作单位，请补上"
SEX_DISAGREES = "性别与身份证号对不上（身份证号第 17 位单数为男、双数为女），请核对后改正其中一项"
BIRTH_DISAGREES = "出生年月与身份证号对不上，请核对后改正其中一项"


REPEAT = {
    "sex", "standing", "party_since", "affiliation", "employer", "rank", "community", "station", "group", "room",
    "joined", "skills", "fate",
}  # fmt: skip


@dataclass(slots=True)
class CellProblem:
    """An error in one cell: its field, its heading as written ("" where there is no such column), the value as shown in
    the cell, and a Chinese sentence that says what to do."""

    field: str
    column: str
    value: str
    message: str


class Repeated(dict[str, dict[Cell, str]]):
    """The values of a file's texts by field, so that what many rows say is read once; a file has one of its own."""

    def __missing__(self, name: str) -> dict[Cell, str]:
        self[name] = {}
        return self[name]


def clean(
    row: RosterRow,
    *,
    affiliation: str,
    today: date,
    columns: Mapping[str, str] | None = None,
    repeated: Repeated | None = None,
) -> tuple[dict[str, str], list[CellProblem]]:
    """Return the row's values and problems.

    `affiliation` is that of the whole sheet ("local", "in_post" or ""), `columns` the sheet's headings as written. A
    field has a value only where its cell is filled, or where it follows from the ID number or the sheet; a field with a
    problem has none. Values: `sex` male/female; `birth_date` "1985-10-03" or "1985-10"; `phone` "19900000000" or
    "021-59990000"; `standing` full/probationary; `party_since` a day, month or year; `affiliation` local/in_post;
    `rank` division/section; `joined` yes/no/ISO day; `skills` joined by 、.
    """
    repeated = Repeated() if repeated is None else repeated
    values: dict[str, str] = {}
    messages: dict[str, str] = {}
    for name, cell in row.cells.items():
        try:
            values[name] = (
                _read_once(name, cell, today, repeated[name]) if name in REPEAT else read_cell(name, cell, today)
            )
        except Unreadable as error:
            messages[name] = str(error)
    values["fate"] = values.get("fate") or (_fate(values.get("remark", "")) if values.get("remark") != "否" else "")
    _check_person(row, values, messages)
    _check_membership(values, messages, affiliation)
    _check_ages(row, values, messages, today)
    columns = columns or {}
    problems = [
        CellProblem(name, columns.get(name, ""), as_text(row.cells.get(name, "")), message)
        for name, message in sorted(messages.items(), key=lambda item: ORDER[item[0]])
    ]
    return {name: value for name, value in values.items() if value and name not in messages}, problems


def _read_once(name: str, cell: Cell, today: date, known: dict[Cell, str]) -> str:
    value = known.get(cell) if type(cell) is str else None
    if value is None:
        value = read_cell(name, cell, today)
        if type(cell) is str:
            known[cell] = value
    return value


def read_cell(name: str, cell: Cell, today: date) -> str:
    """Return a field's value from a cell, or from the text of a form. Raises Unreadable."""
    if type(cell) is str and SUSPECT.search(cell):
        if name == "remark" and cell == UNCOMPUTED:  # usually a link
            return ""
        if sentence := trouble(cell):
            raise Unreadable(sentence)
    return READERS[name](cell, today)


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
    """Check the affiliation and the employer."""
    if "affiliation" not in messages and not values.setdefault("affiliation", affiliation):
        messages["affiliation"] = NO_AFFILIATION
    if values.get("affiliation") == "in_post" and not values.get("employer"):
        messages.setdefault("employer", NO_EMPLOYER)


def _check_ages(row: RosterRow, values: dict[str, str], messages: dict[str, str], today: date) -> None:
    """Check birth and joining; a birth date that only the ID number tells is a problem of that cell."""
    found = implausible(values.get("birth_date", ""), values.get("party_since", ""), today=today)
    if found and not {"birth_date", "party_since"} & messages.keys():
        name, message = found
        is_from_id = name == "birth_date" and "birth_date" not in row.cells
        messages.setdefault("id_number" if is_from_id else name, message)


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


def _fate(cell: Cell) -> str:
    """Return what the cell says of somebody who is no member here any more, "" where it says nothing of the kind."""
    text = squeezed(as_text(cell))
    return text[:50] if text == "否" or (GONE.search(text) and not STAYS.search(text)) else ""


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
        text = without_zero(_plain(cell))
        if name == "room":
            text = fold_room(text)
        return _bounded(squeezed(text) if name in PLACES else BLANKS.sub(" ", text), LONGEST[name])

    return lambda cell, today: folded(cell)


def _choice(choices: Mapping[str, str], message: str) -> Callable[[Cell, date], str]:
    def read(cell: Cell, today: date) -> str:
        try:
            return choices[CODE.sub("", squeezed(as_text(cell)))]
        except KeyError:
            raise Unreadable(message) from None

    return read


READERS: dict[str, Callable[[Cell, date], str]] = {
    "name": lambda cell, today: read_name(as_text(cell)),
    "sex": _choice(SEXES, "性别只能填“男”或“女”，请改正"),
    "id_number": lambda cell, today: id_number.read_id_number(cell, today=today),
    "birth_date": lambda cell, today: read_day(cell, today=today),
    "phone": lambda cell, today: read_phone(cell),
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
    "fate": lambda cell, today: _fate(cell),
    "remark": lambda cell, today: _remark(cell),
}
ORDER = {name: place for place, name in enumerate(HEADINGS)}
