"""Names of employers, as they are compared: one unit is written in many ways, and one register serves many streets.

Two names that fold to the same text are one name. Two names that differ only in what stands for the region before them
are near: whether they are one unit, a person has to say.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Any

from django.db import models

LONGEST = 200
BRACKETS = str.maketrans("", "", "()[]{}【】〔〕〖〗「」『』《》〈〉“”‘’\"'")
ENDS = ".。,，、;；:：·•"
SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
REGION = re.compile(
    r"(?:[\u4e00-\u9fff]{2,3}省|[\u4e00-\u9fff]{2,6}自治区)?"
    r"([\u4e00-\u9fff]{0,3}市|上海|北京|天津|重庆)?"
    r"([\u4e00-\u9fff]{0,3}[区县])?"
)
UNNAMED = {"", "本", "我", "全"}  # 区, 本区: a region without its name
Region = tuple[str | None, str | None]


@lru_cache(maxsize=4096)  # few employers, many members
def folded(name: str) -> str:
    """Return the text by which two names are one: no width, blanks, brackets, dots at the end, 责任 in 有限公司."""
    wide = unicodedata.normalize("NFKC", SELECTORS.sub("", name)).casefold()
    text = "".join(sign for sign in wide if not sign.isspace() and unicodedata.category(sign) != "Cf")
    text = text.translate(BRACKETS).strip(ENDS).replace("有限责任公司", "有限公司")
    return (text or name.strip())[:LONGEST]


def core(name: str) -> str:
    """Return a folded name without the region before it: 上海市嘉定区教育局 is 教育局."""
    text = folded(name)
    rest = text[_region_of(text).end() :]
    return rest if len(rest) > 1 else text


def are_near(one: str, other: str) -> bool:
    """Whether two names differ, but only in a region that one of them leaves out or does not name."""
    if folded(one) == folded(other) or core(one) != core(other):
        return False
    (city, district), (other_city, other_district) = _region(one), _region(other)
    if (district is None) != (other_district is None):
        # 上海市教育局 is no 嘉定区教育局; 教育局 may be.
        return (city is None) if district is None else (other_city is None)
    return _may_be_one(city, other_city) and _may_be_one(district, other_district)


def _region(name: str) -> Region:
    """Return the names of city and district before a name: None where not given, empty where not named."""
    text = folded(name)
    if core(name) == text:
        return None, None
    found = _region_of(text)
    city, district = (None if part is None else part.rstrip("市区县") for part in found.groups())
    return _named(city), _named(district)


def _region_of(text: str) -> re.Match[str]:
    found = REGION.match(text)
    assert found is not None  # every part may be missing
    return found


def _named(region: str | None) -> str | None:
    return "" if region in UNNAMED else region


def _may_be_one(one: str | None, other: str | None) -> bool:
    return not one or not other or one == other


class FoldedField(models.CharField):
    """A key of the row's `name`, kept up at every save and bulk_create: `how` is "folded" or "core"."""

    def __init__(self, *args: Any, how: str = "folded", **kwargs: Any):
        self.how = how
        fixed = {"max_length": LONGEST, "editable": False, "db_index": True, "default": ""}
        super().__init__(*args, **kwargs | fixed)

    def deconstruct(self) -> Any:
        name, path, args, _ = super().deconstruct()
        return name, path, args, {"how": self.how}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """Fold the name as it is now; a save of other fields alone writes neither."""
        name: str = model_instance.name  # type: ignore[attr-defined]
        text = core(name) if self.how == "core" else folded(name)
        setattr(model_instance, self.attname, text)
        return text
