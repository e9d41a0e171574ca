from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = "活动与走访"

    def ready(self):
        from activities.rules import holders

        holders.register_all()
