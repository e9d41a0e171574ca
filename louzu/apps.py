from django.apps import AppConfig


class LouzuConfig(AppConfig):
    name = "louzu"
    verbose_name = "楼组党建"

    def ready(self):
        from louzu.rules import holders

        holders.register_all()
