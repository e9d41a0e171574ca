from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = "记录卡与单位"

    def ready(self):
        from feedback.feed import delivering
        from feedback.rules import holders, inboxes, restoring, withdrawing
        from members.ground import openings, queue
        from members.models import consents

        holders.register_all()
        openings.register(inboxes.OPENING)
        consents.rests_on_consent(withdrawing.fall_with)
        restoring.listen_to_the_journal()
        queue.watch(delivering.Delivery.objects.next_at, delivering.send_due)
