"""The import of activities and of who came to them."""

from django.db import models

from members.ground.access import Resource
from members.models.columns import RosterColumns
from members.models.uploads import FORGOTTEN, Upload, moments


class ActivityImport(Upload):
    """One upload of a workbook of activities.

    `made` is what writing it made and changed, encrypted: while it is kept, the import can be taken back.
    """

    RESOURCE = Resource.ACTIVITY
    BOOK = "活动表"
    TASKS = ("activities.imports.job.read_activity_import", "activities.imports.job.apply_activity_import")
    COLUMNS = RosterColumns.Kind.ACTIVITIES
    SEALED = FORGOTTEN | {"made": None}

    made = models.BinaryField(null=True)

    class Meta(Upload.Meta):
        verbose_name = verbose_name_plural = "活动导入"
        constraints = moments("activities")
