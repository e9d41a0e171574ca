from django.apps import AppConfig


class LouzuConfig(AppConfig):
    name = "louzu"
    verbose_name = "楼组党建"
