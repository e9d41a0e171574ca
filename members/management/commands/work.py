import signal

from django.core.management.base import BaseCommand
from django.utils import timezone

from members.work.worker import Worker, unique_name


class Command(BaseCommand):
    """Work the queue of background tasks until stopped; on PostgreSQL several of these may run at once."""

    help = "处理后台任务，直到收到停止信号"

    def handle(self, **options):
        worker = Worker(unique_name(), notify=self._print)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, worker.stop)
        self._print("开始处理后台任务。停止请按 Ctrl+C，手头的任务做完才停。")
        worker.run()
        self._print("已停止。")

    def _print(self, sentence: str) -> None:
        self.stdout.write(f"{timezone.localtime():%Y-%m-%d %H:%M:%S} {sentence}")
        self.stdout.flush()
