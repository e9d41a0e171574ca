"""Finding members by their names as people type them: the characters, the pinyin or its initials."""

from django.db.models import Q

from members.ground.names import fold_name

LOOKUPS = ("name__contains", "pinyin__startswith", "initials__startswith")


def name_lookups(member: str = "") -> tuple[str, ...]:
    """Return the lookups that find a name, as in `search_fields` of an admin; `member` is a prefix: `member__`."""
    return tuple(member + lookup for lookup in LOOKUPS)


def named(words: str, member: str = "") -> Q:
    """Return the condition "the member's name has these words"; without words it selects nobody."""
    words, found = fold_name(words), Q(pk__in=[])
    for lookup in name_lookups(member) if words else ():
        found |= Q(**{lookup: words if lookup.endswith("contains") else words.lower()})
    return found
