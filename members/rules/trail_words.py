"""The trail in words: what was done to what, with the names that the reader may see instead of ids."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models
from django.utils import timezone

from members.ground.audit import MASK
from members.ground.row_names import Kind, RowName, listed, named, words_of
from members.models import Area, AuditEntry

MOST_NAMED = 20
PLAIN_LISTS = {"filters", "numbers"}
LEFT_OUT = {"report", "id"}  # they stand in the sentence
BY_PATH: Kind = (Area, "path")
Names = dict[tuple[Kind, str], RowName]
EXPORT = AuditEntry.Action.EXPORT
EMPTIED = ("内容", "已随个人信息删除")
LABELS = {
    "rows": "行数", "filters": "筛选", "counts": "结果", "made": "新建", "kept": "保留", "call": "请求", "new": "新增",
    "changed": "修改", "username": "登录名", "day": "截至", "login": "登录", "areas": "区域数",
    "until_below": "下级停用", "uploads": "上传文件", "activity_uploads": "活动表", "moves": "迁居迁出",
    "transfers": "转接",
    "entries": "条数", "first_broken": "旧链中第一条对不上的", "tail_is_whole": "旧链的链尾完整",
    "old_head": "旧链的链尾", "groups_kept": "保留的楼组", "employers_kept": "保留的单位", "feeds": "卡片流",
    "login_attempts": "登录尝试的计数", "tasks": "后台任务的结果", "second_factor": "第二步验证",
    "recovery_codes": "恢复码",
    "cursor": "从哪里取起", "numbers": "卡号", "attendances": "参加的党员", "members": "党员", "cards": "记录卡",
    "needs": "群众需求", "need": "需求编号", "pairings": "结对数", "doors": "门数", "duties": "六员", "days": "日期",
    "year": "年度", "period": "时段", "file": "文件", "sha256": "文件校验值", "errors": "错误数", "level": "层级",
    "groups": "楼组", "employers": "单位", "names": "叫法", "codes": "信用代码", "faults": "对不上的链",
    "same": "没有变化",
    "means": "方式", "texts": "需求内容", "sign_ins": "扫码签到", "replays": "接口底稿", "deliveries": "单位通知",
    "source": "登记方式", "activities": "活动", "activity": "活动", "back": "放回", "struck": "去掉的人",
    "why": "原因", "members_erased": "迁出的党员", "trail": "操作记录", "slips_emptied": "报到单",
    "card_bodies": "记录卡的内容",
    "handed": "怎么交的", "own_files": "给本人的资料", "corrections": "更正请求",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrailLine:
    """An entry in a sentence, with what changed as (label, text). `state` is its row's, see `row_names`."""

    entry: AuditEntry
    text: str
    details: list[tuple[str, str]]
    state: str | None


class Meaning(NamedTuple):
    """What a name in an entry stands for: its label, the model of its ids, the words of its codes."""

    label: str
    target: Kind | None
    words: dict[Any, str]
    is_moment: bool = False
    is_list: bool = False


def lines(entries: Sequence[AuditEntry], user: Any) -> list[TrailLine]:
    """Return the entries in words for this reader; one query, however many they are."""
    wanted: dict[Kind, set[Any]] = defaultdict(set)
    for entry in entries:
        for kind, key in _mentioned(entry):
            wanted[kind].add(key)
    names = named(wanted, user)
    return [_line(entry, names) for entry in entries]


def _mentioned(entry: AuditEntry) -> Iterator[tuple[Kind, Any]]:
    """Yield the rows that an entry names: its own, its place where it has none, and those in what changed."""
    model = _model(entry.model)
    if model and entry.row.isdecimal():
        yield model, int(entry.row)
    elif entry.area_path:
        yield BY_PATH, entry.area_path
    for name, value in entry.changes.items():
        if target := _meaning(model, name).target:
            yield from ((target, key) for key in _ids(value))


def _line(entry: AuditEntry, names: Names) -> TrailLine:
    model = _model(entry.model)
    own = names.get((model, entry.row)) if model else None
    told = [
        (meaning.label, text)
        for name, value in entry.changes.items()
        if name not in LEFT_OUT and (text := _told(_new(entry, value), meaning := _meaning(model, name), names))
    ]
    told += [EMPTIED] if entry.redaction else []
    return TrailLine(entry, _sentence(entry, own, names), told, own and own.state)


def _new(entry: AuditEntry, value: Any) -> Any:
    """Return the value, of a row that was added without the nothing that was there before."""
    is_added = entry.action == AuditEntry.Action.CREATE and isinstance(value, list)
    return value[1] if is_added and len(value) == 2 and value[0] is None else value


