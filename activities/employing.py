"""Which streets have needs that an employer took up."""

from collections.abc import Collection, Iterable

from activities.models import Need


def ties(employers: Collection[int]) -> Iterable[tuple[int, str]]:
    needs = Need.objects.filter(employer__in=employers).order_by()
    return needs.values_list("employer", "area__path").distinct()
