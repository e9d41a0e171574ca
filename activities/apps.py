from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = "活动与走访"

    def ready(self):
        from activities.rules import following, holders
        from members.rules import merging

        holders.register_all()
        merging.goes_along(following.follow)
