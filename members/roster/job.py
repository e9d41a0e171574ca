"""An import's slow steps as background tasks."""

from django_tasks import task

from members.models import RosterImport
from members.roster import steps


@task()
def read_roster_import(pk: int) -> None:
    steps.read_step(RosterImport.objects.select_related("area", "user").get(pk=pk))


@task()
def apply_roster_import(pk: int, only_good: bool) -> None:
    steps.apply_step(RosterImport.objects.select_related("area", "user").get(pk=pk), only_good=only_good)
