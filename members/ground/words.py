"""The words of a search box."""

from django.db.models import Q


def each_word(words: str, *fields: str) -> Q:
    """Return the condition that each of these words is part of one of the fields; without words all rows meet it."""
    condition = Q()
    for word in words.split():
        found = Q()
        for field in fields:
            found |= Q(**{f"{field}__contains": word})
        condition &= found
    return condition
