import signal

from django.core.management.base import BaseCommand
from django.utils import timezone

from members.work.worker import Worker, unique_name


class Command(BaseCommand):
    """Work the queue of background tasks until told to stop: as many of these as there is to do, on PostgreSQL."""

    help = "处理后台任务，直到收到停止信号"

    def handle(self, **options):
        worker = Worker(unique_name(), say=self._say)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, worker.stop)
        self._say("开始处理后台任务。停止请按 Ctrl+C，手头的任务做完才停。")
        worker.run()
        self._say("已停止。")

    def _say(self, sentence: str) -> None:
        self.stdout.write(f"{timezone.localtime():%Y-%m-%d %H:%M:%S} {sentence}")
        self.stdout.flush()
