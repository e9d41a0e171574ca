from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from louzu.backup.restoring import Restored, restore
from louzu.backup.trouble import AWAY, BackupTrouble

NO_JOURNAL = (
    "注意：没有找到做备份的那台机器的恢复日志（journal.log）。备份以后如果撤回过同意、记录卡，这里还没有撤回。"
    "找到了，马上运行 manage.py restart_feeds --yes --journal 文件；找不到，请按纸质材料逐个再撤回。"
)
EMPLOYERS = (
    "请告诉有系统的单位：“我们从 {} 的备份恢复了。你们的系统下次取卡会得到 cursor-reset：请清空从我们这里取来的卡，"
    "从头取起，签收的回执留着。那以后的签收、反馈和报到单，我们这里没有了，请再发一次。”"
)
AGAIN = "{} 以后登记的都不在：请照纸质材料补上；那以后停用的用户、接口密钥，请再停用一次。大家要重新登录。"


class Command(BaseCommand):
    """Restore a backup onto an empty database; stop servers and workers before."""

    help = "把备份恢复到空的数据库里。先停掉网站和后台任务"

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path, metavar="文件", help="备份文件，名字像 louzu-20260301-011000.backup")
        parser.add_argument(
            "--journal", action="append", type=Path, default=[], help="其他主机的恢复日志（journal.log），可以写几个"
        )

    def handle(self, *, file, **options):
        if missing := [str(path) for path in (file, *options["journal"]) if not path.is_file()]:
            raise CommandError(f"没有文件 {'、'.join(missing)}，什么都没有做。请核对文件名。")
        self.stdout.write("正在核对、恢复，大的要几分钟……")
        self.stdout.flush()
        try:
            done = restore(file, options["journal"])
        except OperationalError as error:
            raise CommandError(AWAY) from error
        except BackupTrouble as trouble:
            raise CommandError(str(trouble)) from trouble
        self._say(done)

    def _say(self, done: Restored):
        """Say what is there again, what is to be told to whom, and what to start."""
        moment, rows = done.manifest.moment, done.manifest.contents.rows
        made = f"{moment:%Y-%m-%d %H:%M}"
        self.stdout.write(f"恢复好了：{made} 的备份，{sum(rows.values())} 行，和备份时一样。")
        for fault in done.faults:
            self.stdout.write(f"注意：操作记录在备份以前就对不上：{fault}")
        self.stdout.write(f"备份以后的撤回等 {done.again} 项已按恢复日志补上；{done.feeds} 个卡片流重新开始。")
        if not done.has_journal:
            self.stdout.write(NO_JOURNAL)
        if done.feeds:
            self.stdout.write(EMPLOYERS.format(made))
        self.stdout.write(AGAIN.format(made))
        self.stdout.write("现在可以启动网站和后台任务了。")
