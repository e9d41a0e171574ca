"""For which unit and street a contact acts: the one way into the inbox."""

from django.core.exceptions import PermissionDenied
from django.http import Http404

from feedback.models import Contact
from feedback.models.counterparts import Counterpart
from members.web.acts import numbers


def contacts_of(request) -> list[Contact]:
    """What the user is today: for each unit and street that they act for, a contact; 403 where there is none.

    To the superuser, who sees no card, an inbox adds nothing.
    """
    rows = (
        Contact.objects.current()
        .filter(user=request.user, user__is_superuser=False)
        .select_related("employer", "street")
    )
    found = {contact.counterpart: contact for contact in rows.order_by("employer__name", "street__path", "pk")}
    if not found:
        raise PermissionDenied("这里只供单位联系人使用。需要的话，请联系街道开通。")
    return list(found.values())


def counterparts_of(request) -> list[Counterpart]:
    """The same, as what cards are found by."""
    return [contact.counterpart for contact in contacts_of(request)]


def chosen(request, contacts: list[Contact]) -> Contact:
    """The contact as whom the cards are asked for, the first if none is said; 404 for another's."""
    if "unit" not in request.GET:
        return contacts[0]
    asked = numbers([request.GET["unit"]])
    for contact in contacts:
        if contact.pk in asked:
            return contact
    raise Http404
