"""Finding members by their names as people type them: the characters, the pinyin or its initials."""

import re

from django.db.models import Q

from members.ground.names import fold_name

LOOKUPS = ("name__contains", "pinyin__startswith", "initials__startswith")
LETTERS = re.compile("[a-z]+")
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
