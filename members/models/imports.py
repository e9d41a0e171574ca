"""The import of a roster."""

from django.db import models

from members.ground.access import Resource
from members.models.columns import RosterColumns
from members.models.uploads import Upload, moments


class RosterImport(Upload):
    """One upload of a roster."""

    RESOURCE = Resource.ROSTER
    BOOK = "花名册"
    TASKS = ("members.roster.job.read_roster_import", "members.roster.job.apply_roster_import")
    COLUMNS = RosterColumns.Kind.ROSTER

    create_groups = models.BooleanField("自动新建名单里没有登记过的楼组", default=False)
    choices = models.JSONField(default=dict)

    class Meta(Upload.Meta):
        verbose_name = verbose_name_plural = "花名册导入"
        constraints = moments("roster")
