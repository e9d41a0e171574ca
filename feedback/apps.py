from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = "记录卡与单位"

    def ready(self):
        from feedback import delivering
        from members import queue

        queue.watch(delivering.Delivery.objects.next_at, delivering.send_due)
