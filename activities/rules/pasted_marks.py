"""What stands beside a name in a pasted list: whether it says that they came, that they do not come, or neither."""

import re
from enum import StrEnum
from typing import NamedTuple

from activities.rules.pasted_text import CROSS, TICK


class MarkKind(StrEnum):
    """What a mark says. UNSURE is asked about; LISTED names whom one expected."""

    NONE = ""
    CAME = "came"
    ABSENT = "absent"
    UNSURE = "unsure"
    LISTED = "listed"


class PastedMark(NamedTuple):
    """A mark with its words as written."""

    kind: MarkKind = MarkKind.NONE
    words: str = ""

    @property
    def is_asked(self) -> bool:
        return self.kind in (MarkKind.UNSURE, MarkKind.LISTED)


NO_MARK = PastedMark()
STRUCK_OUT = PastedMark(MarkKind.ABSENT, "划去")

COME = (
    "(?:前来|前往|过来|过去|现场|按时|准时|到场|到会|到位|参加|参与|参会|出席|签到|签名|与会|赴会|报名|来|去|到|签|报)"
)
CANNOT = (
    "(?:没有办法|没办法|没有空|没有|没能|没法|未能|未曾|未|没|沒|不能够|不能|不可以|不会|不再|不想|不准备|不打算|不方便|不便"
    "|不克|不用|无法|难以|不)"
)
DOUBTFUL = re.compile(
    "未确认|没确认|待确认|未回复|没回复|待回复|未读|可能|也许|或许|大概|估计|恐怕|不一定|不确定|不好说|说不定|看情况|视情况|待定|未定|再定|暂定|尽量|争取|如果|如有|如不|要是|万一"
    "|销假|改为|改成|顶替|代替|候补|替补|备选"
    "|(?:取消|撤销|撤回|不再|结束)(?:请假|退出|缺席|休假|出差|[病事]假)"
    "|(?:请假|退出|缺席|休假|[病事]假)(?:已经|已|被|又)?(?:取消|作废|撤销|撤回|结束)"
    "|(?:不是|不会|不能|不得|没有|并非)(?:不|没|未|说不)(?:能|想)?(?:来|去|到|参加|出席)|(?:没有|没|未)(?:请过?假|[病事]假)"
    "|开会|上班|加班|值班|冲突|旅游|身体不适|身体欠佳|不舒服|腿脚不|在医院|去医院|看病|就医|骨折|[摔扭]伤|有安排|有约"
    "|改天|改日|改期|改下|下次(?:再|吧|一定|$)|算了|没(?:办)?法$|在老家|[?]"
)
DENIED = re.compile(
    "(?:并没有|并没|并未|没有|没|未|不会|不用|不需要|不必|无需|从不|从未|从没|不|无)"
    "(?:请过?假|[病事]假|取消|撤销|退出|缺席|缺勤|作废|放弃|退|缺)|没有?什么事|没有?事|无事"
)
ABSENT = re.compile(
    rf"请(?:了|个|过|下|一下|[一二两三\d]天)*(?:[病事产婚丧年公]?假)|[病事产婚丧年休公]假"
    rf"|(?:{COME})?(?:后|又|已经|已|被)?(?:取消|撤销|撤回|作废)(?:了)?{COME}?(?:接龙|活动)?"
    rf"|(?:已经|已|自愿|中途)?(?<!早)退(?:出|群|报|掉|了|$)(?:接龙|报名|活动)?|已退|放弃(?:{COME})?"
    rf"|缺席|缺勤|缺课|旷会|旷课|旷工|{CANNOT}(?:能|再|一起)?{COME}"
    rf"|{COME}不(?:了|成|开|上|到|及)|赶不(?:上|到|回来?|过来)|走不(?:开|了)|抽不(?:出|开)(?:身|空|时间)?"
    "|有(?:点|些|急|要|别的|其他|其它|家|私|公)*事情?|没空|没有空|没时间|没有时间|无空|不得空"
    "|出差|出国|出远门|外出|在外地?|外地|住院|生病|发烧|感冒|手术|隔离|回老家|不在(?![职册籍])"
    f"|鸽了|放鸽子|爽约|弃权|除外|休息|划掉|划去|删除|删掉|{CROSS}"
)
PRESENT = re.compile(
    f"{TICK}|[迟晚]到|[晚后]来|晚一?点|晚一?些|稍晚|后到|早退|提前走|提前离开|先走|中途|回来|小时|分钟|半天|半场|一会|全勤"
    f"|正常|补签|线上|实到|到会|与会|已到|已来|已确认|已签|收到|(?:能|会|可以|按时|准时|已经|已)?{COME}了?"
)
LISTED = re.compile("应到|应参加|应出席|应参会")
FILLING = re.compile(
    "今天|明天|后天|今晚|明晚|上午|中午|下午|晚上|早上|周[一二三四五六日末天]|星期[一二三四五六日天]|这次|本次|此次|这两天|最近|临时|突然|暂时?"
    "|因[病事公私故]|因为|由于|家里|家中|单位|公司|孩子|小孩|身体|实在|确实|抱歉|对不起|不好意思|谢谢|书记|老师|大家|同志们?|党员"
    "|如下|以下|包括|分别|人员|名单|情况|人数|合计|共计|原因|备注|是否|已经|需要|两人|[一二三四五六七八九十]+人|[我他她要已因有为是的了啦呀哦吧呢者人都均全也在和与及共又就]"
)
EXACT = {
    **dict.fromkeys(
        ("否", "不", "叉", "未", "缺", "假", "退", "旷", "病", "事", "n", "no", "x", "xx"), MarkKind.ABSENT
    ),
    **dict.fromkeys(("是", "到", "y", "yes", "ok", "在", "来"), MarkKind.CAME),
}
ALL_OF_THEM = re.compile("[都均全]|[两二三四五六七八九十]人")
ADDRESSED = re.compile("请(?!.?.?假)|务必|需要?说明")
BY_OTHERS = re.compile("(?:代|替|帮)(?:报名|报|签到|签名|签|接龙|填|登记)?|委托")


