from django.apps import AppConfig


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "党员与楼组"

    def ready(self):
        from members import audit, checks, holders, journal  # noqa: F401  (registers the deployment checks)
        from members.models import Consent, consents

        audit.listen_to_logins()
        holders.register_all()
        journal.register(consents.JOURNAL, Consent.objects.withdraw_again)
