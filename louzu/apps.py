from django.apps import AppConfig


class LouzuConfig(AppConfig):
    name = "louzu"
    verbose_name = "楼组党建"

    def ready(self):
        from activities.rules import resting
        from louzu import checks  # noqa: F401  (registers the deployment checks)
        from louzu.backup import nightly as nightly_backup
        from louzu.rules import erasing, holders, nightly, retention, row_names
        from members.ground import queue

        holders.register_all()
        row_names.register_all()
        erasing.register_all()
        resting.follows_voiding(nightly.keep_again)
        queue.watch(nightly.next_night, nightly.keep_figures)
        queue.watch(nightly_backup.backup_due, nightly_backup.back_up_tonight)
        queue.watch(nightly_backup.trial_due, nightly_backup.try_newest)
        queue.watch(retention.next_night, retention.carry_out_nightly)
