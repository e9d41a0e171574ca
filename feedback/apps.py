from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = "记录卡与单位"

    def ready(self):
        from feedback import holders, restoring
        from feedback.models.units import streets_of_contact
        from members.models.users import PLACES_OF_USERS

        holders.register_all()
        restoring.listen_to_the_journal()
        PLACES_OF_USERS.append(streets_of_contact)
