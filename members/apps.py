from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "党员与楼组"

    def ready(self):
        from members import checks  # noqa: F401  (registers the deployment checks)
        from members.ground import audit, queue
        from members.models import Consent, consents, journal
        from members.rules import erasing, erasing_people, holders, row_names, ties, trail, transferring, ways_back

        audit.listen_to_logins()
        holders.register_all()
        row_names.register_all()
        ties.register_all()
        ways_back.register_all()
        queue.watch(trail.next_verification, trail.verify_all)
        consents.rests_on_consent(transferring.fall_with)
        erasing_people.register_all()
        journal.register(consents.JOURNAL, Consent.objects.withdraw_again)
        journal.register(erasing.JOURNAL, erasing.erase_again)
