"""An import's slow steps as background tasks."""

from django_tasks import task

from activities.imports import steps
from activities.models import ActivityImport


@task()
def read_activity_import(pk: int) -> None:
    steps.read_step(ActivityImport.objects.select_related("area", "user").get(pk=pk))


@task()
def apply_activity_import(pk: int) -> None:
    steps.apply_step(ActivityImport.objects.select_related("area", "user").get(pk=pk))
