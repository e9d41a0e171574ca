"""The import of activities and of who came to them."""

from django.db import models

from members.ground.access import Resource
from members.models.columns import RosterColumns
from members.models.uploads import Upload, moments


class ActivityImport(Upload):
    """One upload of a workbook of activities; `made` is what writing it made and changed, for the undo."""

    RESOURCE = Resource.ACTIVITY
    BOOK = "活动表"
    TASKS = ("activities.imports.job.read_activity_import", "activities.imports.job.apply_activity_import")
    COLUMNS = RosterColumns.Kind.ACTIVITIES

    made = models.JSONField("写入的内容", default=dict)

    class Meta(Upload.Meta):
        verbose_name = verbose_name_plural = "活动导入"
        constraints = moments("activities")
