"""Names of persons as people write them: one reader for every door, and one folding to compare names by."""

import re
import unicodedata

from members.ground.days import Unreadable
from members.ground.text import BLANKS, narrow
from members.ground.trouble import lost_character

SHORTEST, LONGEST = 2, 30

HAN = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
COMMON = re.compile("[\u4e00-\u9fff]+")  # nothing to fold
DOTS = (
    "\u00b7\u02d9\u0387\u119e\u16eb\u2022\u2024\u2027\u2218\u2219\u22c5\u25cf\u25e6\u2981\u2e31\u2e33\u3002\u30fb\u318d\ua78f"
    "\ufe52\uff61\uff65."
)
DOT_BETWEEN = re.compile(rf"(?<=[^\W\d_])\s*[{DOTS}]\s*(?=[^\W\d_])")

SAMPLE = re.compile(r"样例|示例|范例|举例|样本|例如|测试行|测试数据|^例\d*[:.、\s]|[(\[]例\d*[)\]]")
GONE = re.compile(
    r"已故|去世|病故|逝世|过世|离世|死亡|身故|亡故|[迁转调]出|[迁转搬]走|搬离|注销|退党|出党|除名|停止党籍|开除|[(\[][故亡殁死迁转][)\]]"
)
OTHERS = re.compile(
    r"(?<=.)(?:夫妇|夫妻|夫妻俩|两口子|老两口|一家|全家|父子|父女|母子|母女|等\w?人)(?=\W|$)"
    r"|^[\u4e00-\u9fff]{2,3}[和与及跟][\u4e00-\u9fff]{2,3}$"
)
SEPARATED = re.compile(r"[、,;；/&+|]|\S{2,}\s*\n\s*\S{2,}")
TWO_NAMES = re.compile("([\u3400-\u9fff]{2,4})\\s+[\u3400-\u9fff]{2,4}")
DOUBLE_SURNAMES = (
    "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 司徒 司空 夏侯 端木 百里 独孤 南宫 万俟 闻人 澹台 "
    "公冶 宗政 濮阳 淳于 单于 太叔 申屠 仲孙 轩辕 钟离 鲜于 闾丘 亓官 赫连 呼延 羊舌 微生 拓跋 夹谷 谷梁 东郭 西门 东门"
)
BRACKET = re.compile(r"[(\[{<【〔《〈「『“\"](.*)")
SEX_AFTER = re.compile(r"\S{2,}\s+[男女]")
TITLE = re.compile(r"(?:同志|先生|女士|小姐|老师|书记|主任|阿姨|师傅|家属|遗属|配偶|之妻|之子|之女)$")
NO_PERSON = re.compile("同上|不详|未知|待定|待查|待补|待核|暂缺|空户|空关|空置|本人|户主|党员|群众")

MORE = re.compile("|".join(pattern.pattern for pattern in (SAMPLE, GONE, OTHERS, TITLE, NO_PERSON)))

IS_SAMPLE = "这一行是样例，不是党员，请删去这一行"
HAS_REMARK_OF_LEAVING = "姓名里有说明；已故、迁出的请从名单中删去或办理迁出"
SEVERAL = "一格里好像有几个人，请每人单独填一行"
TWO_OR_ONE = "一格里好像有几个人，请每人单独填一行；如果是一个人的姓名，请去掉中间的空格或写成“·”"
HAS_SEX = "姓名里写了性别，请只写姓名，性别写在“性别”一列"
HAS_REMARK = "姓名里有说明“{remark}”，请只写姓名，说明写在“备注”一列"
NOT_A_NAME = "这里写的不是姓名，请填写党员的姓名；没有人的行请删去"
HAS_DIGIT = "姓名里有数字，请核对后重新填写"
HAS_SIGN = "姓名里有不该出现的符号“{sign}”，请填写完整的姓名"
WRONG_LENGTH = f"姓名应为 {SHORTEST} 到 {LONGEST} 个字，请核对后重新填写"


def fold_name(text: str) -> str:
    """Return a name as it is kept and compared, without judging whether it is one; folding twice changes nothing.

    Blanks go where the name has Han; elsewhere each is one space. A dot between two characters is U+00B7.
    """
    if COMMON.fullmatch(text):
        return text
    folded = narrow(text)
    folded = BLANKS.sub("" if HAN.search(folded) else " ", folded)
    return DOT_BETWEEN.sub("·", unicodedata.normalize("NFC", folded))


def read_name(text: str) -> str:
    """Return the folded name of one person. Raises Unreadable with the sentence that says what to do."""
    if COMMON.fullmatch(text) and SHORTEST <= len(text) <= LONGEST and not MORE.search(text):
        return text
    if lost := lost_character(text):
        raise Unreadable(lost)
    written = narrow(text).removeprefix("'")
    _refuse_remarks(written)
    name = fold_name(written)
    if NO_PERSON.fullmatch(name):
        raise Unreadable(NOT_A_NAME)
    if match := TITLE.search(name):
        raise Unreadable(HAS_REMARK.format(remark=match[0]))
    _refuse_signs(name)
    if not SHORTEST <= len(name) <= LONGEST:
        raise Unreadable(WRONG_LENGTH)
    return name


def _refuse_remarks(written: str) -> None:
    """Refuse what is written beside a name, and more names than one, before the blanks between them are folded."""
    if SAMPLE.search(written):
        raise Unreadable(IS_SAMPLE)
    if GONE.search(BLANKS.sub("", written)):
        raise Unreadable(HAS_REMARK_OF_LEAVING)
    if SEPARATED.search(written) or OTHERS.search(written):
        raise Unreadable(SEVERAL)
    if (two := TWO_NAMES.fullmatch(written)) and two[1] not in DOUBLE_SURNAMES.split():
        raise Unreadable(TWO_OR_ONE)
    if SEX_AFTER.fullmatch(written):
        raise Unreadable(HAS_SEX)
    if match := BRACKET.search(written):
        inside = match[1].strip(' )]}>】〕》〉」』”"')
        is_sex = re.fullmatch(r"[男女]性?(?:同志)?", inside)
        raise Unreadable(HAS_SEX if is_sex else HAS_REMARK.format(remark=inside) if inside else _sign(match[0][0]))


def _refuse_signs(name: str) -> None:
    """Refuse digits and everything else that no name has; hyphen, full stop and quote are for names without Han."""
    if any(unicodedata.category(character)[0] == "N" for character in name if character != "〇"):
        raise Unreadable(HAS_DIGIT)
    allowed = "·〇" if HAN.search(name) else "· .'’-་"
    for character in name:
        if character not in allowed and unicodedata.category(character)[0] not in "LM":
            raise Unreadable(_sign(character))
    if name.startswith(("·", ".", "-")) or name.endswith(("·", "-")) or "··" in name:
        raise Unreadable(_sign(next(sign for sign in name if sign in "·.-")))


def _sign(sign: str) -> str:
    return HAS_SIGN.format(sign=sign)
