from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = "活动与走访"

    def ready(self):
        from activities import holders

        holders.register_all()
