"""A unit's inbox as something that a login opens: whose it is, and in which street."""

from typing import Any

from django.db.models import QuerySet

from feedback.models import Contact
from members.access import Right
from members.openings import Opening


def _beyond(user: Any) -> QuerySet:
    """Contacts, today or later, of streets that the user may not let units in for."""
    given = Contact.objects.for_user(user, Right.WRITE)
    return Contact.objects.lasting().exclude(pk__in=given.values("pk")).values("user")


def _paths(user: Any) -> set[str]:
    return set(Contact.objects.current().filter(user=user).order_by().values_list("street__path", flat=True))


OPENING = Opening(beyond=_beyond, paths=_paths)
