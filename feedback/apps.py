from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = "记录卡与单位"

    def ready(self):
        from feedback import inboxes
        from members import employing, openings

        openings.register(inboxes.OPENING)
        employing.register(inboxes.ties)
