"""Units' inboxes, as what is below asks of them: to whom one is open, and where."""

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
    """The streets that let the user in as a unit's contact, today or before."""
    return set(Contact.objects.filter(user=user).order_by().values_list("street__path", flat=True))


OPENING = Opening(beyond=_beyond, paths=_paths)