def read_mark(text: str) -> PastedMark:
    """Return what the words say, with those words; NO_MARK where they say nothing about coming."""
    text = "".join(text.split()).strip("-—,，、:。.!")
    if kind := EXACT.get(text.lower()):
        return PastedMark(kind, text)
    if LISTED.search(text) and not ABSENT.search(text):
        return PastedMark(MarkKind.LISTED, text)
    if DOUBTFUL.search(text):
        return PastedMark(MarkKind.UNSURE, text)
    left = DENIED.sub(TICK, text)
    is_absent, is_present = ABSENT.search(left), PRESENT.search(ABSENT.sub("", left))
    if is_absent:
        return PastedMark(MarkKind.UNSURE if is_present else MarkKind.ABSENT, text)
    return PastedMark(MarkKind.CAME, text) if is_present else NO_MARK


def is_remark(word: str) -> bool:
    """Whether the word says something about coming and nothing else, so that there is no name in it."""
    return bool(word) and (word.lower() in EXACT or (read_mark(word) != NO_MARK and not left_of(word)))


def is_heading(word: str) -> bool:
    """Whether the word, before a colon or alone in its line, speaks for the names behind it."""
    mark = read_mark(word)
    if mark == NO_MARK or ADDRESSED.search(word):
        return False
    ends = [found.end() for found in ABSENT.finditer(word)]
    return not left_of(word) or (bool(ends) and not FILLING.sub("", word[ends[-1] :]))


def joined(earlier: PastedMark, later: PastedMark) -> PastedMark:
    """Return the mark of somebody who is named twice: a later no counts; after a no, a later yes is asked about."""
    if later.kind == MarkKind.ABSENT or earlier.kind == MarkKind.NONE:
        return later
    if earlier.kind == MarkKind.ABSENT:
        return earlier if later.kind == MarkKind.LISTED else PastedMark(MarkKind.UNSURE, earlier.words)
    if earlier.kind == MarkKind.LISTED and later.kind == MarkKind.CAME:
        return later
    return later if later.kind == MarkKind.UNSURE else earlier


def within(mark: PastedMark, around: PastedMark) -> PastedMark:
    """Return the mark of a name below a heading: its own goes first, but a "came" below an "absent" is asked about."""
    if not mark.kind:
        return around
    if mark.kind == MarkKind.CAME and around.kind in (MarkKind.ABSENT, MarkKind.UNSURE):
        return PastedMark(MarkKind.UNSURE, f"{around.words} {mark.words}")
    return mark


def is_doubtful_heading(word: str) -> bool:
    """Whether a word before a colon may speak of those who do not come, though it says more than that."""
    return read_mark(word).kind in (MarkKind.ABSENT, MarkKind.UNSURE) and not ADDRESSED.search(word)


def left_of(word: str) -> str:
    """Return what is left of a word without all that says whether one comes."""
    for known in (DOUBTFUL, DENIED, ABSENT, LISTED, PRESENT, FILLING):
        word = known.sub("", word)
    return word.strip("-—:。.! ")
