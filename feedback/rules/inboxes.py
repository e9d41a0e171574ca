"""Access to units' inboxes, reported to members, which does not know this app."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from feedback.models import Contact
from members.ground.access import Right
from members.ground.openings import Opening


def _beyond(user: Any) -> QuerySet:
    """Return the users who are contacts, now or later, of streets where the user may not admit units."""
    within = Contact.objects.for_user(user, Right.WRITE)
    return Contact.objects.lasting().exclude(pk__in=within.values("pk")).values("user")


def _paths(user: Any) -> set[str]:
    """Return the paths of the streets where the user is a contact, now or later."""
    return _streets(Contact.objects.lasting().filter(user=user))


def _former_paths(user: Any) -> set[str]:
    """Return the paths of the streets where the user is or ever was a contact."""
    return _streets(Contact.objects.filter(user=user))


def _streets(contacts: QuerySet) -> set[str]:
    return set(contacts.order_by().values_list("street__path", flat=True))


def _words(user: Any, users: Collection[int]) -> dict[int, list[str]]:
    """Return the units whose inbox these users open, now or later, of streets where the user may admit units."""
    found = defaultdict(list)
    contacts = Contact.objects.for_user(user, Right.WRITE).lasting().filter(user__in=users)
    for pk, name in contacts.order_by("employer__name", "pk").values_list("user", "employer__name"):
        found[pk].append(f"{name} 联系人")
    return dict(found)


OPENING = Opening(beyond=_beyond, paths=_paths, former_paths=_former_paths, words=_words)