def _sentence(entry: AuditEntry, own: RowName | None, names: Names) -> str:
    """Return what was done to what: 导出 覆盖情况，新成路街道."""
    name = own.text if own else f"编号 {entry.row}" if entry.row else ""
    place = names.get((BY_PATH, entry.area_path))
    thing = entry.model_name
    if entry.action == EXPORT and entry.model == Area._meta.label and entry.row:
        thing = entry.changes.get("report") or "报表"
    elif entry.action == EXPORT:
        thing = entry.changes.get("report") or thing
    where = [name] if name else [place.text] if place and thing else []
    return "，".join([f"{entry.get_action_display()} {thing}".strip(), *where])


def _told(value: Any, meaning: Meaning, names: Names) -> str:
    """Return a value in words, "" where it says nothing."""
    if isinstance(value, dict) and meaning.target:
        return _of_each(value, meaning, names)
    if isinstance(value, dict):
        return "，".join(f"{LABELS.get(key, key)} {_count(each)}" for key, each in value.items() if _count(each))
    if meaning.is_list and isinstance(value, list):
        return _members_of(value, meaning.target, names)
    if isinstance(value, list) and len(value) == 2:
        before, after = (_shown(each, meaning, names) for each in value)
        return f"{before or '（空）'} → {after or '（空）'}" if before != after else before
    return _shown(value, meaning, names)


def _of_each(value: dict[str, Any], meaning: Meaning, names: Names) -> str:
    """Return what became of each of some rows, by their ids: [before, after]."""
    return "，".join(
        f"{_some([int(key)], meaning.target, names)}：{meaning.words.get(after) or '（空）'}"
        for key, (_, after) in list(value.items())[:MOST_NAMED]
    )


def _members_of(value: list[Any], target: Kind | None, names: Names) -> str:
    """Return a list of rows, or [those before, those after], in words."""
    if not (len(value) == 2 and all(isinstance(each, list) for each in value)):
        return _some(value, target, names)
    gone, come = ([each for each in one if each not in other] for one, other in (value, value[::-1]))
    parts = [f"{verb} {_some(some, target, names)}" for verb, some in (("加上", come), ("去掉", gone)) if some]
    return "，".join(parts)


def _some(keys: list[Any], target: Kind | None, names: Names) -> str:
    """Return the names of the first ones; of those whom the reader may not see only how many there are."""
    if target is None:
        return "、".join(map(str, keys[:MOST_NAMED])) + ("……" if len(keys) > MOST_NAMED else "")
    known = [names[target, str(key)].text for key in keys[:MOST_NAMED] if (target, str(key)) in names]
    all_named = len(known) == len(keys)
    return "、".join(known) + ("" if all_named else f"{'等 ' if known else ''}{len(keys)} 个")


def _shown(value: Any, meaning: Meaning, names: Names) -> str:
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, list):
        return "、".join(map(str, value[:MOST_NAMED]))
    if value == MASK:
        return "（内容不记录）"
    if isinstance(value, bool):
        return "是" if value else "否"
    if meaning.target is not None:
        known = names.get((meaning.target, str(value)))
        return known.text if known else f"编号 {value}"
    return _moment(value) if meaning.is_moment else meaning.words.get(value, str(value))


def _moment(text: str) -> str:
    try:
        return f"{timezone.localtime(datetime.fromisoformat(text)):%Y-%m-%d %H:%M}"
    except ValueError:
        return text


def _count(value: Any) -> Any:
    return len(value) if isinstance(value, list | dict) else value


def _ids(value: Any) -> Iterable[int]:
    """Return the ids in a value: a number, a list of them, or the lists before and after; few of each list."""
    if isinstance(value, dict):
        return [int(key) for key in list(value)[:MOST_NAMED] if key.isdecimal()]
    if isinstance(value, list):
        return [key for each in value[:MOST_NAMED] for key in _ids(each)]
    return [value] if isinstance(value, int) and not isinstance(value, bool) else []


@cache
def _meaning(model: Any, name: str) -> Meaning:
    """Return what stands under this name in an entry about the model."""
    field = _fields(model).get(name)
    if field is None:
        target = listed(name)
        return Meaning(LABELS.get(name, name), target, words_of(name), is_list=bool(target) or name in PLAIN_LISTS)
    words = {code: str(label) for code, label in field.flatchoices or ()}
    is_moment = isinstance(field, models.DateTimeField)
    return Meaning(str(field.verbose_name), field.related_model, words, is_moment=is_moment)


@cache
def _model(label: str) -> Any:
    return apps.get_model(label) if label else None


@cache
def _fields(model: Any) -> dict[str, Any]:
    return {field.attname: field for field in model._meta.concrete_fields} if model else {}
