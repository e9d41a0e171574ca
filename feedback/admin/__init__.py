from feedback.admin import cards, offers, slips, units, webhooks

__all__ = ["cards", "offers", "slips", "units", "webhooks"]
