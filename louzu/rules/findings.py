"""What a check of the installation found, in words."""

from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from django.utils import timezone

ASK = "请系统管理员"


class HealthState(IntEnum):
    OK = 0
    WARN = 1
    BAD = 2


class Finding(NamedTuple):
    """What a check found, in words; `what_to_do` is empty where nothing is, `detail` is for the administrator."""

    state: HealthState
    sentence: str
    what_to_do: str = ""
    detail: str = ""


def graded(sentence: str, do: str, is_warned: bool, is_bad: bool, *, detail: str = "") -> Finding:
    """Return a finding, with what to do unless all is well."""
    state = HealthState.BAD if is_bad else HealthState.WARN if is_warned else HealthState.OK
    return Finding(state, sentence, do if state else "", detail)


def moment_words(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
