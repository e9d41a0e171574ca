"""Units' inboxes, as what is below asks of them: to whom one is open, and where."""

from typing import Any

from django.db.models import QuerySet

from feedback.models import Contact
from members.ground.access import Right
from members.ground.openings import Opening


def _beyond(user: Any) -> QuerySet:
    """Contacts, today or later, of streets that the user may not let units in for."""
    given = Contact.objects.for_user(user, Right.WRITE)
    return Contact.objects.lasting().exclude(pk__in=given.values("pk")).values("user")


def _paths(user: Any) -> set[str]:
    """The streets that let the user in as a unit's contact, today or later."""
    return _streets(Contact.objects.lasting().filter(user=user))


def _former_paths(user: Any) -> set[str]:
    return _streets(Contact.objects.filter(user=user))


def _streets(contacts: QuerySet) -> set[str]:
    return set(contacts.order_by().values_list("street__path", flat=True))


OPENING = Opening(beyond=_beyond, paths=_paths, former_paths=_former_paths)
