"""What units are given, as the apps below ask of it: whose inbox a login opens, and in which streets a unit is used."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q, QuerySet

from feedback.models import Contact, EmployerKey, Offer, RecordCard, Webhook
from members.access import Right
from members.openings import Opening


def _beyond(user: Any) -> QuerySet:
    """Contacts, today or later, of streets that the user may not let units in for."""
    given = Contact.objects.for_user(user, Right.WRITE)
    return Contact.objects.lasting().exclude(pk__in=given.values("pk")).values("user")


def _paths(user: Any) -> set[str]:
    return set(Contact.objects.current().filter(user=user).order_by().values_list("street__path", flat=True))


OPENING = Opening(beyond=_beyond, paths=_paths)


def ties(employers: Collection[int]) -> Iterable[tuple[int, str]]:
    """Which employers have a key, a contact, a webhook, a card or an offer in which street."""
    given = Q(employer__in=employers)
    for rows in (EmployerKey.objects.filter(given), Contact.objects.filter(given), Webhook.objects.filter(given)):
        yield from rows.order_by().values_list("employer", "street__path").distinct()
    for placed in (RecordCard.objects.filter(given), Offer.objects.filter(given)):
        yield from placed.order_by().values_list("employer", "area__path").distinct()
