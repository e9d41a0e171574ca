"""What goes along when an employer is merged into another: the needs that it claimed."""

from activities.models import Need
from members.models import Employer


def follow(gone: Employer, into: Employer, with_access: bool) -> None:
    for need in Need.objects.select_for_update(of=("self",), no_key=True).filter(employer=gone).order_by("pk"):
        need.employer = into
        need.save(update_fields=["employer"])
