from django.apps import AppConfig


class LouzuConfig(AppConfig):
    name = "louzu"
    verbose_name = "楼组党建"

    def ready(self):
        from activities.rules import resting
        from louzu.rules import holders, nightly, retention, row_names
        from members.ground import queue

        holders.register_all()
        row_names.register_all()
        resting.follows_voiding(nightly.keep_again)
        queue.watch(nightly.next_night, nightly.keep_figures)
        queue.watch(retention.next_night, retention.carry_out_nightly)
