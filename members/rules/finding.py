"""Finding members and areas by their names as people type them: characters, pinyin, initials; labels, addresses."""

import re

from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Replace

from members.ground.address_text import fold
from members.ground.names import fold_name
from members.ground.words import each_word
from members.models import AreaName
from members.models.areas import AreaQuerySet

LOOKUPS = ("name__contains", "pinyin__startswith", "initials__startswith")
LETTERS = re.compile("[a-z]+")
BUILDING = re.compile(r"([0-9]+)(?:号|幢|栋|座|#)?楼?$", re.ASCII)
BETWEEN_SYLLABLES = re.compile(r"[\s'’]+")


def name_lookups(member: str = "") -> tuple[str, ...]:
    """Return the lookups that find a name, as in `search_fields` of an admin; `member` is a prefix: `member__`."""
    return tuple(member + lookup for lookup in LOOKUPS)


def named(words: str, member: str = "") -> Q:
    """Return the condition "the member's name has these words"; without words it selects nobody."""
    words, found = fold_name(words), Q(pk__in=[])
    for lookup in name_lookups(member) if words else ():
        found |= Q(**{lookup: words if lookup.endswith("contains") else words.lower()})
    return found


def called(words: str) -> Q:
    """Return the condition `named`, but with letters found by pinyin and initials alone, blanks between them left out.

    Spellings are letters, so a range is a prefix in every collation, and both databases read it from an index.
    """
    spelt = BETWEEN_SYLLABLES.sub("", fold_name(words)).lower()
    if not LETTERS.fullmatch(spelt):
        return named(words)
    beyond = spelt + "zzz"  # no spelling of a name goes on like this
    return Q(pinyin__gte=spelt, pinyin__lt=beyond) | Q(initials__gte=spelt, initials__lt=beyond)


def placed(areas: AreaQuerySet, words: str) -> AreaQuerySet:
    """Return the areas whose label has all these words, or the words as one, or with another name that has them."""
    condition = each_word(words, "label")
    for text in as_one(words):
        condition |= Q(plain_label__contains=text)
    if key := fold(words):
        condition |= Q(Exists(AreaName.objects.filter(area=OuterRef("pk"), key__contains=key)))
    return areas.annotate(plain_label=Replace("label", Value(" "), Value(""))).filter(condition)


def as_one(words: str) -> list[str]:
    """Return the words as one, and with a number at their end as that of a building: 3幢, 3# or 3 is 3号楼."""
    one = "".join(words.split())
    match = BUILDING.search(one)
    return [one, f"{one[: match.start()]}{int(match[1])}号楼"] if match else [one]
