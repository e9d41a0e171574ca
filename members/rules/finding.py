"""Finding members by their names as people type them: the characters, the pinyin or its initials."""

from django.db.models import Q

LOOKUPS = ("name__contains", "pinyin__startswith", "initials__startswith")


def name_lookups(member: str = "") -> tuple[str, ...]:
    """Return the lookups that find a name, as in `search_fields` of an admin; `member` is a prefix: `member__`."""
    return tuple(member + lookup for lookup in LOOKUPS)


def named(words: str, member: str = "") -> Q:
    """Return the condition "the member's name has these words"; without words it selects nobody."""
    found = Q(pk__in=[])
    for lookup in name_lookups(member) if words else ():
        found |= Q(**{lookup: words if lookup.endswith("contains") else words.lower()})
    return found
