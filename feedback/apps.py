from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = "记录卡与单位"

    def ready(self):
        from feedback import holders, restoring

        holders.register_all()
        restoring.listen_to_the_journal()
