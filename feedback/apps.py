from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"
    verbose_name = "记录卡与单位"

    def ready(self):
        from feedback import delivering, holders, restoring
        from feedback.models.units import streets_of_contact
        from members import queue
        from members.models.users import PLACES_OF_USERS

        holders.register_all()
        restoring.listen_to_the_journal()
        queue.watch(delivering.Delivery.objects.next_at, delivering.send_due)
        PLACES_OF_USERS.append(streets_of_contact)
