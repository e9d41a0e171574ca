from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = "记录卡与单位"

    def ready(self):
        from activities.rules import resting
        from feedback.feed import delivering
        from feedback.models import IssueRun
        from feedback.rules import (
            drafts,
            erasing,
            following,
            holders,
            inboxes,
            issuing,
            restoring,
            row_names,
            slips_closing,
            ties,
            ways_back,
            withdrawing,
        )
        from members.ground import openings, queue
        from members.models import consents
        from members.rules import merging

        erasing.register_all()
        holders.register_all()
        row_names.register_all()
        ways_back.register_all()
        openings.register(inboxes.OPENING)
        ties.register_all()
        consents.rests_on_consent(withdrawing.fall_with)
        consents.rests_on_consent(slips_closing.fall_with)
        merging.goes_along(following.follow)
        resting.rests_on_attendances(resting.Resting(drafts.hanging, drafts.lose, drafts.regain))
        restoring.listen_to_the_journal()
        queue.watch(delivering.Delivery.objects.next_at, delivering.send_due)
        queue.watch(IssueRun.objects.next_at, issuing.begin_due)
