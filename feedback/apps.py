from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = "记录卡与单位"

    def ready(self):
        from feedback import delivering, holders, inboxes, restoring
        from members import openings, queue

        holders.register_all()
        openings.register(inboxes.OPENING)
        restoring.listen_to_the_journal()
        queue.watch(delivering.Delivery.objects.next_at, delivering.send_due)
