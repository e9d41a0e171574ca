from feedback.admin import cards, offers, units, webhooks

__all__ = ["cards", "offers", "units", "webhooks"]
