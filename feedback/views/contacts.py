"""The contacts as whom a user acts; every page of the inbox starts from them."""

from django.core.exceptions import PermissionDenied
from django.http import Http404

from feedback.models import Contact
from feedback.models.counterparts import Counterpart
from members.web.acts import numbers


def contacts_of(request) -> list[Contact]:
    """Return the user's contacts of today, one for each unit and street; 403 where there is none.

    A superuser has none, because they may not see cards.
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
    """Return the counterparts of those contacts."""
    return [contact.counterpart for contact in contacts_of(request)]


def chosen(request, contacts: list[Contact]) -> Contact:
    """Return the contact that the address names, else the first; 404 for one of another user."""
    if "unit" not in request.GET:
        return contacts[0]
    pks = numbers([request.GET["unit"]])
    for contact in contacts:
        if contact.pk in pks:
            return contact
    raise Http404
