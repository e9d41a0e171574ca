"""Backups without anybody's doing: one each night and a trial restore each week, by whoever works the queue."""

import logging
from datetime import datetime

from django_tasks import task
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from louzu.backup.checking import check_newest
from louzu.backup.making import back_up
from louzu.backup.trouble import BackupTrouble
from louzu.rules import backups

logger = logging.getLogger(__name__)


@task(priority=-50)
def back_up_tonight() -> None:
    """Make a backup; what stood in the way is on record."""
    try:
        back_up()
    except BackupTrouble as trouble:
        logger.error("No backup was made: %s", trouble)


@task(priority=-60)
def try_newest() -> None:
    """Restore the newest backup for a trial; what stood in the way is on record."""
    try:
        check_newest()
    except BackupTrouble as trouble:
        logger.error("The newest backup was not proven: %s", trouble)


def backup_due() -> datetime | None:
    """Return when a backup is due; None while one is being made, since another worker would make a second."""
    return _unless_running(back_up_tonight, backups.next_backup())


def trial_due() -> datetime | None:
    return _unless_running(try_newest, backups.next_trial())


def _unless_running(job: Task, moment: datetime | None) -> datetime | None:
    is_running = moment and DBTaskResult.objects.running().filter(task_path=job.module_path).exists()
    return None if is_running else moment
