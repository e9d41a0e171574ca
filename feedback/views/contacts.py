"""For whom a contact acts: the one way into the inbox."""

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404

from feedback.models import Contact
from members.models import Employer
from members.views.acts import numbers


def contacts_of(request) -> list[Contact]:
    """The employers that the user acts for today; 403 where there is none."""
    rows = Contact.objects.current().filter(user=request.user).select_related("employer", "street")
    found = {contact.employer_id: contact for contact in rows.order_by("employer__name", "pk")}
    if not found:
        raise PermissionDenied("这里只供单位联系人使用。需要的话，请联系街道开通。")
    return list(found.values())


def units_of(request) -> QuerySet[Employer]:
    """The same as rows, to choose from in a form."""
    return Employer.objects.filter(pk__in=[contact.employer_id for contact in contacts_of(request)])


def chosen(request, contacts: list[Contact]) -> Contact:
    """The one whose cards are asked for, the first if none is said; 404 for another's."""
    if "unit" not in request.GET:
        return contacts[0]
    asked = numbers([request.GET["unit"]])
    for contact in contacts:
        if contact.employer_id in asked:
            return contact
    raise Http404
