from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = "活动与走访"

    def ready(self):
        from activities.employing import ties
        from members import employing

        employing.register(ties)
